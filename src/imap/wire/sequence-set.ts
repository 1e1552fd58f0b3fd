// `sequence-set` of RFC 3501 §9 as ranges, and what it means among the numbers that there are.

import { type NumberRange, type NumberSet, numberSet } from '../../model/number-set.js'

/** Stands for "*", the largest number in use. */
export const STAR = Number.POSITIVE_INFINITY

/** As the client wrote it: not in order, perhaps overlapping, ends perhaps exchanged. */
export type SequenceSet = readonly NumberRange[]

/** Ascending ranges that neither touch nor overlap, "*" replaced by `largest` (RFC 3501 §9: 5:3 is 3:5). */
export const resolveSequenceSet = (set: SequenceSet, largest: number): NumberSet =>
  numberSet(
    set.map(({ from, to }) => ({ from: from === STAR ? largest : from, to: to === STAR ? largest : to })),
  )
