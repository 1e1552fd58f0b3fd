// A UID set as COPYUID writes it (RFC 4315 §4): `304,319:320`.

export function expandSet(set: string): number[] {
  if (set === '') return []
  return set.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split(':').map(Number)
    const [low, high] = [Math.min(from, to), Math.max(from, to)]
    return Array.from({ length: high - low + 1 }, (_, at) => low + at)
  })
}
