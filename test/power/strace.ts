// Runs a server under strace, which writes down what it wrote, synced and sent (Debian's strace).

import { readFileSync, rmSync } from 'node:fs'
import { type ServerOptions, startServer, type TestServer } from '../server.js'
import { hasProgram } from '../wire/required.js'
import { type Call, readTrace } from './trace.js'

const CALLS = [
  ...['write', 'writev', 'pwrite64', 'pwritev', 'sendto', 'sendmsg', 'fsync', 'fdatasync', 'ftruncate'],
  ...['open', 'openat', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat'],
]
const LONGEST_STRING = 4_000_000

export const hasStrace = hasProgram('strace')

export interface Traced {
  readonly server: TestServer
  /** After the server has ended. */
  calls(): Call[]
}

export async function startTraced(options: ServerOptions & { dir: string }): Promise<Traced> {
  const file = `${options.dir}.trace`
  const trace = ['strace', '-f', '--seccomp-bpf', '-y', '-s', String(LONGEST_STRING), '-o', file]
  const server = await startServer({
    ...options,
    command: [...trace, '-e', `trace=${CALLS.join(',')}`, process.execPath],
  })
  const calls = () => {
    const read = readTrace(readFileSync(file, 'latin1'))
    rmSync(file)
    return read
  }
  return { server, calls }
}
