// The crash contract on SQLite: a step is a statement that the writer runs, COMMIT among them.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../../kit/sqlite/database.js'
import { crashContract } from '../contract/crash-contract.js'
import { STORE_MODULE, sqliteStore } from './sqlite-store.js'

const fixture = fileURLToPath(new URL('./crash.fixture.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'eider-crash-'))
const kept = join(folder, 'kept.db')
const tried = join(folder, 'tried.db')

function beginAgain(): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(tried + suffix, { force: true })
  copyFileSync(kept, tried)
}

crashContract({
  name: 'SQLite',
  // Begin, at least two statements, commit.
  fewestSteps: 4,
  async prepare(fill) {
    const store = sqliteStore(await openDatabase({ file: kept, modules: [STORE_MODULE] }))
    await fill(store)
    await store.close()
    beginAgain()
  },
  async attempt(intention, step) {
    beginAgain()
    const child = spawn(process.execPath, [fixture, tried, intention], {
      env: { ...process.env, EIDER_TEST_FAULT: `crash:${step}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    if (signal === null && code !== 0) throw new Error(`the process of ${intention} ended with code ${code}`)
    return { died: signal === 'SIGKILL', acknowledged: said === 'acknowledged\n' }
  },
  open: async () => sqliteStore(await openDatabase({ file: tried, modules: [STORE_MODULE] })),
  async dispose() {
    rmSync(folder, { recursive: true })
  },
})
