// The benchmark's messages: the same in every run, of the size they claim, each its own, searches' hits known beforehand.
import { expect, test } from 'vitest'
import { bigMessage, MessageMaker, madeFrom, RARE_SUBJECT, RARE_TEXT } from '../../bench/messages.js'

test.each([4096, 24_000])('messages of %i octets', (size) => {
  const [maker, again] = [new MessageMaker(size), new MessageMaker(size)]
  const ids = new Set<string>()
  let subjects = 0
  let texts = 0
  for (let serial = 100; serial < 900; serial++) {
    const message = maker.message(serial)
    expect(message.length).toBe(size)
    expect(message.equals(again.message(serial))).toBe(true)
    const text = message.toString('latin1')
    expect(text).not.toMatch(/^\.|[^\r]\n|\r[^\n]/m)
    ids.add(/^Message-ID: (<[^<> ]+>)\r$/m.exec(text)?.[1] ?? '')
    if (/^Subject:.*obsidian/m.test(text)) subjects++
    if (text.includes(RARE_TEXT.phrase)) texts++
  }
  expect(ids.size).toBe(800)
  expect(subjects).toBe(madeFrom(RARE_SUBJECT.template, 100, 800))
  expect(texts).toBe(madeFrom(RARE_TEXT.template, 100, 800))
})

test('a large message has the size it announces', () => {
  const { size, pieces } = bigMessage(1_000_000, 1)
  let sum = 0
  for (const piece of pieces()) sum += piece.length
  expect(sum).toBe(size)
  expect(Math.abs(size - 1_000_000)).toBeLessThan(70_000)
})
