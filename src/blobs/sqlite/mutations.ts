// The blob store's part of the writer thread: its tables and its mutations by name. Loaded there by URL.

import type { Connection } from '../../kit/sqlite/connection.js'
import type { MutationModule } from '../../kit/sqlite/mutations.js'
import { DYING, LIVE, migrations, STAGED } from './schema.js'

export interface PieceArgs {
  /** Undefined for the first piece: the staged blob is made with it. */
  readonly blob: number | undefined
  readonly number: number
  readonly octets: Uint8Array
}

export interface FinishArgs {
  /** Undefined where the blob is one piece, or none: it comes here. */
  readonly blob: number | undefined
  readonly octets: Uint8Array | undefined
  readonly hash: Uint8Array
  readonly size: number
}

/** Arguments and results by the mutation's name. */
export interface BlobCalls {
  piece: [PieceArgs, number]
  finish: [FinishArgs, undefined]
  touch: [{ hash: Uint8Array }, boolean]
  /** Deletes some pieces of a staged blob, or the blob with its last; true while there is more to do. */
  drop: [{ blob: number }, boolean]
  markDying: [{ ids: readonly number[]; usedBefore: number }, undefined]
  revive: [{ ids: readonly number[] }, undefined]
  /** Takes a dying blob's hash away, so that nobody finds it any more; false where it is not dying any more. */
  bury: [{ id: number; dyingBefore: number }, boolean]
  shrink: [undefined, undefined]
}

export type BlobMutation<Name extends keyof BlobCalls> = (args: BlobCalls[Name][0]) => BlobCalls[Name][1]

/** Pieces deleted in one transaction. */
const DROP_PIECES = 16
/** Pages given back to the file system in one transaction. */
const SHRINK_PAGES = 1024

function writingMutations(db: Connection) {
  const stage = db.prepare<number[], number>(
    `INSERT INTO blob (size, state, used_at) VALUES (0, ${STAGED}, ?) RETURNING id`,
  )
  const piece = db.prepare<(number | Uint8Array)[]>(
    'INSERT INTO blob_piece (blob, number, octets) VALUES (?, ?, ?)',
  )
  const revive = db.prepare<(number | Uint8Array)[]>(
    `UPDATE blob SET state = ${LIVE}, used_at = ?, dying_at = NULL WHERE hash = ?`,
  )
  const settle = db.prepare<(number | Uint8Array)[]>(
    `UPDATE blob SET hash = ?, size = ?, state = ${LIVE}, used_at = ? WHERE id = ? AND state = ${STAGED}`,
  )
  const stagedBlob = (): number => stage.pluck().get(Date.now()) ?? 0

  const writePiece: BlobMutation<'piece'> = ({ blob = stagedBlob(), number, octets }) => {
    piece.run(blob, number, octets)
    return blob
  }
  const touch: BlobMutation<'touch'> = ({ hash }) => revive.run(Date.now(), hash).changes > 0
  const finish: BlobMutation<'finish'> = ({ blob, octets, hash, size }) => {
    // The same octets may be there already: the staged copy then stays without a hash, and its writer drops it.
    if (touch({ hash })) return
    const id = blob ?? stagedBlob()
    if (octets !== undefined) piece.run(id, 0, octets)
    if (settle.run(hash, size, Date.now(), id).changes !== 1)
      throw new Error(`staged blob ${id} is not there`)
  }
  return { piece: writePiece, touch, finish }
}

function collectingMutations(db: Connection) {
  const dropPieces = db.prepare<number[]>(
    `DELETE FROM blob_piece WHERE id IN (SELECT id FROM blob_piece WHERE blob = ? LIMIT ${DROP_PIECES})`,
  )
  const dropBlob = db.prepare<number[]>(`DELETE FROM blob WHERE id = ? AND state = ${STAGED}`)
  const isStaged = db.prepare<number[]>(`SELECT 1 FROM blob WHERE id = ? AND state = ${STAGED}`)
  const dying = db.prepare<number[]>(
    `UPDATE blob SET state = ${DYING}, dying_at = ? WHERE id = ? AND state = ${LIVE} AND used_at < ?`,
  )
  const revive = db.prepare<number[]>(
    `UPDATE blob SET state = ${LIVE}, dying_at = NULL WHERE id = ? AND state = ${DYING}`,
  )
  const bury = db.prepare<number[]>(
    `UPDATE blob SET state = ${STAGED}, hash = NULL WHERE id = ? AND state = ${DYING} AND dying_at < ?`,
  )
  const drop: BlobMutation<'drop'> = ({ blob }) => {
    if (isStaged.get(blob) === undefined) return false
    if (dropPieces.run(blob).changes === DROP_PIECES) return true
    dropBlob.run(blob)
    return false
  }
  const markDying: BlobMutation<'markDying'> = ({ ids, usedBefore }) => {
    for (const id of ids) dying.run(Date.now(), id, usedBefore)
  }
  const reviveAll: BlobMutation<'revive'> = ({ ids }) => {
    for (const id of ids) revive.run(id)
  }
  return {
    drop,
    markDying,
    revive: reviveAll,
    bury: (({ id, dyingBefore }) => bury.run(id, dyingBefore).changes > 0) satisfies BlobMutation<'bury'>,
    shrink: () => {
      db.pragma(`incremental_vacuum(${SHRINK_PAGES})`)
      return undefined
    },
  }
}

const mutations = (db: Connection): { [Name in keyof BlobCalls]: BlobMutation<Name> } => ({
  ...writingMutations(db),
  ...collectingMutations(db),
})

export const module: MutationModule = { name: 'blobs', migrations, mutations }
