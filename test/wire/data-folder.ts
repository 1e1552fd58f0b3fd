// A data folder that outlives the server: for tests that kill and restart.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function newDataFolder(): string {
  return mkdtempSync(join(tmpdir(), 'eider-test-'))
}
