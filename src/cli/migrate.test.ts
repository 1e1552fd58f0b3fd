import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../config/load.js'
import { migrate } from './migrate.js'

const OUTPUT = { migrating() {}, migrated() {}, finding() {} }

test('what cannot be closed after a failure does not stand in its place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eider-migrate-'))
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  mkdirSync(from)
  writeFileSync(join(from, 'eider.db'), '')
  const open = async ({ data }: { readonly data: string }) => {
    // As on a disk that became read-only: a folder is not removed as a file is.
    rmSync(join(data, 'lock.json'))
    mkdirSync(join(data, 'lock.json'))
    throw new Error('the store cannot be opened')
  }
  const { config } = loadConfig({ environment: {}, set: [] })
  const urls = { from: `sqlite:${from}`, to: `sqlite:${to}` }
  await expect(migrate(open, config, urls, OUTPUT)).rejects.toThrow('the store cannot be opened')
  rmSync(folder, { recursive: true })
})
