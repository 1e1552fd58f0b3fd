// Mutations for database.test.ts: a table of notes.

import type { Connection } from './connection.js'
import type { MutationModule } from './mutations.js'

let opened = 0
let slowness = 0

function wait(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

export const module: MutationModule = {
  name: 'notes',
  migrations: ['CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL, octets BLOB)'],
  mutations: (db: Connection) => {
    if (++opened === Number(process.env['EIDER_TEST_UNPREPARED'])) throw new Error('cannot be prepared')
    const insert = db.prepare<[string, Uint8Array]>('INSERT INTO note (text, octets) VALUES (?, ?)')
    const none = new Uint8Array()
    const add = ({ text, octets = none }: { text: string; octets?: Uint8Array }) =>
      Number(insert.run(text, octets).lastInsertRowid)
    return {
      add,
      addAndFail: ({ text }: { text: string }) => {
        add({ text })
        throw Object.assign(new Error(`${text} is not wanted`), { code: 'unwanted' })
      },
      addAfter: ({ text, ms }: { text: string; ms: number }) => {
        wait(ms)
        return add({ text })
      },
      addSlower: ({ text }: { text: string }) => {
        wait(slowness)
        slowness = 20
        return add({ text })
      },
      vanish: () => process.exit(3),
    }
  },
}
