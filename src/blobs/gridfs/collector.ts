// The collector of blobs on MongoDB, which any number of instances may run at once: every step is an update that names the
// state which it expects, so that a touch between two steps wins. docs/architecture.md, "What is kept for what is gone".

import type { ObjectId } from 'mongodb'
import type { IsReferenced } from '../blobs.js'
import type { BlobCollections, FileDocument } from './collections.js'

/** Blobs looked at, or deleted, in one step. */
const PAGE = 256
const DELETE_PAGE = 32

const hexOf = ({ hash }: Pick<FileDocument, 'hash'>): string => Buffer.from(hash ?? []).toString('hex')

export class Collector {
  readonly #collections: BlobCollections
  readonly #isReferenced: IsReferenced

  constructor(collections: BlobCollections, isReferenced: IsReferenced) {
    this.#collections = collections
    this.#isReferenced = isReferenced
  }

  /** One round; blobs that went from everybody's sight. */
  async round(graceMs: number): Promise<number> {
    const before = new Date((await this.#serverTime()) - graceMs)
    const deleted = await this.#buryDying(before)
    await this.#buryUnfinished(new Date(before.getTime() - graceMs))
    await this.#deleteBuried(before)
    await this.#markUnused(before)
    return deleted
  }

  async #serverTime(): Promise<number> {
    const { client, ask } = this.#collections
    const { localTime } = await ask('collecting', client.db('admin').command({ hello: 1 }))
    return (localTime as Date).getTime()
  }

  async #markUnused(before: Date): Promise<void> {
    for await (const page of this.#pages('live', before, PAGE)) {
      const [, unreferenced] = await this.#divide(page)
      await this.#change(
        unreferenced,
        { state: 'live', since: { $lt: before } },
        { $set: { state: 'dying' } },
      )
    }
  }

  /** Those that have been dying for a grace: revives what has a reference after all, and takes the others' hash away. */
  async #buryDying(before: Date): Promise<number> {
    let buried = 0
    for await (const page of this.#pages('dying', before, PAGE)) {
      const [referenced, unreferenced] = await this.#divide(page)
      await this.#change(referenced, { state: 'dying' }, { $set: { state: 'live' } })
      const bury = { $set: { state: 'buried' as const }, $unset: { hash: true as const } }
      buried += await this.#change(unreferenced, { state: 'dying', since: { $lt: before } }, bury)
    }
    return buried
  }

  /**
   * What writers that died, or that were given up, have left: after two graces, for what is complete waits unrefreshed for the
   * rest of its message.
   */
  async #buryUnfinished(before: Date): Promise<void> {
    for await (const page of this.#pages('staged', before, PAGE)) {
      const ids = page.map(({ _id }) => _id)
      await this.#change(ids, { state: 'staged', since: { $lt: before } }, { $set: { state: 'buried' } })
    }
  }

  /** Chunks at once and in every round, the file after another grace: a writer that was late finds its grave. */
  async #deleteBuried(before: Date): Promise<void> {
    const { files, chunks, ask } = this.#collections
    for await (const page of this.#pages('buried', undefined, DELETE_PAGE)) {
      const ids = page.map(({ _id }) => _id)
      await ask('collecting', chunks.deleteMany({ files_id: { $in: ids } }))
      await ask(
        'collecting',
        files.deleteMany({ _id: { $in: ids }, state: 'buried', since: { $lt: before } }),
      )
    }
  }

  /** Only what is in this state since before then is changed; says how many were. */
  async #change(
    ids: readonly ObjectId[],
    expected: { state: FileDocument['state']; since?: { $lt: Date } },
    update: { $set: { state: FileDocument['state'] }; $unset?: { hash: true } },
  ): Promise<number> {
    if (ids.length === 0) return 0
    const { files, ask } = this.#collections
    const { modifiedCount } = await ask(
      'collecting',
      files.updateMany({ _id: { $in: [...ids] }, ...expected }, { ...update, $currentDate: { since: true } }),
    )
    return modifiedCount
  }

  async #divide(page: readonly FileDocument[]): Promise<[referenced: ObjectId[], unreferenced: ObjectId[]]> {
    const named = await this.#isReferenced(page.map(hexOf))
    const isNamed = (file: FileDocument) => named.has(hexOf(file))
    return [
      page.filter(isNamed).map(({ _id }) => _id),
      page.filter((file) => !isNamed(file)).map(({ _id }) => _id),
    ]
  }

  async *#pages(
    state: FileDocument['state'],
    before: Date | undefined,
    size: number,
  ): AsyncIterable<FileDocument[]> {
    const { files, ask } = this.#collections
    const filter = before === undefined ? { state } : { state, since: { $lt: before } }
    const cursor = files.find(filter, { batchSize: size })
    try {
      for (let page: FileDocument[] = []; ; ) {
        const file = await ask('collecting', cursor.next())
        if (file !== null) page.push(file)
        if (page.length > 0 && (file === null || page.length === size)) {
          yield page
          page = []
        }
        if (file === null) return
      }
    } finally {
      await cursor.close().catch(() => {})
    }
  }
}
