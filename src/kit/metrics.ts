// Figures for Prometheus (text format 0.0.4), over prom-client: one registry a server, handed to what counts.
// docs/operations.md, "Metrics" names them all.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Logger } from './log.js'

type Labels<L extends string> = Readonly<Record<L, string>>

export class Metrics {
  readonly #registry = new Registry()

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
  }

  /** Returns the function that counts one more. */
  counter<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
  ): (labels: Labels<L>) => void {
    const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] })
    return (labels) => counter.inc(labels)
  }

  /** Read whenever the figures are asked for; one value for each set of labels. */
  gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: () => Iterable<readonly [labels: Labels<L>, value: number]>,
  ): void {
    const gauge = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        for (const [labels, value] of read()) gauge.set(labels, value)
      },
    })
  }

  /** Returns the function that takes one duration, in seconds. */
  duration<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
  ): (labels: Labels<L>, seconds: number) => void {
    const histogram = new Histogram({
      name,
      help,
      labelNames: [...labelNames],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers: [this.#registry],
    })
    return (labels, seconds) => histogram.observe(labels, seconds)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

/** The log, with every event of `info` and above counted by its name, whatever the level that is written. */
export function countEvents(log: Logger, metrics: Metrics): Logger {
  const labels = ['event', 'level'] as const
  const count = metrics.counter('eider_events_total', 'Events of the log by name', labels)
  const counted = (inner: Logger): Logger => ({
    debug: (fields, event) => inner.debug(fields, event),
    info(fields, event) {
      count({ event, level: 'info' })
      inner.info(fields, event)
    },
    warn(fields, event) {
      count({ event, level: 'warn' })
      inner.warn(fields, event)
    },
    error(fields, event) {
      count({ event, level: 'error' })
      inner.error(fields, event)
    },
    child: (fields) => counted(inner.child(fields)),
  })
  return counted(log)
}
