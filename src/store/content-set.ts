// The contents of an account that something names: what the collector and `check` mark. docs/architecture.md, "What is kept
// for what is gone".

import { isStoreError, StoreError } from './errors.js'
import { decodeContents } from './index-codec.js'

/** A set of content numbers, a bit each. */
export class ContentSet {
  #bits = new Uint8Array(1024)

  add(content: number): void {
    const octet = content >>> 3
    if (octet >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(octet + 1, this.#bits.length * 2))
      larger.set(this.#bits)
      this.#bits = larger
    }
    this.#bits[octet] = (this.#bits[octet] ?? 0) | (1 << (content & 7))
  }

  has(content: number): boolean {
    return ((this.#bits[content >>> 3] ?? 0) & (1 << (content & 7))) !== 0
  }
}

/** Where a packed cold value stands: a chunk's, or, with its modseq, a tombstone's. */
export interface ColdPlace {
  readonly account: number
  readonly mailbox: number
  readonly chunk: number
  readonly modseq?: number
}

/** Is told of a cold value that is missing or cannot be read: which contents it names nobody knows. */
export type Unreadable = (place: ColdPlace, problem: string) => void

export const coldAt = ({ account, mailbox, chunk, modseq }: ColdPlace): string =>
  `account ${account}, mailbox ${mailbox}, chunk ${chunk}${modseq === undefined ? '' : `, tombstone ${modseq}`}`

/** For whoever must not go on without it. Throws `corrupt`. */
export const refuse: Unreadable = (place, problem) => {
  throw new StoreError('corrupt', `${coldAt(place)}: ${problem}`)
}

/** Adds the contents that a cold value names. */
export function addNamed(
  contents: ContentSet,
  place: ColdPlace,
  cold: Uint8Array | null | undefined,
  unreadable: Unreadable,
): void {
  try {
    if (!cold) throw new StoreError('corrupt', 'it has no cold half')
    decodeContents(cold, (content) => contents.add(content))
  } catch (error) {
    if (!isStoreError(error, 'corrupt')) throw error
    unreadable(place, error.message)
  }
}
