// Flag lists as octets, one for each combination that occurs: 50,000 messages have few of them. RFC 3501 §7.4.2, FLAGS.

import { FLAG_WORDS, type FlagTable, flagNames } from '../model/flags.js'

const MAX_KEPT = 4096

interface Kept {
  readonly byWord: Map<number, Buffer>
  readonly byWords: Map<string, Buffer>
}

/** By the table that names the bits: all sessions of an account share one. */
const kept = new WeakMap<FlagTable, Kept>()

function keptFor(table: FlagTable): Kept {
  const found = kept.get(table)
  if (found !== undefined && found.byWord.size + found.byWords.size < MAX_KEPT) return found
  const fresh = { byWord: new Map<number, Buffer>(), byWords: new Map<string, Buffer>() }
  kept.set(table, fresh)
  return fresh
}

function format(table: FlagTable, words: Uint32Array, offset: number, recent: boolean): Buffer {
  const names = flagNames(table, words, offset)
  if (recent) names.push('\\Recent')
  return Buffer.from(`(${names.join(' ')})`, 'latin1')
}

function keep<Key>(lists: Map<Key, Buffer>, key: Key, list: Buffer): Buffer {
  lists.set(key, list)
  return list
}

/** The parenthesised list of one entry's flags, whose words stand at `offset`. Shared: not to be written. */
export function flagList(table: FlagTable, words: Uint32Array, offset: number, recent: boolean): Buffer {
  const { byWord, byWords } = keptFor(table)
  const first = words[offset] ?? 0
  let rest = 0
  for (let word = 1; word < FLAG_WORDS; word++) rest |= words[offset + word] ?? 0
  if (rest === 0) {
    // Bits 5 … 7 of the first word are free: one of them tells \Recent in the key.
    const key = recent ? first | 0x20 : first
    return byWord.get(key) ?? keep(byWord, key, format(table, words, offset, recent))
  }
  const key = `${recent} ${words.subarray(offset, offset + FLAG_WORDS).join(' ')}`
  return byWords.get(key) ?? keep(byWords, key, format(table, words, offset, recent))
}

/** The names that the table has, as FLAGS tells them. */
export const namesOf = (table: FlagTable): string[] => table.filter((name) => name !== undefined)
