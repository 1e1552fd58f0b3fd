// Three sessions on one mailbox, their commands interleaved at random: what each was told, replayed, is the truth; numbers
// move only where they may; a UID is one message for ever; \Recent belongs to one. INTERLEAVING_RUNS=10000 runs it at
// length, INTERLEAVING_SEED repeats a run.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ImapClient } from './client.js'
import { Agreement, Replay } from './replay.js'
import { closeWithoutErrors, type ImapTestServer, startImapServer } from './server.js'

const RUNS = Number(process.env['INTERLEAVING_RUNS'] ?? 60)
const SEED = Number(process.env['INTERLEAVING_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const SESSIONS = 3
const COMMANDS = 10
const FLAGS = ['\\Seen', '\\Flagged', '\\Deleted', '\\Answered', '$Work']

let server: ImapTestServer
const clients: ImapClient[] = []

beforeAll(async () => {
  server = await startImapServer()
  await server.addUser('anna')
  for (let at = 0; at <= SESSIONS; at++) clients.push(await ImapClient.login(server.port, 'anna'))
})
afterAll(async () => {
  for (const client of clients) client.close()
  await closeWithoutErrors(server)
})

/** mulberry32. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

class Actor {
  readonly client: ImapClient
  readonly replay: Replay
  readonly #mailbox: string
  readonly #next: () => number

  constructor(client: ImapClient, replay: Replay, mailbox: string, next: () => number) {
    this.client = client
    this.replay = replay
    this.#mailbox = mailbox
    this.#next = next
  }

  #below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  #some<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T
  }

  /** Sends a command and replays what comes; the tagged response. */
  async say(text: string): Promise<string> {
    const tag = this.client.nextTag()
    this.client.send(`${tag} ${text}\r\n`)
    return this.hear(tag, text)
  }

  async hear(tag: string, text: string): Promise<string> {
    const mayExpunge = !/^(FETCH|STORE|SEARCH) /.test(text)
    for (;;) {
      const response = await this.client.response()
      if (response === undefined) throw new Error(`${text}: the connection ended`)
      if (response.startsWith(`${tag} `)) return response.slice(tag.length + 1)
      try {
        this.replay.take(response, mayExpunge)
      } catch (error) {
        throw new Error(`${text}: ${response}`, { cause: error })
      }
    }
  }

  async select(): Promise<void> {
    this.replay.clear()
    await this.#expectOk(`SELECT ${this.#mailbox}`)
  }

  async #expectOk(text: string): Promise<void> {
    const tagged = await this.say(text)
    if (!tagged.startsWith('OK')) throw new Error(`${text}: ${tagged}`)
  }

  /** A range of messages that are there, as this session sees it. */
  #range(): { from: number; to: number } {
    const from = 1 + this.#below(this.replay.messages.length)
    return { from, to: Math.min(this.replay.messages.length, from + this.#below(3)) }
  }

  async #append(number: number): Promise<void> {
    const message = `Subject: ${this.#next()}\r\n\r\n${number}\r\n`
    const tag = this.client.nextTag()
    const text = `APPEND ${this.#mailbox} (${this.#some(['', ...FLAGS])}) {${message.length}+}`
    this.client.send(`${tag} ${text}\r\n${message}\r\n`)
    expect(await this.hear(tag, text)).toMatch(/^OK/)
  }

  async #store(): Promise<void> {
    const { from, to } = this.#range()
    const mode = this.#some(['+', '-', ''])
    const flags = FLAGS.filter(() => this.#next() < 0.4)
    const silent = this.#next() < 0.5
    if (silent) this.replay.storedSilently(from, to, mode, flags)
    const tagged = await this.say(
      `STORE ${from}:${to} ${mode}FLAGS${silent ? '.SILENT' : ''} (${flags.join(' ')})`,
    )
    // Refused, or silent about messages that are gone: their flags are not known.
    if (!tagged.startsWith('OK')) this.replay.forgetFlags(from, to)
    expect(tagged).toMatch(/^(OK|NO \[EXPUNGEISSUED\])/)
  }

  async #idle(): Promise<void> {
    const tag = this.client.nextTag()
    this.client.send(`${tag} IDLE\r\n`)
    this.client.send('DONE\r\n')
    await this.hear(tag, 'IDLE')
  }

  async act(number: number): Promise<void> {
    const { messages } = this.replay
    const { from, to } = messages.length > 0 ? this.#range() : { from: 0, to: 0 }
    const choice = messages.length === 0 ? this.#below(3) : this.#below(15)
    if (choice < 2) await this.#append(number)
    else if (choice === 2) await this.#expectOk(this.#some(['NOOP', 'CHECK']))
    else if (choice < 6) await this.#store()
    else if (choice === 6) await this.#expectOk('EXPUNGE')
    else if (choice === 7) await this.#expectOk(`UID EXPUNGE ${messages[from - 1]?.uid ?? '1'}:*`)
    else if (choice === 8) await this.say(`COPY ${from}:${to} ${this.#mailbox}`)
    else if (choice === 9) await this.say(`MOVE ${from}:${to} ${this.#mailbox}`)
    else if (choice === 10) await this.say(`FETCH ${from}:${to} (UID FLAGS)`)
    else if (choice === 11) await this.#expectOk(`UID FETCH 1:* (FLAGS)`)
    else if (choice === 12) await this.say(`FETCH ${from}:${to} (UID BODY.PEEK[])`)
    else if (choice === 13)
      await this.#expectOk(this.#some(['SEARCH ALL', 'SEARCH UNSEEN', 'UID SEARCH DELETED']))
    else await (this.#next() < 0.7 ? this.#idle() : this.select())
  }
}

/** What a session that comes afterwards is told. */
async function truth(client: ImapClient, mailbox: string): Promise<Replay> {
  const replay = new Replay(-1, new Agreement())
  for (const response of await client.ok(`EXAMINE ${mailbox}`)) replay.take(response, true)
  for (const response of await client.ok('FETCH 1:* (UID FLAGS)')) replay.take(response, true)
  return replay
}

async function run(seed: number): Promise<void> {
  const next = random(seed)
  const mailbox = `run${seed}`
  const [witness, ...others] = clients
  if (witness === undefined) throw new Error('no witness')
  await witness.ok(`CREATE ${mailbox}`)
  const agreement = new Agreement()
  const actors = others.map((client, at) => new Actor(client, new Replay(at, agreement), mailbox, next))
  await Promise.all(actors.map((actor) => actor.select()))
  await Promise.all(
    actors.map(async (actor) => {
      for (let at = 0; at < COMMANDS; at++) await actor.act(at)
    }),
  )
  for (const actor of actors) await actor.say('NOOP')
  const expected = (await truth(witness, mailbox)).messages
  for (const [at, actor] of actors.entries()) {
    const told = actor.replay.messages
    expect(told.length, `session ${at}: EXISTS`).toBe(expected.length)
    for (const [index, message] of told.entries()) {
      if (message.uid !== undefined)
        expect(message.uid, `session ${at}: UID of ${index + 1}`).toBe(expected[index]?.uid)
      if (message.flags !== undefined) {
        expect(message.flags, `session ${at}: flags of ${index + 1}`).toEqual(expected[index]?.flags)
      }
    }
    await actor.client.ok('UNSELECT')
  }
  await witness.ok('UNSELECT')
  await witness.ok(`DELETE ${mailbox}`)
}

test(
  `${RUNS} runs of three sessions, from seed ${SEED}`,
  async () => {
    for (let at = 0; at < RUNS; at++) {
      try {
        await run(SEED + at)
      } catch (error) {
        throw new Error(`INTERLEAVING_SEED=${SEED + at}: ${(error as Error).message}`, { cause: error })
      }
    }
  },
  60_000 + RUNS * 1_000,
)
