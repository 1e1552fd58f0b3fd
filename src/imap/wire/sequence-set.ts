// `sequence-set` of RFC 3501 §9 as ranges, and what it means among the numbers that there are.

/** Stands for "*", the largest number in use. */
export const STAR = Number.POSITIVE_INFINITY

export interface SequenceRange {
  readonly from: number
  readonly to: number
}

/** As the client wrote it: not in order, perhaps overlapping, ends perhaps exchanged. */
export type SequenceSet = readonly SequenceRange[]

/** Ascending ranges that neither touch nor overlap, "*" replaced by `largest` (RFC 3501 §9: 5:3 is 3:5). */
export function resolveSequenceSet(set: SequenceSet, largest: number): SequenceRange[] {
  const ranges = set.map(({ from, to }) => {
    const first = from === STAR ? largest : from
    const last = to === STAR ? largest : to
    return first <= last ? { from: first, to: last } : { from: last, to: first }
  })
  ranges.sort((a, b) => a.from - b.from)
  const merged: { from: number; to: number }[] = []
  for (const { from, to } of ranges) {
    const before = merged.at(-1)
    if (before !== undefined && from <= before.to + 1) before.to = Math.max(before.to, to)
    else merged.push({ from, to })
  }
  return merged
}

/** Ascending numbers as the shortest set: 1:3,7. The empty list has no set: an empty string. */
export function formatSequenceSet(numbers: ArrayLike<number>): string {
  const ranges: string[] = []
  let at = 0
  while (at < numbers.length) {
    const from = numbers[at] ?? 0
    let to = from
    while (at + 1 < numbers.length && numbers[at + 1] === to + 1) {
      at++
      to++
    }
    ranges.push(from === to ? String(from) : `${from}:${to}`)
    at++
  }
  return ranges.join(',')
}
