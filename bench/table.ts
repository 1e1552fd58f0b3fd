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
  readonly goal: number | undefined
  /** Inserts a second, where the goal is a share of them. */
  readonly floor: number | undefined
  readonly cells: Readonly<Record<string, Cell>>
}

/** Why a row has no figure of a server, by `ROW SERVER`. */
export type Failures = ReadonlyMap<string, Error>

function cell(target: Target, { key, better }: Figure, goal: number | undefined, error?: Error): Cell {
  const samples = target.samples.get(key)
  const known = samples && samples.values.length > 0
  const value = known ? median(samples.values) : undefined
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

function goalOf(
  { goal, clusterGoal }: Figure,
  { goals }: Plan,
  floor: number | undefined,
): number | undefined {
  if (goals === 'embedded') return goal
  if (typeof clusterGoal !== 'object') return clusterGoal
  return floor === undefined ? undefined : floor * clusterGoal.ofFloor
}

/** One line a figure; `failures` are keyed by row and server. `floorOf`: inserts a second over so many connections. */
export function lines(
  rows: readonly Row[],
  targets: readonly Target[],
  plan: Plan,
  failures: Failures,
  floorOf: (connections: number) => number | undefined = () => undefined,
): Line[] {
  return rows.flatMap((row) =>
    row.figures(plan).map((figure) => {
      const counts = plan.goals === 'cluster' && typeof figure.clusterGoal === 'object'
      const floor = counts && row.floor !== undefined ? floorOf(row.floor) : undefined
      const goal = goalOf(figure, plan, floor)
      const cells = targets.map((target) => {
        const { name } = target.server
        return [name, cell(target, figure, goal, failures.get(`${row.name} ${name}`))]
      })
      return { row: row.name, figure, goal, floor, cells: Object.fromEntries(cells) }
    }),
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

function goalText({ figure: { better, unit, clusterGoal }, goal, floor }: Line): string {
  if (goal === undefined) return ''
  const sign = better === 'more' ? '≥' : '≤'
  const value = goal.toLocaleString('en-US', { maximumFractionDigits: goal < 10 ? 1 : 0 })
  const text = `${sign} ${value}${unit === '/s' ? '' : ' '}${unit}`
  return floor === undefined || typeof clusterGoal !== 'object'
    ? text
    : `${text}: ${clusterGoal.ofFloor} of the floor, ${shown(floor, unit)}`
}

export function markdown(all: readonly Line[], servers: readonly string[]): string {
  const head = ['work', 'goal', ...servers.flatMap((name) => [name, 'to goal', 'CPU ms/op'])]
  const body = all.map((line) => [
    line.figure.label,
    goalText(line),
    ...servers.flatMap((name) => {
      const one = line.cells[name]
      if (!one || one.failure !== undefined) return ['failed', '', '']
      return [
        shown(one.value, line.figure.unit),
        one.ratio === undefined ? '' : number(one.ratio),
        one.cpuMs === undefined ? '' : number(one.cpuMs),
      ]
    }),
  ])
  const rule = head.map((_, at) => (at < 2 ? '---' : '--:'))
  return [head, rule, ...body].map((columns) => `| ${columns.join(' | ')} |`).join('\n')
}
