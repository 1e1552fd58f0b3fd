// Once around a whole vitest run, in its own process: the replica set that all test files share, started when the first
// asks for it and ended with the run; and at the very end, loudly, what was skipped.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ReplicaSet, SHARED_SET, startReplicaSet } from './mongod.js'
import { SKIPPED } from './programs.js'

let folder: string
let server: Server
let set: Promise<ReplicaSet> | undefined

export async function setup(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'eider-vitest-'))
  process.env[SKIPPED] = join(folder, 'skipped')
  writeFileSync(join(folder, 'skipped'), '')
  process.env[SHARED_SET] = join(folder, 'shared-set')
  server = createServer((socket) => {
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
  await new Promise<void>((resolve) => server.listen(join(folder, 'shared-set'), resolve))
}

export async function teardown(): Promise<void> {
  server.close()
  await set?.then(
    (started) => started.dispose(),
    () => {},
  )
  const skipped = readFileSync(join(folder, 'skipped'), 'utf8').trim()
  rmSync(folder, { recursive: true })
  if (skipped === '') return
  const lines = [...new Set(skipped.split('\n'))].sort()
  console.error(
    ['', 'SKIPPED, for want of a server to run them on:', ...lines.map((line) => `  ${line}`)].join('\n'),
  )
  console.error('Get it by:  npm run services\n')
}
