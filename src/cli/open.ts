// What the command line needs from the composition root: a way to open everything that the configuration names.

import type { Config } from '../config/schema.js'
import type { Logger } from '../kit/log.js'
import type { Services } from '../mail/services.js'

export interface Opened {
  readonly services: Services
  /** Finishes what was accepted and lets go of all files. */
  close(): Promise<void>
}

/** The caller holds the data folder's lock. */
export type OpenServices = (config: Config, log: Logger) => Promise<Opened>
