// FETCH of what a client lists a mailbox by: FLAGS; ENVELOPE and its neighbours; BODYSTRUCTURE. First is the first time
// that anybody asks for it after the messages came in, of a server that has been asked the same of others; as often as the
// mailbox has messages for, and after that comes again.
import { type Plan, scaled, thousands } from '../plan.js'
import type { Figure, Row } from '../row.js'
import { expectCount } from '../target.js'
import { largeCount, largeMailbox, openSelected, warmUp } from './large-mailbox.js'

interface Fetched {
  readonly name: string
  readonly repeats: number
  readonly items: string
  messages(plan: Plan): number
  figures(messages: string): readonly Figure[]
  /** True where the first time has a figure of its own. */
  readonly first: boolean
}

/** Sequence sets of `length` messages each, one behind the other. */
function rangesOf(messages: number, length: number): string[] {
  return Array.from(
    { length: Math.floor(messages / length) },
    (_, at) => `${at * length + 1}:${(at + 1) * length}`,
  )
}

function row(fetched: Fetched): Row {
  const { name, items } = fetched
  return {
    name,
    repeats: fetched.repeats,
    figures: (plan) => fetched.figures(thousands(fetched.messages(plan))),
    async begin(target) {
      const mailbox = await largeMailbox(target)
      const connection = await openSelected(target, mailbox)
      const expected = fetched.messages(target.plan)
      const ranges = rangesOf(mailbox.count, expected)
      return {
        ...(fetched.first ? { warmUp: () => warmUp(target, `FETCH 1:* ${items}`) } : {}),
        async measure() {
          const untouched = ranges.find((range) => !mailbox.touched.has(`${name} ${range}`))
          const first = fetched.first && untouched !== undefined
          const range = untouched ?? ranges[0]
          mailbox.touched.add(`${name} ${range}`)
          const fetches = connection.scanner.fetches
          await target.timed(first ? `${name}.first` : name, 1, () =>
            connection.command(`FETCH ${range} ${items}`),
          )
          expectCount('FETCH responses', connection.scanner.fetches - fetches, expected)
        },
        end: () => connection.logout(),
      }
    },
  }
}

export const fetchFlags = row({
  name: 'fetch-flags',
  repeats: 9,
  items: '(FLAGS)',
  messages: largeCount,
  first: false,
  figures: (messages) => [
    {
      key: 'fetch-flags',
      label: `FETCH 1:${messages} (FLAGS)`,
      unit: 'ms',
      goal: 25,
      clusterGoal: 60,
      better: 'less',
    },
  ],
})

export const fetchEnvelope = row({
  name: 'fetch-envelope',
  repeats: 9,
  items: '(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)',
  messages: largeCount,
  first: true,
  figures: (messages) => [
    {
      key: 'fetch-envelope.first',
      label: `FETCH 1:${messages} with ENVELOPE, first`,
      unit: 'ms',
      goal: 250,
      clusterGoal: 800,
      better: 'less',
    },
    { key: 'fetch-envelope', label: '… again', unit: 'ms', goal: 250, clusterGoal: 800, better: 'less' },
  ],
})

export const fetchBodystructure = row({
  name: 'fetch-bodystructure',
  repeats: 15,
  items: '(BODYSTRUCTURE)',
  messages: (plan) => scaled(plan, 10_000),
  first: true,
  figures: (messages) => [
    {
      key: 'fetch-bodystructure.first',
      label: `FETCH BODYSTRUCTURE, ${messages}, first`,
      unit: 'ms',
      goal: 30,
      better: 'less',
    },
    { key: 'fetch-bodystructure', label: '… again', unit: 'ms', goal: 30, better: 'less' },
  ],
})
