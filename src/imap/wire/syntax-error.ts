// What the reader throws at the first thing that the grammar does not allow: the command is answered with BAD.

export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem'
  /** A response code of RFC 5530 or RFC 3501 §7.1, without brackets. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}
