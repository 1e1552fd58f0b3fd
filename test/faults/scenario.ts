// What a scenario of the fault tests is: what it needs, what goes wrong in it, and what it measures.

import type { Load } from './load.js'
import type { Stage } from './stage.js'

export interface Play {
  readonly stage: Stage
  /** All that was announced, rather than the same in short. */
  readonly full: boolean
  /** A line of the report; more than `most` milliseconds, a minute unless given, are a problem. */
  measured(what: string, ms: number, most?: number): void
  told(line: string): void
}

export interface Scenario {
  /** As the command line calls it. */
  readonly name: string
  readonly title: string
  /** Of the replica set. */
  readonly members: 1 | 3
  /** Milliseconds; 10 s, as the program has it, unless given. */
  readonly storeTimeout?: (full: boolean) => number
  /** Plays to its end, and leaves the load to be settled. */
  play(play: Play): Promise<Load>
}
