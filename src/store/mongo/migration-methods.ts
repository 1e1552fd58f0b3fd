// MigrationStore on MongoDB.

import { arrivedOf, type DumpedIndex, type MigrationStore } from '../migration.js'
import type { AccountRow } from '../rows.js'
import { type Access, betweenPages } from './access.js'
import { removeAccountMutation } from './accounts.js'
import { dropAccountMutation } from './collect.js'
import { Dump } from './dump.js'
import { AccountReads } from './reading-accounts.js'
import { finishAccountMutation, Restore } from './restore.js'
import { alone, serving } from './tenants.js'

export function migrationMethods(access: Access): MigrationStore {
  const { database, mutate } = access
  const accounts = new AccountReads(access)
  const dump = new Dump(database)
  const restore = new Restore(database)

  const drop = async ({ account, state }: AccountRow): Promise<void> => {
    if (state === 'active') await mutate(removeAccountMutation(account))
    else await restore.giveUp(account)
    while ((await mutate(dropAccountMutation(account))).more);
  }

  return {
    dumpStore: async () => ({ lastAccount: await dump.lastAccount(), tokens: await accounts.tokens() }),
    dumpAccount: (account) => dump.active(account),
    async *dumpContents(account, after) {
      for (let last = after; ; ) {
        const page = await dump.contents(account, last)
        if (page.length === 0) return
        last = page.at(-1)?.content ?? last
        yield page
        await betweenPages()
      }
    },
    dumpIndex: (account) => indexPages(dump, account),

    arrival: () => dump.arrival(),
    beginArrival: (from) => restore.begin(from),
    async dropStale(account, dumped) {
      const there = await dump.account(account)
      if (there !== undefined && arrivedOf(there, dumped) === undefined) await drop(there.account)
    },
    async restoreAccount(dumped) {
      const { account } = dumped.account
      const arrived = arrivedOf(await dump.account(account), dumped)
      if (arrived === 'whole') return undefined
      if (arrived === 'begun') {
        const content = await dump.highestContent(account)
        await restore.dropUnfinished(account, content)
        return content
      }
      await restore.account(dumped)
      return 0
    },
    restoreContents: (account, contents) => restore.contents(account, contents),
    restoreIndex: (account, index) => restore.index(account, index),
    finishAccount: (dumped) => mutate(finishAccountMutation(dumped)),
    finishArrival: (dumped) => restore.finish(dumped),

    serving: () => serving(database),
    alone: () => alone(database),
  }
}

async function* indexPages(dump: Dump, account: number): AsyncIterable<DumpedIndex> {
  for (let after = ''; ; ) {
    const chunks = await dump.chunks(account, after)
    after = chunks.at(-1)?._id ?? ''
    if (chunks.length === 0) break
    yield { chunks, tombstones: [] }
  }
  for (let after = ''; ; ) {
    const tombstones = await dump.tombstones(account, after)
    after = tombstones.at(-1)?._id ?? ''
    if (tombstones.length === 0) break
    yield { chunks: [], tombstones }
  }
}
