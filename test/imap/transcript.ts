// Transcripts of IMAP sessions as tests: `C:` lines are sent, `S:` lines must come, in that order. test/imap/README.md says
// what may stand in them.

import { expect } from 'vitest'
import { ImapClient } from './client.js'
import { type ImapTestServer, PASSWORD } from './server.js'

interface Step {
  readonly line: number
  readonly connection: number
  readonly kind: 'send' | 'expect'
  readonly text: string
}

export interface Transcript {
  readonly title: string
  readonly state: 'connected' | 'authenticated' | 'selected'
  readonly connections: number
  readonly messages: number
  readonly steps: readonly Step[]
}

const STEP = /^([CS])(\d?): ?(.*)$/

const withEscapes = (text: string): string =>
  text.replace(/\\r|\\n|\\t|\\0|\\x([0-9a-f]{2})/g, (sequence, hex?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    return { '\\r': '\r', '\\n': '\n', '\\t': '\t', '\\0': '\0' }[sequence] ?? sequence
  })

/** The first comment is the title; `state:`, `connections:` and `messages:` may follow; then steps. */
export function parseTranscript(source: string): Transcript {
  const settings: Record<string, string> = {}
  const steps: Step[] = []
  source.split('\n').forEach((text, at) => {
    const step = STEP.exec(text)
    const setting = /^(state|connections|messages): (\S+)$/.exec(text)
    if (step !== null) {
      const [, kind, connection = '', rest = ''] = step
      steps.push({
        line: at + 1,
        kind: kind === 'C' ? 'send' : 'expect',
        connection: connection === '' ? 1 : Number(connection),
        text: withEscapes(rest),
      })
    } else if (setting !== null) settings[setting[1] ?? ''] = setting[2] ?? ''
    else if (text !== '' && !text.startsWith('#'))
      throw new Error(`line ${at + 1}: neither C: nor S: nor #: ${text}`)
  })
  const [title = ''] = source.split('\n')
  return {
    title: title.replace(/^# ?/, ''),
    state: (settings['state'] ?? 'authenticated') as Transcript['state'],
    connections: Number(settings['connections'] ?? 1),
    messages: Number(settings['messages'] ?? 0),
    steps,
  }
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** `{{…}}` matches anything; `{{name}}` anything without a space, and the same wherever it stands again. */
class Names {
  readonly #known = new Map<string, string>()

  fill(text: string): string {
    return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => this.#known.get(name) ?? whole)
  }

  matches(expected: string, actual: string): boolean {
    const names: string[] = []
    const pattern = this.fill(expected)
      .split(/(\{\{[^}]*\}\})/)
      .map((piece) => {
        if (piece === '{{…}}') return '[^]*'
        const name = /^\{\{(\w+)\}\}$/.exec(piece)?.[1]
        if (name === undefined) return escapeRegExp(piece)
        names.push(name)
        return '([^ \\])]+)'
      })
      .join('')
    const match = new RegExp(`^${pattern}$`).exec(actual)
    names.forEach((name, at) => {
      if (match !== null) this.#known.set(name, match[at + 1] ?? '')
    })
    return match !== null
  }
}

/** Files are UTF-8, the wire is octets: `…` stands in files only, everything else in them is ASCII or an escape. */
export const message = (number: number): string =>
  `From: sender${number}@example.org\r\nTo: anna@example.org\r\nSubject: message ${number}\r\nDate: Mon, 7 Feb 1994 21:52:2${number % 10} -0800\r\n\r\nbody ${number}\r\n`

let users = 0

async function openConnections(
  server: ImapTestServer,
  transcript: Transcript,
  user: string,
): Promise<ImapClient[]> {
  const clients: ImapClient[] = []
  for (let at = 0; at < transcript.connections; at++) {
    if (transcript.state === 'connected') clients.push(await ImapClient.connect(server.port))
    else clients.push(await ImapClient.login(server.port, user))
  }
  return clients
}

async function prepare(transcript: Transcript, clients: readonly ImapClient[]): Promise<void> {
  const [first] = clients
  for (let number = 1; number <= transcript.messages; number++) await first?.append('INBOX', message(number))
  if (transcript.state !== 'selected') return
  for (const client of clients) await client.ok('SELECT INBOX')
}

export async function runTranscript(server: ImapTestServer, transcript: Transcript): Promise<void> {
  users++
  const user = `user${users}`
  await server.addUser(user)
  const clients = await openConnections(server, transcript, user)
  try {
    await prepare(transcript, clients)
    await play(transcript, clients, user)
  } finally {
    for (const client of clients) client.close()
  }
}

async function play(transcript: Transcript, clients: readonly ImapClient[], user: string): Promise<void> {
  const names = new Names()
  const { steps } = transcript
  for (const [index, step] of steps.entries()) {
    const client = clients[step.connection - 1]
    if (client === undefined) throw new Error(`line ${step.line}: no connection ${step.connection}`)
    if (step.kind === 'send') {
      const following = steps
        .slice(index + 1)
        .find((next) => next.kind === 'send' && next.connection === step.connection)
      const text = names
        .fill(step.text)
        .replace('{#', `{${following?.text.length ?? 0}`)
        .replaceAll('$user', user)
        .replaceAll('$password', PASSWORD)
      client.send(`${text}\r\n`)
    } else await expectStep(client, step, names)
  }
}

async function expectStep(client: ImapClient, step: Step, names: Names): Promise<void> {
  if (step.text === '<closed>') {
    expect(await client.response(), `line ${step.line}`).toBeUndefined()
    return
  }
  const actual = await client.response()
  if (actual !== undefined && names.matches(step.text, actual)) return
  expect(actual, `line ${step.line}`).toBe(names.fill(step.text))
}
