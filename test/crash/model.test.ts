// The crash test's model must see every kind of loss: each is made here by hand.

import { describe, expect, it } from 'vitest'
import { type Atom, type Found, Model, type Placement } from './model.js'
import { UidLedger } from './uids.js'

const at = (mailbox: string, token: string, uid: number | undefined, ...flags: string[]): Placement => ({
  mailbox,
  token,
  uid,
  flags,
  owner: 0,
})
const seen = ({ mailbox, token, uid, flags }: Placement): Found => ({ mailbox, token, uid: uid ?? 99, flags })
const change = (atoms: Atom[], together = false) => ({ name: 'change', atoms, together })
const holding = (...placements: Placement[]) => {
  const model = new Model()
  model.acknowledge(change(placements.map((one) => ({ before: [], after: [one] }))))
  return model
}
const a = at('A', 'm1', 1)
const b = at('A', 'm2', 2)
const moved = at('B', 'm1', undefined)

describe('Model', () => {
  it('accepts what was acknowledged', () => {
    expect(holding(a, b).settle([a, b].map(seen), [])).toEqual([])
  })

  it.each([
    ['a message is gone', [b]],
    ['its flags are gone', [{ ...a, flags: ['\\Seen'] }, b]],
    ['it has another UID', [{ ...a, uid: 7 }, b]],
    ['it is elsewhere', [{ ...a, mailbox: 'B' }, b]],
    ['it is there twice', [a, { ...a, uid: 3 }, b]],
    ['something is there that nobody asked for', [a, b, at('A', 'm9', 9)]],
  ])('says that %s', (_, there) => {
    expect(holding(a, b).settle(there.map(seen), [])).not.toEqual([])
  })

  it('takes an unacknowledged MOVE here or there, not both and not nowhere', () => {
    const move = change([{ before: [a], after: [moved] }])
    const settle = (...there: Placement[]) => {
      const model = new Model()
      model.acknowledge({ name: '', atoms: [{ before: [], after: [a] }], together: false })
      return model.settle(there.map(seen), [move])
    }
    expect(settle(a)).toEqual([])
    expect(settle(moved)).toEqual([])
    expect(settle(a, moved)).not.toEqual([])
    expect(settle()).not.toEqual([])
  })

  it('takes an unacknowledged COPY wholly or not at all', () => {
    const copy = change(
      [
        { before: [], after: [moved] },
        { before: [], after: [at('B', 'm2', undefined)] },
      ],
      true,
    )
    expect(holding(a, b).settle([a, b].map(seen), [copy])).toEqual([])
    expect(holding(a, b).settle([a, b, moved, at('B', 'm2', 5)].map(seen), [copy])).toEqual([])
    expect(holding(a, b).settle([a, b, moved].map(seen), [copy])).not.toEqual([])
  })

  it('goes on from what is there', () => {
    const model = holding(a)
    model.settle([a, { ...moved, uid: 5 }].map(seen), [change([{ before: [], after: [moved] }])])
    expect(model.placed('B', 0).map(({ uid }) => uid)).toEqual([5])
  })
})

describe('UidLedger', () => {
  const opened = () => {
    const ledger = new UidLedger()
    ledger.opened('A', 1, 5)
    ledger.told('A', 4, 'm4')
    ledger.settled('A', 5)
    return ledger
  }

  it('accepts UIDs that grow', () => {
    const ledger = opened()
    ledger.told('A', 4, 'm4')
    ledger.told('A', 5, 'm5')
    ledger.opened('A', 1, 6)
    expect(ledger.problems).toEqual([])
  })

  it.each([
    ['is used again', (ledger: UidLedger) => ledger.told('A', 4, 'm7')],
    ['goes back', (ledger: UidLedger) => ledger.told('A', 3, 'm7')],
    ['is promised again', (ledger: UidLedger) => ledger.opened('A', 1, 4)],
    ['loses its validity', (ledger: UidLedger) => ledger.opened('A', 2, 5)],
  ])('says that a UID %s', (_, happen) => {
    const ledger = opened()
    happen(ledger)
    expect(ledger.problems).toHaveLength(1)
  })
})
