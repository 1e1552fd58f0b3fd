// Sets of UIDs or sequence numbers as ranges (sequence-set, RFC 3501 §9), sorted and without overlap.

export interface NumberRange {
  readonly from: number
  readonly to: number
}
export type NumberSet = readonly NumberRange[]

/** Sorts and joins ranges, whichever way round their ends stand. */
export function numberSet(ranges: readonly NumberRange[]): NumberSet {
  const sorted = ranges
    .map(({ from, to }) => (from <= to ? { from, to } : { from: to, to: from }))
    .sort((a, b) => a.from - b.from)
  const joined: { from: number; to: number }[] = []
  for (const range of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && range.from <= last.to + 1) last.to = Math.max(last.to, range.to)
    else joined.push({ ...range })
  }
  return joined
}

export function inNumberSet(set: NumberSet, value: number): boolean {
  let low = 0
  let high = set.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = set[middle] as NumberRange
    if (value < range.from) high = middle - 1
    else if (value > range.to) low = middle + 1
    else return true
  }
  return false
}

/** The index of the first element of the ascending `list` that is not below `value`. */
export function lowerBound(list: Uint32Array, value: number, low = 0, high = list.length): number {
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The lists, one behind the other. */
export function joinLists(lists: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0))
  let at = 0
  for (const list of lists) {
    joined.set(list, at)
    at += list.length
  }
  return joined
}

/** What stands in any of the lists, once and ascending. Quick for hundreds of thousands, where a Set is not. */
export function unionOf(lists: readonly Uint32Array[]): Uint32Array {
  const all = joinLists(lists).sort()
  return all.filter((value, at) => value !== all[at - 1])
}

/** Those of the ascending `list` that stand in the set. */
export function pickFromSet(list: Uint32Array, set: NumberSet): Uint32Array {
  const spans = set.map(({ from, to }) => [lowerBound(list, from), lowerBound(list, to + 1)] as const)
  const [only] = spans
  if (spans.length === 1 && only !== undefined) return list.subarray(only[0], only[1])
  return joinLists(spans.map(([start, end]) => list.subarray(start, end)))
}

/** The shortest ranges that hold exactly the ascending `list`, as a sequence-set: `1:3,7`. */
export function formatNumbers(list: ArrayLike<number>): string {
  const parts: string[] = []
  for (let i = 0; i < list.length; ) {
    const from = list[i] as number
    let to = from
    while (++i < list.length && list[i] === to + 1) to++
    parts.push(from === to ? `${from}` : `${from}:${to}`)
  }
  return parts.join(',')
}
