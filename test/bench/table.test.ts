// What the benchmark's command line says about a server, and what its table says about a figure.
import { expect, test } from 'vitest'
import type { Plan } from '../../bench/plan.js'
import { cpuMs, memoryKb } from '../../bench/processes.js'
import type { Row } from '../../bench/row.js'
import { parseServer } from '../../bench/server.js'
import { lines, markdown } from '../../bench/table.js'
import { NotGiven, Target } from '../../bench/target.js'
import { required } from '../wire/required.js'

const PLAN: Plan = {
  users: 'bench%d',
  domain: 'bench.example',
  password: 'secret',
  scale: 1,
  goals: 'embedded',
  seconds: 1,
  longSeconds: 1,
  run: 'test',
}

const ROW: Row = {
  name: 'row',
  repeats: 3,
  figures: () => [
    { key: 'rate', label: 'rate', unit: '/s', goal: 1000, better: 'more' },
    { key: 'time', label: 'time', unit: 'ms', goal: 10, better: 'less' },
    { key: 'growth', label: 'growth', unit: '×', goal: 1.5, better: 'less' },
  ],
  begin: async () => ({ measure: async () => undefined }),
}

test('a server is named by its addresses and settings', () => {
  const server = parseServer('one=imap://127.0.0.1:143,lmtp://[::1]:24,login=user', [
    'one.pid=7',
    'two.pid=8',
  ])
  expect(server).toMatchObject({
    name: 'one',
    imap: { host: '127.0.0.1', port: 143, tls: false },
    lmtp: { host: '::1', port: 24 },
    pid: 7,
    login: 'user',
  })
  expect(() => parseServer('one=lmtp://127.0.0.1:24', [])).toThrow('no imap:// address')
  expect(() => parseServer('one=imap://127.0.0.1', [])).toThrow('imap://127.0.0.1')
})

test('the ratio says how many times a goal is reached, whichever way is better', () => {
  const one = new Target(parseServer('one=imap://127.0.0.1:143', []), PLAN)
  const two = new Target(parseServer('two=imap://127.0.0.1:144', []), PLAN)
  for (const value of [3000, 1, 2000]) one.record('rate', value)
  one.record('time', 5)
  one.record('growth', 1)
  const wrong = new Map<string, Error>([['row two', new Error('3 instead of 4')]])
  expect(
    markdown(lines([ROW], [one, two], PLAN, wrong), ['one', 'two'])
      .split('\n')
      .slice(2),
  ).toEqual([
    '| rate | ≥ 1,000/s | 2,000/s | 2.00 |  | failed |  |  |',
    '| time | ≤ 10 ms | 5.00 ms | 2.00 |  | failed |  |  |',
    '| growth | ≤ 1.5 × | 1.00 × | 1.50 |  | failed |  |  |',
  ])
  const absent = new Map<string, Error>([['row two', new NotGiven('no pid')]])
  expect(markdown(lines([ROW], [one, two], PLAN, absent), ['one', 'two'])).toContain('| 2.00 |  | – |  |  |')
})

test('a goal of the cluster may be a share of the floor', () => {
  const one = new Target(parseServer('one=imap://127.0.0.1:143', []), PLAN)
  one.record('rate', 700)
  const row: Row = {
    ...ROW,
    floor: 8,
    figures: () => [
      { key: 'rate', label: 'rate', unit: '/s', clusterGoal: { ofFloor: 0.35 }, better: 'more' },
    ],
  }
  const floorOf = (connections: number) => (connections === 8 ? 1000 : undefined)
  const table = markdown(lines([row], [one], { ...PLAN, goals: 'cluster' }, new Map(), floorOf), ['one'])
  expect(table.split('\n')[2]).toBe('| rate | ≥ 350/s: 0.35 of the floor, 1,000/s | 700/s | 2.00 |  |')
})

const isLinux = process.platform === 'linux'
const skip = required(isLinux, 'Linux with its /proc', 'what the benchmark counts')

test.skipIf(!isLinux)(`CPU time and memory of a process are counted${skip}`, () => {
  const before = cpuMs(process.pid)
  const start = process.cpuUsage()
  while (process.cpuUsage(start).user < 100_000) Math.sqrt(2)
  const used = cpuMs(process.pid) - before
  expect(used).toBeGreaterThan(80)
  expect(used).toBeLessThan(1000)
  expect(memoryKb(process.pid)).toBeGreaterThan(10_000)
})
