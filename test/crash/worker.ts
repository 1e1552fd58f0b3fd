// One of the clients of the crash and fault tests: changes its own messages at random, one command at a time, and remembers
// what was acknowledged, what was put off, and what was under way when the connection broke.

import type { TestServer } from '../server.js'
import { type Completed, ConnectionLost, ImapClient, Refused } from '../wire/imap.js'
import type { Random } from '../wire/random.js'
import { type Reply, SmtpClient } from '../wire/smtp.js'
import type { MessageLog } from './messages.js'
import type { Change, Model, Placement } from './model.js'
import { expandSet } from './number-set.js'
import type { UidLedger } from './uids.js'
import { type Account, keyOf, ownMailbox, SHARED_MAILBOX } from './world.js'

const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '\\Deleted', '$Later', 'project-x']
/** Above this many messages a client deletes more than it makes. */
const PLENTY = 60

export type Endpoints = TestServer['listeners']

export interface Shared {
  readonly model: Model
  readonly ledger: UidLedger
  readonly messages: MessageLog
  readonly accounts: readonly Account[]
  readonly random: Random
}

/** What was asked for cannot be done now. */
class PutOff extends Error {}

export class Worker {
  /** The change that was not acknowledged when the connection broke. */
  pending: Change | undefined
  /** Changes that were neither acknowledged nor settled: what they may have changed is left alone. */
  readonly unsettled: Change[] = []
  acknowledged = 0
  readonly #shared: Shared
  readonly #number: number
  readonly #account: Account
  readonly #mailboxes: readonly string[]
  #imap: ImapClient | undefined
  #selected: string | undefined

  constructor(shared: Shared, number: number, account: Account) {
    this.#shared = shared
    this.#number = number
    this.#account = account
    this.#mailboxes = [ownMailbox(number), SHARED_MAILBOX, 'INBOX']
  }

  /** Until the connection breaks; rejects where the server answers what it must not. */
  async run(endpoints: Endpoints, started: () => void): Promise<void> {
    this.pending = undefined
    try {
      await this.open(endpoints)
      started()
      for (;;) await this.step(endpoints)
    } catch (error) {
      if (!isLost(error)) throw error
    } finally {
      this.close()
    }
  }

  async open({ imap }: Endpoints): Promise<void> {
    this.#imap = await ImapClient.login(imap, this.#account.username, this.#account.password)
  }

  close(): void {
    this.#imap?.close()
    this.#selected = undefined
  }

  /** One change at random, or two that belong together. */
  async step(endpoints: Endpoints): Promise<void> {
    await this.#step(endpoints)
    this.pending = undefined
    this.acknowledged++
  }

  /** Goes on without knowing what became of the change under way. */
  leaveOpen(): void {
    if (this.pending !== undefined) this.unsettled.push(this.pending)
    this.pending = undefined
    this.#selected = undefined
  }

  #step(endpoints: Endpoints): Promise<void> {
    const { random, model } = this.#shared
    const full = model.count(this.#number) > PLENTY
    const dice = random.next()
    if (dice < (full ? 0.1 : 0.3)) return this.#append()
    if (dice < (full ? 0.15 : 0.4)) return this.#deliver(endpoints.lmtp, 'lmtp')
    if (dice < (full ? 0.2 : 0.45)) return this.#deliver(endpoints.smtp, 'smtp')
    if (dice < 0.6) return this.#store()
    if (dice < 0.75) return this.#transfer('MOVE')
    if (dice < (full ? 0.78 : 0.9)) return this.#transfer('COPY')
    return this.#expunge()
  }

  async #append(): Promise<void> {
    const { random, messages, ledger } = this.#shared
    const mailbox = random.pick(this.#mailboxes)
    const { token, octets } = messages.make(false)
    const flags = random.some(FLAGS, random.between(0, 2))
    const placement = this.#placement(mailbox, token, flags)
    const change = this.#begin(`APPEND ${mailbox}`, [{ before: [], after: [placement] }], true)
    const completed = await this.#expect('APPEND ', mailbox, ` (${flags.join(' ')}) `, octets)
    const uid = Number(/^APPENDUID \d+ (\d+)$/.exec(completed.code ?? '')?.[1])
    if (Number.isNaN(uid)) throw new Error(`APPEND answered [${completed.code}]`)
    ledger.told(placement.mailbox, uid, token)
    this.#shared.model.acknowledge(change, [{ ...placement, uid }])
  }

  /** To this account's INBOX and perhaps another's. */
  async #deliver(address: string | undefined, protocol: 'smtp' | 'lmtp'): Promise<void> {
    const { random, messages, model, accounts } = this.#shared
    const others = accounts.filter((account) => account !== this.#account)
    const to = [this.#account, ...(random.chance(0.5) ? [random.pick(others)] : [])]
    const { token, octets } = messages.make(true)
    const client = await SmtpClient.connect(address, protocol)
    const atoms = to.map((account) => ({
      before: [],
      after: [
        {
          mailbox: keyOf(account, 'INBOX'),
          token,
          uid: undefined,
          flags: [],
          owner: random.pick(account.owners),
        },
      ],
    }))
    const change = this.#begin(`${protocol} to ${to.length}`, atoms, protocol === 'smtp')
    const replies = await client.deliver({ to: to.map((account) => account.address), message: octets })
    await client.quit()
    const refused = replies.find(({ code }) => code !== 250)
    if (refused === undefined) {
      model.acknowledge(change)
      return
    }
    // LMTP answers for each recipient (RFC 2033 §4.2).
    const isTaken = (at: number) =>
      protocol === 'lmtp' && replies.length === to.length && replies[at]?.code === 250
    model.acknowledge({ ...change, atoms: atoms.filter((_, at) => isTaken(at)) })
    this.pending = { ...change, atoms: atoms.filter((_, at) => !isTaken(at)) }
    throw isTryLater(refused)
      ? new PutOff()
      : new Error(`${protocol} answered ${refused.code} ${refused.text}`)
  }

  async #store(): Promise<void> {
    const chosen = await this.#choose(8)
    if (chosen.length === 0) return
    const { random } = this.#shared
    const flags = random.some(FLAGS, 2)
    const how = random.pick(['+FLAGS', '-FLAGS', 'FLAGS', '+FLAGS.SILENT'])
    const atoms = chosen
      .map((one) => ({ before: [one], after: [{ ...one, flags: changed(one.flags, how, flags) }] }))
      .filter(({ before: [one], after: [other] }) => !sameSet(one?.flags, other?.flags))
    const change = this.#begin(`UID STORE ${how} (${flags.join(' ')})`, atoms, false)
    await this.#expect(`UID STORE ${uidSet(chosen)} ${how} (${flags.join(' ')})`)
    this.#shared.model.acknowledge(change)
  }

  async #transfer(verb: 'COPY' | 'MOVE'): Promise<void> {
    const chosen = await this.#choose(6)
    if (chosen.length === 0) return
    const { random, ledger, model } = this.#shared
    const target = random.pick(this.#mailboxes.filter((mailbox) => mailbox !== this.#selected))
    const mailbox = keyOf(this.#account, target)
    const atoms = chosen.map((one) => ({
      before: verb === 'MOVE' ? [one] : [],
      after: [{ ...one, mailbox, uid: undefined }],
    }))
    const change = this.#begin(`UID ${verb} to ${target}`, atoms, verb === 'COPY')
    const completed = await this.#expect(`UID ${verb} ${uidSet(chosen)} `, target)
    const uids = copiedUids(completed)
    const after = chosen.map((one) => {
      const uid = uids.get(one.uid ?? 0)
      if (uid === undefined) throw new Error(`${verb} of UID ${one.uid} told no COPYUID: ${completed.code}`)
      ledger.told(mailbox, uid, one.token)
      return { ...one, mailbox, uid }
    })
    model.acknowledge(change, after)
  }

  /** Two changes: \Deleted, then UID EXPUNGE (RFC 4315 §2.1) of just these. */
  async #expunge(): Promise<void> {
    const chosen = await this.#choose(10)
    if (chosen.length === 0) return
    const { model } = this.#shared
    const marked = chosen.map((one) => ({ ...one, flags: changed(one.flags, '+FLAGS', ['\\Deleted']) }))
    const marks = chosen.flatMap((one, at) => {
      const after = marked[at]
      return after === undefined ? [] : [{ before: [one], after: [after] }]
    })
    const store = this.#begin('UID STORE +FLAGS (\\Deleted)', marks, false)
    await this.#expect(`UID STORE ${uidSet(chosen)} +FLAGS (\\Deleted)`)
    model.acknowledge(store)
    const expunge = this.#begin(
      'UID EXPUNGE',
      marked.map((one) => ({ before: [one], after: [] })),
      false,
    )
    await this.#expect(`UID EXPUNGE ${uidSet(marked)}`)
    model.acknowledge(expunge)
  }

  /** Own messages of one mailbox, which is then selected and up to date. */
  async #choose(count: number): Promise<Placement[]> {
    const { random, model } = this.#shared
    const open = new Set(this.unsettled.flatMap(({ atoms }) => atoms.flatMap(({ before }) => before)))
    const held = (mailbox: string) =>
      model
        .placed(keyOf(this.#account, mailbox), this.#number)
        .filter((one) => one.uid !== undefined && !open.has(one))
    const filled = this.#mailboxes.filter((mailbox) => held(mailbox).length > 0)
    if (filled.length === 0) return []
    const mailbox = random.pick(filled)
    if (this.#selected === mailbox) await this.#expect('NOOP')
    else await this.#expect('SELECT ', mailbox)
    this.#selected = mailbox
    return random.some(held(mailbox), random.between(1, count))
  }

  #placement(mailbox: string, token: string, flags: readonly string[]): Placement {
    return { mailbox: keyOf(this.#account, mailbox), token, uid: undefined, flags, owner: this.#number }
  }

  #begin(name: string, atoms: Change['atoms'], together: boolean): Change {
    this.pending = { name: `client ${this.#number}: ${name}`, atoms, together }
    return this.pending
  }

  async #expect(...parts: (string | Uint8Array)[]): Promise<Completed> {
    if (this.#imap === undefined) throw new Error('not connected')
    return this.#imap.expectOk(...parts)
  }
}

const isTryLater = ({ code, enhanced }: Reply): boolean => code === 451 && enhanced === '4.3.0'

/** The server said that it cannot do it now, as it should while its store is away. */
export const isPutOff = (error: unknown): boolean =>
  error instanceof PutOff ||
  (error instanceof Refused && error.completed.status === 'NO' && error.completed.code === 'UNAVAILABLE')

export function isLost(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return error instanceof ConnectionLost || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code)
}

function changed(before: readonly string[], how: string, flags: readonly string[]): string[] {
  if (how === 'FLAGS') return [...flags]
  if (how.startsWith('-')) return before.filter((flag) => !flags.includes(flag))
  return [...new Set([...before, ...flags])]
}

function sameSet(one: readonly string[] = [], other: readonly string[] = []): boolean {
  return one.length === other.length && one.every((flag) => other.includes(flag))
}

function uidSet(placements: readonly Placement[]): string {
  return placements.map(({ uid }) => uid).join(',')
}

/** From every COPYUID of the answer, tagged or not (RFC 4315 §3, RFC 6851 §4.3): source UID to new UID. */
function copiedUids(completed: Completed): Map<number, number> {
  const lines = [completed.code ?? '', ...completed.untagged.map(({ line }) => line)]
  const uids = new Map<number, number>()
  for (const line of lines) {
    const match = /COPYUID \d+ ([\d:,]+) ([\d:,]+)/.exec(line)
    const [from, to] = [expandSet(match?.[1] ?? ''), expandSet(match?.[2] ?? '')]
    from.forEach((uid, at) => {
      const copy = to[at]
      if (copy !== undefined) uids.set(uid, copy)
    })
  }
  return uids
}
