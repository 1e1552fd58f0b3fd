// What `eider check` finds in one mailbox: its packed index against its counters and numbers. The index is the truth; what
// follows from it can be mended. Pure: the engines read the chunks and write what was mended.

import { FLAG_WORDS, SYSTEM_FLAGS } from '../model/flags.js'
import { type FullColumns, tally } from './columns.js'
import { decodeChunk } from './index-codec.js'
import type { Finding } from './maintenance.js'
import type { MailboxState } from './rows.js'

/** A chunk as it stands there, perhaps with less than it should have. */
export interface CheckedChunk {
  readonly chunk: number
  readonly max_modseq: number
  readonly hot: Uint8Array | null | undefined
  readonly cold: Uint8Array | null | undefined
}

const COUNTERS = ['messages', 'unseen', 'deleted', 'octets'] as const

export class MailboxCheck {
  readonly findings: Finding[] = []
  readonly #row: MailboxState
  readonly #repaired: string | undefined
  readonly #counted: MailboxState
  readonly #where: string
  readonly #usedBits = new Uint32Array(FLAG_WORDS)
  #highestModseq = 0
  #highestUid = 0

  /** `row` is set right where `repair` says so; its chunks follow in ascending order. */
  constructor(row: MailboxState, repair: boolean) {
    this.#row = row
    this.#repaired = repair ? 'set right' : undefined
    this.#counted = { ...row, messages: 0, unseen: 0, deleted: 0, octets: 0 }
    this.#where = `account ${row.account}, mailbox ${row.mailbox} ("${row.path}")`
  }

  found(kind: string, problem: string, repaired?: string): void {
    this.findings.push({ kind, where: this.#where, problem, ...(repaired === undefined ? {} : { repaired }) })
  }

  /** Returns the maxModseq that the chunk should have, where it has a lower one. */
  add({ chunk, max_modseq, hot, cold }: CheckedChunk): number | undefined {
    const columns = this.#decode(chunk, hot, cold)
    if (columns === undefined) return undefined
    const highest = this.#addColumns(chunk, columns)
    if (highest <= max_modseq) return undefined
    const problem = `chunk ${chunk} says maxModseq ${max_modseq}, an entry has ${highest}`
    this.found('modseq', problem, this.#repaired)
    return highest
  }

  /** After the last chunk. `keywords` are the bits that have a name. True where the row has to be saved. */
  finish(keywords: readonly number[]): boolean {
    this.#checkBits(keywords)
    const before = this.findings.length
    this.#checkNumbers()
    // Of a deleted mailbox the collector may have dropped some.
    if (this.#row.deleted_at === null) this.#checkCounters()
    return this.#repaired !== undefined && this.findings.length > before
  }

  #decode(
    chunk: number,
    hot: Uint8Array | null | undefined,
    cold: Uint8Array | null | undefined,
  ): FullColumns | undefined {
    if (!hot || !cold) {
      this.found('index', `chunk ${chunk} has no ${hot ? 'cold' : 'hot'} half`)
      return undefined
    }
    try {
      return decodeChunk(chunk, hot, cold)
    } catch (error) {
      // Whatever stands there instead of entries: it cannot be read.
      this.found('index', `chunk ${chunk}: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }

  #addColumns(chunk: number, columns: FullColumns): number {
    tally(this.#counted, columns, 1)
    let highest = 0
    for (let at = 0; at < columns.length; at++) {
      const uid = columns.uids[at] ?? 0
      if (uid <= this.#highestUid || uid === 0)
        this.found('index', `UID ${uid} of chunk ${chunk} is out of order`)
      this.#highestUid = Math.max(this.#highestUid, uid)
      highest = Math.max(highest, columns.modseqs[at] ?? 0)
      for (let word = 0; word < FLAG_WORDS; word++)
        this.#usedBits[word] = (this.#usedBits[word] ?? 0) | (columns.flags[at * FLAG_WORDS + word] ?? 0)
    }
    this.#highestModseq = Math.max(this.#highestModseq, highest)
    return highest
  }

  #checkBits(keywords: readonly number[]): void {
    const known = new Set([...SYSTEM_FLAGS.keys(), ...keywords])
    for (let bit = 0; bit < FLAG_WORDS * 32; bit++) {
      const used = ((this.#usedBits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0
      if (used && !known.has(bit)) this.found('keywords', `flag bit ${bit} is set and has no name`)
    }
  }

  #checkCounters(): void {
    for (const counter of COUNTERS) {
      const real = this.#counted[counter]
      if (this.#row[counter] !== real)
        this.found('counters', `${counter} is ${this.#row[counter]}, the index has ${real}`, this.#repaired)
      this.#row[counter] = real
    }
  }

  #checkNumbers(): void {
    const row = this.#row
    if (row.uid_next <= this.#highestUid) {
      const problem = `uidNext is ${row.uid_next}, the highest UID ${this.#highestUid}`
      this.found('uidnext', problem, this.#repaired)
      row.uid_next = this.#highestUid + 1
    }
    if (row.highest_modseq < this.#highestModseq) {
      const problem = `highestModseq is ${row.highest_modseq}, an entry has ${this.#highestModseq}`
      this.found('modseq', problem, this.#repaired)
      row.highest_modseq = this.#highestModseq
    }
  }
}
