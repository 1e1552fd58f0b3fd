// How much of a message is read as structure; past these the rest is opaque octets, kept but not looked into.

/**
 * How many of a thing are read: `free` ones of any message, beyond that one for every `octetsEach` octets, and never more than
 * `most`. What is told of a message, and stored, is bounded by its length in this way: an address of two octets is told in 44, and
 * a part of five in 75.
 */
export interface Allowance {
  readonly free: number
  readonly octetsEach: number
  readonly most: number
}

export const allowed = ({ free, octetsEach, most }: Allowance, octets: number): number =>
  Math.min(most, free + Math.floor(octets / octetsEach))

export interface MimeLimits {
  /** Depth of the tree of parts. */
  readonly levels: number
  /** Parts of one message, counted over all levels; by the octets before them. */
  readonly parts: Allowance
  /** Octets of one header that are read for fields. */
  readonly header: number
  /** Octets of all headers of a message, after which no further part is looked for; the last one may end behind it. */
  readonly headers: number
  /** Parameters of one field. */
  readonly parameters: number
  /**
   * Addresses of one message, counted over its header and those of all messages in it, by the octets of those. From's count three
   * times: Sender and Reply-To mostly repeat them.
   */
  readonly addresses: Allowance
  /** A body longer than this leaves the skeleton for the blob store, if there is a sink. */
  readonly cutAt: number
  /** Above this many octets even headers and preambles leave the skeleton. */
  readonly spillAt: number
  /** Characters of searchable text that are kept with the message. */
  readonly text: number
}

export const DEFAULT_LIMITS: MimeLimits = {
  levels: 100,
  parts: { free: 300, octetsEach: 24, most: 10_000 },
  header: 1024 * 1024,
  headers: 2 * 1024 * 1024,
  parameters: 1_000,
  addresses: { free: 100, octetsEach: 8, most: 10_000 },
  cutAt: 32 * 1024,
  spillAt: 256 * 1024,
  text: 256 * 1024,
}
