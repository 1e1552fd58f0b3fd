// Which pieces of skeleton and blobs make up a range of the source, so that any range is read without reading the
// rest. docs/architecture.md, idea 5.
import type { Cut } from '../model/message.js'
import { type Base64Form, Base64Lines, decodedRange } from './base64-lines.js'

interface SkeletonStep {
  readonly kind: 'skeleton'
  /** Octets of the skeleton. */
  readonly start: number
  readonly end: number
}

export interface BlobStep {
  readonly kind: 'blob'
  readonly hash: string
  /** Octets of the blob. */
  readonly start: number
  readonly end: number
  /** How many octets of the source this step gives. */
  readonly length: number
  /** Set where the blob is decoded base64: its octets go through an encoder, `skip` octets of which come first. */
  readonly base64?: { readonly form: Base64Form; readonly blobSize: number; readonly skip: number }
}

export type Step = SkeletonStep | BlobStep

export interface CutSource {
  /** Octets of the source. */
  readonly size: number
  readonly cuts: readonly Cut[]
}

/** The steps that give the octets [start, end) of the source, in order; a range beyond its end gives what there is. */
export function planRange(source: CutSource, start: number, end: number): Step[] {
  const steps: Step[] = []
  const to = Math.min(end, source.size)
  let at = Math.max(0, start)
  let removed = 0
  for (const cut of source.cuts) {
    if (cut.at >= to) break
    const behind = cut.at + cut.length
    if (at < cut.at) {
      steps.push({ kind: 'skeleton', start: at - removed, end: cut.at - removed })
      at = cut.at
    }
    if (at < behind) {
      const until = Math.min(to, behind)
      if (at < until) steps.push(blobStep(cut, at - cut.at, until - cut.at))
      at = until
    }
    removed += cut.length
  }
  if (at < to) steps.push({ kind: 'skeleton', start: at - removed, end: to - removed })
  return steps
}

/** The octets [start, end) of the stretch that was cut. */
function blobStep(cut: Cut, start: number, end: number): BlobStep {
  const { form, blob: hash, blobSize } = cut
  if (form.kind === 'identity') return { kind: 'blob', hash, start, end, length: end - start }
  const range = decodedRange(form, blobSize, start, end)
  const base64 = { form, blobSize, skip: range.skip }
  return { kind: 'blob', hash, start: range.start, end: range.end, length: end - start, base64 }
}

/** Turns the blob's octets of one step, in pieces of any size, into octets of the source. */
export function pieceEncoder(step: BlobStep): (octets: Uint8Array) => Uint8Array {
  if (step.base64 === undefined) return (octets) => octets
  const { form, blobSize, skip } = step.base64
  const lines = new Base64Lines(form, blobSize, { startsAt: step.start, skip, length: step.length })
  return (octets) => lines.write(octets)
}
