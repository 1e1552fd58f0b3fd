// Accounts, credentials, addresses and tokens as they are read: each by one command, or two.

import type { Document } from 'mongodb'
import type {
  Account,
  AccountWithPassword,
  Credential,
  Destination,
  LookUp,
  StoredAddress,
  Token,
} from '../accounts.js'
import { accountOf } from '../rows.js'
import type { Access } from './access.js'
import { addressOf, byAge } from './accounts.js'
import { BatchedLookup } from './batched-lookup.js'
import type { MongoDatabase } from './database.js'
import type { Memory, Stored } from './memory.js'
import { listOf, lookup } from './queries.js'
import {
  type AccountDocument,
  accountKey,
  COLLECTIONS,
  type CredentialDocument,
  chunkKeys,
  credentialKey,
  mailboxKey,
  type TokenDocument,
} from './schema.js'

/** Accounts of one read of their list. */
const PAGE = 256

const tokenOf = ({ _id, id, label, created }: TokenDocument): Token => ({ id, label, hash: _id, created })

const credentialOf = ({ kind, hash, version }: CredentialDocument): Credential => ({ kind, hash, version })

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
  readonly #tokens = new BatchedLookup((keys) => this.#tokensOf(keys))

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
    const found = await listOf(this.#database, 'reading addresses', 'address', id)
    return found.sort(byAge).map((document) => addressOf(id, document))
  }

  async tokens(): Promise<Token[]> {
    const found = await this.#database.read('reading tokens', (session) =>
      this.#database.collection('token').find({}, { session }).sort({ _id: 1 }).toArray(),
    )
    return found.map(tokenOf).sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1))
  }

  async tokenByHash(hash: string): Promise<Token | undefined> {
    const found = await this.#tokens.find(hash)
    return found === undefined ? undefined : tokenOf(found)
  }

  async tokenById(id: string): Promise<Token | undefined> {
    const found = await this.#database.read('reading a token', (session) =>
      this.#database.collection('token').findOne({ id }, { session }),
    )
    return found === null ? undefined : tokenOf(found)
  }

  #tokensOf(hashes: string[]): Promise<TokenDocument[]> {
    return this.#database.read('reading a token', (session) =>
      this.#database
        .collection('token')
        .find({ _id: { $in: hashes } }, { session })
        .toArray(),
    )
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
