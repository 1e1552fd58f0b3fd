// What `eider check` finds in contents: each entry has its content, of the size that it says; each content rebuilds to its
// size. Pure: the engines read, and write what was mended.

import type { Cut } from '../model/message.js'
import type { FullColumns } from './columns.js'
import { coldAt, type Unreadable } from './content-set.js'
import { decodeChunk } from './index-codec.js'
import type { Finding } from './maintenance.js'

/** Octets of a source: without its trace, of the trace, of the skeleton. */
export interface SourceLengths {
  readonly size: number
  readonly trace: number
  readonly skeleton: number
  readonly cuts: string
}

/** Undefined where it cannot be read: the check of the mailbox has said so. */
export function decodedOrNone(
  chunk: number,
  hot: Uint8Array | undefined,
  cold: Uint8Array | null | undefined,
): FullColumns | undefined {
  if (!hot || !cold) return undefined
  try {
    return decodeChunk(chunk, hot, cold)
  } catch {
    return undefined
  }
}

/** Each entry of a chunk against the source of its content. */
export function* checkEntries(
  place: { readonly account: number; readonly mailbox: number },
  columns: FullColumns,
  sourceOf: (content: number) => Pick<SourceLengths, 'size' | 'trace'> | undefined,
): Iterable<Finding> {
  for (let at = 0; at < columns.length; at++) {
    const content = columns.cold.contents[at] ?? 0
    const where = `account ${place.account}, mailbox ${place.mailbox}, UID ${columns.uids[at]}, content ${content}`
    const source = sourceOf(content)
    const said = columns.cold.sizes[at]
    if (source === undefined) yield { kind: 'content', where, problem: 'its content is missing' }
    else if (source.size + source.trace !== said) {
      const problem = `its size is ${said}, its source has ${source.size + source.trace}`
      yield { kind: 'content', where, problem }
    }
  }
}

interface ContentPlace {
  readonly account: number
  readonly content: number
}

const contentAt = ({ account, content }: ContentPlace): string => `account ${account}, content ${content}`

/** What `--repair` did, where it did something. */
type Repaired = Pick<Finding, 'repaired'>

export const missingReference = (
  account: number,
  content: number,
  blob: string,
  repaired: Repaired,
): Finding => ({
  kind: 'references',
  where: contentAt({ account, content }),
  problem: `it has no reference to its blob ${blob}`,
  ...repaired,
})

/** A reference of a content that is not there: it keeps its blob for ever. */
export const loneReference = (
  account: number,
  content: number,
  blob: string,
  repaired: Repaired,
): Finding => ({
  kind: 'references',
  where: contentAt({ account, content }),
  problem: `it is not there and refers to blob ${blob}`,
  ...repaired,
})

/** `doubt`: something that might name it is damaged. */
export const orphan = (account: number, content: number, doubt: boolean, repaired: Repaired): Finding => ({
  kind: 'orphan',
  where: contentAt({ account, content }),
  problem: `no entry and no tombstone names it${doubt ? '; it is kept, as one that is damaged may have' : ''}`,
  ...repaired,
})

/** What is wrong with an account's index, or with what it names, leaves in doubt which contents are orphans. */
export class Doubt {
  exists = false
  /** Of tombstones: what is wrong with a chunk the check of its mailbox has said. */
  readonly findings: Finding[] = []

  readonly unreadable: Unreadable = (place, problem) => {
    this.exists = true
    if (place.modseq !== undefined) this.findings.push({ kind: 'index', where: coldAt(place), problem })
  }

  /** Passes on what was found in the index: an entry whose content is not there, or is another's, may mean an orphan. */
  async *after(findings: AsyncIterable<Finding> | Iterable<Finding>): AsyncIterable<Finding> {
    for await (const finding of findings) {
      if (finding.kind === 'index' || finding.kind === 'content') this.exists = true
      yield finding
    }
  }
}

/** Whether a content has its parts and rebuilds to its size; the hashes of its blobs. */
export function checkContent(
  place: ContentPlace,
  source: SourceLengths | undefined,
  hasSummary: boolean,
): { readonly findings: Finding[]; readonly blobs: readonly string[] } {
  const findings: Finding[] = []
  const where = contentAt(place)
  const found = (problem: string) => findings.push({ kind: 'content', where, problem })
  if (!hasSummary) found('its summary is missing')
  if (source === undefined) {
    found('its source is missing')
    return { findings, blobs: [] }
  }
  const cuts = JSON.parse(source.cuts) as Cut[]
  const rebuilt = cuts.reduce((sum, cut) => sum + cut.length, source.skeleton)
  if (rebuilt !== source.size) found(`its source rebuilds to ${rebuilt} octets instead of ${source.size}`)
  return { findings, blobs: [...new Set(cuts.map(({ blob }) => blob))] }
}
