// Clients that go on whatever happens: a worker whose connection breaks or who is put off tries again, elsewhere too;
// senders deliver to each account all the time, so that the time until deliveries go on can be told.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Change } from '../crash/model.js'
import { isLost, isPutOff, type Worker } from '../crash/worker.js'
import type { Reader } from './reader.js'
import { type Outage, Sender } from './sender.js'
import type { Stage } from './stage.js'

/** Between two tries of a worker who was put off. */
const PAUSE_MS = 50
/** A client that is never acknowledged anything hangs, however slow the machine is. */
const GO_ON_MS = 60_000
/** Beyond the store's own patience: a command may ask the store several times, on a machine which does much else. */
const HANGS_MS = 20_000

export class Load {
  readonly readers: readonly Reader[]
  readonly senders: readonly Sender[]
  readonly #stage: Stage
  readonly #workers: readonly Worker[]
  readonly #stopping = new AbortController()
  readonly #running: Promise<PromiseSettledResult<void>[]>
  /** When each worker was last acknowledged something. */
  readonly #lastly = new Map<Worker, number>()

  constructor(stage: Stage, workers: readonly Worker[], readers: readonly Reader[]) {
    this.#stage = stage
    this.#workers = workers
    this.readers = readers
    this.senders = stage.shared.accounts.map((account) => new Sender(stage, account))
    const { signal } = this.#stopping
    this.#running = Promise.allSettled([
      ...workers.map((worker, n) => this.#drive(worker, n)),
      ...readers.map((reader, n) => reader.run((turn) => stage.endpoints(n + turn).imap, signal)),
      ...this.senders.map((sender) => sender.run(signal)),
    ])
  }

  /** Of all accounts, the time in milliseconds until a delivery begun after `since` was acknowledged. */
  async resumed(since: number): Promise<number> {
    const times = await Promise.all(this.senders.map((sender) => sender.resumed(since)))
    return Math.max(...times)
  }

  /** What those who deliver were told while `from` ≤ time < `to`. */
  outage(from: number, to: number): Outage {
    const parts = this.senders.map((sender) => sender.outage(from, to))
    return {
      delivered: parts.reduce((sum, { delivered }) => sum + delivered, 0),
      putOff: parts.reduce((sum, { putOff }) => sum + putOff, 0),
      early: parts.reduce((sum, { early }) => sum + early, 0),
      longestMs: Math.max(...parts.map(({ longestMs }) => longestMs)),
      silenceMs: Math.max(...parts.map(({ silenceMs }) => silenceMs)),
    }
  }

  /** Every worker is acknowledged something that was asked for after `since`; says how many are not. */
  async allGoOn(since: number): Promise<string[]> {
    const until = performance.now() + GO_ON_MS
    const late = () => this.#workers.filter((worker) => (this.#lastly.get(worker) ?? 0) < since)
    while (late().length > 0 && performance.now() < until) await sleep(20)
    return late().length === 0 ? [] : [`${late().length} clients did not go on within ${GO_ON_MS} ms`]
  }

  get acknowledged(): number {
    const changes = this.#workers.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
    return changes + this.senders.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  }

  unsettled(): Change[] {
    const ofWorkers = this.#workers.flatMap(({ unsettled, pending }) => [
      ...unsettled,
      ...(pending === undefined ? [] : [pending]),
    ])
    return [...ofWorkers, ...this.senders.flatMap(({ unsettled }) => unsettled)]
  }

  /** Returns what clients must not have been told, and who hangs. */
  async stop(): Promise<string[]> {
    this.#stopping.abort()
    const outcomes = await Promise.race([
      this.#running,
      sleep(this.#stage.storeTimeout * 2 + HANGS_MS, undefined, { ref: false }),
    ])
    if (outcomes === undefined) return ['a client waits for an answer and gets none']
    return outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [`client: ${(outcome.reason as Error).stack}`] : [],
    )
  }

  async #drive(worker: Worker, number: number): Promise<void> {
    const { signal } = this.#stopping
    for (let turn = number; !signal.aborted; turn++) {
      try {
        const endpoints = this.#stage.endpoints(turn)
        await worker.open(endpoints)
        while (!signal.aborted) await this.#step(worker, () => this.#stage.endpoints(turn))
      } catch (error) {
        if (!isLost(error) && !isPutOff(error)) throw error
        worker.leaveOpen()
        await sleep(PAUSE_MS)
      } finally {
        worker.close()
      }
    }
  }

  async #step(worker: Worker, endpoints: () => ReturnType<Stage['endpoints']>): Promise<void> {
    const begun = performance.now()
    try {
      await worker.step(endpoints())
      this.#lastly.set(worker, begun)
    } catch (error) {
      if (!isPutOff(error)) throw error
      worker.leaveOpen()
      await sleep(PAUSE_MS)
    }
  }
}
