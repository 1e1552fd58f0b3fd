// Percentiles of the figures in docs/performance.md: a rank too high made the slowest of twenty their 95th.
import { expect, test } from 'vitest'
import { Latencies } from '../../bench/latency.js'

test('a percentile is the least value that so many do not exceed', () => {
  const latencies = new Latencies()
  expect(latencies.percentile(0.5)).toBeNaN()
  for (let value = 20; value >= 1; value--) latencies.add(value)
  const parts = [0, 0.5, 0.95, 0.96, 1]
  expect(parts.map((part) => latencies.percentile(part))).toEqual([1, 10, 19, 20, 20])
})
