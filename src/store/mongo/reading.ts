// Accounts, addresses, tokens, mailboxes and subscriptions as they are read: each by one command, or two.

import type { ClientSession, Document } from 'mongodb'
import { type AccountId, mailboxId } from '../../model/ids.js'
import type { MailboxPath } from '../../model/mailbox-path.js'
import type {
  Account,
  AccountWithPassword,
  Credential,
  Destination,
  StoredAddress,
  Token,
} from '../accounts.js'
import { StoreError } from '../errors.js'
import type { AppendTarget, Mailbox } from '../mailboxes.js'
import { accountOf, mailboxOf } from '../rows.js'
import type { Access } from './access.js'
import { addressOf, byAge } from './accounts.js'
import type { MongoDatabase } from './database.js'
import { isMailboxKey } from './mailboxes.js'
import type { Stored } from './memory.js'
import {
  type AccountDocument,
  accountKey,
  COLLECTIONS,
  type CollectionName,
  type CredentialDocument,
  credentialKey,
  keysBelow,
  type MailboxDocument,
  mailboxKey,
  RECENT,
  type RecentDocument,
  recentKey,
  type TokenDocument,
} from './schema.js'

/** Documents of one read of a list. */
const PAGE = 256

const rangeOf = (key: string) => {
  const { from, to } = keysBelow(key)
  return { $gte: from, $lt: to }
}

const tokenOf = ({ _id, id, label, created }: TokenDocument): Token => ({ id, label, hash: _id, created })

const credentialOf = ({ kind, hash, version }: CredentialDocument): Credential => ({ kind, hash, version })

const toMailbox = (document: MailboxDocument, recent: RecentDocument | undefined): Mailbox =>
  mailboxOf({ ...document, recent_uid: recent?.recent_uid ?? 1 })

/** Throws where the account is not there or is being removed. */
function demandAccount(account: number, document: AccountDocument | null | undefined): void {
  if (document === null || document === undefined || document.state !== 'active')
    throw new StoreError('no-such-account', `account ${account} does not exist`)
}

/** What an account has in the collection of accounts: itself, its mailboxes, what is recent in them. */
type Narrow = AccountDocument | MailboxDocument | RecentDocument

/** A name with what was looked up for it. */
interface Named {
  readonly accounts: readonly AccountDocument[]
  readonly credentials?: readonly CredentialDocument[]
  readonly inboxes?: readonly Stored[]
  readonly chunks?: readonly Stored[]
}

/** INBOX has the number 1 in every account. */
const INBOX_DIGITS = mailboxKey(1, 1).slice(accountKey(1).length)

const lookup = (localField: string, from: CollectionName, as: string): Document => ({
  $lookup: { from, localField, foreignField: '_id', as },
})

export class AccountReads {
  readonly #database: MongoDatabase
  readonly #prime: Access['prime']

  constructor(database: MongoDatabase, prime: Access['prime']) {
    this.#database = database
    this.#prime = prime
  }

  async account(id: number): Promise<Account | undefined> {
    const found = await this.document(id)
    return found === undefined ? undefined : accountOf(found)
  }

  async document(id: number): Promise<AccountDocument | undefined> {
    const found = await this.#database.read('reading an account', (session) =>
      this.#database.collection('account').findOne({ _id: accountKey(id) }, { session }),
    )
    return found ?? undefined
  }

  async byName(usernameKey: string): Promise<Account | undefined> {
    const [found] = await this.#named(usernameKey, [lookup('user', COLLECTIONS.account, 'accounts')])
    return found?.accounts.map(accountOf)[0]
  }

  async byLogin(key: string): Promise<AccountWithPassword | undefined> {
    const [found] = await this.#named(key, [
      { $set: { holder: { $ifNull: ['$user', '$address'] } } },
      lookup('holder', COLLECTIONS.account, 'accounts'),
      { $set: { password: { $concat: ['$holder', 'password'] } } },
      lookup('password', COLLECTIONS.credential, 'credentials'),
    ])
    const [account] = found?.accounts ?? []
    const [credential] = found?.credentials ?? []
    if (account?.state !== 'active') return undefined
    return { account: accountOf(account), credential: credential && credentialOf(credential) }
  }

  /** By one command, which reads what a delivery to it will want: INBOX and its last chunk. */
  async resolve(addressKey: string): Promise<Destination[]> {
    const found = await this.#named(addressKey, [
      // The account before the others: what is newer than its version will be found out.
      lookup('address', COLLECTIONS.account, 'accounts'),
      { $set: { inbox: { $concat: ['$address', INBOX_DIGITS] } } },
      lookup('inbox', COLLECTIONS.mailbox, 'inboxes'),
      {
        $lookup: {
          from: COLLECTIONS.chunk,
          let: { from: '$inbox', to: { $concat: ['$inbox', 'g'] } },
          pipeline: [
            { $match: { $expr: { $and: [{ $gte: ['$_id', '$$from'] }, { $lt: ['$_id', '$$to'] }] } } },
            { $sort: { _id: -1 } },
            { $limit: 1 },
          ],
          as: 'chunks',
        },
      },
    ])
    return found.flatMap(({ accounts, inboxes = [], chunks = [] }) =>
      accounts.map((account) => {
        this.#prime(account, [
          ...inboxes.map((document) => ({ collection: COLLECTIONS.mailbox, document })),
          ...chunks.map((document) => ({ collection: COLLECTIONS.chunk, document })),
        ])
        return { account: accountOf(account) }
      }),
    )
  }

  /** Some of the accounts above `after`, in order; empty at the end. */
  async page(after: number): Promise<Account[]> {
    const found = await this.#database.read('listing accounts', (session) =>
      this.#database
        .collection('account')
        .find({ account: { $gt: after }, username: { $exists: true } }, { session })
        .sort({ account: 1 })
        .limit(PAGE)
        .toArray(),
    )
    return found.map(accountOf)
  }

  async credential(id: number): Promise<Credential | undefined> {
    const found = await this.#database.read('reading a credential', (session) =>
      this.#database.collection('credential').findOne({ _id: credentialKey(id, 'password') }, { session }),
    )
    return found === null ? undefined : credentialOf(found)
  }

  async addresses(id: number): Promise<StoredAddress[]> {
    const found = await this.#database.read('reading addresses', async (session) => {
      demandAccount(
        id,
        await this.#database.collection('account').findOne({ _id: accountKey(id) }, { session }),
      )
      return this.#database
        .collection('address')
        .find({ _id: rangeOf(accountKey(id)) }, { session })
        .toArray()
    })
    return found.sort(byAge).map((document) => addressOf(id, document))
  }

  async tokens(): Promise<Token[]> {
    const found = await this.#database.read('reading tokens', (session) =>
      this.#database.collection('token').find({}, { session }).sort({ _id: 1 }).toArray(),
    )
    return found.map(tokenOf).sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1))
  }

  async tokenByHash(hash: string): Promise<Token | undefined> {
    const found = await this.#database.read('reading a token', (session) =>
      this.#database.collection('token').findOne({ _id: hash }, { session }),
    )
    return found === null ? undefined : tokenOf(found)
  }

  async tokenById(id: string): Promise<Token | undefined> {
    const found = await this.#database.read('reading a token', (session) =>
      this.#database.collection('token').findOne({ id }, { session }),
    )
    return found === null ? undefined : tokenOf(found)
  }

  #named(key: string, stages: readonly Document[]): Promise<Named[]> {
    return this.#database.read('looking a name up', (session) =>
      this.#database
        .collection('name')
        .aggregate<Named>([{ $match: { _id: key } }, ...stages], { session })
        .toArray(),
    )
  }
}

export class MailboxReads {
  readonly #database: MongoDatabase

  constructor(database: MongoDatabase) {
    this.#database = database
  }

  async all(account: number): Promise<Mailbox[]> {
    const found = await this.#narrow('reading mailboxes', rangeOf(accountKey(account)))
    const documents = new Map(found.map((document) => [document._id, document]))
    demandAccount(account, documents.get(accountKey(account)) as AccountDocument | undefined)
    return (found.filter(({ _id }) => isMailboxKey(_id)) as MailboxDocument[])
      .filter((document) => document.deleted_at === null)
      .map((document) => toMailbox(document, documents.get(`${document._id}r`) as RecentDocument | undefined))
      .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
  }

  async find(account: number, mailbox: number): Promise<Mailbox | undefined> {
    const [document, recent] = await this.#both(account, mailbox)
    return document === undefined || document.deleted_at !== null ? undefined : toMailbox(document, recent)
  }

  /** One command, because SELECT begins with it: what is recent is joined on by MongoDB. */
  async byPath(account: number, path: string): Promise<Mailbox | undefined> {
    const [found] = await this.#database.read('reading a mailbox', (session) =>
      this.#database
        .collection('mailbox')
        .aggregate<MailboxDocument & { readonly recent: readonly RecentDocument[] }>(
          [
            { $match: { account, path, deleted_at: null, _id: rangeOf(accountKey(account)) } },
            { $set: { key: { $concat: ['$_id', RECENT] } } },
            { $lookup: { from: COLLECTIONS.recent, localField: 'key', foreignField: '_id', as: 'recent' } },
          ],
          { session },
        )
        .toArray(),
    )
    return found === undefined ? undefined : toMailbox(found, found.recent[0])
  }

  /** By one command: both stand in one collection. */
  async appendTarget(account: number, path: string): Promise<AppendTarget | undefined> {
    const box = { account, path, deleted_at: null, _id: rangeOf(accountKey(account)) }
    const found = await this.#database.read('reading a mailbox', (session) =>
      this.#database.db
        .collection<Narrow>(COLLECTIONS.mailbox)
        .find({ $or: [{ _id: accountKey(account) }, box] }, { session })
        .toArray(),
    )
    const holder = found.find(({ _id }) => !isMailboxKey(_id)) as AccountDocument | undefined
    const mailbox = found.find(({ _id }) => isMailboxKey(_id)) as MailboxDocument | undefined
    if (holder?.state !== 'active' || mailbox === undefined) return undefined
    return {
      account: accountOf(holder),
      mailbox: mailboxId(mailbox.mailbox),
      selectable: mailbox.selectable === 1,
    }
  }

  async subscriptions(account: number): Promise<MailboxPath[]> {
    const found = await this.#database.read('reading subscriptions', async (session) => {
      demandAccount(
        account,
        await this.#database.collection('account').findOne({ _id: accountKey(account) }, { session }),
      )
      return this.#database
        .collection('subscription')
        .find({ _id: rangeOf(accountKey(account)) }, { session })
        .sort({ _id: 1 })
        .toArray()
    })
    return found.map(({ path }) => path as MailboxPath)
  }

  /**
   * Moves recentUid up to `uidNext`, but not above the mailbox's; returns the value before. Compare and set, apart from
   * transactions and the modseq. Throws `no-such-mailbox`.
   */
  async claimRecent(account: AccountId, mailbox: number, uidNext: number): Promise<number> {
    const [document, recent] = await this.#both(account, mailbox)
    if (document === undefined || document.deleted_at !== null || document.selectable === 0)
      throw new StoreError('no-such-mailbox', `mailbox ${mailbox} of account ${account} does not exist`)
    const upTo = Math.min(uidNext, document.uid_next)
    const known = recent?.recent_uid ?? 1
    if (known >= upTo) return known
    return this.#database.read('claiming what is recent', async (session) => {
      const before = await this.#database
        .collection('recent')
        .findOneAndUpdate(
          { _id: recentKey(account, mailbox) },
          { $max: { recent_uid: upTo } },
          { session, upsert: true, returnDocument: 'before' },
        )
      this.#database.committed(session)
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
    const query = (session: ClientSession): Promise<Narrow[]> =>
      this.#database.db
        .collection<Narrow>(COLLECTIONS.mailbox)
        .find({ _id: ids }, { session, batchSize: 50_000 })
        .toArray()
    return this.#database.read(doing, query)
  }
}
