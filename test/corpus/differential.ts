// Asks two servers the same about the same message and says where their answers part.

import { fetched, type ImapClient } from '../wire/imap.js'
import type { Value } from '../wire/imap-values.js'
import { sameAnswer, show } from './compare.js'
import { partialsOf, partsOf, STRUCTURES, sectionsOf } from './sections.js'

export interface Difference {
  readonly message: string
  /** `ENVELOPE`, `BODY[1.2.MIME]`; a partial only where its whole section is alike: `BODY[1]<0.64>`. */
  readonly item: string
  readonly shown: string
}

type Answers = ReadonlyMap<string, Value>

const ITEMS_AT_ONCE = 150

/** Every line ends in CRLF, as a server that keeps lines would give it back (RFC 3501 §2.2). */
export function crlfForm(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}

/** The newest message of the selected mailbox on either side. */
export async function compareNewest(
  message: string,
  one: { client: ImapClient; seq: number },
  other: { client: ImapClient; seq: number },
): Promise<Difference[]> {
  const both = async (items: readonly string[]) => ({
    mine: await ask(one.client, one.seq, items),
    theirs: await ask(other.client, other.seq, items),
  })
  const structures = await both(STRUCTURES)
  const parts = [structures.mine, structures.theirs].flatMap((answers) =>
    partsOf(answers.get('BODYSTRUCTURE') ?? null),
  )
  const sections = sectionsOf(parts)
  const wholes = await both(sections.map((section) => `BODY.PEEK[${section}]`))
  const partials = await both(sections.flatMap((section) => partialItems(section, wholes.theirs)))
  const found = [structures, wholes, partials].flatMap(({ mine, theirs }) =>
    differences(message, mine, theirs),
  )
  const differing = new Set(found.map(({ item }) => item))
  return found.filter(({ item }) => item === sectionOf(item) || !differing.has(sectionOf(item)))
}

function partialItems(section: string, answers: Answers): string[] {
  const whole = answers.get(`BODY[${section}]`)
  const length = Buffer.isBuffer(whole) ? whole.length : 0
  return [...new Set(partialsOf(length))].map((partial) => `BODY.PEEK[${section}]${partial}`)
}

/** Labels of partials tell only where they begin, so those are asked with nothing else beginning there. */
async function ask(client: ImapClient, seq: number, items: readonly string[]): Promise<Answers> {
  const answers = new Map<string, Value>()
  for (const group of grouped(items)) {
    const { untagged } = await client.expectOk(`FETCH ${seq} (${group.join(' ')})`)
    for (const message of fetched(untagged)) {
      for (const item of group) {
        const value = message.items.get(labelOf(item))
        if (value !== undefined) answers.set(item.replace('.PEEK', ''), value)
      }
    }
  }
  return answers
}

function grouped(items: readonly string[]): string[][] {
  const groups: string[][] = []
  for (const item of items) {
    const fits = (group: string[]) =>
      group.length < ITEMS_AT_ONCE && !group.some((present) => labelOf(present) === labelOf(item))
    const group = groups.find(fits)
    if (group === undefined) groups.push([item])
    else group.push(item)
  }
  return groups
}

/** `BODY.PEEK[1]<0.64>` is answered as `BODY[1]<0>` (RFC 3501 §7.4.2). */
function labelOf(item: string): string {
  return item.replace('.PEEK', '').replace(/<(\d+)\.\d+>$/, '<$1>')
}

function differences(message: string, mine: Answers, theirs: Answers): Difference[] {
  const found: Difference[] = []
  for (const item of new Set([...mine.keys(), ...theirs.keys()])) {
    const [left, right] = [mine.get(item), theirs.get(item)]
    if (sameAnswer(item, left, right)) continue
    found.push({
      message,
      item,
      shown: `${item}\n  one   ${near(left, right)}\n  other ${near(right, left)}`,
    })
  }
  return found
}

function sectionOf(item: string): string {
  return item.replace(/<\d+\.\d+>$/, '')
}

/** A long answer is shown around the first place where it differs. */
function near(value: Value | undefined, other: Value | undefined): string {
  const [text, against] = [show(value), show(other)]
  let at = 0
  while (at < text.length && text[at] === against[at]) at++
  const start = Math.max(0, at - 60)
  return `${start > 0 ? '…' : ''}${text.slice(start, at + 120)} (${text.length})`
}
