// The result of a run: one markdown table with a line for each figure and three columns for each server, and the same
// as JSON with every sample.
import { median } from './latency.js'
import type { Plan } from './plan.js'
import type { Figure, Row } from './row.js'
import { NotGiven, type Target } from './target.js'

export interface Cell {
  readonly value: number | undefined
  /** 1 is the goal, above 1 is better than it, whichever way the figure is better. */
  readonly ratio: number | undefined
  readonly cpuMs: number | undefined
  readonly clientCpuMs: number | undefined
  readonly samples: readonly number[]
  readonly failure: string | undefined
}

export interface Line {
  readonly row: string
  readonly figure: Figure
  readonly cells: Readonly<Record<string, Cell>>
}

/** Why a row has no figure of a server, by `ROW SERVER`. */
export type Failures = ReadonlyMap<string, Error>

function cell(target: Target, figure: Figure, error: Error | undefined): Cell {
  const samples = target.samples.get(figure.key)
  const known = samples && samples.values.length > 0
  const value = known ? median(samples.values) : undefined
  const { goal, better } = figure
  const ratio =
    value === undefined || goal === undefined ? undefined : better === 'more' ? value / goal : goal / value
  const costed = samples && samples.operations > 0
  return {
    value,
    ratio,
    cpuMs: costed && target.server.pid !== undefined ? samples.cpuMs / samples.operations : undefined,
    clientCpuMs: costed ? samples.clientCpuMs / samples.operations : undefined,
    samples: samples?.values ?? [],
    failure: error instanceof NotGiven ? undefined : error?.message,
  }
}

/** One line a figure; `failures` are keyed by row and server. */
export function lines(
  rows: readonly Row[],
  targets: readonly Target[],
  plan: Plan,
  failures: Failures,
): Line[] {
  return rows.flatMap((row) =>
    row.figures(plan).map((figure) => ({
      row: row.name,
      figure,
      cells: Object.fromEntries(
        targets.map((target) => {
          const { name } = target.server
          return [name, cell(target, figure, failures.get(`${row.name} ${name}`))]
        }),
      ),
    })),
  )
}

function number(value: number | undefined): string {
  if (value === undefined) return '–'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 3
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

function shown(value: number | undefined, unit: Figure['unit']): string {
  return value === undefined ? '–' : `${number(value)}${unit === '/s' ? '' : ' '}${unit}`
}

function goal({ goal, better, unit }: Figure): string {
  return goal === undefined
    ? ''
    : `${better === 'more' ? '≥' : '≤'} ${goal.toLocaleString('en-US')}${unit === '/s' ? '' : ' '}${unit}`
}

export function markdown(all: readonly Line[], servers: readonly string[]): string {
  const head = ['work', 'goal', ...servers.flatMap((name) => [name, 'to goal', 'CPU ms/op'])]
  const body = all.map(({ figure, cells }) => [
    figure.label,
    goal(figure),
    ...servers.flatMap((name) => {
      const one = cells[name]
      if (!one || one.failure !== undefined) return ['failed', '', '']
      return [
        shown(one.value, figure.unit),
        one.ratio === undefined ? '' : number(one.ratio),
        one.cpuMs === undefined ? '' : number(one.cpuMs),
      ]
    }),
  ])
  const rule = head.map((_, at) => (at < 2 ? '---' : '--:'))
  return [head, rule, ...body].map((columns) => `| ${columns.join(' | ')} |`).join('\n')
}
