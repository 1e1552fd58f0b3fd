// The messages of the crash and power tests: each carries its token in a header, and what was sent is remembered as a hash.

import type { Random } from '../wire/random.js'
import { sha256 } from '../wire/sha256.js'

const TOKEN = /^X-Token: (\S+)\r$/m

interface Sent {
  readonly length: number
  readonly hash: string
  readonly delivered: boolean
}

export class MessageLog {
  readonly #random: Random
  readonly #sent = new Map<string, Sent>()
  /** A few bodies come again and again, so that their blobs are shared, dropped and taken up again. */
  readonly #attachments: readonly string[]
  #next = 1

  constructor(random: Random) {
    this.#random = random
    this.#attachments = [20_000, 90_000, 300_000].map((size) => base64(random, size))
  }

  /** `delivered`: it will get trace lines above it. */
  make(delivered: boolean): { token: string; octets: Buffer } {
    const token = `m${this.#next++}`
    const octets = Buffer.from(
      this.#random.chance(0.15) ? this.#withAttachment(token) : this.#plain(token),
      'latin1',
    )
    this.#sent.set(token, { length: octets.length, hash: sha256(octets), delivered })
    return { token, octets }
  }

  isDelivered(token: string): boolean {
    return this.#sent.get(token)?.delivered === true
  }

  /** The token of a message that was read back, and what is wrong with its octets. */
  recognize(octets: Buffer): { token: string; problem?: string } {
    const token = TOKEN.exec(octets.toString('latin1', 0, 4096))?.[1]
    const sent = token === undefined ? undefined : this.#sent.get(token)
    if (token === undefined || sent === undefined) {
      const start = JSON.stringify(octets.toString('latin1', 0, 120))
      return { token: `unknown-${sha256(octets).slice(0, 8)}`, problem: `nobody sent ${start}` }
    }
    const own = sent.delivered ? octets.subarray(Math.max(0, octets.length - sent.length)) : octets
    if (sha256(own) === sent.hash) return { token }
    return { token, problem: `${token} has ${octets.length} octets that are not the ${sent.length} sent` }
  }

  #plain(token: string): string {
    const line = `${token} ${'lorem ipsum dolor sit amet '.repeat(2)}\r\n`
    return `${head(token)}\r\n${line.repeat(this.#random.between(1, 80))}`
  }

  #withAttachment(token: string): string {
    const attachment = this.#random.pick(this.#attachments)
    return `${head(token)}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext of ${token}\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${attachment}--b--\r\n`
  }
}

function head(token: string): string {
  return `From: a@example.org\r\nTo: b@example.org\r\nSubject: ${token}\r\nX-Token: ${token}\r\n`
}

function base64(random: Random, size: number): string {
  const octets = Buffer.from(Array.from({ length: size }, () => random.between(0, 255)))
  return octets.toString('base64').replace(/.{1,76}/g, '$&\r\n')
}
