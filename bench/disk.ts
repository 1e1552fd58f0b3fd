// How long the disk under the servers' data takes to keep what it is given: 48 KB, about what one delivery writes, written
// over and synchronised as a database's log is. A figure of a row that waits for the disk means little without it.
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './latency.js'

const OCTETS = 48 * 1024
/** Places in the file, which are written in turn. */
const PLACES = 64
const TIMES = 64

export class Disk {
  readonly #file: number
  readonly #octets = Buffer.alloc(OCTETS, 'x')
  readonly #milliseconds = new Map<string, number[]>()

  /** `folder`: on the same disk as the servers' data. Takes 3 MB there, of a file without a name: however this ends, it is gone. */
  constructor(folder: string) {
    const path = join(folder, `eider-bench-disk-${process.pid}`)
    this.#file = openSync(path, 'wx')
    rmSync(path)
    for (let place = 0; place < PLACES; place++) this.#write(place)
    fsyncSync(this.#file)
  }

  #write(place: number): void {
    writeSync(this.#file, this.#octets, 0, OCTETS, place * OCTETS)
  }

  measure(row: string): void {
    const known = this.#milliseconds.get(row) ?? []
    this.#milliseconds.set(row, known)
    for (let time = 0; time < TIMES; time++) {
      const before = performance.now()
      this.#write(time % PLACES)
      fdatasyncSync(this.#file)
      known.push(performance.now() - before)
    }
  }

  /** The median of each row. */
  toString(): string {
    const rows = Array.from(this.#milliseconds, ([row, all]) => `${row} ${median(all).toFixed(2)}`)
    return `${OCTETS / 1024} KB written and synchronised, ms beside each row: ${rows.join(', ')}.`
  }

  close(): void {
    closeSync(this.#file)
  }
}
