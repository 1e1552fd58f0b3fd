// One message on its way in: its octets go through the MIME parser as they arrive, large bodies to the blob store. What
// comes out can be appended to any number of mailboxes. docs/architecture.md, "A message on its way in" and "What is kept
// for what is gone".

import { MessageParser } from '../mime/message-parser.js'
import type { ParsedMessage } from '../model/message.js'
import { StoreError } from '../store/errors.js'
import { MailError } from './errors.js'
import type { Services } from './services.js'

export interface Ingested {
  readonly parsed: ParsedMessage
  /** When its oldest blob was written or touched, by this process's clock. */
  readonly blobsTouchedAt: number
}

export class Intake {
  readonly #services: Services
  readonly #startedAt: number
  readonly #parser: MessageParser
  #size = 0

  constructor(services: Services) {
    this.#services = services
    this.#startedAt = services.clock()
    this.#parser = new MessageParser({ open: () => services.blobs.write() })
  }

  /** Octets taken so far. */
  get size(): number {
    return this.#size
  }

  /** A promise where the writer must wait. Throws `message-too-large`, after which only `abort` may follow. */
  write(octets: Uint8Array): void | Promise<void> {
    this.#size += octets.length
    const limit = this.#services.limits.messageMaxSize
    if (this.#size > limit) throw new MailError('message-too-large', `message above ${limit} octets`)
    return this.#parser.write(octets)
  }

  async finish(): Promise<Ingested> {
    const parsed = await this.#parser.end()
    return { parsed, blobsTouchedAt: parsed.cuts.length === 0 ? this.#services.clock() : this.#startedAt }
  }

  /** Drops what has been written of its bodies. */
  async abort(): Promise<void> {
    await this.#parser.abort()
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
