// The import rule of docs/architecture.md holds, and the rule itself catches what it forbids.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const DEPCRUISE = join('node_modules', '.bin', 'depcruise')
const CONFIG = join(process.cwd(), '.dependency-cruiser.cjs')

test('no import points upward, sideways or in a circle', () => {
  execFileSync(DEPCRUISE, ['--config', CONFIG, 'src'], { stdio: 'pipe' })
})

// Within the repository, so that the parser of TypeScript is found; git ignores dist.
let dir: string
beforeAll(() => {
  mkdirSync('dist', { recursive: true })
  dir = mkdtempSync(join('dist', 'import-rule-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

test.each([
  ['src/kit/low.ts', 'src/mail/high.ts', 'downward-kit'],
  ['src/mime/pure.ts', 'src/store/store.ts', 'downward-mime'],
  ['src/imap/session.ts', 'src/smtp/session.ts', 'protocol-imap'],
  ['src/http/route.ts', 'src/store/store.ts', 'protocol-http'],
  ['src/store/mongo/append.ts', 'src/store/sqlite/rows.ts', 'implementation-store'],
  ['src/mail/append.ts', 'src/store/sqlite/rows.ts', 'only-main-composes'],
  ['src/cli/serve.ts', 'src/main.ts', 'nobody-imports-main'],
])('%s may not import %s', (from, to, rule) => {
  const depth = '../'.repeat(from.split('/').length - 1)
  for (const [file, text] of [
    [from, `import { x } from '${depth}${to.replace(/\.ts$/, '.js')}'\nexport const y = x\n`],
    [to, 'export const x = 1\n'],
  ] as const) {
    mkdirSync(join(dir, dirname(file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  writeFileSync(join(dir, 'tsconfig.json'), '{}')
  const run = spawnSync(join(process.cwd(), DEPCRUISE), ['--config', CONFIG, 'src'], {
    cwd: dir,
    encoding: 'utf8',
  })
  expect(run.status, run.stdout).not.toBe(0)
  expect(run.stdout).toContain(rule)
  rmSync(join(dir, 'src'), { recursive: true })
})
