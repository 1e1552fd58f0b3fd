// Parsing a message in a test: a sink in memory, the source in pieces of any size, and the source built again.
import { createHash } from 'node:crypto'
import type { MimeLimits } from '../../src/mime/limits.js'
import { type BodySink, MessageParser } from '../../src/mime/message-parser.js'
import { pieceEncoder, planRange } from '../../src/mime/rebuild.js'
import type { ParsedMessage } from '../../src/model/message.js'

export class MemorySink implements BodySink {
  readonly blobs = new Map<string, Buffer>()
  opened = 0
  aborted = 0

  open() {
    this.opened++
    const pieces: Buffer[] = []
    return {
      write: (octets: Uint8Array): void => {
        pieces.push(Buffer.from(octets))
      },
      finish: async () => {
        const blob = Buffer.concat(pieces)
        const hash = createHash('sha256').update(blob).digest('hex')
        this.blobs.set(hash, blob)
        return { hash, size: blob.length }
      },
      abort: async () => {
        this.aborted++
      },
    }
  }
}

export interface Parsed {
  readonly message: ParsedMessage
  readonly sink: MemorySink
}

/** Parses `source` in pieces whose sizes are taken from `sizes` in turn. */
export async function parseIn(
  source: Uint8Array,
  sizes: readonly number[],
  limits: Partial<MimeLimits> = {},
): Promise<Parsed> {
  const sink = new MemorySink()
  const parser = new MessageParser(sink, limits)
  for (let at = 0, turn = 0; at < source.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    await parser.write(source.subarray(at, at + size))
    at += size
  }
  return { message: await parser.end(), sink }
}

/** Parses without a sink: in one go, and at once. */
export function parse(source: Uint8Array | string, limits: Partial<MimeLimits> = {}): ParsedMessage {
  const parser = new MessageParser(undefined, limits)
  parser.write(typeof source === 'string' ? Buffer.from(source, 'latin1') : source)
  const message = parser.end()
  if (message instanceof Promise) throw new Error('parsing without a sink gave a promise')
  return message
}

/** The octets [start, end) of the source, blobs read in pieces of `piece` octets. */
export function rebuild({ message, sink }: Parsed, start = 0, end = message.size, piece = 1000): Buffer {
  const out: Uint8Array[] = []
  for (const step of planRange(message, start, end)) {
    if (step.kind === 'skeleton') out.push(message.skeleton.subarray(step.start, step.end))
    else {
      const blob = sink.blobs.get(step.hash)
      if (blob === undefined) throw new Error(`no blob ${step.hash}`)
      const encode = pieceEncoder(step)
      for (let at = step.start; at < step.end; at += piece) {
        out.push(Buffer.from(encode(blob.subarray(at, Math.min(step.end, at + piece)))))
      }
    }
  }
  return Buffer.concat(out)
}
