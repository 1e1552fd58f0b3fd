// What the commands print: columns for people, JSON (one value a command, one line an item for `check`) for scripts.

import type { LoadedConfig } from '../config/load.js'
import { describeKey } from '../config/schema.js'
import { withoutSecrets } from '../config/values.js'
import type { MigrationProgress } from '../mail/migrate.js'
import type { MigrationOutput } from './migrate.js'

type Row = Readonly<Record<string, unknown>>
type Show = (result: unknown) => void

export interface Output extends MigrationOutput {
  readonly account: Show
  readonly accounts: Show
  readonly addresses: Show
  readonly mailboxes: Show
  readonly tokens: Show
  readonly newToken: Show
  readonly recounted: Show
  /** The command was the first in its data folder. */
  madeStore(data: string): void
  /** Returns how many findings are left. */
  checked(result: unknown): number
  done(what: string): Show
}

const write = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const asJson: Show = (result) => write(JSON.stringify(result))

function table(columns: readonly string[], rows: readonly Row[]): string {
  const cells = [
    columns.map((column) => column.toUpperCase()),
    ...rows.map((row) => columns.map((column) => String(row[column] ?? ''))),
  ]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return cells.map(line).join('\n')
}

const asTable =
  (...columns: string[]): Show =>
  (rows) =>
    write(table(columns, rows as Row[]))

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function printSize(octets: number): string {
  const power = octets < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(octets) / 10))
  const value = octets / 1024 ** power
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[power]}`
}

const accountRow = (account: Row): Row => ({
  ...account,
  quota: printSize(Number(account['quota'])),
  used: printSize(Number(account['storageUsed'])),
})

function showAccount(result: unknown): void {
  const account = result as Row & { addresses: (Row & { address: string; main: boolean })[] }
  const quota = account['ownQuota'] === 0 ? ' (the default)' : ''
  write(`user       ${account['username']}`)
  write(`id         ${account['id']}`)
  write(`used       ${printSize(Number(account['storageUsed']))}`)
  write(`quota      ${printSize(Number(account['quota']))}${quota}`)
  write(`created    ${account['created']}`)
  for (const { address, main } of account.addresses) write(`address    ${address}${main ? ' (main)' : ''}`)
}

const migrationRow = (progress: MigrationProgress, seconds: number): Row => ({
  ...progress,
  seconds: Math.round(seconds * 10) / 10,
})

function describeMigration({ accounts, of, messages, octets }: MigrationProgress, seconds: number): string {
  const speed = Math.round(messages / Math.max(seconds, 0.001))
  return `${accounts} of ${of} accounts, ${messages} messages, ${printSize(octets)}, ${speed} messages/s`
}

const PEOPLE: Output = {
  account: showAccount,
  accounts: (result) =>
    asTable('username', 'used', 'quota', 'created', 'id')((result as Row[]).map(accountRow)),
  addresses: asTable('address', 'username', 'main', 'created'),
  mailboxes: asTable('path', 'specialUse', 'messages', 'unseen', 'octets', 'id'),
  tokens: asTable('id', 'label', 'created'),
  newToken(result) {
    const { id, token } = result as Row
    write(`${token}`)
    process.stderr.write(`Token ${id}. Keep it now: it is not shown again.\n`)
  },
  recounted(result) {
    const { previousStorageUsed, storageUsed } = result as Row
    write(`storage used: ${storageUsed} octets (was ${previousStorageUsed})`)
  },
  madeStore: (data) => void process.stderr.write(`Made a new mail store in ${data}.\n`),
  finding({ kind, where, problem, repaired }) {
    write(`${kind}: ${where}: ${problem}${repaired === undefined ? '' : ` (mended: ${repaired})`}`)
  },
  checked(result) {
    const { findings, repaired } = result as { findings: number; repaired: number }
    if (findings === 0) write('everything is in order')
    else write(`${findings} found, ${repaired} mended`)
    return findings - repaired
  },
  migrating: (progress, seconds) => write(describeMigration(progress, seconds)),
  migrated: (progress, seconds) => write(`done: ${describeMigration(progress, seconds)}`),
  done: (what) => (result) => {
    const row = result as Row
    write(`${row['address'] ?? row['username'] ?? row['id']}: ${what}`)
  },
}

const SCRIPTS: Output = {
  account: asJson,
  accounts: asJson,
  addresses: asJson,
  mailboxes: asJson,
  tokens: asJson,
  newToken: asJson,
  recounted: asJson,
  madeStore() {},
  finding: asJson,
  checked(result) {
    asJson(result)
    const { findings, repaired } = result as { findings: number; repaired: number }
    return findings - repaired
  },
  migrating: (progress, seconds) => asJson({ progress: migrationRow(progress, seconds) }),
  migrated: (progress, seconds) => asJson(migrationRow(progress, seconds)),
  done: () => asJson,
}

export const printer = (json: boolean): Output => (json ? SCRIPTS : PEOPLE)

export function showConfig({ settings, config }: LoadedConfig, json: boolean): void {
  const rows = [...settings].map(([key, { given, origin }]) => ({
    key,
    value: withoutSecrets(given ?? config[key]),
    origin,
    about: describeKey(key),
  }))
  if (json) {
    asJson(Object.fromEntries(rows.map(({ key, value, origin }) => [key, { value, origin }])))
    return
  }
  const shown = rows.map((row) => ({
    ...row,
    value: typeof row.value === 'object' ? JSON.stringify(row.value) : row.value,
  }))
  write(table(['key', 'value', 'origin', 'about'], shown))
}
