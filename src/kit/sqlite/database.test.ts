// Group commit and its promises: what is acknowledged is there, what fails fails alone, and a fault of the transaction itself
// acknowledges nobody.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openForWriting } from './connection.js'
import { type Database, openDatabase } from './database.js'

const MODULE = new URL('./database.fixture.js', import.meta.url).href

let folder: string
let database: Database | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eider-kit-'))
})
afterEach(async () => {
  await database?.close()
  database = undefined
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

async function open(onFatal?: (error: Error) => void): Promise<Database> {
  const options = { file: join(folder, 'notes.db'), modules: [MODULE] }
  database = await openDatabase(onFatal === undefined ? options : { ...options, onFatal })
  return database
}

const notes = (db: Database): unknown[] =>
  db.reader.prepare('SELECT text FROM note ORDER BY id').pluck().all()
const add = (db: Database, text: string) => db.run('notes.add', { text })
const range = (count: number) => Array.from({ length: count }, (_, n) => `note ${n}`)

test('a commit is seen by the reader as soon as its promise has resolved', async () => {
  const db = await open()
  for (const text of range(20)) {
    await add(db, text)
    expect(notes(db).at(-1)).toBe(text)
  }
})

test('a mutation that throws undoes itself and no other of its group', async () => {
  const db = await open()
  const results = await Promise.allSettled([
    add(db, 'a'),
    db.run('notes.addAndFail', { text: 'b' }),
    add(db, 'c'),
    db.run('notes.none', {}),
    add(db, 'd'),
  ])
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  expect(results[1]).toMatchObject({ reason: { code: 'unwanted', message: 'b is not wanted' } })
  expect(notes(db)).toEqual(['a', 'c', 'd'])
})

test('a group that takes longer when it runs again leaves nobody out', async () => {
  const db = await open()
  const slower = db.run('notes.addSlower', { text: 'slow at the second time' })
  const results = await Promise.allSettled([
    slower,
    db.run('notes.addAndFail', { text: 'x' }),
    add(db, 'last'),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(notes(db)).toEqual(['slow at the second time', 'last'])
})

test('what waits shares one commit', async () => {
  const db = await open()
  const began = db.run('notes.addAfter', { text: 'first', ms: 50 })
  const commits = new Set<number>()
  const version = () => Number(db.reader.pragma('data_version', { simple: true }))
  await Promise.all([began, ...range(100).map((text) => add(db, text).then(() => commits.add(version())))])
  expect(commits.size).toBeLessThan(5)
  expect(notes(db)).toHaveLength(101)
})

// Each statement in turn: BEGIN, the inserts, COMMIT; and where the third of five fails, ROLLBACK, BEGIN, for each of the three a
// savepoint, its insert and the release, COMMIT, and a group of the other two.
test.each([
  ...range(6).map((_, n) => [n + 1, 'add'] as const),
  ...range(21).map((_, n) => [n + 1, 'addAndFail'] as const),
])(
  'a transaction ended by an error at step %d, beside %s, acknowledges nobody untruly',
  async (step, beside) => {
    vi.stubEnv('EIDER_TEST_FAULT', `full:${step}`)
    const db = await open()
    const texts = range(4)
    const before = texts.slice(0, 2).map((text) => add(db, text))
    const refused = beside === 'addAndFail' ? [db.run('notes.addAndFail', { text: 'x' })] : []
    const after = texts.slice(2).map((text) => add(db, text))
    const [results, refusals] = await Promise.all([
      Promise.allSettled([...before, ...after]),
      Promise.allSettled(refused),
    ])
    expect(refusals.every(({ status }) => status === 'rejected')).toBe(true)
    const done = texts.filter((_, n) => results[n]?.status === 'fulfilled')
    expect(notes(db)).toEqual(done)
    // The fault strikes once: at the most the one that was struck when it ran alone is refused.
    expect(done.length).toBeGreaterThanOrEqual(3)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason.code).toBe('disk-full')
    await add(db, 'later')
    expect(notes(db).at(-1)).toBe('later')
  },
)

test('a failed COMMIT reopens the file before anyone is answered', async () => {
  vi.stubEnv('EIDER_TEST_FAULT', 'commit:2')
  const db = await open()
  await add(db, 'before')
  expect((await Promise.allSettled([add(db, 'struck')]))[0]).toMatchObject({ reason: { code: 'disk-full' } })
  expect(notes(db)).toEqual(['before'])
  await add(db, 'after')
  expect(notes(db)).toEqual(['before', 'after'])
})

test('a COMMIT that fails and yet took effect is found out: everybody is acknowledged, nothing is done twice', async () => {
  vi.stubEnv('EIDER_TEST_FAULT', 'committed:2')
  const db = await open()
  await add(db, 'before')
  await Promise.all(range(4).map((text) => add(db, text)))
  expect(notes(db)).toEqual(['before', ...range(4)])
  await add(db, 'after')
  expect(notes(db)).toEqual(['before', ...range(4), 'after'])
})

test('a COMMIT that fails where the WAL was just begun anew has not taken effect', async () => {
  vi.stubEnv('EIDER_TEST_FAULT', 'commit-anew:2')
  const db = await open()
  await add(db, 'before')
  await expect(add(db, 'struck')).rejects.toMatchObject({ code: 'disk-full' })
  expect(notes(db)).toEqual(['before'])
  await add(db, 'after')
  expect(notes(db)).toEqual(['before', 'after'])
})

test('a file that could not be opened again whole after a failed COMMIT is opened by the next group', async () => {
  vi.stubEnv('EIDER_TEST_FAULT', 'commit:2')
  vi.stubEnv('EIDER_TEST_UNPREPARED', '2')
  const db = await open()
  await add(db, 'before')
  await expect(add(db, 'struck')).rejects.toMatchObject({ code: 'disk-full' })
  await add(db, 'after')
  expect(notes(db)).toEqual(['before', 'after'])
})

test('a group larger than one transaction takes is committed whole', async () => {
  const db = await open()
  await Promise.all(range(1500).map((text) => add(db, text)))
  expect(notes(db)).toHaveLength(1500)
})

test('close finishes what was accepted and refuses the rest', async () => {
  const db = await open()
  const accepted = range(200).map((text) => add(db, text))
  const closing = db.close()
  await expect(add(db, 'late')).rejects.toMatchObject({ code: 'unavailable' })
  await closing
  await Promise.all(accepted)
  expect(notes(await open())).toHaveLength(200)
})

test('a writer that dies answers everybody, and says so once', async () => {
  const fatal: Error[] = []
  const db = await open((error) => fatal.push(error))
  const results = await Promise.allSettled([db.run('notes.vanish', {}), add(db, 'a')])
  for (const result of results) expect(result).toMatchObject({ reason: { code: 'unavailable' } })
  await expect(add(db, 'b')).rejects.toMatchObject({ code: 'unavailable' })
  expect(fatal).toHaveLength(1)
})

test('a foreign or newer database is refused', async () => {
  const file = join(folder, 'notes.db')
  const db = await open()
  await db.close()
  const writer = openForWriting(file)
  writer.exec("UPDATE schema_version SET version = 99 WHERE module = 'notes'")
  writer.close()
  await expect(open()).rejects.toThrow(/newer Eider/)
  const foreign = openForWriting(join(folder, 'other.db'))
  foreign.pragma('application_id = 7')
  foreign.close()
  await expect(openDatabase({ file: join(folder, 'other.db'), modules: [MODULE] })).rejects.toMatchObject({
    code: 'corrupt',
  })
})
