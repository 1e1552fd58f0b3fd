// A byte stream read by lines and by counts: the ground under the test clients of IMAP, SMTP and LMTP.
// Works on a socket and on the standard streams of a child process alike.

import type { Readable } from 'node:stream'

export class ConnectionLost extends Error {}

export class OctetReader {
  readonly #chunks: Buffer[] = []
  #length = 0
  #ended: string | undefined
  #wake: (() => void) | undefined

  constructor(source: Readable) {
    source.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#length += chunk.length
      this.#stir()
    })
    source.on('error', (error) => this.#end(error.message))
    source.on('end', () => this.#end('ended by the other side'))
    source.on('close', () => this.#end('closed'))
  }

  /** The next line with its LF; rejects with ConnectionLost when the stream ends first. */
  async line(): Promise<Buffer> {
    let searched = 0
    for (;;) {
      const all = this.#joined()
      const end = all.indexOf(0x0a, searched)
      if (end >= 0) return this.#cut(all, end + 1)
      searched = all.length
      await this.#more()
    }
  }

  async take(count: number): Promise<Buffer> {
    while (this.#length < count) await this.#more()
    return this.#cut(this.#joined(), count)
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    if (this.#chunks.length === 1 && first !== undefined) return first
    const all = Buffer.concat(this.#chunks)
    this.#chunks.splice(0, this.#chunks.length, all)
    return all
  }

  #cut(all: Buffer, count: number): Buffer {
    this.#chunks[0] = all.subarray(count)
    this.#length -= count
    return all.subarray(0, count)
  }

  async #more(): Promise<void> {
    const before = this.#length
    while (this.#length === before) {
      if (this.#ended !== undefined) throw new ConnectionLost(`connection lost: ${this.#ended}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #end(reason: string): void {
    this.#ended ??= reason
    this.#stir()
  }

  #stir(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
