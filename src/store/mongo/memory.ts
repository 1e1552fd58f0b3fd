// What this process remembers of the accounts it wrote last: documents as they stood at a version of the account. They are
// true exactly as long as the account bears that version, and the update of the account demands that it does.

import { forgetOldest } from '../../kit/forget-oldest.js'
import { isMailboxKey } from './mailboxes.js'
import {
  type AccountDocument,
  accountKey,
  COLLECTIONS,
  type CollectionName,
  type MailboxDocument,
} from './schema.js'

export type Stored = { readonly _id: string } & Record<string, unknown>

/** Of an account, besides its own document: mailboxes and the chunks at their ends. */
const DOCUMENTS_PER_ACCOUNT = 12
/** Addresses whose account is remembered. */
const ADDRESSES = 4096
/**
 * Milliseconds for which MongoDB's last word on an account answers RCPT. After that others may well have written it: to ask costs
 * little, for all that ask go together, and a transaction that began with what is no longer so runs twice.
 */
const FRESH_MS = 2_000
/** A full chunk has 7 KB: some 30 MB at the most where all accounts are large. */
const ACCOUNTS = 1024

export interface Remembered {
  readonly collection: CollectionName
  readonly document: Stored
}

interface Known {
  /** When a commit or a read has told of it. */
  readonly toldAt: number
  readonly documents: Map<string, Remembered>
}

export class Memory {
  /** In the order of their last use. */
  readonly #accounts = new Map<number, Known>()
  /** The account at which an address's name was last remembered. */
  readonly #holders = new Map<string, number>()

  recall(account: number): readonly Remembered[] {
    const known = this.#accounts.get(account)
    return known === undefined ? [] : [...known.documents.values()]
  }

  /**
   * After a commit which began when the account bore `version` (undefined where it made it): `documents` stand as they are
   * now, those of `gone` do not. What else was remembered at that version stays true. Of any other version, which a read may
   * have brought meanwhile, nothing is known: others may have changed what this commit did not.
   */
  remember(
    account: number,
    version: number | undefined,
    documents: readonly Remembered[],
    gone: readonly string[],
  ): void {
    if (this.#own(account)?.version !== version) this.#accounts.delete(account)
    this.#put(account, documents, gone)
  }

  #put(account: number, documents: readonly Remembered[], gone: readonly string[]): void {
    const known = this.#accounts.get(account)?.documents ?? new Map<string, Remembered>()
    this.#accounts.delete(account)
    this.#accounts.set(account, { toldAt: performance.now(), documents: known })
    for (const key of gone) known.delete(key)
    for (const one of documents) {
      const key = keyOf(one.collection, one.document._id)
      known.delete(key)
      known.set(key, one)
      if (one.collection === COLLECTIONS.name) this.#noteHolder(one.document._id, account)
    }
    forgetOldest(known, DOCUMENTS_PER_ACCOUNT)
    forgetOldest(this.#accounts, ACCOUNTS)
  }

  /** What a majority read found, the account's own document before the others; what is known of a newer version stays. */
  prime(account: AccountDocument, others: readonly Remembered[]): void {
    const known = this.#own(account.account)
    if (known !== undefined && known.version > account.version) return
    if (known?.version !== account.version) this.#accounts.delete(account.account)
    const its = others.filter(({ collection, document }) => isOf(account._id, collection, document))
    const own = { collection: COLLECTIONS.account, document: account as unknown as Stored }
    // The last, so that it is the last to be forgotten.
    this.#put(account.account, [...its, own], [])
  }

  /** Who has the address, as far as is remembered, and freshly. */
  holderOf(addressKey: string): AccountDocument | undefined {
    const account = this.#holders.get(addressKey)
    if (account === undefined) return undefined
    const known = this.#accounts.get(account)
    if (known === undefined || performance.now() - known.toldAt > FRESH_MS) return undefined
    return known.documents.has(keyOf(COLLECTIONS.name, addressKey)) ? this.#active(account) : undefined
  }

  /** A live mailbox by its name, as far as is remembered. */
  mailboxAt(
    account: number,
    path: string,
  ): { readonly account: AccountDocument; readonly mailbox: MailboxDocument } | undefined {
    const own = this.#active(account)
    if (own === undefined) return undefined
    for (const { collection, document } of this.#accounts.get(account)?.documents.values() ?? []) {
      if (collection !== COLLECTIONS.mailbox || !isMailboxKey(document._id)) continue
      const mailbox = document as unknown as MailboxDocument
      if (mailbox.path === path && mailbox.deleted_at === null) return { account: own, mailbox }
    }
    return undefined
  }

  /** Undefined where it is not remembered. */
  versionOf(account: number): number | undefined {
    return this.#own(account)?.version
  }

  #own(account: number): AccountDocument | undefined {
    const found = this.#accounts.get(account)?.documents.get(keyOf(COLLECTIONS.account, accountKey(account)))
    return found?.document as unknown as AccountDocument | undefined
  }

  #active(account: number): AccountDocument | undefined {
    const own = this.#own(account)
    return own?.state === 'active' ? own : undefined
  }

  #noteHolder(addressKey: string, account: number): void {
    this.#holders.delete(addressKey)
    this.#holders.set(addressKey, account)
    forgetOldest(this.#holders, ADDRESSES)
  }

  forget(account: number): void {
    this.#accounts.delete(account)
  }
}

export const keyOf = (collection: CollectionName, id: string): string => `${collection} ${id}`

/** Whether an account's version proves the document: a name is changed only with the account that has it as its address. */
export const isOf = (account: string, collection: CollectionName, document: Stored): boolean =>
  collection === COLLECTIONS.name ? document['address'] === account : document._id.startsWith(account)
