// What one run of the benchmark does: which accounts, how much, how long. Read from the command line by main.ts.

export interface Plan {
  /** User name with %d for the number. */
  readonly users: string
  readonly domain: string
  readonly password: string
  readonly scale: number
  /** Which store's goals the table compares with. */
  readonly goals: 'embedded' | 'cluster'
  /** Length of the rows that measure operations a second. */
  readonly seconds: number
  /** Length of the row that measures the 99th percentile of APPEND. */
  readonly longSeconds: number
  /** Names this run's mailboxes, so that nothing is "first" that was read before. */
  readonly run: string
}

/** Accounts that a run needs at the least: eight for load, the others as `ACCOUNTS` says. */
export const ACCOUNT_COUNT = 16
export const LOAD_ACCOUNTS = [1, 2, 3, 4, 5, 6, 7, 8] as const
/** The account whose mailboxes are large, three that grow, one that is disturbed, one that idles. */
export const ACCOUNTS = { large: 9, growing: [10, 11, 12], bystander: 13, idle: 14, big: 15 } as const

/** A number of messages at the run's scale, 10 at the least. */
export function scaled(plan: Plan, messages: number): number {
  return Math.max(10, Math.round(messages * plan.scale))
}

export function thousands(value: number): string {
  return value.toLocaleString('en-US')
}
