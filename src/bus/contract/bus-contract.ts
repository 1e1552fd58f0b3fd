// The contract of the bus, against one engine. An engine's test file calls this and nothing else.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AccountId, accountId, mailboxId, modSeq } from '../../model/ids.js'
import type { Bus, Hint } from '../bus.js'

interface OpenBus {
  readonly bus: Bus
  /** Where instances share the bus: one more of them. The engine closes it. */
  another?(): Promise<Bus>
  /** Resolves once every hint published so far has been heard. */
  settled(): Promise<void>
  /** Lets this much time go by, for the throttle. */
  pass(seconds: number): Promise<void>
  /** Closes whatever was opened, all buses too. */
  dispose(): Promise<void>
}

interface BusEngine {
  readonly name: string
  readonly isShared: boolean
  open(): Promise<OpenBus>
}

const anna = accountId(1)
const ben = accountId(2)
const hint = (account: AccountId, n: number): Hint => ({ account, mailbox: mailboxId(1), modseq: modSeq(n) })

/** Asks many times at once; how often the answer was yes. */
async function countOf(times: number, ask: () => Promise<unknown>): Promise<number> {
  const answers = await Promise.all(Array.from({ length: times }, ask))
  return answers.filter((answer) => answer !== undefined && answer !== false).length
}

export function busContract(engine: BusEngine): void {
  describe(`the contract of the bus on ${engine.name}`, () => {
    let open: OpenBus
    beforeEach(async () => {
      open = await engine.open()
    })
    afterEach(() => open.dispose())
    hintsSuite(() => open)
    limitsSuite(() => open)
    if (engine.isShared)
      sharedSuite(
        () => open,
        async () => {
          if (open.another === undefined) throw new Error(`${engine.name} gives no second instance`)
          return open.another()
        },
      )
  })
}

function hintsSuite(current: () => OpenBus): void {
  test('a hint reaches every listener of its account, in order, and no other', async () => {
    const { bus, settled } = current()
    const heard: [string, Hint][] = []
    bus.subscribe(anna, (one) => heard.push(['first', one]))
    bus.subscribe(anna, (one) => heard.push(['second', one]))
    bus.subscribe(ben, (one) => heard.push(['other', one]))
    const account = { account: anna, modseq: modSeq(2) }
    bus.publish(hint(anna, 1))
    bus.publish(account)
    await settled()
    expect(heard.filter(([who]) => who === 'first').map(([, one]) => one)).toEqual([hint(anna, 1), account])
    expect(heard.filter(([who]) => who === 'second').map(([, one]) => one)).toEqual([hint(anna, 1), account])
    expect(heard.some(([who]) => who === 'other')).toBe(false)
  })

  test('a hint is not told within publish, nor to one that has left', async () => {
    const { bus, settled } = current()
    const heard: number[] = []
    const leave = bus.subscribe(anna, ({ modseq }) => heard.push(modseq))
    bus.publish(hint(anna, 1))
    expect(heard).toEqual([])
    await settled()
    bus.publish(hint(anna, 2))
    leave()
    leave()
    await settled()
    bus.publish({ account: anna, modseq: modSeq(3) })
    await settled()
    expect(heard).toEqual([1])
  })

  test('one function may listen twice, and leave once', async () => {
    const { bus, settled } = current()
    let heard = 0
    const listener = () => {
      heard++
    }
    const leave = bus.subscribe(anna, listener)
    bus.subscribe(anna, listener)
    bus.publish(hint(anna, 1))
    await settled()
    leave()
    bus.publish(hint(anna, 2))
    await settled()
    expect(heard).toBe(3)
  })

  test('a bus that is there says so', async () => {
    expect(await current().bus.ping()).toBe(true)
  })
}

function limitsSuite(current: () => OpenBus): void {
  test('failures stand for their window, by key', async () => {
    const { bus, pass } = current()
    expect(await bus.countFailure('a', 3, 60)).toBe(true)
    expect(await bus.countFailure('a', 3, 60)).toBe(true)
    expect(await bus.mayTry('a', 3)).toBe(true)
    expect(await bus.countFailure('a', 3, 60)).toBe(false)
    expect(await bus.mayTry('a', 3)).toBe(false)
    expect(await bus.mayTry('b', 3)).toBe(true)
    await pass(61)
    expect(await bus.mayTry('a', 3)).toBe(true)
    expect(await bus.countFailure('a', 1, 60)).toBe(false)
  })

  test('what is noted stands from then on', async () => {
    const { bus, pass } = current()
    await bus.note('a', 60)
    await pass(40)
    await bus.note('a', 60)
    await pass(40)
    expect([await bus.mayTry('a', 1), await bus.mayTry('a', 2)]).toEqual([false, true])
    await pass(21)
    expect(await bus.mayTry('a', 1)).toBe(true)
  })

  test('the window begins with the first failure: later ones do not lengthen it', async () => {
    const { bus, pass } = current()
    await bus.countFailure('a', 2, 60)
    await pass(40)
    expect(await bus.countFailure('a', 2, 60)).toBe(false)
    await pass(21)
    expect(await bus.mayTry('a', 1)).toBe(true)
  })

  test('connections are counted by key, and given back once', async () => {
    const { bus } = current()
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

  test('what comes at once is counted exactly', async () => {
    const { bus } = current()
    expect(await countOf(50, () => bus.countFailure('a', 20, 60))).toBe(19)
    expect(await bus.mayTry('a', 50)).toBe(false)
    expect(await bus.mayTry('a', 51)).toBe(true)
    expect(await countOf(50, () => bus.takeConnection('a', 20))).toBe(20)
  })
}

function sharedSuite(current: () => OpenBus, another: () => Promise<Bus>): void {
  test('a hint of one instance is heard in another, once, and once in its own', async () => {
    const { bus, settled } = current()
    const other = await another()
    const heard: [string, Hint][] = []
    bus.subscribe(anna, (one) => heard.push(['here', one]))
    other.subscribe(anna, (one) => heard.push(['there', one]))
    other.subscribe(ben, (one) => heard.push(['nowhere', one]))
    await settled()
    bus.publish(hint(anna, 7))
    bus.publish({ account: anna, modseq: modSeq(Number.MAX_SAFE_INTEGER) })
    await settled()
    const both = [hint(anna, 7), { account: anna, modseq: modSeq(Number.MAX_SAFE_INTEGER) }]
    expect(heard.filter(([who]) => who === 'here').map(([, one]) => one)).toEqual(both)
    expect(heard.filter(([who]) => who === 'there').map(([, one]) => one)).toEqual(both)
    expect(heard.length).toBe(4)
  })

  test('whoever leaves and comes back hears again, however fast', async () => {
    const { bus, settled } = current()
    const other = await another()
    let heard = 0
    for (let n = 0; n < 20; n++) {
      const leave = other.subscribe(anna, () => {
        heard++
      })
      // Now in one turn, now with the command under way.
      if (n % 3 === 0) await Promise.resolve()
      if (n % 3 === 1) await settled()
      if (n < 19) leave()
    }
    await settled()
    bus.publish(hint(anna, 1))
    await settled()
    expect(heard).toBe(1)
  })

  test('failures are counted together', async () => {
    const { bus } = current()
    const other = await another()
    expect(await bus.countFailure('a', 2, 60)).toBe(true)
    expect(await other.countFailure('a', 2, 60)).toBe(false)
    expect(await bus.mayTry('a', 2)).toBe(false)
    await other.note('a', 60)
    expect([await bus.mayTry('a', 1), await bus.mayTry('a', 2)]).toEqual([false, true])
  })

  test('connections are counted together, exactly', async () => {
    const { bus, settled } = current()
    const other = await another()
    const buses = [bus, other]
    let turn = 0
    const taken: (() => void)[] = []
    await countOf(60, async () => {
      const release = await buses[turn++ % 2]?.takeConnection('a', 21)
      if (release !== undefined) taken.push(release)
    })
    expect(taken.length).toBe(21)
    taken[0]?.()
    await settled()
    expect(await countOf(6, () => other.takeConnection('a', 21))).toBe(1)
  })

  test('an instance that closes gives its connections back', async () => {
    const { bus } = current()
    const other = await another()
    expect(await other.takeConnection('a', 1)).toBeDefined()
    expect(await bus.takeConnection('a', 1)).toBeUndefined()
    await other.close()
    expect(await bus.takeConnection('a', 1)).toBeDefined()
  })
}
