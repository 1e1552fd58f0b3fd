// Programs and rights that a test needs and a machine may lack: skipped loudly at home, a failure in CI.

import { execFileSync } from 'node:child_process'

/** What the test's name says when it is skipped. In CI nothing may be missing: this throws there. */
export function required(present: boolean, what: string): string {
  if (present) return ''
  if (process.env['CI'] === 'true') throw new Error(`${what} is missing, and CI must not skip`)
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
