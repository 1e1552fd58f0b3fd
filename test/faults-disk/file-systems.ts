// File systems made for one test: a small one in memory that can be filled, and one that turns read-only under a
// running server. Both need root and Linux; the tests say so and skip where they cannot be mounted.

import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface FileSystem {
  readonly folder: string
  unmount(): void
}

const run = (program: string, ...words: string[]) =>
  execFileSync(program, words, { stdio: 'pipe', encoding: 'utf8' })

export function mountMemory(size: string): FileSystem {
  const folder = mkdtempSync(join(tmpdir(), 'eider-full-'))
  run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)
  return { folder, unmount: () => unmount(folder) }
}

/** Takes all that is left; returns how to give it back. */
export function fill({ folder }: FileSystem): () => void {
  const file = join(folder, 'ballast')
  const ballast = openSync(file, 'w')
  for (let block = 2 ** 20; block >= 1; block = Math.floor(block / 2)) {
    const octets = Buffer.alloc(block)
    while (writes(ballast, octets)) {}
  }
  closeSync(ballast)
  if (statfsSync(folder).bavail > 0) throw new Error(`${folder} is not full`)
  return () => rmSync(file)
}

function writes(file: number, octets: Buffer): boolean {
  try {
    return writeSync(file, octets) === octets.length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}

export interface Breakable extends FileSystem {
  /** As after an error of the device: every write from now on fails, also to files that are open. */
  turnReadOnly(): void
  /** Unmounted, checked and mounted again; `how`: `rw` or `ro`. Nobody may hold a file of it. */
  remount(how: 'rw' | 'ro'): void
}

export function mountBreakable(megabytes: number): Breakable {
  const folder = mkdtempSync(join(tmpdir(), 'eider-readonly-'))
  const image = `${folder}.img`
  run('truncate', '-s', `${megabytes}M`, image)
  run('mkfs.ext4', '-q', '-F', image)
  const mount = (how: string) => run('mount', '-o', `loop,errors=remount-ro,${how}`, image, folder)
  mount('rw')
  return {
    folder,
    turnReadOnly: () => writeFileSync(`/sys/fs/ext4/${deviceOf(folder)}/trigger_fs_error`, '1'),
    remount(how) {
      run('umount', folder)
      repair(image)
      mount(how)
    },
    unmount() {
      unmount(folder)
      rmSync(image, { force: true })
    },
  }
}

/** e2fsck says by its status that it mended something (1), which is what is asked of it. */
function repair(image: string): void {
  try {
    run('e2fsck', '-p', '-f', image)
  } catch (error) {
    if ((error as { status?: number }).status !== 1) throw error
  }
}

function deviceOf(folder: string): string {
  const mounted = readFileSync('/proc/mounts', 'utf8').split('\n')
  const device = mounted.map((line) => line.split(' ')).find(([, place]) => place === folder)?.[0]
  if (device === undefined) throw new Error(`${folder} is not mounted`)
  return device.replace('/dev/', '')
}

function unmount(folder: string): void {
  run('umount', '-l', folder)
  rmSync(folder, { recursive: true, force: true })
}

/** Undefined where it works, else why not. */
export function cannotMount(): string | undefined {
  try {
    mountMemory('1m').unmount()
    mountBreakable(8).unmount()
    return undefined
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1) ?? 'unknown'
  }
}
