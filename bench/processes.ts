// What a server's processes cost: CPU time and memory of a process and all its descendants, from /proc (proc(5)).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Clock ticks of /proc/PID/stat; Linux has 100 a second on every architecture that Node.js runs on. */
const TICK_MS = 10
const PAGE_KB = 4

interface Stat {
  readonly parent: number
  readonly ownTicks: number
  /** Time of children which have ended and were waited for. */
  readonly endedTicks: number
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

function stat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user, system, endedUser, endedSystem] = [11, 12, 13, 14].map((at) => Number(fields[at] ?? 0))
  return {
    parent: Number(fields[1]),
    ownTicks: (user ?? 0) + (system ?? 0),
    endedTicks: (endedUser ?? 0) + (endedSystem ?? 0),
  }
}

function tree(root: number): Map<number, Stat> {
  const all = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const known = Number.isInteger(pid) ? stat(pid) : undefined
    if (known) all.set(pid, known)
  }
  const found = new Map<number, Stat>()
  const visit = (pid: number): void => {
    const known = all.get(pid)
    if (!known || found.has(pid)) return
    found.set(pid, known)
    for (const [child, { parent }] of all) if (parent === pid) visit(child)
  }
  visit(root)
  return found
}

/** Nanoseconds on a CPU of all threads that live, where the kernel counts them; its ticks are too coarse for one command. */
function threadsMs(pid: number): number | undefined {
  let nanoseconds = 0
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = read(`/proc/${pid}/task/${thread}/schedstat`)
      if (text === undefined) return undefined
      nanoseconds += Number(text.split(' ')[0])
    }
  } catch {
    return undefined
  }
  return nanoseconds / 1e6
}

/** CPU milliseconds used so far by a process, its threads and its descendants. */
export function cpuMs(root: number): number {
  let sum = 0
  for (const [pid, known] of tree(root)) {
    sum += (threadsMs(pid) ?? known.ownTicks * TICK_MS) + known.endedTicks * TICK_MS
  }
  return sum
}

function kilobytes(text: string | undefined, key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text ?? '')?.[1] ?? 0)
}

/** Memory in KB of the whole tree; pages shared by several processes count once (Pss). */
export function memoryKb(root: number): number {
  let sum = 0
  for (const pid of tree(root).keys()) {
    const shared = read(`/proc/${pid}/smaps_rollup`)
    sum += shared === undefined ? kilobytes(read(`/proc/${pid}/status`), 'VmRSS') : kilobytes(shared, 'Pss')
  }
  return sum
}

function residentKb(pids: Iterable<number>): number {
  let pages = 0
  for (const pid of pids) pages += Number(read(`/proc/${pid}/statm`)?.split(' ')[1] ?? 0)
  return pages * PAGE_KB
}

/** Resident memory of the whole tree, in KB. */
export function treeResidentKb(root: number): number {
  return residentKb(tree(root).keys())
}

/** Watches resident memory; `stop` returns the peak, in KB. */
export function watchPeak(root: number): { stop: () => number } {
  let pids = [...tree(root).keys()]
  let peak = residentKb(pids)
  let marked = false
  try {
    // Sets the kernel's own high-water mark back, so that no peak between two looks is missed.
    writeFileSync(`/proc/${root}/clear_refs`, '5')
    marked = true
  } catch {
    // Not our process: what the timer sees must do.
  }
  const look = (): void => {
    peak = Math.max(peak, residentKb(pids))
  }
  const often = setInterval(look, 5)
  const seldom = setInterval(() => {
    pids = [...tree(root).keys()]
  }, 250)
  const stop = (): number => {
    clearInterval(often)
    clearInterval(seldom)
    look()
    if (marked && pids.length === 1) peak = Math.max(peak, kilobytes(read(`/proc/${root}/status`), 'VmHWM'))
    return peak
  }
  return { stop }
}
