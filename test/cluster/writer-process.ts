// A process of its own, with a store, blobs and a bus of its own as an instance has them, and four writers in it. It is
// told what to do by its parent (writers.test.ts), and tells what it was told; what goes wrong ends it.

import { openServicesOn } from '../support/services.js'
import { Random } from '../wire/random.js'
import { SessionView } from './session-view.js'
import { type Kind, Writer, type WriterWork } from './writer.js'

const WRITERS = 4

/** First `start`, when all processes are ready; `settle`, when all writers have stopped. */
export type Order =
  | { readonly order: 'start'; readonly work: WriterWork; readonly seed: number; readonly seconds: number }
  | { readonly order: 'settle' }

export type Told =
  | { readonly told: 'ready' }
  | {
      readonly told: 'stopped'
      readonly allocated: readonly (readonly [number, number])[]
      readonly done: Record<Kind, number>
      /** Milliseconds of the slowest change. */
      readonly slowestMs: number
    }
  | { readonly told: 'settled'; readonly replayed: number }

/**
 * Sixteen writers of one account conflict all the time, and where a machine does much else as well a change was seen to wait for
 * 7 s: what is asked here is that it is made once, not how soon.
 */
const TIMEOUT_MS = 60_000

const services = await openServicesOn(
  { 'store.url': process.argv[2] ?? '', 'bus.url': process.argv[3] ?? '' },
  undefined,
  { timeoutMs: TIMEOUT_MS },
)

const tell = (message: Told): void => {
  process.send?.(message)
}

/** Each state that was observed, with what changed since, must be what is there now. */
async function replay(writers: readonly Writer[], work: WriterWork): Promise<number> {
  const now = new Map<number, string>()
  for (const mailbox of work.mailboxes) {
    const view = new SessionView(services, work.account, mailbox)
    await view.refresh()
    now.set(mailbox, shown(view))
  }
  const observed = writers.flatMap((writer) => writer.observed)
  for (const snapshot of observed) {
    const view = new SessionView(services, work.account, snapshot)
    await view.refresh()
    if (shown(view) !== now.get(snapshot.mailbox))
      throw new Error(`mailbox ${snapshot.mailbox} since ${snapshot.token} does not lead to its state`)
  }
  return observed.length
}

const shown = (view: SessionView): string =>
  JSON.stringify([...view.snapshot().flags].sort(([a], [b]) => a - b))

let writers: Writer[] = []
let work: WriterWork | undefined

async function obey(message: Order): Promise<void> {
  if (message.order === 'start') {
    const { seed, seconds } = message
    const started = message.work
    work = started
    writers = Array.from({ length: WRITERS }, (_, n) => new Writer(services, started, new Random(seed + n)))
    const until = Date.now() + seconds * 1000
    await Promise.all(writers.map((writer) => writer.run(until)))
    const done = { append: 0, deliver: 0, copy: 0, move: 0, flag: 0, expunge: 0 }
    for (const writer of writers)
      for (const kind of Object.keys(done) as Kind[]) done[kind] += writer.done[kind]
    const allocated = writers.flatMap((writer) => writer.allocated)
    const slowestMs = Math.max(...writers.map((writer) => writer.slowestMs))
    tell({ told: 'stopped', allocated, done, slowestMs })
  } else if (work !== undefined) {
    tell({ told: 'settled', replayed: await replay(writers, work) })
    await services.close()
    process.disconnect()
  }
}

process.on('message', (message: Order) => {
  obey(message).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
tell({ told: 'ready' })
