import fc from 'fast-check'
import { expect, test } from 'vitest'
import { spansOf } from './spans.js'

test('spans cover everything once, none is larger than allowed, and none could have taken the next item', () => {
  const most = { octets: 100, count: 5, octetsEach: 60 }
  fc.assert(
    fc.property(fc.array(fc.nat(120), { maxLength: 60 }), (items) => {
      const spans = [...spansOf(Float64Array.from(items), most)]
      expect(spans.flatMap(([from, end]) => items.slice(from, end))).toEqual(items)
      const octetsOf = (from: number, end: number) =>
        items.slice(from, end).reduce((sum, octets) => sum + Math.min(octets, most.octetsEach), 0)
      for (const [from, end] of spans) {
        expect(end - from).toBeGreaterThan(0)
        expect(end - from).toBeLessThanOrEqual(most.count)
        if (end - from > 1) expect(octetsOf(from, end)).toBeLessThanOrEqual(most.octets)
        if (end < items.length)
          expect(end - from === most.count || octetsOf(from, end + 1) > most.octets).toBe(true)
      }
    }),
  )
})
