// Runs a client program to its end, with what it printed.

import { spawn } from 'node:child_process'

export interface Printed {
  readonly status: number | null
  readonly output: Buffer
  readonly errors: string
}

const LONGEST = 60_000

export async function runProgram(
  program: string,
  words: readonly string[],
  { input = '', env = {} }: { input?: string | Buffer; env?: Record<string, string> } = {},
): Promise<Printed> {
  const child = spawn(program, words, { env: { ...process.env, ...env }, timeout: LONGEST })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const collect = async (stream: AsyncIterable<Buffer>) => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
  const [output, errors] = await Promise.all([collect(child.stdout), collect(child.stderr)])
  return { status: await status, output, errors: errors.toString('utf8') }
}

/** As `runProgram`, and a failure is an error that shows what was printed. */
export async function expectProgram(...call: Parameters<typeof runProgram>): Promise<Buffer> {
  const { status, output, errors } = await runProgram(...call)
  if (status === 0) return output
  throw new Error(
    `${call[0]} ${call[1].join(' ')} ended with ${status}:\n${output.toString('utf8')}\n${errors}`,
  )
}
