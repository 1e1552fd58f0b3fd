// A disk that loses its power: of each file what was synced is there, and of what was only written any part may be.
// Creating, renaming and removing files count as lasting at once, as on a journalling file system.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../wire/random.js'
import { type Call, fileOf, octetsOf } from './trace.js'

type Change = { readonly kind: 'write'; readonly at: number; readonly octets: Buffer } | Truncation
type Truncation = { readonly kind: 'truncate'; readonly length: number }

/** Octets that grow in place. */
class Content {
  #octets: Buffer
  #length: number

  constructor(octets: Buffer) {
    this.#octets = octets
    this.#length = octets.length
  }

  get octets(): Buffer {
    return this.#octets.subarray(0, this.#length)
  }

  apply(change: Change): void {
    if (change.kind === 'truncate') {
      this.#resize(change.length)
    } else {
      this.#resize(Math.max(this.#length, change.at + change.octets.length))
      change.octets.copy(this.#octets, change.at)
    }
  }

  #resize(length: number): void {
    if (length > this.#octets.length) {
      const grown = Buffer.alloc(2 * length)
      this.octets.copy(grown)
      this.#octets = grown
    }
    this.#octets.fill(0, length, this.#length)
    this.#length = length
  }
}

class File {
  readonly synced: Content
  /** Written and not synced, in their order. */
  unsynced: Change[] = []
  /** Where a write without an offset goes on, of the descriptor last opened. */
  position = 0

  constructor(octets: Buffer) {
    this.synced = new Content(octets)
  }

  /** The first `count` changes are on the disk now. */
  sync(count: number): void {
    for (const change of this.unsynced.splice(0, count)) this.synced.apply(change)
  }

  /** Each unsynced change by itself may have reached the disk. Nothing is written to the file after this. */
  afterPowerLoss(random: Random): Buffer {
    const probability = random.pick([0, 0.5, 0.9])
    for (const change of this.unsynced) if (random.chance(probability)) this.synced.apply(change)
    return this.synced.octets
  }
}

/** An index rebuilt at the next start and mapped, not written: it never survives a power loss. */
const MAPPED = /-shm$/

export class Disk {
  readonly #folder: string
  readonly #files = new Map<string, File>()

  /** As it stands in the folder now: all of it is taken as synced. */
  constructor(folder: string) {
    this.#folder = folder
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile()) this.#files.set(path, new File(readFileSync(path)))
    }
  }

  /** The calls of the server that ran on the folder. */
  replay(calls: readonly Call[]): void {
    const inOrder = calls.flatMap((call) => [
      { at: call.entered, run: () => this.#entered(call) },
      { at: call.returned, run: () => this.#returned(call) },
    ])
    // A call in one line is entered and returned at the same place: the sort keeps their order.
    for (const { run } of inOrder.sort((one, other) => one.at - other.at)) run()
  }

  write(folder: string, random: Random): void {
    for (const [path, file] of this.#files) {
      if (MAPPED.test(path)) continue
      const target = join(folder, path.slice(this.#folder.length))
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, file.afterPowerLoss(random))
    }
  }

  readonly #covered = new Map<Call, number>()

  #entered(call: Call): void {
    if (call.name === 'fsync' || call.name === 'fdatasync') {
      this.#covered.set(call, this.#fileOf(call)?.unsynced.length ?? 0)
    } else if (call.name.includes('write')) this.#write(call)
  }

  #returned(call: Call): void {
    if (call.result === undefined || call.result < 0) return
    if (call.name === 'fsync' || call.name === 'fdatasync') {
      this.#fileOf(call)?.sync(this.#covered.get(call) ?? 0)
    } else if (call.name === 'ftruncate') {
      const length = Number(/, (\d+)$/.exec(call.arguments)?.[1])
      this.#fileOf(call)?.unsynced.push({ kind: 'truncate', length })
    } else if (call.name.startsWith('open')) this.#open(call)
    else if (call.name.startsWith('rename')) this.#rename(call)
    else if (call.name.startsWith('unlink')) this.#files.delete(pathsOf(call)[0] ?? '')
  }

  #fileOf(call: Call): File | undefined {
    return this.#files.get(fileOf(call) ?? '')
  }

  #write(call: Call): void {
    const file = this.#fileOf(call)
    if (file === undefined) return
    const octets = octetsOf(call)
    const offset = call.name.startsWith('p') ? Number(/, (\d+)$/.exec(call.arguments)?.[1]) : file.position
    if (Number.isNaN(offset))
      throw new Error(`a write without its offset: ${call.name} ${call.arguments.slice(-80)}`)
    file.position = offset + octets.length
    file.unsynced.push({ kind: 'write', at: offset, octets })
  }

  #open(call: Call): void {
    const path = pathsOf(call)[0] ?? ''
    if (!path.startsWith(`${this.#folder}/`) || call.arguments.includes('O_DIRECTORY')) return
    const known = this.#files.get(path)
    if (known === undefined) {
      if (call.arguments.includes('O_CREAT')) this.#files.set(path, new File(Buffer.alloc(0)))
      return
    }
    if (call.arguments.includes('O_TRUNC')) known.unsynced.push({ kind: 'truncate', length: 0 })
    known.position = call.arguments.includes('O_APPEND') ? known.synced.octets.length : 0
  }

  #rename(call: Call): void {
    const [from = '', to = ''] = pathsOf(call)
    const file = this.#files.get(from)
    if (file === undefined) return
    this.#files.delete(from)
    this.#files.set(to, file)
  }
}

/** The quoted paths of a call; the server is given absolute ones. */
function pathsOf(call: Call): string[] {
  return [...call.arguments.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, path = '']) => path)
}
