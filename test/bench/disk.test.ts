// What the benchmark says of the disk beside its rows.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Disk } from '../../bench/disk.js'

test('the median of each row is told, and nothing is left behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'eider-bench-'))
  try {
    const disk = new Disk(folder)
    for (const row of ['append', 'lmtp-1', 'append']) disk.measure(row)
    expect(readdirSync(folder)).toHaveLength(1)
    expect(`${disk}`).toMatch(
      /^48 KB written and synchronised, ms beside each row: append \d+\.\d\d, lmtp-1 \d+\.\d\d\.$/,
    )
    disk.close()
    expect(readdirSync(folder)).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
