// 2,000 connections that idle: each is served, hears of its own mail and of nobody else's, and costs little.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { startServer } from '../server.js'
import { ImapClient } from '../wire/imap.js'
import { required } from '../wire/required.js'

const ACCOUNTS = 20
const EACH = 100
/** Kilobytes of memory that one may cost (docs/performance.md's goal is 40; the test's machine is not quiet). */
const MOST_KB = 80

const descriptors = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }))
const enough = Number.isNaN(descriptors) || descriptors > ACCOUNTS * EACH + 200
const skip = required(enough, `more than ${descriptors} descriptors (ulimit -n)`, '2,000 idle connections')

const residentKb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** Hears lines; keeps only what has not been asked for yet. */
class Idler {
  readonly socket: Socket
  #heard = ''
  #wake: (() => void) | undefined

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.#heard += text
      this.#wake?.()
    })
  }

  get heard(): string {
    return this.#heard
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#heard)) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        this.socket.once('close', () => reject(new Error(`closed after ${this.#heard}`)))
      })
    }
    this.#heard = ''
  }

  async idle(user: string): Promise<void> {
    await this.until(/^\* OK/)
    this.socket.write(`a LOGIN ${user} secretpass\r\nb SELECT INBOX\r\nc IDLE\r\n`)
    await this.until(/^\+ /m)
  }
}

test.runIf(enough)(`2,000 connections in IDLE${skip}`, async () => {
  const server = await startServer()
  try {
    for (let n = 0; n < ACCOUNTS; n++) await server.createUser(`idle${n}`, 'secretpass')
    const first = await ImapClient.login(server.listeners.imap, 'idle0', 'secretpass')
    const before = residentKb(server.pid)
    const idlers: Idler[] = []
    for (let round = 0; round < EACH; round++) {
      const some = Array.from({ length: ACCOUNTS }, () => new Idler(server.port('imap')))
      await Promise.all(some.map((idler, n) => idler.idle(`idle${n}`)))
      idlers.push(...some)
    }
    expect((residentKb(server.pid) - before) / idlers.length).toBeLessThan(MOST_KB)
    await first.expectOk('APPEND INBOX {4+}\r\na\r\n\n')
    const own = idlers.filter((_, n) => n % ACCOUNTS === 0)
    await Promise.all(own.map((idler) => idler.until(/^\* 1 EXISTS\r\n/m)))
    await first.expectOk('NOOP')
    expect(idlers.filter((idler) => idler.heard.includes('EXISTS'))).toEqual([])
    for (const { socket } of idlers) socket.destroy()
    await first.expectOk('NOOP')
  } finally {
    expect(await server.stop()).toBe(0)
  }
})
