// Every RFC that the code cites is listed in docs/rfc.md, and every row there is about something that exists. So is every
// heading of a document that the code cites.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const listed = readFileSync('docs/rfc.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

const sources = ['src', 'test', 'bench', 'examples'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name)),
)

test('an RFC that is cited is listed', () => {
  const known = new Set(listed.map(([, number]) => number))
  const unknown = sources.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bRFC (\d{3,5})\b/g)]
      .filter(([, number]) => !known.has(number))
      .map(([citation]) => `${file}: ${citation}`),
  )
  expect(unknown).toEqual([])
})

test('a row names files that are there', () => {
  const missing = listed.flatMap(([, number, , , where]) =>
    (where ?? '')
      .split(', ')
      .filter((path) => !existsSync(path))
      .map((path) => `RFC ${number}: ${path}`),
  )
  expect(missing).toEqual([])
})

test('a heading that is cited is there', () => {
  const cited = sources.flatMap((file) =>
    [...commentsOnOneLine(file).matchAll(/\b(docs\/[a-z]+\.md), ("[^"]+"(?: and "[^"]+")*)/g)].flatMap(
      ([, path = '', quoted = '']) =>
        [...quoted.matchAll(/"([^"]+)"/g)].map(([, heading = '']) => ({ file, path, heading })),
    ),
  )
  expect(cited.length).toBeGreaterThan(20)
  expect(cited.filter(({ path, heading }) => !headingsOf(path).includes(heading))).toEqual([])
})

const commentsOnOneLine = (file: string): string =>
  readFileSync(file, 'utf8').replace(/\n *(?:\/\/|\*) /g, ' ')

const headingsOf = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^##+ (.+)$/gm)].map(([, heading = '']) => heading)
