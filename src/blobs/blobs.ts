// The blob store: large bodies by the SHA-256 of their octets, stored once for all accounts, written and deleted in
// pieces so that nobody waits behind a large one. References to blobs are the store's. docs/architecture.md, idea 5.

export interface StoredBlob {
  /** SHA-256, 64 hex digits. */
  readonly hash: string
  /** Octets. */
  readonly size: number
}

export interface BlobWriter {
  /** Resolves when more may be written; what is under way is bounded, whatever the blob's size. */
  write(octets: Uint8Array): Promise<void>
  /** It is complete, and waits for `finish` or `abort`: until then nobody finds it, however long that takes. */
  seal(): Promise<StoredBlob>
  /** Durable and readable once this resolves; a blob that was there already has its `usedAt` refreshed instead. */
  finish(): Promise<StoredBlob>
  /** Drops what was written, at once. Harmless after finish. */
  abort(): Promise<void>
}

/** Which of the blobs something refers to. */
export type IsReferenced = (hashes: readonly string[]) => Promise<ReadonlySet<string>>

export interface BlobStore {
  write(): BlobWriter
  /**
   * Octets [start, end) of a blob in pieces; end beyond the size means to its end. Reads only the pieces it needs and
   * holds no lock between them. Throws StoreError `corrupt` where the blob is not there.
   */
  read(hash: string, start: number, end: number): AsyncIterable<Uint8Array>
  /** Sets `usedAt` to now and revives a dying blob; false where the blob is not there any more. */
  touch(hash: string): Promise<boolean>
  /** Every blob, for `eider check`: hash as recorded and as computed again. One that goes meanwhile is no finding. */
  verify(): AsyncIterable<{ hash: string; size: number; computed: string }>
  /**
   * One round of the collector: blobs unused for `graceMs` and without a reference are marked dying; those dying for
   * another grace and still without one are deleted. `isReferenced` is asked at both steps.
   */
  collect(graceMs: number, isReferenced: IsReferenced): Promise<{ deleted: number }>
  close(): Promise<void>
}
