// One message on its way in, by DATA or by the chunks of BDAT: what it is written to, until that refuses it; then the rest
// is thrown away, for its sender listens only at the end (RFC 5321 §4.1.1.4, RFC 3030 §2).

import type { Logger } from '../kit/log.js'
import type { MessageSink } from './envelope.js'
import type { Reply } from './replies.js'
import * as replies from './replies.js'

export class Incoming {
  /** When all of it must have come, by performance.now(). */
  readonly latest: number
  readonly #sink: MessageSink
  readonly #log: Logger
  #refused: Reply | undefined

  constructor(sink: MessageSink, latest: number, log: Logger) {
    this.#sink = sink
    this.latest = latest
    this.#log = log
  }

  /** Why it cannot be taken; undefined while it can. */
  get refused(): Reply | undefined {
    return this.#refused
  }

  /** Never rejects: see `refused`. */
  async write(pieces: readonly Buffer[]): Promise<void> {
    if (this.#refused !== undefined) return
    try {
      for (const piece of pieces) {
        const wait = this.#sink.write(piece)
        if (wait !== undefined) await wait
      }
    } catch (error) {
      await this.#refuse(error)
    }
  }

  /** All of it has come: one reply for each recipient, or one for all. Never rejects. */
  async deliver(): Promise<readonly Reply[]> {
    if (this.#refused !== undefined) return [this.#refused]
    try {
      return await this.#sink.deliver()
    } catch (error) {
      return [await this.#refuse(error)]
    }
  }

  /** It will not be finished. Never rejects. */
  async abort(): Promise<void> {
    if (this.#refused !== undefined) return
    // What abort cannot drop, the collector will.
    await this.#sink
      .abort()
      .catch((error: unknown) => this.#log.warn(replies.describeError(error), 'abort-failed'))
  }

  async #refuse(error: unknown): Promise<Reply> {
    await this.abort()
    const reply = replies.replyToError(error)
    this.#refused = reply
    this.#log.warn({ ...replies.describeError(error), reply }, 'message-not-taken')
    return reply
  }
}
