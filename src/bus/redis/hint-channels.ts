// Hints on the wire: a channel an account, and in it "instance mailbox modseq" as text, mailbox 0 for the account itself.
// An instance leaves out what comes back from itself.

import { type AccountId, accountId, MAX_ACCOUNT, MAX_MAILBOX, mailboxId, modSeq } from '../../model/ids.js'
import type { Hint } from '../bus.js'
import { PREFIX } from './scripts.js'

const FORM = /^(\S+) (\d{1,16}) (\d{1,16})$/

export interface HintChannels {
  readonly channelOf: (account: AccountId) => string
  readonly format: (hint: Hint) => string
  /** Undefined for this instance's own, and for what is no hint. */
  readonly parse: (message: string, channel: string) => Hint | undefined
}

/** Throws where the URL is none of Redis's. Channels are the same in all databases of a Redis, so they carry its number. */
export function hintChannels(url: string, instance: string): HintChannels {
  const prefix = `${PREFIX}hint:${databaseOf(url)}:`
  return {
    channelOf: (account) => prefix + account,
    format: ({ mailbox = 0, modseq }) => `${instance} ${mailbox} ${modseq}`,
    parse(message, channel) {
      const [, from, mailbox, modseq] = FORM.exec(message) ?? []
      if (from === undefined || from === instance) return undefined
      return toHint(Number(channel.slice(prefix.length)), Number(mailbox), Number(modseq))
    },
  }
}

function databaseOf(url: string): number {
  const { protocol, pathname } = URL.canParse(url) ? new URL(url) : { protocol: '', pathname: '' }
  const database = Number(pathname.slice(1))
  // The URL may hold a password: it is not shown.
  if ((protocol !== 'redis:' && protocol !== 'rediss:') || !Number.isInteger(database) || database < 0)
    throw new TypeError('the bus needs a URL of the form redis://[user:password@]host[:port][/database]')
  return database
}

function toHint(account: number, mailbox: number, modseq: number): Hint | undefined {
  const isAccount = Number.isInteger(account) && account > 0 && account <= MAX_ACCOUNT
  if (!isAccount || mailbox > MAX_MAILBOX || !Number.isSafeInteger(modseq)) return undefined
  const hint = { account: accountId(account), modseq: modSeq(modseq) }
  return mailbox === 0 ? hint : { ...hint, mailbox: mailboxId(mailbox) }
}
