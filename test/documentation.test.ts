// docs/operations.md says what is so: every key with its default, every event of the log from `info` up.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../src/config/load.js'
import { describeKey } from '../src/config/schema.js'

const operations = readFileSync('docs/operations.md', 'utf8')

test('every key of the configuration stands in docs/operations.md with its default and meaning', () => {
  for (const [key, { given }] of loadConfig({ environment: {}, set: [] }).settings) {
    const row = operations.split('\n').find((line) => line.startsWith(`| \`${key}\` |`))
    expect(row, key).toContain(`| ${describeKey(key)} |`)
    const computed = key === 'smtp.hostname' || key === 'http.requireToken' || Array.isArray(given)
    if (!computed) expect(row, key).toContain(`| \`${given}\` |`)
  }
})

test('every event that is logged, debugging apart, stands in docs/operations.md', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join('src', name), 'utf8'))
  const events = sources.flatMap((text) =>
    [...text.matchAll(/\blog\s*\.(?:info|warn|error)\(.*?'([a-z-]+)'\)/gs)].map((match) => match[1] ?? ''),
  )
  expect(events.length).toBeGreaterThan(10)
  const missing = events.filter((event) => !event.endsWith('-failed') && !operations.includes(`\`${event}\``))
  expect(missing).toEqual([])
})
