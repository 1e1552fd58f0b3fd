// What this process remembers of the accounts it wrote last: documents as they stood at a version of the account. They are
// true exactly as long as the account bears that version, and the update of the account demands that it does.

import { accountKey, COLLECTIONS, type CollectionName } from './schema.js'

export type Stored = { readonly _id: string } & Record<string, unknown>

/** Of an account, besides its own document: mailboxes and the chunks at their ends. */
const DOCUMENTS_PER_ACCOUNT = 12
/** A full chunk has 7 KB: some 30 MB at the most where all accounts are large. */
const ACCOUNTS = 1024

export interface Remembered {
  readonly collection: CollectionName
  readonly document: Stored
}

export class Memory {
  /** In the order of their last use. */
  readonly #accounts = new Map<number, Map<string, Remembered>>()

  recall(account: number): readonly Remembered[] {
    const documents = this.#accounts.get(account)
    return documents === undefined ? [] : [...documents.values()]
  }

  /** After a commit: `documents` stand as they are now, those of `gone` do not; what else was remembered stays true. */
  remember(account: number, documents: readonly Remembered[], gone: readonly string[]): void {
    const known = this.#accounts.get(account) ?? new Map<string, Remembered>()
    this.#accounts.delete(account)
    this.#accounts.set(account, known)
    for (const key of gone) known.delete(key)
    for (const one of documents) {
      const key = `${one.collection} ${one.document._id}`
      known.delete(key)
      known.set(key, one)
    }
    for (const key of known.keys()) {
      if (known.size <= DOCUMENTS_PER_ACCOUNT) break
      known.delete(key)
    }
    for (const oldest of this.#accounts.keys()) {
      if (this.#accounts.size <= ACCOUNTS) break
      this.#accounts.delete(oldest)
    }
  }

  /** What a majority read found, the account's own document before the others; known things that are newer stay. */
  prime(account: number, documents: readonly Remembered[], version: number): void {
    const own = `${COLLECTIONS.account} ${accountKey(account)}`
    const known = this.#accounts.get(account)?.get(own)?.document['version']
    if (known !== undefined && Number(known) >= version) return
    this.#accounts.delete(account)
    this.remember(account, documents, [])
  }

  forget(account: number): void {
    this.#accounts.delete(account)
  }
}
