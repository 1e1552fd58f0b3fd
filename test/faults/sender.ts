// Delivers to one account all the time, by LMTP and SMTP in turn, a new message each time and without waiting for the last:
// what hangs must not hide that mail is taken again.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Change } from '../crash/model.js'
import { isLost } from '../crash/worker.js'
import { type Account, keyOf } from '../crash/world.js'
import { SmtpClient } from '../wire/smtp.js'
import type { Stage } from './stage.js'

const EVERY_MS = 400
/** So many may wait at once: a machine that is slower than they come is no fault of the store's. */
const MOST = 24
/** Nobody of the load changes these. */
const NOBODY = -1
const RESUMED_MS = 90_000

/** Times are those of performance.now(). */
interface Attempt {
  readonly begun: number
  readonly ended: number
  readonly answer: 'taken' | 'put off' | 'broken'
}

export interface Outage {
  readonly delivered: number
  readonly putOff: number
  /** Of these, told so although there was time left to try. */
  readonly early: number
  /** The longest that somebody waited for an answer. */
  readonly longestMs: number
  /** The longest without a delivery to some account. */
  readonly silenceMs: number
}

export class Sender {
  readonly unsettled: Change[] = []
  acknowledged = 0
  readonly #stage: Stage
  readonly #account: Account
  readonly #attempts: Attempt[] = []
  #turn: number
  /** Where it delivers to; else to all instances in turn. */
  only: number | undefined

  constructor(stage: Stage, account: Account) {
    this.#stage = stage
    this.#account = account
    this.#turn = stage.shared.accounts.indexOf(account)
  }

  /** Rejects where it was told what it must not be told. */
  async run(signal: AbortSignal): Promise<void> {
    const underWay = new Set<Promise<void>>()
    let failed: unknown
    while (!signal.aborted && failed === undefined) {
      if (underWay.size >= MOST) await Promise.race(underWay)
      const attempt: Promise<void> = this.#attempt()
        .catch((error: unknown) => {
          failed = error
        })
        .finally(() => underWay.delete(attempt))
      underWay.add(attempt)
      await sleep(EVERY_MS)
    }
    await Promise.all(underWay)
    if (failed !== undefined) throw failed
  }

  /** Milliseconds from `since` until a delivery begun after it was acknowledged. */
  async resumed(since: number): Promise<number> {
    const until = performance.now() + RESUMED_MS
    while (performance.now() < until) {
      const taken = this.#attempts.filter(({ begun, answer }) => begun >= since && answer === 'taken')
      if (taken.length > 0) return Math.min(...taken.map(({ ended }) => ended)) - since
      await sleep(10)
    }
    return Number.POSITIVE_INFINITY
  }

  outage(from: number, to: number): Outage {
    const during = this.#attempts.filter(({ begun, ended }) => ended >= from && begun < to)
    const taken = during.filter(({ answer }) => answer === 'taken').map(({ ended }) => ended)
    const times = [from, ...taken.filter((time) => time >= from && time < to).sort((a, b) => a - b), to]
    const putOff = during.filter(({ answer }) => answer === 'put off')
    const inTime = this.#stage.storeTimeout * 0.9
    return {
      delivered: taken.length,
      putOff: putOff.length,
      early: putOff.filter(({ begun, ended }) => ended - begun < inTime).length,
      longestMs: Math.max(0, ...during.map(({ begun, ended }) => ended - begun)),
      silenceMs: Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? 0))),
    }
  }

  async #attempt(): Promise<void> {
    const begun = performance.now()
    const { messages, model } = this.#stage.shared
    const { token, octets } = messages.make(true)
    const change = this.#change(token)
    let answer: Attempt['answer'] = 'broken'
    try {
      answer = await this.#deliver(octets)
      if (answer === 'taken') {
        model.acknowledge(change)
        this.acknowledged++
      }
    } catch (error) {
      if (!isLost(error)) throw error
    } finally {
      if (answer !== 'taken') this.unsettled.push(change)
      this.#attempts.push({ begun, ended: performance.now(), answer })
    }
  }

  #change(token: string): Change {
    const mailbox = keyOf(this.#account, 'INBOX')
    const after = [{ mailbox, token, uid: undefined, flags: [], owner: NOBODY }]
    return { name: `delivery of ${token}`, atoms: [{ before: [], after }], together: true }
  }

  async #deliver(message: Buffer): Promise<Attempt['answer']> {
    const turn = this.#turn++
    const protocol = turn % 2 === 0 ? 'lmtp' : 'smtp'
    const client = await SmtpClient.connect(this.#stage.endpoints(this.only ?? turn >> 1)[protocol], protocol)
    try {
      const [reply] = await client.deliver({ to: [this.#account.address], message })
      if (reply?.code === 250) return 'taken'
      if (reply?.code === 451 && reply.enhanced === '4.3.0') return 'put off'
      throw new Error(`${protocol} answered ${reply?.code} ${reply?.text}`)
    } finally {
      client.close()
    }
  }
}
