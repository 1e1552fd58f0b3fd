// A row of the benchmark: what it measures, its goal, and how. docs/performance.md.
import type { Plan } from './plan.js'
import type { Target } from './target.js'

export interface Figure {
  readonly key: string
  readonly label: string
  readonly unit: '/s' | 'ms' | 'µs' | 'MB/s' | 'KB' | 'MB' | '×' | '%'
  /** The embedded store's goal; none where a figure only informs. */
  readonly goal?: number
  /** The cluster store's goal: a figure, or a share of the floor that was measured beside the row. */
  readonly clusterGoal?: number | { readonly ofFloor: number }
  readonly better: 'more' | 'less'
}

export interface Run {
  /**
   * Once, just before the first measurement, when all servers are prepared: a pause lets a server and its machine go cold,
   * and one that has just started compiles what it runs often only in its first ten thousand commands.
   */
  warmUp?(): Promise<void>
  /** One measurement; called `repeats` times, the servers taking turns. */
  measure(): Promise<void>
  /** Closes connections, deletes scratch mailboxes. */
  end?(): Promise<void>
}

export interface Row {
  readonly name: string
  readonly repeats: number
  /** Connections of the floor that the cluster's goals of this row count from. */
  readonly floor?: number
  /** Measured once whatever the command line says: a second time would find memory that the first left behind. */
  readonly once?: true
  figures(plan: Plan): readonly Figure[]
  /** Prepares a server: connections, mailboxes. Nothing of it is measured. */
  begin(target: Target): Promise<Run>
}
