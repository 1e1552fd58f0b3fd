// The contract of the bus, against one engine. An engine's test file calls this and nothing else.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AccountId, accountId, mailboxId, modSeq } from '../../model/ids.js'
import type { Bus, Hint } from '../bus.js'

interface OpenBus {
  readonly bus: Bus
  /** Resolves once every hint published so far has been heard. */
  settled(): Promise<void>
  /** Lets this much time go by, for the throttle. */
  pass(seconds: number): Promise<void>
}

interface BusEngine {
  readonly name: string
  open(): Promise<OpenBus>
}

const anna = accountId(1)
const ben = accountId(2)
const hint = (account: AccountId, n: number): Hint => ({ account, mailbox: mailboxId(1), modseq: modSeq(n) })

export function busContract(engine: BusEngine): void {
  describe(`the contract of the bus on ${engine.name}`, () => {
    let open: OpenBus
    beforeEach(async () => {
      open = await engine.open()
    })
    afterEach(() => open.bus.close())

    test('a hint reaches every listener of its account, in order, and no other', async () => {
      const { bus } = open
      const heard: [string, number][] = []
      bus.subscribe(anna, ({ modseq }) => heard.push(['first', modseq]))
      bus.subscribe(anna, ({ modseq }) => heard.push(['second', modseq]))
      bus.subscribe(ben, ({ modseq }) => heard.push(['other', modseq]))
      bus.publish(hint(anna, 1))
      bus.publish(hint(anna, 2))
      await open.settled()
      expect(heard.filter(([who]) => who === 'first').map(([, n]) => n)).toEqual([1, 2])
      expect(heard.filter(([who]) => who === 'second').map(([, n]) => n)).toEqual([1, 2])
      expect(heard.some(([who]) => who === 'other')).toBe(false)
    })

    test('a hint is not told within publish, nor to one that has left', async () => {
      const { bus } = open
      const heard: number[] = []
      const leave = bus.subscribe(anna, ({ modseq }) => heard.push(modseq))
      bus.publish(hint(anna, 1))
      expect(heard).toEqual([])
      await open.settled()
      bus.publish(hint(anna, 2))
      leave()
      leave()
      await open.settled()
      bus.publish({ account: anna, modseq: modSeq(3) })
      await open.settled()
      expect(heard).toEqual([1])
    })

    test('one function may listen twice, and leave once', async () => {
      const { bus } = open
      let heard = 0
      const listener = () => {
        heard++
      }
      const leave = bus.subscribe(anna, listener)
      bus.subscribe(anna, listener)
      bus.publish(hint(anna, 1))
      await open.settled()
      leave()
      bus.publish(hint(anna, 2))
      await open.settled()
      expect(heard).toBe(3)
    })

    test('a bus that is there says so', async () => {
      expect(await open.bus.ping()).toBe(true)
    })

    test('failures stand for their window, by key', async () => {
      const { bus } = open
      expect(await bus.countFailure('a', 3, 60)).toBe(true)
      expect(await bus.countFailure('a', 3, 60)).toBe(true)
      expect(await bus.mayTry('a', 3)).toBe(true)
      expect(await bus.countFailure('a', 3, 60)).toBe(false)
      expect(await bus.mayTry('a', 3)).toBe(false)
      expect(await bus.mayTry('b', 3)).toBe(true)
      await open.pass(61)
      expect(await bus.mayTry('a', 3)).toBe(true)
      expect(await bus.countFailure('a', 1, 60)).toBe(false)
      await bus.clearFailures('a')
      expect(await bus.mayTry('a', 1)).toBe(true)
    })

    test('connections are counted by key, and given back once', async () => {
      const { bus } = open
      const first = await bus.takeConnection('a', 2)
      const second = await bus.takeConnection('a', 2)
      expect(await bus.takeConnection('a', 2)).toBeUndefined()
      expect(await bus.takeConnection('b', 2)).toBeDefined()
      first?.()
      first?.()
      expect(await bus.takeConnection('a', 2)).toBeDefined()
      expect(await bus.takeConnection('a', 2)).toBeUndefined()
      second?.()
      expect(await bus.takeConnection('a', 2)).toBeDefined()
    })
  })
}
