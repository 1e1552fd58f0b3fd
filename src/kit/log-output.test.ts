// The log's way out, where it is blocked: nobody is held up, and what is lost is counted.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { LogOutput } from './log-output.js'

function makePipe(): { reader: number; writer: number } {
  const dir = mkdtempSync(join(tmpdir(), 'eider-log-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) }
}

const PADDING = 'x'.repeat(200)
const line = (number: number): string => `${JSON.stringify({ number, PADDING })}\n`

test('while its reader stands still lines are kept up to a bound; then it is told how many are lost', async () => {
  const { reader, writer } = makePipe()
  const output = new LogOutput(writer)
  for (let number = 0; number < 10_000; number++) output.write(line(number))
  const socket = new Socket({ fd: reader, readable: true, writable: false }).setEncoding('utf8')
  onTestFinished(() => void socket.destroy())
  let read = ''
  socket.on('data', (piece: string) => {
    read += piece
  })
  await expect.poll(() => read.length).toBeGreaterThan(2 ** 20)
  output.write(line(10_000))
  await expect.poll(() => read).toMatch(/"number":10000,.*\n$/)

  const lines = read.trimEnd().split('\n')
  const [lost, last] = lines.slice(-2).map((one) => JSON.parse(one))
  expect(lines.slice(0, -2).map((one) => JSON.parse(one).number)).toEqual(
    lines.slice(0, -2).map((_, number) => number),
  )
  expect(lost).toMatchObject({ level: 'warn', event: 'log-lines-lost', lines: 10_000 - (lines.length - 2) })
  expect(last.number).toBe(10_000)
})

test('a process that ends at once has written what its reader takes', async () => {
  const program = `
    import { standardOutput } from ${JSON.stringify(new URL('./log-output.js', import.meta.url).href)}
    const output = standardOutput()
    for (let number = 0; number < 4_000; number++) output.write(JSON.stringify({ number, more: '${PADDING}' }) + '\\n')
    process.exit(1)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  expect((await text(child.stdout)).trimEnd().split('\n')).toHaveLength(4_000)
  expect((await exited)[0]).toBe(1)
})
