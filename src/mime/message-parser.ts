// The one streaming pass over a message: octets go in as they arrive, what is stored of the message comes out.
// docs/architecture.md, "A message on its way in"; ideas 4 and 5.
import type { ParsedMessage } from '../model/message.js'
import { asCut, type PendingCut, type SinkStep } from './body-cutter.js'
import { DEFAULT_LIMITS, type MimeLimits } from './limits.js'
import { PartScanner } from './part-scanner.js'
import { summarise } from './summary.js'
import { TextCollector } from './text-collector.js'

/** Where large bodies go: what a blob store offers. */
export interface BodySink {
  open(): BodyWriter
}

export interface BodyWriter {
  write(octets: Uint8Array): Promise<void> | void
  finish(): Promise<{ hash: string; size: number }>
  abort(): Promise<void>
}

/** The source is worked off in pieces of at most this, whatever comes in. */
const PIECE = 64 * 1024

/** So much of the header names the thread of a message without ids. */
const HEADER_NAMES = 1024

/** Without a sink the skeleton is the whole source. Writes must not overlap: each is awaited where it gives a promise. */
export class MessageParser {
  readonly #sink: BodySink | undefined
  readonly #limits: MimeLimits
  readonly #scanner: PartScanner
  readonly #texts: TextCollector
  readonly #writers = new Map<PendingCut, BodyWriter>()

  constructor(sink?: BodySink, limits: Partial<MimeLimits> = {}) {
    this.#sink = sink
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
    this.#texts = new TextCollector(this.#limits)
    const texts = this.#texts
    this.#scanner = new PartScanner(
      (part, octets, parent) => texts.read(part, octets, parent),
      this.#limits,
      sink !== undefined,
    )
  }

  /** The octets may be used again once this returns. The promise is the sink's: there is none while nothing is cut. */
  write(octets: Uint8Array): void | Promise<void> {
    if (octets.length > PIECE) return this.#writePieces(octets, 0)
    this.#scanner.push(octets)
    if (this.#scanner.cutter.steps.length > 0) return this.#drain()
  }

  #writePieces(octets: Uint8Array, from: number): void | Promise<void> {
    for (let at = from; at < octets.length; at += PIECE) {
      this.#scanner.push(octets.subarray(at, at + PIECE))
      if (this.#scanner.cutter.steps.length > 0) {
        return this.#drain().then(() => this.#writePieces(octets, at + PIECE))
      }
    }
  }

  /** The source is complete. */
  end(): ParsedMessage | Promise<ParsedMessage> {
    this.#scanner.end()
    if (this.#scanner.cutter.steps.length > 0) return this.#drain().then(() => this.#result())
    return this.#result()
  }

  /** The message is not wanted any more: what goes to the sink just now is dropped. */
  async abort(): Promise<void> {
    const writers = [...this.#writers.values()]
    this.#writers.clear()
    for (const writer of writers) await writer.abort()
  }

  #result(): ParsedMessage {
    const { kept, cutter, root, fields } = this.#scanner
    const size = kept.end
    const skeleton = kept.skeleton()
    const header = skeleton.subarray(0, Math.min(root.header.end, HEADER_NAMES))
    return {
      size,
      skeleton,
      cuts: cutter.cuts.map(asCut),
      root,
      summary: summarise(root, fields, this.#texts.intro, header),
      text: this.#texts.text,
    }
  }

  async #drain(): Promise<void> {
    const { cutter } = this.#scanner
    try {
      while (cutter.steps.length > 0) {
        const { steps } = cutter
        cutter.steps = []
        for (const step of steps) await this.#perform(step)
      }
    } catch (error) {
      await this.abort()
      throw error
    }
  }

  async #perform(step: SinkStep): Promise<void> {
    const { cut } = step
    if (step.kind === 'open') {
      const opened = this.#sink?.open()
      if (opened !== undefined) this.#writers.set(cut, opened)
      return
    }
    const writer = this.#writers.get(cut)
    if (writer === undefined) return
    if (step.kind === 'write') await writer.write(step.octets)
    else {
      const { hash, size } = await writer.finish()
      cut.blob = hash
      cut.blobSize = size
      this.#writers.delete(cut)
    }
  }
}
