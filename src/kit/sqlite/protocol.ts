// What passes between the calling thread and the writer thread: requests in batches, outcomes a group at a time.

export interface WriterSettings {
  readonly file: string
  /** URLs of modules that export `module: MutationModule`. */
  readonly modules: readonly string[]
}

export interface Request {
  readonly id: number
  /** `module.mutation`. */
  readonly name: string
  readonly args: unknown
}

export interface Outcome {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

export type ToWriter = readonly Request[] | 'close'
export type FromWriter =
  | readonly Outcome[]
  | 'ready'
  | { readonly failed: { readonly code: string; readonly message: string } }
