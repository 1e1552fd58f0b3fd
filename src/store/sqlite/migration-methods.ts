// MigrationStore on SQLite. Who may use the store is the data folder's lock to say (src/kit/folder-lock.ts).

import {
  arrivedOf,
  type DumpedChunk,
  type DumpedIndex,
  type DumpedTombstone,
  halfArrived,
  type MigrationStore,
} from '../migration.js'
import { type Access, betweenPages } from './access.js'
import { Dump } from './dump.js'
import { owned, packContent } from './pack-message.js'

export function migrationMethods({ database, accounts, write }: Access): MigrationStore {
  const dump = new Dump(database.reader)

  const dropAll = async (account: number): Promise<void> => {
    await write('dropArrived', { account, what: 'all' })
    while ((await write('dropAccount', { account })).more);
  }

  return {
    dumpStore: async () => ({ lastAccount: dump.lastAccount(), tokens: accounts.tokens() }),
    dumpAccount: async (account) => dump.active(account),
    async *dumpContents(account, after) {
      for (let last = after; ; ) {
        const page = dump.contents(account, last)
        if (page.length === 0) return
        last = page.at(-1)?.content ?? last
        yield page
        await betweenPages()
      }
    },
    dumpIndex: (account) => indexPages(dump, account),

    arrival: async () => dump.arrival(),
    beginArrival: (from) => write('beginArrival', { from }),
    async dropStale(account, dumped) {
      const there = dump.account(account)
      if (there !== undefined && arrivedOf(there, dumped) === undefined) await dropAll(account)
    },
    async restoreAccount(dumped) {
      const { account } = dumped.account
      const arrived = arrivedOf(dump.account(account), dumped)
      if (arrived === 'whole') return undefined
      if (arrived === 'begun') {
        await write('dropArrived', { account, what: 'index' })
        return dump.highestContent(account)
      }
      await write('restoreAccount', dumped)
      return 0
    },
    restoreContents: (account, contents) =>
      write('restoreContents', {
        account,
        contents: contents.map((one) => ({
          content: one.content,
          trace: owned(one.source.trace),
          packed: packContent(one),
        })),
      }),
    restoreIndex: (account, { chunks, tombstones }) =>
      write('restoreIndex', { account, chunks: chunks.map(apart), tombstones: tombstones.map(apart) }),
    finishAccount: (dumped) => write('finishAccount', dumped),
    finishArrival: (dumped) => write('finishArrival', dumped),

    async serving() {
      const from = dump.arrival()
      if (from !== undefined) throw halfArrived(from)
      return async () => {}
    },
    alone: async () => ({ demand: async () => {}, end: async () => {} }),
  }
}

/** Octets in buffers of their own, for the writer thread. */
const apart = <T extends DumpedChunk | DumpedTombstone>(one: T): T => ({
  ...one,
  hot: owned(one.hot),
  cold: owned(one.cold),
})

async function* indexPages(dump: Dump, account: number): AsyncIterable<DumpedIndex> {
  for (let after: DumpedChunk | undefined; ; ) {
    const chunks: DumpedChunk[] = dump.chunks(account, after)
    after = chunks.at(-1)
    if (after === undefined) break
    yield { chunks, tombstones: [] }
    await betweenPages()
  }
  for (let after: ReturnType<Dump['tombstones']>[number] | undefined; ; ) {
    const tombstones: ReturnType<Dump['tombstones']> = dump.tombstones(account, after)
    after = tombstones.at(-1)
    if (after === undefined) break
    yield { chunks: [], tombstones: tombstones.map(({ id: _, ...tombstone }) => tombstone) }
    await betweenPages()
  }
}
