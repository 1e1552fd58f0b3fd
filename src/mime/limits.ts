// How much of a message is read as structure; past these the rest is opaque octets, kept but not looked into.
// docs/architecture.md, "MIME".

export interface MimeLimits {
  /** Depth of the tree of parts. */
  readonly levels: number
  /** Parts of one message, counted over all levels. */
  readonly parts: number
  /** Octets of one header that are read for fields. */
  readonly header: number
  /** Octets of all headers of a message, after which no further part is looked for; the last one may end behind it. */
  readonly headers: number
  /** Parameters of one field. */
  readonly parameters: number
  /** Addresses of one kind (From, To, …). */
  readonly addresses: number
  /** A body longer than this leaves the skeleton for the blob store, if there is a sink. */
  readonly cutAt: number
  /** Above this many octets even headers and preambles leave the skeleton. */
  readonly spillAt: number
  /** Characters of searchable text that are kept with the message. */
  readonly text: number
}

export const DEFAULT_LIMITS: MimeLimits = {
  levels: 100,
  parts: 10_000,
  header: 1024 * 1024,
  headers: 2 * 1024 * 1024,
  parameters: 1_000,
  addresses: 10_000,
  cutAt: 32 * 1024,
  spillAt: 256 * 1024,
  text: 256 * 1024,
}
