// Accounts, addresses, tokens, mailboxes and subscriptions as they are read: each by one command, or two.

import type { ClientSession, Document } from 'mongodb'
import { type AccountId, mailboxId } from '../../model/ids.js'
import type { MailboxPath } from '../../model/mailbox-path.js'
import type {
  Account,
  AccountWithPassword,
  Credential,
  Destination,
  LookUp,
  StoredAddress,
  Token,
} from '../accounts.js'
import { StoreError } from '../errors.js'
import { flagTableOf } from '../keywords.js'
import type { AppendTarget, Mailbox, OpenedMailbox } from '../mailboxes.js'
import { accountOf, mailboxOf } from '../rows.js'
import type { Access } from './access.js'
import { addressOf, byAge } from './accounts.js'
import { BatchedLookup } from './batched-lookup.js'
import type { MongoDatabase } from './database.js'
import { isMailboxKey } from './mailboxes.js'
import type { Memory, Stored } from './memory.js'
import {
  type AccountDocument,
  accountKey,
  COLLECTIONS,
  type CollectionName,
  type CredentialDocument,
  chunkKeys,
  credentialKey,
  keysBelow,
  type MailboxDocument,
  mailboxKey,
  narrowKeys,
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

/** A name with what was looked up for it. */
interface Named {
  readonly _id: string
  readonly accounts: readonly AccountDocument[]
  readonly credentials?: readonly CredentialDocument[]
  readonly names?: readonly Stored[]
  readonly inboxes?: readonly Stored[]
  readonly chunks?: readonly Stored[]
}

/** INBOX has the number 1 in every account. */
const INBOX_DIGITS = mailboxKey(1, 1).slice(accountKey(1).length)
const INBOX_CHUNKS = {
  from: chunkKeys(1, 1).from.slice(accountKey(1).length),
  to: chunkKeys(1, 1).to.slice(accountKey(1).length),
}

const lookup = (localField: string, from: CollectionName, as: string, fields?: Document): Document => ({
  $lookup: {
    from,
    localField,
    foreignField: '_id',
    as,
    ...(fields && { pipeline: [{ $project: fields }] }),
  },
})

const WHO_LOGS_IN: readonly Document[] = [
  { $set: { holder: { $ifNull: ['$user', '$address'] } } },
  lookup('holder', COLLECTIONS.account, 'accounts'),
  { $set: { password: { $concat: ['$holder', 'password'] } } },
  lookup('password', COLLECTIONS.credential, 'credentials'),
]

/** With what a delivery to it will want: INBOX and its last chunk. */
const WHO_GETS_MAIL: readonly Document[] = [
  // The account before the others: what is newer than its version will be found out.
  lookup('address', COLLECTIONS.account, 'accounts'),
  { $set: { inbox: { $concat: ['$address', INBOX_DIGITS] } } },
  lookup('inbox', COLLECTIONS.mailbox, 'inboxes'),
  {
    $lookup: {
      from: COLLECTIONS.chunk,
      let: {
        from: { $concat: ['$address', INBOX_CHUNKS.from] },
        to: { $concat: ['$address', INBOX_CHUNKS.to] },
      },
      pipeline: [
        { $match: { $expr: { $and: [{ $gte: ['$_id', '$$from'] }, { $lt: ['$_id', '$$to'] }] } } },
        { $sort: { _id: -1 } },
        { $limit: 1 },
      ],
      as: 'chunks',
    },
  },
  // And the name again: the pipeline read it before its account.
  lookup('_id', COLLECTIONS.name, 'names'),
]

export class AccountReads {
  readonly #database: MongoDatabase
  readonly #memory: Memory
  readonly #logins = new BatchedLookup((keys) => this.#named(keys, WHO_LOGS_IN))
  readonly #recipients = new BatchedLookup((keys) => this.#named(keys, WHO_GETS_MAIL))

  constructor({ database, memory }: Access) {
    this.#database = database
    this.#memory = memory
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
    const [found] = await this.#named([usernameKey], [lookup('user', COLLECTIONS.account, 'accounts')])
    return found?.accounts.map(accountOf)[0]
  }

  async byLogin(key: string): Promise<AccountWithPassword | undefined> {
    const found = await this.#logins.find(key)
    const [account] = found?.accounts ?? []
    const [credential] = found?.credentials ?? []
    if (account?.state !== 'active') return undefined
    return { account: accountOf(account), credential: credential && credentialOf(credential) }
  }

  async resolve(addressKey: string, { remembered = false }: LookUp = {}): Promise<Destination[]> {
    const known = remembered ? this.#memory.holderOf(addressKey) : undefined
    if (known !== undefined) return [{ account: accountOf(known) }]
    const found = await this.#recipients.find(addressKey)
    if (found === undefined) return []
    const { accounts, inboxes = [], chunks = [], names = [] } = found
    return accounts.map((account) => {
      this.#memory.prime(account, [
        ...names.map((document) => ({ collection: COLLECTIONS.name, document })),
        ...inboxes.map((document) => ({ collection: COLLECTIONS.mailbox, document })),
        ...chunks.map((document) => ({ collection: COLLECTIONS.chunk, document })),
      ])
      return { account: accountOf(account) }
    })
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

  #named(keys: readonly string[], stages: readonly Document[]): Promise<Named[]> {
    return this.#database.read('looking a name up', (session) =>
      this.#database
        .collection('name')
        .aggregate<Named>([{ $match: { _id: { $in: keys } } }, ...stages], { session })
        .toArray(),
    )
  }
}

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
      .map((document) => toMailbox(document, documents.get(`${document._id}r`) as RecentDocument | undefined))
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
    const [found] = await this.#database.read('reading a mailbox', (session) =>
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
