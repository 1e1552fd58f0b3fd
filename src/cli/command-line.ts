// The eider command: its commands, options and exit codes. docs/operations.md, "Command line".

import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { isCluster, type LoadedConfig, loadConfig } from '../config/load.js'
import { size } from '../config/values.js'
import { createLogger } from '../kit/log.js'
import { standardOutput } from '../kit/log-output.js'
import type { Finding } from '../mail/types.js'
import { administer } from './admin.js'
import { confirm, readPassword } from './ask.js'
import type { OpenServices } from './open.js'
import type { OperationName } from './operations.js'
import { hasData } from './paths.js'
import { type Output, printer, showConfig } from './print.js'
import { describeError, type Refusal, RefusedError, UsageError } from './refusals.js'

/** What scripts can rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, found: 3 } as const

interface GlobalOptions {
  readonly data?: string
  readonly config?: string
  readonly set: readonly string[]
  readonly json?: boolean
}

interface PasswordOptions {
  readonly passwordStdin?: boolean
}

/** Runs one command line (without the program's name) and returns the exit code. */
export async function runCommandLine(args: readonly string[], open: OpenServices): Promise<number> {
  const json = args.includes('--json')
  const line = new CommandLine(open, json)
  try {
    await line.program.parseAsync([...args], { from: 'user' })
    return line.exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    // Of what it cannot parse Commander has told people already.
    if (error instanceof CommanderError && !json) return EXIT.usage
    const { code, message } = error instanceof CommanderError ? usageOf(error) : describeError(error)
    process.stderr.write(json ? `${JSON.stringify({ error: { code, message } })}\n` : `eider: ${message}\n`)
    if (code === 'internal' && !json && process.env['NODE_DEBUG'] !== undefined) console.error(error)
    return code === 'usage' ? EXIT.usage : EXIT.failed
  }
}

/** Commander's own sentence; where a subcommand is missing it has none, only the help that it prints. */
const usageOf = ({ code, message }: CommanderError): Refusal => ({
  code: 'usage',
  message:
    code === 'commander.help' ? 'a subcommand is needed; --help lists them' : message.replace(/^error: /, ''),
})

class CommandLine {
  readonly program = new Command('eider')
  exitCode: number = EXIT.done
  readonly #open: OpenServices

  /** `silent`: what cannot be parsed is told by whoever catches it. */
  constructor(open: OpenServices, silent: boolean) {
    this.#open = open
    if (silent) this.program.configureOutput({ writeErr: () => {} })
    this.program
      .description('A mail store: IMAP, SMTP and LMTP maildrop, and an HTTP API over one database')
      .option('--data <dir>', 'folder of everything that is kept (default: ./data)')
      .option('--config <file>', 'configuration in TOML')
      .option('--set <key=value>', 'set one key of the configuration; repeatable', append, [])
      .option('--json', 'print JSON')
      .exitOverride()
      .showSuggestionAfterError()
    this.program
      .command('serve')
      .description('run the server')
      .action(() => this.#serve())
    this.#users()
    this.#addresses()
    this.#tokens()
    this.#others()
  }

  get #global(): GlobalOptions {
    return this.program.opts<GlobalOptions>()
  }

  #load(): LoadedConfig {
    const { data, config, set } = this.#global
    return loadConfig({ data, file: config, set, environment: process.env })
  }

  get #print(): Output {
    return printer(this.#global.json === true)
  }

  async #serve(): Promise<void> {
    const loaded = this.#load()
    // Read only when needed: the other commands start in half the time without all the protocols.
    const { serve } = await import('./serve.js')
    await serve(this.#open, loaded, createLogger(loaded.config['log.level'], standardOutput()))
  }

  async #run(name: OperationName, args: unknown, show: (result: unknown) => void): Promise<void> {
    const { config } = this.#load()
    const isFirst = !isCluster(config) && !hasData(config.data)
    show(await administer(this.#open, config, name, args))
    if (isFirst) this.#print.madeStore(config.data)
  }

  #users(): void {
    const user = this.program.command('user').description('accounts')
    user
      .command('add <username>')
      .description('make an account; the password comes from a prompt or from standard input')
      .option('--password-stdin', 'read the password from standard input')
      .option('--address <address>', 'register an address; repeatable, the first is the main one', append, [])
      .option('--quota <size>', 'what it may hold, such as 500MiB', parseQuota)
      .action(async (username: string, options: PasswordOptions & { address: string[]; quota?: number }) => {
        const password = await readPassword(options.passwordStdin === true)
        const args = { username, password, quota: options.quota, addresses: options.address }
        await this.#run('user add', args, this.#print.account)
      })
    user
      .command('list')
      .description('all accounts')
      .action(() => this.#run('user list', {}, this.#print.accounts))
    user
      .command('show <user>')
      .description('one account, by user name or address')
      .action((name: string) => this.#run('user show', { user: name }, this.#print.account))
    user
      .command('password <user>')
      .description('set a new password; open sessions end')
      .option('--password-stdin', 'read the password from standard input')
      .action(async (name: string, options: PasswordOptions) => {
        const password = await readPassword(options.passwordStdin === true)
        await this.#run('user password', { user: name, password }, this.#print.done('password changed'))
      })
    user
      .command('quota <user> [size]')
      .description('set what the account may hold, such as 2GiB; "default": the configured default')
      .option('--recount', 'count again what it holds')
      .action((name: string, text: string | undefined, { recount }: { recount?: boolean }) =>
        this.#quota(name, text, recount === true),
      )
    user
      .command('remove <user>')
      .description('remove the account with all its mail')
      .option('--yes', 'do not ask')
      .action(async (name: string, { yes }: { yes?: boolean }) => {
        if (yes !== true && !(await confirm(`Remove ${name} with all its mail?`))) {
          throw new RefusedError('cancelled', 'nothing was removed')
        }
        await this.#run('user remove', { user: name }, this.#print.done('removed'))
      })
  }

  async #quota(name: string, text: string | undefined, recount: boolean): Promise<void> {
    if ((text === undefined) !== recount) throw new UsageError('user quota: give a size, or --recount')
    if (text !== undefined) {
      const quota = octetsOf(text)
      if (quota === undefined) throw new UsageError(`user quota: ${noSize(text)}`)
      await this.#run('user quota', { user: name, quota }, this.#print.done('quota set'))
    }
    if (recount) await this.#run('user recount', { user: name }, this.#print.recounted)
  }

  #addresses(): void {
    const address = this.program.command('address').description('addresses of accounts')
    address
      .command('add <user> <address>')
      .description('register an address for an account')
      .option('--main', 'make it the main one')
      .action((name: string, text: string, { main }: { main?: boolean }) =>
        this.#run(
          'address add',
          { user: name, address: text, main: main === true },
          this.#print.done('added'),
        ),
      )
    address
      .command('remove <address>')
      .description('mail for it is refused from now on')
      .action((text: string) => this.#run('address remove', { address: text }, this.#print.done('removed')))
    address
      .command('list [user]')
      .description("one account's addresses, or all")
      .action((name: string | undefined) => this.#run('address list', { user: name }, this.#print.addresses))
  }

  #tokens(): void {
    const token = this.program.command('token').description('tokens of the HTTP API')
    token
      .command('create [label]')
      .description('make a token; it is shown this once')
      .action((label: string | undefined) =>
        this.#run('token create', { label: label ?? '' }, this.#print.newToken),
      )
    token
      .command('list')
      .description('all tokens, without their secrets')
      .action(() => this.#run('token list', {}, this.#print.tokens))
    token
      .command('revoke <id>')
      .description('the token opens nothing from now on')
      .action((id: string) => this.#run('token revoke', { id }, this.#print.done('revoked')))
  }

  #others(): void {
    this.program
      .command('mailbox')
      .description('mailboxes')
      .command('list <user>')
      .description("an account's mailboxes")
      .action((name: string) => this.#run('mailbox list', { user: name }, this.#print.mailboxes))
    this.program
      .command('check')
      .description('verify everything that is kept; exit code 3 where something is wrong')
      .option('--repair', 'mend what can be mended')
      .action(({ repair }: { repair?: boolean }) => this.#check(repair === true))
    this.program
      .command('migrate')
      .description('carry everything of one store over into an empty one, with the servers of both stopped')
      .requiredOption('--from <store>', 'sqlite:DIR or mongodb://…')
      .requiredOption('--to <store>', 'the same; the same command goes on where it was interrupted')
      .action((urls: { from: string; to: string }) => this.#migrate(urls))
    this.program
      .command('config')
      .description('the configuration')
      .command('show')
      .description('every key, its value and where it was set')
      .action(() => showConfig(this.#load(), this.#global.json === true))
  }

  async #migrate(urls: { from: string; to: string }): Promise<void> {
    const { config } = this.#load()
    const { migrate } = await import('./migrate.js')
    if ((await migrate(this.#open, config, urls, this.#print)) > 0) this.exitCode = EXIT.found
  }

  async #check(repair: boolean): Promise<void> {
    const { config } = this.#load()
    const print = this.#print
    const result = await administer(this.#open, config, 'check', { repair }, (item) =>
      print.finding(item as Finding),
    )
    const left = print.checked(result)
    if (left > 0) this.exitCode = EXIT.found
  }
}

const append = (value: string, before: readonly string[]): readonly string[] => [...before, value]

/** 0 for the default; undefined where it is no size. */
const octetsOf = (text: string): number | undefined => (text === 'default' ? 0 : size(1).safeParse(text).data)

const noSize = (text: string) => `${text} is no size; write it as 500MB, 2GiB or default`

function parseQuota(text: string): number {
  const octets = octetsOf(text)
  if (octets === undefined) throw new InvalidArgumentError(noSize(text))
  return octets
}
