// A small IMAP client for tests: one command at a time, literals both ways, every octet kept (RFC 3501).
// It knows nothing of Eider: what it says and hears is what stands on the wire.

import type { Readable, Writable } from 'node:stream'
import { openSocket } from './connect.js'
import { parseValues, type Segments, type Value } from './imap-values.js'
import { ConnectionLost, OctetReader } from './octets.js'

/** An untagged response without its `* `; `values` is empty for OK, NO, BAD, BYE and PREAUTH (see `line`). */
export interface Untagged {
  readonly line: string
  readonly values: readonly Value[]
}

export interface Completed {
  readonly status: 'OK' | 'NO' | 'BAD'
  /** The response code without its brackets: `APPENDUID 38505 3955`. */
  readonly code: string | undefined
  readonly text: string
  readonly untagged: readonly Untagged[]
}

export interface Fetched {
  readonly seq: number
  /** By its label in upper case: `UID`, `FLAGS`, `BODY[]`, `BODY[1.MIME]<0>`. */
  readonly items: ReadonlyMap<string, Value>
}

/** A command that was not answered OK. */
export class Refused extends Error {
  readonly completed: Completed

  constructor(said: string, completed: Completed) {
    super(`${said}: ${completed.status} [${completed.code ?? ''}] ${completed.text}`)
    this.completed = completed
  }
}

export class ImapClient {
  readonly #reader: OctetReader
  readonly #output: Writable
  #nextTag = 1
  /** Of the last command. */
  tag = ''
  /** Responses since the last completed command; what a lost connection leaves behind is told nowhere else. */
  heard: Untagged[] = []

  private constructor(input: Readable, output: Writable) {
    this.#reader = new OctetReader(input)
    this.#output = output
    output.on('error', () => {})
  }

  static async connect(address: string | undefined): Promise<ImapClient> {
    const socket = await openSocket(address)
    return ImapClient.over(socket, socket)
  }

  static async login(address: string | undefined, user: string, password: string): Promise<ImapClient> {
    const client = await ImapClient.connect(address)
    await client.expectOk('LOGIN ', Buffer.from(user), ' ', Buffer.from(password))
    return client
  }

  /** Also for a server that speaks on the standard streams of a child process. */
  static async over(input: Readable, output: Writable): Promise<ImapClient> {
    const client = new ImapClient(input, output)
    const greeting = await client.#response()
    const text = greeting[0]?.toString('latin1') ?? ''
    if (!/^\* (OK|PREAUTH)/.test(text)) throw new Error(`greeting: ${text}`)
    return client
  }

  /** Strings are sent as they are, octets as a synchronizing literal (RFC 3501 §4.3). */
  async command(...parts: readonly (string | Uint8Array)[]): Promise<Completed> {
    const tag = `t${this.#nextTag++}`
    this.tag = tag
    this.#output.write(`${tag} `)
    for (const part of parts) {
      if (typeof part === 'string') this.#output.write(part)
      else {
        this.#output.write(`{${part.length}}\r\n`)
        const refused = await this.#untilTagged(tag, true)
        if (refused !== undefined) return refused
        this.#output.write(part)
      }
    }
    this.#output.write('\r\n')
    const completed = await this.#untilTagged(tag, false)
    if (completed === undefined) throw new Error('a continuation where none was asked for')
    return completed
  }

  async expectOk(...parts: readonly (string | Uint8Array)[]): Promise<Completed> {
    const completed = await this.command(...parts)
    if (completed.status === 'OK') return completed
    const said = parts.map((part) => (typeof part === 'string' ? part : `{${part.length}}`)).join('')
    throw new Refused(said.slice(0, 300), completed)
  }

  async fetch(what: string): Promise<Fetched[]> {
    return fetched((await this.expectOk(what)).untagged)
  }

  /** UIDs that match, as the server lists them. */
  async search(keys: string): Promise<number[]> {
    const { untagged } = await this.expectOk(`UID SEARCH ${keys}`)
    const found = untagged.find(({ values }) => values[0] === 'SEARCH')
    return (found?.values.slice(1) ?? []).map(Number)
  }

  /** RFC 2177: what is told meanwhile stands in `heard`; the returned function ends it. */
  async idle(): Promise<() => Promise<Completed>> {
    const tag = `t${this.#nextTag++}`
    this.tag = tag
    this.#output.write(`${tag} IDLE\r\n`)
    const refused = await this.#untilTagged(tag, true)
    if (refused !== undefined) throw new Error(`IDLE: ${refused.status} ${refused.text}`)
    const completed = this.#untilTagged(tag, false)
    // Who asks for the end hears of it.
    completed.catch(() => {})
    return async () => {
      this.#output.write('DONE\r\n')
      return (await completed) as Completed
    }
  }

  async logout(): Promise<void> {
    await this.command('LOGOUT').catch(() => {})
    this.close()
  }

  close(): void {
    this.#output.destroy()
  }

  /** Undefined for a continuation request, where `continuation` allows one. */
  async #untilTagged(tag: string, continuation: boolean): Promise<Completed | undefined> {
    for (;;) {
      const segments = await this.#response()
      const first = segments[0] ?? Buffer.alloc(0)
      const line = first.toString('latin1')
      if (line.startsWith('+')) {
        if (continuation) return undefined
        throw new Error(`unexpected: ${line}`)
      }
      if (line.startsWith(`${tag} `)) return this.#complete(line.slice(tag.length + 1))
      if (!line.startsWith('* ')) throw new Error(`neither tagged nor untagged: ${line.slice(0, 200)}`)
      this.heard.push(readUntagged(line, segments))
    }
  }

  #complete(line: string): Completed {
    const match = /^(OK|NO|BAD)(?: \[([^\]]*)\])? ?(.*?)\r\n$/s.exec(line)
    if (match === null) throw new Error(`tagged response: ${line}`)
    const untagged = this.heard
    this.heard = []
    return { status: match[1] as Completed['status'], code: match[2], text: match[3] ?? '', untagged }
  }

  async #response(): Promise<Segments> {
    const segments: Buffer[] = []
    for (;;) {
      const line = await this.#reader.line()
      segments.push(line)
      const literal = /\{(\d+)\}\r\n$/.exec(line.toString('latin1', Math.max(0, line.length - 24)))
      if (literal === null) return segments
      segments.push(await this.#reader.take(Number(literal[1])))
    }
  }
}

function readUntagged(line: string, segments: Segments): Untagged {
  const status = /^\* (OK|NO|BAD|BYE|PREAUTH)\b/.test(line)
  return { line: line.slice(2).trimEnd(), values: status ? [] : parseValues(segments, 2) }
}

export function fetched(untagged: readonly Untagged[]): Fetched[] {
  const messages: Fetched[] = []
  for (const { values } of untagged) {
    const [seq, kind, list] = values
    if (kind !== 'FETCH' || !Array.isArray(list)) continue
    const items = new Map<string, Value>()
    for (let at = 0; at + 1 < list.length; at += 2) {
      items.set(String(list[at]).toUpperCase(), list[at + 1] as Value)
    }
    messages.push({ seq: Number(seq), items })
  }
  return messages
}

/** The UID that `OK [APPENDUID v u]` told (RFC 4315 §3). */
export function appendedUid(completed: Completed): number {
  const match = /^APPENDUID (\d+) (\d+)$/.exec(completed.code ?? '')
  if (match === null) throw new Error(`no APPENDUID in ${completed.status} [${completed.code}]`)
  return Number(match[2])
}

export { ConnectionLost }
