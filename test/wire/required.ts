// Programs, files and rights that a test needs and a machine may lack: skipped loudly at home, a failure in CI.

import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'

/** The file in which a test run collects what it misses, one line each: test/support/global-setup.ts tells it at the end. */
export const SKIPPED = 'EIDER_TEST_SKIPPED'

/** What the test's name says when it is skipped. In CI nothing may be missing: this throws there. */
export function required(present: boolean, what: string, tests?: string): string {
  if (!present && process.env['CI'] === 'true') throw new Error(`${what} is missing, and CI must not skip`)
  return wanted(present, what, tests)
}

/** The same for what a machine of CI may lack as well, so that the end of the run alone tells of it. */
export function wanted(present: boolean, what: string, tests?: string): string {
  if (present) return ''
  const file = process.env[SKIPPED]
  if (file !== undefined) appendFileSync(file, `${what}${tests === undefined ? '' : `: ${tests}`}\n`)
  return ` (SKIPPED: ${what} is missing)`
}

export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
