// Who is it? A user name or any address of the account (docs/adr/0003), and its password. Failures are throttled
// (docs/adr/0007); an unknown user takes as long as a wrong password. RFC 5530 §3.

import { parseUsername } from '../model/username.js'
import type { Account, Credential } from '../store/accounts.js'
import { MailError } from './errors.js'
import { type LoginThrottle, loginThrottle } from './login-throttle.js'
import { preparePassword } from './passwords.js'
import type { Services } from './services.js'

export interface Login {
  readonly account: Account
  readonly credentialVersion: number
  /** As it was typed, NFC. */
  readonly loginName: string
}

export interface Attempt {
  readonly username: string
  readonly password: string
  /** The client's IP address. */
  readonly remote: string
  readonly protocol: 'imap' | 'http' | 'smtp'
}

/** Throws MailError `authentication-failed`, `throttled`; StoreError `unavailable`. */
export async function authenticate(services: Services, attempt: Attempt): Promise<Login> {
  const name = parseUsername(attempt.username)
  const found = 'problem' in name ? undefined : await services.store.accountByLogin(name.key)
  const { account, credential } = found ?? {}
  const guessed = account && credential && { account: account.id, version: credential.version }
  const typed = 'problem' in name ? attempt.username : name.key
  const throttle = loginThrottle(services, attempt.remote, typed, guessed)
  if (!(await throttle.mayTry())) return refuse(services, attempt, account, 'throttled')
  const answer = await verify(services, attempt.password, account, credential, throttle)
  if (answer === 'refused') return refuse(services, attempt, account, 'throttled')
  if (answer && account !== undefined && credential !== undefined && !('problem' in name)) {
    await throttle.noteSuccess()
    return { account, credentialVersion: credential.version, loginName: name.username }
  }
  await throttle.countFailure()
  return refuse(services, attempt, account, 'authentication-failed')
}

async function verify(
  services: Services,
  password: string,
  account: Account | undefined,
  credential: Credential | undefined,
  throttle: LoginThrottle,
): Promise<boolean | 'refused'> {
  const { passwords } = services
  if (preparePassword(password) === undefined) return false
  const proceed = () => throttle.mayTry()
  if (account === undefined || credential === undefined) return passwords.pretend(password, proceed)
  if (passwords.verified.has(account.id, credential.version, password)) return true
  const answer = await passwords.verify(credential.hash, password, proceed)
  if (answer === true) passwords.verified.remember(account.id, credential.version, password)
  return answer
}

/** False once the password changed or the account went. */
export async function stillValid(services: Services, login: Login): Promise<boolean> {
  const account = await services.store.account(login.account.id)
  if (account?.state !== 'active') return false
  const credential = await services.store.credential(login.account.id)
  return credential?.version === login.credentialVersion
}

/** The name is not logged where it is nobody's: people type passwords there. */
function refuse(
  services: Services,
  attempt: Attempt,
  account: Account | undefined,
  code: 'throttled' | 'authentication-failed',
): never {
  const { remote, protocol } = attempt
  services.log.warn({ protocol, remote, account: account?.id, reason: code }, 'login-failed')
  const message =
    code === 'throttled' ? 'too many failed logins, try again later' : 'wrong user name or password'
  throw new MailError(code, message)
}
