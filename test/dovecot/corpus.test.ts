// Every section, ENVELOPE, BODYSTRUCTURE and BODY of the corpus as Eider answers over IMAP, held against Dovecot's answer
// for the same message. DOVECOT_IMAP_PORT is where one listens on 127.0.0.1 that takes any user with the password
// "pass"; without it this skips.
// A difference that is not in the table fails, and so does a row that no difference needs.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Part } from '../../src/model/message.js'
import { ImapClient } from '../imap/client.js'
import { type ImapTestServer, startImapServer } from '../imap/server.js'
import { corpusIsThere, readCorpus } from '../support/corpus.js'
import { parse } from '../support/parsing.js'
import { DIFFERENCES } from './differences.js'
import { fetchValues, lowerCase, type Value } from './fetch-values.js'

const DOVECOT = process.env['DOVECOT_IMAP_PORT']
if (DOVECOT === undefined)
  console.warn('SKIPPED: no Dovecot to hold the corpus against; set DOVECOT_IMAP_PORT')

const TEXTS = [
  '',
  'HEADER',
  'TEXT',
  'MIME',
  'HEADER.FIELDS (SUBJECT FROM)',
  'HEADER.FIELDS.NOT (SUBJECT FROM)',
]
const AT_A_TIME = 20

/** The paths of all parts, and one that is not there in each multipart. */
function paths(root: Part): string[] {
  const found: string[] = []
  const visit = (container: Part, prefix: string): void => {
    const { children } = container
    const parts = children ?? [container]
    for (const [index, part] of parts.entries()) {
      const path = `${prefix}${index + 1}`
      found.push(path)
      if (part.message !== undefined) visit(part.message, `${path}.`)
      else if (children !== undefined && part.children !== undefined) visit(part, `${path}.`)
    }
    if (children !== undefined) found.push(`${prefix}${children.length + 1}`)
  }
  visit(root, '')
  return found
}

function items(root: Part): string[] {
  const sections = TEXTS.filter((text) => text !== 'MIME')
  for (const path of paths(root))
    for (const text of TEXTS) sections.push(text === '' ? path : `${path}.${text}`)
  const partials = ['<0.10>', '<7.100>', '<100000000.5>'].flatMap((range) => [`[]${range}`, `[1]${range}`])
  return [...sections.map((section) => `[${section}]`), ...partials].map((section) => `BODY${section}`)
}

/** `BODY[]<7.100>` is asked for, `BODY[]<7>` answered. */
const asked = (item: string): string => item.replace(/^BODY\[/, 'BODY.PEEK[')
const answered = (item: string): string => item.replace(/<(\d+)\.\d+>$/, '<$1>')

async function fetchAll(client: ImapClient, number: number, root: Part): Promise<Map<string, Value>> {
  const values = new Map<string, Value>()
  const wanted = items(root)
  for (let from = 0; from < wanted.length; from += AT_A_TIME) {
    const some = wanted.slice(from, from + AT_A_TIME)
    const lines = await client.ok(`FETCH ${number} (${some.map(asked).join(' ')})`)
    const got = fetchValues(lines, some.map(answered))
    for (const item of some) values.set(item, got.get(answered(item)) || '')
  }
  for (const item of ['ENVELOPE', 'BODYSTRUCTURE', 'BODY']) {
    const value = fetchValues(await client.ok(`FETCH ${number} (${item})`), [item]).get(item) ?? null
    values.set(item, item === 'ENVELOPE' ? value : lowerCase(value))
  }
  return values
}

describe.skipIf(DOVECOT === undefined || !corpusIsThere)('the corpus over IMAP', () => {
  let server: ImapTestServer
  let eider: ImapClient
  let dovecot: ImapClient

  beforeAll(async () => {
    server = await startImapServer()
    await server.addUser('corpus')
    eider = await ImapClient.login(server.port, 'corpus')
    dovecot = await ImapClient.connect(Number(DOVECOT))
    await dovecot.response()
    await dovecot.ok(`LOGIN corpus-${process.pid}-${Date.now()} pass`)
  })

  afterAll(async () => {
    eider.close()
    dovecot.close()
    await server.close()
  })

  test('is answered as Dovecot answers, or a row says why not', { timeout: 600_000 }, async () => {
    const messages = readCorpus().map(({ name, source }) => ({
      name,
      source: Buffer.from(source.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1'),
    }))
    for (const client of [eider, dovecot]) {
      for (const { name, source } of messages)
        expect(await client.append('INBOX', source), name).toMatch(/^OK/)
      await client.ok('SELECT INBOX')
    }
    const found = new Set<string>()
    for (const [index, { name, source }] of messages.entries()) {
      const { root } = parse(source)
      const ours = await fetchAll(eider, index + 1, root)
      const theirs = await fetchAll(dovecot, index + 1, root)
      for (const [item, value] of ours) {
        if (JSON.stringify(value) === JSON.stringify(theirs.get(item))) continue
        found.add(`${name} ${item}`)
        if (!DIFFERENCES.has(`${name} ${item}`))
          expect.soft(value, `${name} ${item}`).toEqual(theirs.get(item))
      }
    }
    const stale = [...DIFFERENCES.keys()].filter((row) => !found.has(row))
    expect(stale, 'rows that no difference needs').toEqual([])
  })
})
