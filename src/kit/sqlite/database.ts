// The embedded database as the rest of the program sees it: named mutations run by the writer thread, and a connection of
// the calling thread for reading, which sees a commit as soon as its promise has resolved.

import { Worker } from 'node:worker_threads'
import { type Connection, DatabaseError, openForReading, openForReadingMuch } from './connection.js'
import type { FromWriter, Outcome, Request, ToWriter, WriterSettings } from './protocol.js'

export interface DatabaseOptions extends WriterSettings {
  /** The writer died: nothing more can be written. Without it the error is thrown where nobody catches it. */
  readonly onFatal?: (error: Error) => void
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export class Database {
  readonly file: string
  readonly reader: Connection
  /** For reads of many pages at once. */
  readonly bulkReader: Connection
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #queued: Request[] = []
  #nextId = 1
  #closing: Promise<void> | undefined
  #closed: () => void = () => {}
  #dead: Error | undefined

  /** See `openDatabase`. */
  constructor(options: DatabaseOptions, worker: Worker) {
    this.file = options.file
    this.reader = openForReading(options.file)
    this.bulkReader = openForReadingMuch(options.file)
    this.#worker = worker
    worker.on('message', (message: FromWriter) => this.#receive(message))
    const onFatal = options.onFatal ?? ((error) => queueMicrotask(() => Promise.reject(error)))
    worker.on('error', (error) => this.#die(error, onFatal))
    worker.on('exit', (code) => {
      if (this.#closing === undefined)
        this.#die(new Error(`the writer thread ended with code ${code}`), onFatal)
      this.#closed()
    })
  }

  /**
   * Runs a mutation in the writer; resolves when it is durable. Throws DatabaseError, with the code that the mutation's
   * error had. Views in `args` should own their buffers: cloning copies the whole buffer behind a view.
   */
  run(name: string, args: unknown): Promise<unknown> {
    if (this.#closing !== undefined || this.#dead !== undefined) {
      const why = this.#dead?.message ?? 'it is closing'
      return Promise.reject(
        new DatabaseError('unavailable', `${name}: the database cannot be written: ${why}`),
      )
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#waiting.set(id, { resolve, reject })
      // All that is asked for in one turn goes over in one message.
      if (this.#queued.length === 0) process.nextTick(() => this.#flush())
      this.#queued.push({ id, name, args })
    })
  }

  /** Finishes what was accepted, then lets go of the file. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#closed = resolve
      this.#flush()
      if (this.#dead !== undefined) resolve()
      else this.#worker.postMessage('close' satisfies ToWriter)
      // The readers go once nobody waits: their last statements may still be asked for by those.
    }).then(() => {
      this.reader.close()
      this.bulkReader.close()
    })
    return this.#closing
  }

  #flush(): void {
    if (this.#queued.length === 0) return
    const batch = this.#queued
    this.#queued = []
    this.#worker.postMessage(batch satisfies ToWriter)
  }

  #receive(message: FromWriter): void {
    if (Array.isArray(message)) for (const outcome of message as Outcome[]) this.#settle(outcome)
  }

  #settle({ id, result, error }: Outcome): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new DatabaseError(error.code, error.message))
  }

  #die(error: Error, onFatal: (error: Error) => void): void {
    if (this.#dead !== undefined) return
    this.#dead = error
    for (const { reject } of this.#waiting.values())
      reject(new DatabaseError('unavailable', `the writer thread died: ${error.message}`, { cause: error }))
    this.#waiting.clear()
    onFatal(error)
  }
}

/** Opens the file, which is made where it is not there, and brings its tables up to date. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { file, modules } = options
  const worker = new Worker(new URL('./writer-thread.js', import.meta.url), {
    workerData: { file, modules } satisfies WriterSettings,
    name: 'writer',
  })
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (message: FromWriter) => {
      worker.off('error', reject)
      if (message === 'ready') resolve()
      else if (typeof message === 'object' && 'failed' in message)
        reject(new DatabaseError(message.failed.code, `${file}: ${message.failed.message}`))
      else reject(new Error(`${file}: the writer thread answered out of turn`))
    })
  })
  return new Database(options, worker)
}
