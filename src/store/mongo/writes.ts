// What a transaction writes of one collection, as few commands of MongoDB's own: update, insert, delete
// (https://www.mongodb.com/docs/manual/reference/command/nav-crud/). The driver's bulk writes ask the same, and take as much
// processor time for it as MongoDB does (ADR 10).

import { type ClientSession, type Db, type Document, MongoServerError } from 'mongodb'
import type { Stored } from './memory.js'

/** Of one command: far below MongoDB's 16 MiB, for octets are counted roughly. */
const OCTETS = 4 * 2 ** 20
const STATEMENTS = 1000
/** Of a document's names and numbers. */
const AROUND = 256

export interface Writes {
  readonly updates: { readonly filter: Document; readonly set: Record<string, unknown> }[]
  readonly inserts: Stored[]
  readonly deletes: { readonly filter: Document }[]
}

function octetsOf(document: Record<string, unknown>): number {
  let octets = AROUND
  for (const field in document) {
    const value = document[field]
    if (typeof value === 'string') octets += value.length
    else if (ArrayBuffer.isView(value)) octets += value.byteLength
    else if (Array.isArray(value)) octets += value.length * AROUND
  }
  return octets
}

function* commandsOf<T>(statements: readonly T[], octets: (one: T) => number): Iterable<T[]> {
  let command: T[] = []
  let held = 0
  for (const one of statements) {
    const more = octets(one)
    if (command.length > 0 && (held + more > OCTETS || command.length === STATEMENTS)) {
      yield command
      command = []
      held = 0
    }
    command.push(one)
    held += more
  }
  if (command.length > 0) yield command
}

/** Asks for it in the session's transaction; returns how many the updates found. Throws MongoError. */
export async function write(
  db: Db,
  session: ClientSession,
  collection: string,
  { updates, inserts, deletes }: Writes,
): Promise<number> {
  const ask = async (command: Document): Promise<number> => {
    const { n, writeErrors } = await db.command({ ...command, ordered: true }, { session })
    const [refused] = writeErrors ?? []
    if (refused !== undefined) throw new MongoServerError(refused)
    return n
  }
  let matched = 0
  for (const some of commandsOf(updates, ({ set }) => octetsOf(set))) {
    const statements = some.map(({ filter, set }) => ({ q: filter, u: { $set: set } }))
    matched += await ask({ update: collection, updates: statements })
  }
  for (const documents of commandsOf(inserts, octetsOf)) await ask({ insert: collection, documents })
  for (const some of commandsOf(deletes, () => AROUND))
    await ask({ delete: collection, deletes: some.map(({ filter }) => ({ q: filter, limit: 1 })) })
  return matched
}
