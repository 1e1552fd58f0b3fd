// Mailboxes, what is recent in them, and subscriptions as they are read: each by one command, or two.

import type { ClientSession, Document } from 'mongodb'
import { type AccountId, mailboxId } from '../../model/ids.js'
import type { MailboxPath } from '../../model/mailbox-path.js'
import type { LookUp } from '../accounts.js'
import { flagTableOf } from '../keywords.js'
import type { AppendTarget, Mailbox, OpenedMailbox } from '../mailboxes.js'
import { accountOf, mailboxOf } from '../rows.js'
import type { Access } from './access.js'
import type { MongoDatabase } from './database.js'
import { isMailboxKey } from './mailboxes.js'
import type { Memory } from './memory.js'
import { demandAccount, listOf, lookup, rangeOf } from './queries.js'
import {
  type AccountDocument,
  accountKey,
  COLLECTIONS,
  type MailboxDocument,
  mailboxKey,
  narrowKeys,
  RECENT,
  type RecentDocument,
  recentKey,
} from './schema.js'

const toMailbox = (document: MailboxDocument, recent: RecentDocument | undefined): Mailbox =>
  mailboxOf({ ...document, recent_uid: recent?.recent_uid ?? 1 })

/** What an account has in the collection of accounts: itself, its mailboxes, what is recent in them. */
type Narrow = AccountDocument | MailboxDocument | RecentDocument

/** A mailbox with what was looked up for it. */
interface Joined extends MailboxDocument {
  readonly recent: readonly RecentDocument[]
  readonly holders?: readonly Pick<AccountDocument, 'keywords'>[]
}

const targetOf = (account: AccountDocument, mailbox: MailboxDocument): AppendTarget | undefined =>
  account.state === 'active'
    ? {
        account: accountOf(account),
        mailbox: mailboxId(mailbox.mailbox),
        selectable: mailbox.selectable === 1,
      }
    : undefined

export class MailboxReads {
  readonly #database: MongoDatabase
  readonly #memory: Memory

  constructor({ database, memory }: Access) {
    this.#database = database
    this.#memory = memory
  }

  async all(account: number): Promise<Mailbox[]> {
    const { from, to } = narrowKeys(account)
    const found = await this.#narrow('reading mailboxes', { $gte: from, $lt: to })
    const documents = new Map(found.map((document) => [document._id, document]))
    demandAccount(account, documents.get(accountKey(account)) as AccountDocument | undefined)
    return (found.filter(({ _id }) => isMailboxKey(_id)) as MailboxDocument[])
      .filter((document) => document.deleted_at === null)
      .map((document) =>
        toMailbox(document, documents.get(document._id + RECENT) as RecentDocument | undefined),
      )
      .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
  }

  async find(account: number, mailbox: number): Promise<Mailbox | undefined> {
    const [document, recent] = await this.#both(account, mailbox)
    return document === undefined || document.deleted_at !== null ? undefined : toMailbox(document, recent)
  }

  async byPath(account: number, path: string): Promise<Mailbox | undefined> {
    const found = await this.#joined(account, path, [])
    return found && toMailbox(found, found.recent[0])
  }

  /** One command, because SELECT begins with it: what else it wants is joined on by MongoDB. */
  async open(account: number, path: string): Promise<OpenedMailbox | undefined> {
    const found = await this.#joined(account, path, [
      { $set: { holder: accountKey(account) } },
      lookup('holder', COLLECTIONS.account, 'holders', { keywords: 1 }),
    ])
    const keywords = found?.holders?.[0]?.keywords ?? []
    return found && { mailbox: toMailbox(found, found.recent[0]), flags: flagTableOf(keywords) }
  }

  /** The live mailbox of that name, with what is recent in it. */
  async #joined(account: number, path: string, stages: readonly Document[]): Promise<Joined | undefined> {
    const [found] = await this.#first('reading a mailbox', (session) =>
      this.#database
        .collection('mailbox')
        .aggregate<Joined>(
          [
            { $match: { account, path, deleted_at: null, _id: rangeOf(accountKey(account)) } },
            { $set: { key: { $concat: ['$_id', RECENT] } } },
            lookup('key', COLLECTIONS.recent, 'recent'),
            ...stages,
          ],
          { session },
        )
        .toArray(),
    )
    return found
  }

  /** By one command: both stand in one collection. */
  async appendTarget(
    account: number,
    path: string,
    { remembered = false }: LookUp = {},
  ): Promise<AppendTarget | undefined> {
    const known = remembered ? this.#memory.mailboxAt(account, path) : undefined
    if (known !== undefined) return targetOf(known.account, known.mailbox)
    const box = { account, path, deleted_at: null, _id: rangeOf(accountKey(account)) }
    const found = await this.#database.read('reading a mailbox', (session) =>
      this.#database.db
        .collection<Narrow>(COLLECTIONS.mailbox)
        .find({ $or: [{ _id: accountKey(account) }, box] }, { session })
        .toArray(),
    )
    const holder = found.find(({ _id }) => !isMailboxKey(_id)) as AccountDocument | undefined
    const mailbox = found.find(({ _id }) => isMailboxKey(_id)) as MailboxDocument | undefined
    return holder && mailbox && targetOf(holder, mailbox)
  }

  async subscriptions(account: number): Promise<MailboxPath[]> {
    const found = await listOf(this.#database, 'reading subscriptions', 'subscription', account)
    return found.map(({ path }) => path as MailboxPath)
  }

  /** Moves recentUid up to `uidNext`; returns the value before. Compare and set, apart from transactions and the modseq. */
  async claimRecent(account: AccountId, mailbox: number, uidNext: number): Promise<number> {
    return this.#database.read('claiming what is recent', async (session) => {
      const before = await this.#database
        .collection('recent')
        .findOneAndUpdate(
          { _id: recentKey(account, mailbox) },
          { $max: { recent_uid: uidNext } },
          { session, upsert: true, returnDocument: 'before' },
        )
      this.#database.raiseFloor(session)
      return before?.recent_uid ?? 1
    })
  }

  async #both(
    account: number,
    mailbox: number,
  ): Promise<[MailboxDocument | undefined, RecentDocument | undefined]> {
    const ids = [mailboxKey(account, mailbox), recentKey(account, mailbox)]
    const found = await this.#narrow('reading a mailbox', { $in: ids })
    const byId = new Map(found.map((document) => [document._id, document]))
    return ids.map((id) => byId.get(id)) as [MailboxDocument | undefined, RecentDocument | undefined]
  }

  #narrow(doing: string, ids: { $in: string[] } | { $gte: string; $lt: string }): Promise<Narrow[]> {
    return this.#first(doing, (session) =>
      this.#database.db
        .collection<Narrow>(COLLECTIONS.mailbox)
        .find({ _id: ids }, { session, batchSize: 50_000 })
        .toArray(),
    )
  }

  /**
   * A mailbox's row says up to where its messages are read next (docs/architecture.md, idea 2): what is read after this is not
   * older, whichever member is the primary by then.
   */
  #first<T>(doing: string, query: (session: ClientSession) => Promise<T>): Promise<T> {
    return this.#database.read(doing, async (session) => {
      const found = await query(session)
      this.#database.raiseFloor(session)
      return found
    })
  }
}
