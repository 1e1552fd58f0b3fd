// One message on its way in: its octets go through the MIME parser as they arrive, large bodies to the blob store. What
// comes out can be appended to any number of mailboxes. docs/architecture.md, "A message on its way in" and "What is kept
// for what is gone".

import type { BlobWriter } from '../blobs/blobs.js'
import { sideBySide } from '../kit/side-by-side.js'
import { type BodyWriter, MessageParser } from '../mime/message-parser.js'
import type { ParsedMessage } from '../model/message.js'
import { StoreError } from '../store/errors.js'
import { MailError } from './errors.js'
import type { Services } from './services.js'

/** Bodies finished, or dropped, at once. */
const BODIES = 8

export interface Ingested {
  readonly parsed: ParsedMessage
  /** When its oldest blob was written or touched, by this process's clock. */
  readonly blobsTouchedAt: number
}

export class Intake {
  readonly #services: Services
  readonly #parser: MessageParser
  readonly #writers: BlobWriter[] = []
  #size = 0
  #parsed: ParsedMessage | undefined
  #aborted = false

  constructor(services: Services) {
    this.#services = services
    this.#parser = new MessageParser({ open: () => this.#openBody() })
  }

  /** Octets taken so far, or counted. */
  get size(): number {
    return this.#size
  }

  get aborted(): boolean {
    return this.#aborted
  }

  /**
   * A promise where the writer must wait. After `abort` it only counts. Throws `message-too-large`, after which only `abort` may
   * follow.
   */
  write(octets: Uint8Array): void | Promise<void> {
    this.#size += octets.length
    const limit = this.#services.limits.messageMaxSize
    if (this.#size > limit) throw new MailError('message-too-large', `message above ${limit} octets`)
    if (!this.#aborted) return this.#parser.write(octets)
  }

  /** The message is complete: what it is. `finish` keeps its bodies, `abort` drops them. */
  async end(): Promise<ParsedMessage> {
    this.#parsed ??= await this.#parser.end()
    return this.#parsed
  }

  async finish(): Promise<Ingested> {
    const parsed = await this.end()
    const blobsTouchedAt = this.#services.clock()
    await sideBySide(this.#writers, BODIES, async (writer) => {
      await writer.finish()
    })
    return { parsed, blobsTouchedAt }
  }

  /** Drops what has been written of its bodies, those that are complete too. */
  async abort(): Promise<void> {
    this.#aborted = true
    await sideBySide(this.#writers, BODIES, (writer) => writer.abort())
  }

  /** Nobody sees its bodies until all of it is taken: what came of one that is not leaves nothing, and nobody relied on it. */
  #openBody(): BodyWriter {
    const writer = this.#services.blobs.write()
    this.#writers.push(writer)
    return {
      write: (octets) => writer.write(octets),
      finish: () => writer.seal(),
      abort: () => writer.abort(),
    }
  }
}

/** A message that is wholly in memory. */
export async function ingest(services: Services, source: Uint8Array): Promise<Ingested> {
  const intake = new Intake(services)
  const wait = intake.write(source)
  if (wait !== undefined) await wait
  return intake.finish()
}

/**
 * Refreshes the blobs of a message whose oldest refresh is more than a quarter of the collector's grace ago: a
 * transaction that refers to a blob must begin well within the grace.
 */
export async function keepBlobsAlive(services: Services, ingested: Ingested): Promise<void> {
  if (services.clock() - ingested.blobsTouchedAt < services.limits.blobGraceMs / 4) return
  for (const cut of ingested.parsed.cuts) {
    const alive = await services.blobs.touch(cut.blob)
    if (!alive) throw new StoreError('unavailable', `blob ${cut.blob} was collected while its message waited`)
  }
}
