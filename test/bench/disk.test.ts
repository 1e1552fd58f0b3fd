// What the benchmark says of the disk beside its rows.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Disk } from '../../bench/disk.js'

test('each row is told once, and nothing can be left behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'eider-bench-'))
  try {
    const disk = new Disk(folder)
    for (const row of ['append', 'lmtp-1', 'append']) disk.measure(row)
    expect(readdirSync(folder)).toEqual([])
    expect(`${disk}`).toMatch(
      /^48 KB written and synchronised, ms beside each row: append \d+\.\d\d, lmtp-1 \d+\.\d\d\.$/,
    )
    disk.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
