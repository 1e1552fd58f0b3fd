// Once around a whole vitest run, in its own process: the replica set that all test files share, started when the first
// asks for it and ended with the run; and at the very end, loudly, what was skipped.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SKIPPED } from '../wire/required.js'
import { type ReplicaSet, SHARED_SET, startReplicaSet } from './mongod.js'
import { haveCluster } from './programs.js'

let folder: string
let server: Server | undefined
let set: Promise<ReplicaSet> | undefined

/** Vitest calls it for each project (vitest.config.ts): the first call is for all. */
export async function setup(): Promise<void> {
  if (process.env[SHARED_SET] !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'eider-vitest-'))
  process.env[SKIPPED] = join(folder, 'skipped')
  writeFileSync(join(folder, 'skipped'), '')
  // The configuration left them out where it could not be told.
  haveCluster()
  process.env[SHARED_SET] = join(folder, 'shared-set')
  const listening = createServer((socket) => {
    socket.on('error', () => {})
    set ??= startReplicaSet()
    set.then(
      ({ url }) => socket.end(url('test')),
      (error: unknown) => {
        console.error(error)
        socket.destroy()
      },
    )
  })
  await new Promise<void>((resolve) => listening.listen(join(folder, 'shared-set'), resolve))
  server = listening
}

export async function teardown(): Promise<void> {
  if (server === undefined) return
  server.close()
  await set?.then(
    (started) => started.dispose(),
    () => {},
  )
  const skipped = readFileSync(join(folder, 'skipped'), 'utf8').trim()
  rmSync(folder, { recursive: true })
  if (skipped === '') return
  const lines = [...new Set(skipped.split('\n'))].sort()
  console.error(['', 'SKIPPED, for want of:', ...lines.map((line) => `  ${line}`), ''].join('\n'))
}
