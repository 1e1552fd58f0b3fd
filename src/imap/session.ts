// One connection's session: who it is, what it has selected, its input and output. It hears the account's hints and is
// woken by them. RFC 3501 §3. Lean while it idles: everything large is made when it is needed.

import type { Connection } from '../kit/listener.js'
import { type Login, stillValid } from '../mail/authenticate.js'
import type { Services } from '../mail/services.js'
import type { Hint } from '../mail/types.js'
import { watch } from '../mail/watch.js'
import type { AccountId } from '../model/ids.js'
import { Input } from './input.js'
import type { ImapOptions } from './options.js'
import { Output } from './output.js'
import { bad, ConnectionEnded, no } from './reply.js'
import type { State } from './states.js'
import type { View } from './view.js'

/** Milliseconds from a login to the second look at its password: sessions that last no longer are spared it. */
const RECHECK_MS = 1000

export class Session {
  readonly services: Services
  readonly options: ImapOptions
  readonly connection: Connection
  readonly input: Input
  readonly output: Output
  view: View | undefined
  /** LOGOUT was answered, or the client is to be sent away. */
  over = false
  /** BADs before login: who only sends nonsense is sent away. */
  mistakes = 0
  /** Every command that the server has, for CAPABILITY. */
  readonly capabilities: () => string
  #login: Login | undefined
  #unwatch: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #recheck: NodeJS.Timeout | undefined
  #loginChecks = 0
  /** When the login was last found good. */
  #loginCheckedAt = 0
  #release: (() => void) | undefined
  #idling = false
  /** Hints heard: whether one came while a mailbox was being opened. */
  hintsHeard = 0

  constructor(
    services: Services,
    options: ImapOptions,
    connection: Connection,
    capabilities: (session: Session) => string,
  ) {
    this.services = services
    this.options = options
    this.connection = connection
    this.input = new Input(connection.socket)
    this.output = new Output(connection.socket, options.writeMs)
    this.capabilities = () => capabilities(this)
  }

  get state(): State {
    if (this.#login === undefined) return 'not authenticated'
    return this.view === undefined ? 'authenticated' : 'selected'
  }

  /** Whether a password may be sent over this connection. */
  get mayLogIn(): boolean {
    return this.connection.secure || this.connection.loopback || this.options.plaintextLogin
  }

  get loggedIn(): boolean {
    return this.#login !== undefined
  }

  /** Whose mail it is. The dispatcher has checked the state. */
  get account(): AccountId {
    if (this.#login === undefined) throw bad('Log in first')
    return this.#login.account.id
  }

  /** The selected mailbox. The dispatcher has checked the state. */
  get selected(): View {
    if (this.view === undefined) throw bad('Select a mailbox first')
    return this.view
  }

  /** The same for a command that changes its messages. */
  get writable(): View {
    if (this.selected.readOnly) throw no('The mailbox is open read-only', 'READ-ONLY')
    return this.selected
  }

  /** `release` gives back the connection that was taken of the account's. */
  logIn(login: Login, release: () => void): void {
    this.#login = login
    this.#loginCheckedAt = performance.now()
    this.#release = release
    this.#unwatch = watch(this.services, login.account.id, this.#onHint)
    // The password may have changed while it was being verified, before anybody told us.
    this.#recheck = setTimeout(() => void this.#checkLogin(), RECHECK_MS).unref()
    this.restartTimer()
  }

  #onHint = (hint: Hint | 'reread'): void => {
    this.hintsHeard++
    if (hint === 'reread') {
      this.view?.markStale()
      void this.#checkLogin()
    } else if (hint.mailbox === undefined) void this.#checkLogin()
    else if (hint.mailbox === this.view?.mailbox) this.view.noteHint(hint.modseq)
    else return
    if (this.#idling && this.view?.stale === true) this.input.nudge()
  }

  /** A changed password, or the account's end, ends its sessions. What changes during a check is checked after it. */
  async #checkLogin(): Promise<void> {
    if (this.#login === undefined || ++this.#loginChecks > 1) return
    try {
      for (let answered = 0; answered < this.#loginChecks && this.#login !== undefined; ) {
        answered = this.#loginChecks
        if (!(await stillValid(this.services, this.#login))) this.input.interrupt('Log in again')
      }
      this.#loginCheckedAt = performance.now()
    } catch (err) {
      this.connection.log.warn({ err }, 'imap-login-check-failed')
    } finally {
      this.#loginChecks = 0
    }
  }

  /** While idling, hints and ticks let `input.line` return (RFC 2177). */
  async idling<T>(work: () => Promise<T>): Promise<T> {
    this.#idling = true
    const ticks = setInterval(() => {
      this.view?.markStale()
      this.input.nudge()
      void this.#checkLogin()
    }, this.options.pollMs)
    if (this.view?.stale === true) this.input.nudge()
    try {
      return await work()
    } finally {
      clearInterval(ticks)
      this.#idling = false
    }
  }

  /**
   * For work that is long and whose answer comes at its end: the signal is aborted when the client is gone. That a client
   * which has closed its side does not read either shows only when something is sent to it.
   */
  async whileThere<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { socket } = this.connection
    const leaving = new AbortController()
    const gone = () => leaving.abort(new ConnectionEnded())
    const notices = setInterval(() => {
      if (this.output.gone) return gone()
      this.output.writer.line('* OK Still at it')
      this.output.flush()?.catch(() => {})
    }, this.options.noticeMs)
    socket.on('close', gone)
    try {
      return await work(leaving.signal)
    } finally {
      clearInterval(notices)
      socket.off('close', gone)
    }
  }

  /** Autologout counts from here on (RFC 3501 §5.4). */
  restartTimer(): void {
    clearTimeout(this.#timer)
    const after = this.#login === undefined ? this.options.loginMs : this.options.idleMs
    this.#timer = setTimeout(() => {
      // A long answer is no idleness: while it is written, its own clock runs.
      if (this.#login !== undefined && !this.input.waiting) this.#timer?.refresh()
      else this.input.interrupt('Autologout, idle for too long')
    }, after)
  }

  /** The client has sent something. Where no hint came of a new password, its login is looked at now and then all the same. */
  keepAlive(): void {
    if (this.#login === undefined) return
    this.#timer?.refresh()
    if (this.#loginChecks === 0 && performance.now() - this.#loginCheckedAt > this.options.pollMs)
      void this.#checkLogin()
  }

  /** Lets go of everything; the socket is closed by who owns it. */
  close(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#recheck)
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#release?.()
    this.#release = undefined
    this.view = undefined
    this.#login = undefined
  }
}
