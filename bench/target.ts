// One server in one run: opens connections as its accounts, fills mailboxes once, and records what a row measures,
// with the CPU time of the server's processes where their pid is known.
import { ImapConnection } from './imap-connection.js'
import { LmtpConnection } from './lmtp-connection.js'
import { MessageMaker } from './messages.js'
import type { Plan } from './plan.js'
import { cpuMs } from './processes.js'
import type { Endpoint, Server } from './server.js'

/** Connections that fill a mailbox, and APPENDs in flight on each. */
const FILLERS = 8
const IN_FLIGHT = 16

export interface Samples {
  readonly values: number[]
  cpuMs: number
  clientCpuMs: number
  operations: number
}

/** A row asks for what the command line did not give of this server: it stays unmeasured, which is no failure. */
export class NotGiven extends Error {}

export interface Filled {
  readonly name: string
  readonly account: number
  /** Serial of the first message; the others follow it. */
  readonly first: number
  readonly count: number
  /** What has been read of it so far in this run: the first time may cost more. */
  readonly touched: Set<string>
}

export class Target {
  readonly server: Server
  readonly plan: Plan
  readonly samples = new Map<string, Samples>()
  private readonly filled = new Map<string, Filled>()
  private readonly makers = new Map<number, MessageMaker>()
  private serial = 0

  constructor(server: Server, plan: Plan) {
    this.server = server
    this.plan = plan
  }

  user(account: number): string {
    return this.plan.users.replace('%d', String(account))
  }

  address(account: number): string {
    const user = this.user(account)
    return user.includes('@') ? user : `${user}@${this.plan.domain}`
  }

  private endpoint(kind: 'imaps' | 'lmtp'): Endpoint {
    const endpoint = this.server[kind]
    if (!endpoint) throw new NotGiven(`no ${kind}:// address was given`)
    return endpoint
  }

  get pid(): number {
    if (this.server.pid === undefined) throw new NotGiven(`no pid was given (${this.server.name}.pid=…)`)
    return this.server.pid
  }

  async open(
    account: number,
    settings: { readBuffer?: number; tls?: boolean } = {},
  ): Promise<ImapConnection> {
    const endpoint = settings.tls ? this.endpoint('imaps') : this.server.imap
    const connection = await ImapConnection.open(endpoint, settings)
    await connection.login(this.login(account), this.password)
    return connection
  }

  login(account: number): string {
    return this.server.login === 'user' ? this.user(account) : this.address(account)
  }

  get password(): string {
    return this.server.password ?? this.plan.password
  }

  lmtp(): Promise<LmtpConnection> {
    return LmtpConnection.open(this.endpoint('lmtp'))
  }

  /** This run's name of a mailbox. */
  mailbox(name: string): string {
    return `bench-${this.plan.run}-${name}`
  }

  /** The next message, never made before in this run. */
  message(size = 4096): Buffer {
    return this.maker(size).message(this.serial++)
  }

  private maker(size: number): MessageMaker {
    const maker = this.makers.get(size) ?? new MessageMaker(size)
    this.makers.set(size, maker)
    return maker
  }

  /** A mailbox with `count` messages of `size` octets; filled at the first call, the same again later. */
  async mailboxOf(account: number, name: string, count: number, size = 4096): Promise<Filled> {
    const known = this.filled.get(name)
    if (known) return known
    const connection = await this.open(account)
    await connection.command(`CREATE ${this.mailbox(name)}`)
    await connection.logout()
    const first = await this.fill(account, this.mailbox(name), count, size)
    const filled = { name: this.mailbox(name), account, first, count, touched: new Set<string>() }
    this.filled.set(name, filled)
    return filled
  }

  /** Appends `count` messages over several connections; returns the serial of the first. */
  async fill(account: number, mailbox: string, count: number, size = 4096): Promise<number> {
    const first = this.serial
    this.serial += count
    const maker = this.maker(size)
    let next = first
    const work = async (): Promise<void> => {
      const connection = await this.open(account)
      const depth = connection.canPipeline(size) ? IN_FLIGHT : 1
      while (next < first + count) {
        const until = Math.min(next + depth, first + count)
        const replies: Promise<string>[] = []
        for (; next < until; next++) replies.push(connection.append(mailbox, maker.message(next)))
        await Promise.all(replies)
      }
      await connection.logout()
    }
    await Promise.all(Array.from({ length: Math.min(FILLERS, count) }, work))
    return first
  }

  /** Deletes the mailboxes that this run filled. */
  async deleteFilled(): Promise<void> {
    for (const { account, name } of this.filled.values()) {
      const connection = await this.open(account)
      await connection.command(`DELETE ${name}`)
      await connection.logout()
    }
    this.filled.clear()
  }

  private of(key: string): Samples {
    const samples = this.samples.get(key) ?? { values: [], cpuMs: 0, clientCpuMs: 0, operations: 0 }
    this.samples.set(key, samples)
    return samples
  }

  record(key: string, value: number): void {
    this.of(key).values.push(value)
  }

  /** Runs what a row measures and books the CPU time it cost, for `operations` of them, under `key`. */
  async costed<T>(
    key: string,
    operations: number | ((result: T) => number),
    body: () => Promise<T>,
  ): Promise<T> {
    const samples = this.of(key)
    const pid = this.server.pid
    const before = pid === undefined ? 0 : cpuMs(pid)
    const client = process.cpuUsage()
    const result = await body()
    const used = process.cpuUsage(client)
    samples.clientCpuMs += (used.user + used.system) / 1000
    if (pid !== undefined) samples.cpuMs += Math.max(0, cpuMs(pid) - before)
    samples.operations += typeof operations === 'number' ? operations : operations(result)
    return result
  }

  /** As `costed`, and records the milliseconds that the body took. */
  async timed<T>(key: string, operations: number, body: () => Promise<T>): Promise<T> {
    let took = 0
    const result = await this.costed(key, operations, async () => {
      const start = performance.now()
      const done = await body()
      took = performance.now() - start
      return done
    })
    this.record(key, took)
    return result
  }
}

/** Throws unless a server did all that it was asked for. */
export function expectCount(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}
