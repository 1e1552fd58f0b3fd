// What the suites of the blob store's contract share: the engine's part, and octets to keep.

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { BlobStore } from '../blobs.js'

export interface OpenBlobs {
  readonly blobs: BlobStore
  /** Another instance on the same data, or the same one where there can be no other. */
  another(): Promise<BlobStore>
  /** Closes the blob store and opens the same data again, as a restart does. */
  reopen(): Promise<BlobStore>
  /** Closes it and removes its data. */
  dispose(): Promise<void>
  /** Octets that all kept pieces have together, those of unfinished blobs too. */
  octetsKept(): Promise<number>
}

export interface BlobEngine {
  readonly name: string
  /** When what was never finished is gone: with the next start, or, where others may be writing it, after the grace. */
  readonly unfinishedGoes: 'at the next start' | 'after the grace'
  open(): Promise<OpenBlobs>
}

export const MEBIBYTE = 1024 * 1024
/** A grace of less than nothing: everything is old enough, without waiting. */
export const OVER = -60_000

export const none = async () => new Set<string>()
export const all = async (hashes: readonly string[]) => new Set(hashes)

/** Octets that look random and can be had again. */
export function octets(length: number, seed = 1): Buffer {
  const made = Buffer.alloc(length)
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    made[at] = state >>> 24
  }
  return made
}

export const hashOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

export async function put(blobs: BlobStore, data: Uint8Array, step = 60_000): Promise<string> {
  const writer = blobs.write()
  for (let at = 0; at < data.length; at += step) await writer.write(data.subarray(at, at + step))
  const { hash, size } = await writer.finish()
  expect(size).toBe(data.length)
  return hash
}

export async function get(
  blobs: BlobStore,
  hash: string,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of blobs.read(hash, start, end)) parts.push(part)
  return Buffer.concat(parts)
}

export async function verified(blobs: BlobStore): Promise<number> {
  let count = 0
  for await (const { hash, computed } of blobs.verify()) {
    expect(computed).toBe(hash)
    count++
  }
  return count
}
