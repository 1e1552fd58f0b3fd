// Logins a second: connect, LOGIN, LOGOUT, four at a time. Verified before: the same accounts again and again. Not yet:
// accounts that nobody ever logged in to, where the password hash decides; their goal is 90 % of what the bare hash gives.
import { hash, verify } from '@node-rs/argon2'
import { sustain } from '../latency.js'
import { LOAD_ACCOUNTS, scaled } from '../plan.js'
import type { Row } from '../row.js'
import { createAccounts } from '../setup.js'
import type { Target } from '../target.js'

const AT_A_TIME = 4

async function login(target: Target, account: number): Promise<void> {
  const connection = await target.open(account, { readBuffer: 4096 })
  await connection.logout()
}

export const loginAgain: Row = {
  name: 'login-again',
  repeats: 3,
  figures: () => [
    {
      key: 'login',
      label: 'logins, password verified before',
      unit: '/s',
      goal: 1000,
      clusterGoal: 600,
      better: 'more',
    },
  ],
  async begin(target) {
    for (const account of LOAD_ACCOUNTS) await login(target, account)
    let next = 0
    const worker = () => login(target, LOAD_ACCOUNTS[next++ % LOAD_ACCOUNTS.length] as number)
    const workers = Array.from({ length: AT_A_TIME }, () => worker)
    return {
      async measure() {
        const { perSecond } = await target.costed(
          'login',
          (done) => done.latencies.count,
          () => sustain(workers, Math.min(target.plan.seconds, 5)),
        )
        target.record('login', perSecond)
      },
    }
  },
}

/** Verifications a second of the hash that Eider uses (argon2id, 19 MiB, 2 passes), on all of libuv's threads. */
async function bareHashRate(seconds: number): Promise<number> {
  const hashed = await hash('bench', { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  const workers = Array.from({ length: AT_A_TIME }, () => () => verify(hashed, 'bench'))
  return (await sustain(workers, seconds)).perSecond
}

export const loginFirst: Row = {
  name: 'login-first',
  repeats: 1,
  figures: () => [
    { key: 'login-first', label: 'logins, password not yet verified', unit: '/s', better: 'more' },
    {
      key: 'login-first.bare',
      label: '… of the bare hash rate on this machine',
      unit: '%',
      goal: 90,
      better: 'more',
    },
  ],
  async begin(target) {
    const accounts = scaled(target.plan, 400)
    // Numbers of this run's own: an account that was used before is not new.
    let next = 1_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000) * 10_000
    return {
      async measure() {
        const numbers = Array.from({ length: accounts }, () => next++)
        if (target.server.http) await createAccounts(target, target.server.http, numbers)
        const before = await bareHashRate(2)
        const start = performance.now()
        const took = await target.costed('login-first', accounts, async () => {
          const work = async (): Promise<void> => {
            for (let account = numbers.pop(); account !== undefined; account = numbers.pop())
              await login(target, account)
          }
          await Promise.all(Array.from({ length: AT_A_TIME }, work))
          return performance.now() - start
        })
        const rate = (accounts * 1000) / took
        // The faster of two, so that a moment when the machine was busy flatters nobody.
        const bare = Math.max(before, await bareHashRate(2))
        target.record('login-first', rate)
        target.record('login-first.bare', (rate * 100) / bare)
      },
    }
  },
}
