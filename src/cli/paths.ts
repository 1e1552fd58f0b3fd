// What stands in the data folder beside the stores' own files.

import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const runFile = (data: string): string => join(data, 'run.json')
export const controlSocket = (data: string): string => join(data, 'control.sock')

/** Readable by its owner alone, with all above it. */
export const makeDataFolder = (data: string): void => {
  mkdirSync(data, { recursive: true, mode: 0o700 })
}

/** The embedded store's. A data folder of an instance of a cluster has none. */
export const databaseFile = (data: string): string => join(data, 'eider.db')

/** Throws where that may not be seen. */
export const hasData = (data: string): boolean =>
  statSync(databaseFile(data), { throwIfNoEntry: false }) !== undefined

/** The whole file or none: who reads it may come at any moment. */
export function writeRunFile(data: string, content: object): void {
  const path = runFile(data)
  writeFileSync(`${path}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export const removeRunFile = (data: string): void => rmSync(runFile(data), { force: true })

/** Octets that a socket's path may have on every system Node runs on (sun_path). */
const MAX_SOCKET_PATH = 100

/** The control socket's path, by way of the open folder where the plain path is too long; `done` when it was used. */
export function controlPath(data: string): { readonly path: string; readonly done: () => void } {
  const path = controlSocket(data)
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return { path, done: () => {} }
  const folder = openSync(data, 'r')
  return { path: controlSocket(`/proc/self/fd/${folder}`), done: () => closeSync(folder) }
}
