// A session's picture of its mailbox, held against plain arrays. RFC 3501 §2.3.1.2, §5.5, §7.4.1.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Mailbox } from '../mail/types.js'
import { mailboxId, modSeq } from '../model/ids.js'
import { View } from './view.js'
import { STAR } from './wire/sequence-set.js'

const viewOf = (uids: readonly number[], recentFrom = 1_000_000) =>
  new View({
    mailbox: { id: mailboxId(1) } as Mailbox,
    readOnly: false,
    token: modSeq(1),
    uids: Uint32Array.from(uids),
    recentFrom,
    uidNext: 1_000_000,
  })

const entries = (uids: readonly number[], modseqs: readonly number[]) => ({
  length: uids.length,
  uids: Uint32Array.from(uids),
  modseqs: Float64Array.from(modseqs),
  flags: new Uint32Array(uids.length * 4),
})

const slice = (
  uids: readonly number[],
  modseqs: readonly number[],
  modseq: number,
  changed: number,
  before = 8,
) => ({
  entries: entries(uids, modseqs),
  before: modSeq(before),
  modseq: modSeq(modseq),
  changed,
  modified: new Uint32Array(0),
  missing: new Uint32Array(0),
})

test('what is gone keeps its number until it may be told, then goes from the end', () => {
  const view = viewOf([2, 4, 6, 8])
  view.markGone(Uint32Array.of(4, 5, 8))
  expect([view.exists, view.seqOf(6), view.isGone(4), view.isGone(6)]).toEqual([4, 3, true, false])
  view.append(Uint32Array.of(9, 11))
  expect(view.removeGone()).toEqual([4, 2])
  expect([...view.uids]).toEqual([2, 6, 9, 11])
  expect(view.removeGone()).toEqual([])
})

test('EXPUNGEs replayed in order leave what is left', () => {
  const sorted = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 30 })
  fc.assert(
    fc.property(sorted, sorted, (all, gone) => {
      const uids = all.toSorted((a, b) => a - b)
      const view = viewOf(uids)
      view.markGone(Uint32Array.from(gone))
      view.markGone(Uint32Array.from(gone.slice(0, 3)))
      const replayed = [...uids]
      for (const seq of view.removeGone()) replayed.splice(seq - 1, 1)
      expect([...view.uids]).toEqual(replayed)
      expect(replayed).toEqual(uids.filter((uid) => !gone.includes(uid)))
    }),
  )
})

test('sets mean what is there', () => {
  const view = viewOf([10, 20, 30])
  const set = (from: number, to: number) => [{ from, to }]
  expect([...view.uidsOf(set(3, 2), false)]).toEqual([20, 30])
  expect([...view.uidsOf(set(2, STAR), false)]).toEqual([20, 30])
  expect(() => view.uidsOf(set(3, 4), false)).toThrow('There is no message 4')
  expect([...view.uidsOf(set(15, 25), true)]).toEqual([20])
  expect([...view.uidsOf(set(99, STAR), true)]).toEqual([30])
  expect([...view.uidsOf(set(40, 50), true)]).toEqual([])
  expect([...viewOf([]).uidsOf(set(1, STAR), false)]).toEqual([])
})

test('\\Recent is counted among what is there', () => {
  const view = viewOf([1, 2, 3, 4], 3)
  expect([view.recent, view.isRecent(2), view.isRecent(3)]).toEqual([2, false, true])
  view.markGone(Uint32Array.of(3))
  view.removeGone()
  expect(view.recent).toBe(1)
})

test('silence is about what the session itself gave the messages', () => {
  const view = viewOf([1, 2, 3])
  // UID 1 was changed by this slice; 2 had those flags already, by somebody else's change at 8.
  view.noteOwn(slice([1, 2], [9, 8], 9, 1), false)
  expect([view.wasTold(1, 9), view.wasTold(1, 10), view.wasTold(2, 8), view.wasTold(3, 5)]).toEqual([
    true,
    false,
    false,
    false,
  ])
  // Told with the answer, it is known whoever changed it.
  view.noteOwn(slice([2], [8], 9, 0), true)
  expect(view.wasTold(2, 8)).toBe(true)
})

test('a hint that is not of the own change, or came too late to be read, is not forgotten', () => {
  const view = viewOf([1])
  view.noteOwn(slice([1], [9], 9, 1), true)
  view.noteHint(9)
  expect(view.othersChanged()).toBe(false)
  view.noteHint(11)
  view.readUpTo(modSeq(10))
  expect(view.othersChanged()).toBe(true)
  view.readUpTo(modSeq(11))
  expect(view.othersChanged()).toBe(false)
})

test('a silent change behind one of somebody else tells of it, whether its hint has come or not', () => {
  const view = viewOf([1, 2])
  view.noteOwn(slice([1], [9], 9, 1, 8), false)
  expect(view.othersChanged()).toBe(true)
  view.readUpTo(modSeq(9))
  // The next slice of the same command follows on the own one.
  view.noteOwn(slice([1], [10], 10, 1, 9), false)
  view.noteOwn(slice([2], [11], 11, 1, 10), false)
  expect(view.othersChanged()).toBe(false)
})

test('an own change that follows on what was read needs no reading', () => {
  const view = viewOf([1, 2])
  const first = view.token
  view.noteHint(first + 1)
  view.noteOwn(slice([1], [first + 1], first + 1, 1, first), true)
  expect([view.token, view.stale]).toEqual([first + 1, false])
  // Somebody else changed the mailbox at first + 2.
  view.noteOwn(slice([2], [first + 3], first + 3, 1, first + 2), true)
  view.noteHint(first + 2)
  expect([view.token, view.stale]).toEqual([first + 1, true])
  view.readUpTo(modSeq(first + 3))
  expect(view.stale).toBe(false)
})
