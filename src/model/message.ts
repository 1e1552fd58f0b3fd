// What is known of a message once it has been parsed: the tree of its parts with byte offsets, the bodies that were cut
// out of its source, and the summary that lists and searches read. RFC 2045, RFC 2046, RFC 5322; docs/architecture.md.

/** A half-open range of octets of the source (trace lines of a delivery not counted). */
export interface Span {
  readonly start: number
  readonly end: number
}

/** How a stored body becomes the octets of the source again. */
export type CutForm =
  | { readonly kind: 'identity' }
  /** base64 in lines of `lineLength` characters (the last may be shorter), each ended by `newline`, the last only if `lastNewline`. */
  | {
      readonly kind: 'base64'
      readonly lineLength: number
      readonly newline: '\r\n' | '\n'
      readonly lastNewline: boolean
    }

/** A stretch of the source that stands in the blob store instead of the skeleton. */
export interface Cut {
  /** Where it stood in the source, and how many octets it had there. */
  readonly at: number
  readonly length: number
  /** SHA-256 of the blob's octets, 64 hex digits; and their count. */
  readonly blob: string
  readonly blobSize: number
  readonly form: CutForm
}

export type Parameters = readonly (readonly [name: string, value: string])[]

export interface Disposition {
  readonly type: string
  readonly params: Parameters
}

/** One body part (RFC 2046 §5.1), or the message itself at the root. */
export interface Part {
  /** The part's header with the empty line that ends it, and its body. */
  readonly header: Span
  readonly body: Span
  /** Lower case; `text` and `plain` where the header says nothing that can be read. */
  readonly type: string
  readonly subtype: string
  readonly params: Parameters
  readonly id?: string
  readonly description?: string
  /** Content-Transfer-Encoding in lower case; `7bit` by default. */
  readonly encoding: string
  readonly md5?: string
  readonly disposition?: Disposition
  readonly language?: readonly string[]
  readonly location?: string
  /** Lines of the body (RFC 3501 §7.4.2, for text and message/rfc822). */
  readonly lines: number
  /** Parts of a multipart, in order. */
  readonly children?: readonly Part[]
  /** The message inside a message/rfc822 (or message/global) part. */
  readonly message?: Part
  /** Prepared ENVELOPE of the message inside, as IMAP bytes in a latin1 string. */
  readonly envelope?: string
}

/** What lists, sorts and searches read of a message, without its source. */
export interface Summary {
  /** ENVELOPE and BODYSTRUCTURE as they go over the wire (RFC 3501 §7.4.2), octets. */
  readonly envelope: Uint8Array
  readonly structure: Uint8Array
  /** Decoded to Unicode, unfolded; empty where there is none. Addresses as `Name <address>, …`. */
  readonly subject: string
  readonly from: string
  readonly to: string
  readonly cc: string
  readonly bcc: string
  /** The base subject of RFC 5256 §2.1, lower-cased. */
  readonly baseSubject: string
  /** The Date: header in milliseconds UTC, with its zone in minutes; null where it cannot be read. */
  readonly sentDate: number | null
  readonly sentZone: number
  /** With their angle brackets off; empty where there is none. */
  readonly messageId: string
  readonly inReplyTo: string
  readonly references: readonly string[]
  /** 16 hex digits, from the first of References, else In-Reply-To, else Message-ID. */
  readonly threadId: string
  /** The first 256 characters of the text that a reader sees. */
  readonly intro: string
  readonly hasAttachments: boolean
}

/** A summary without what is prepared for the wire: what lists, sorts and searches look at. */
export type SummaryFields = Omit<Summary, 'envelope' | 'structure'>

/** A message as MIME parsing leaves it: everything that is stored of it but its place, flags and dates. */
export interface ParsedMessage {
  /** Octets of the source. */
  readonly size: number
  readonly skeleton: Uint8Array
  /** In ascending order of `at`. */
  readonly cuts: readonly Cut[]
  readonly root: Part
  readonly summary: Summary
  /** The visible text for search; null where it is the source's own (a single plain part in ASCII or UTF-8) or too long to keep. */
  readonly text: string | null
}
