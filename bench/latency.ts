// Latencies in milliseconds and their percentiles, and a load kept up by several workers for some time.

export class Latencies {
  private values = new Float64Array(1024)
  count = 0

  add(milliseconds: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(this.values.length * 2)
      larger.set(this.values)
      this.values = larger
    }
    this.values[this.count++] = milliseconds
  }

  /** The least value that `part` (0 … 1) of the latencies do not exceed; NaN where there are none. */
  percentile(part: number): number {
    if (this.count === 0) return Number.NaN
    const sorted = this.values.slice(0, this.count).sort()
    return sorted[Math.max(0, Math.ceil(part * this.count) - 1)] ?? Number.NaN
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

export interface Sustained {
  readonly latencies: Latencies
  readonly perSecond: number
}

/** Runs every worker again and again until `seconds` are over; each call is one operation. */
export async function sustain(
  workers: readonly (() => Promise<unknown>)[],
  seconds: number,
): Promise<Sustained> {
  const latencies = new Latencies()
  const start = performance.now()
  const end = start + seconds * 1000
  const keepOn = async (work: () => Promise<unknown>): Promise<void> => {
    for (let before = performance.now(); before < end; ) {
      await work()
      const after = performance.now()
      latencies.add(after - before)
      before = after
    }
  }
  await Promise.all(workers.map(keepOn))
  return { latencies, perSecond: (latencies.count * 1000) / (performance.now() - start) }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
