// What a person is asked at the terminal. A password never stands in the arguments, where everybody on the machine could
// read it and the shell would keep it.

import { confirm as ask, isCancel, password as prompt } from '@clack/prompts'
import { UsageError } from './refusals.js'

/** Where questions stand: standard output is for what was asked for, and may go into a file. */
const output = process.stderr

/** Octets read at most: far above what a password may have. */
const MAX_INPUT = 65_536

/** From standard input (without its last line end), or asked for twice. */
export async function readPassword(fromStdin: boolean): Promise<string> {
  if (fromStdin) return readStdin()
  if (!process.stdin.isTTY) throw new UsageError('no terminal to ask for the password; use --password-stdin')
  const first = await prompt({ message: 'Password', output })
  const second = isCancel(first) ? first : await prompt({ message: 'Again', output })
  if (isCancel(first) || isCancel(second)) throw new UsageError('cancelled')
  if (first !== second) throw new UsageError('the two passwords differ')
  return first
}

async function readStdin(): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MAX_INPUT) throw new UsageError('the password on standard input is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** True where nobody types: scripts mean what they say. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return true
  return (await ask({ message: question, initialValue: false, output })) === true
}
