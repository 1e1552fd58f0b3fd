// How a command ends: the tagged OK, or the refusal that becomes a tagged NO or BAD (RFC 3501 §7.1; codes of RFC 5530).

export interface Reply {
  readonly text: string
  /** A response code without its brackets. */
  readonly code?: string
}

export const ok = (text: string, code?: string): Reply => (code === undefined ? { text } : { text, code })

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: 'NO' | 'BAD'
  readonly code: string | undefined

  constructor(status: 'NO' | 'BAD', text: string, code?: string) {
    super(text)
    this.status = status
    this.code = code
  }
}

export const no = (text: string, code?: string): Refusal => new Refusal('NO', text, code)
export const bad = (text: string, code?: string): Refusal => new Refusal('BAD', text, code)

/** The client is gone, or is being sent away: what was being done for it ends. */
export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded'
  constructor() {
    super('the connection has ended')
  }
}
