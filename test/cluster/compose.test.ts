// compose.yaml cannot be run where there is no container engine; what can be held is: its settings are settings of Eider,
// and its ports are those that Eider listens on and that haproxy.cfg, which test/cluster/ runs, balances.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.js'

const compose = readFileSync('compose.yaml', 'utf8')
const haproxy = readFileSync('haproxy.cfg', 'utf8')
const LISTENERS = ['imap', 'imaps', 'smtp', 'lmtp', 'http'] as const

const environment = Object.fromEntries(
  [...compose.matchAll(/^ +(EIDER_[A-Z_]+): (.+)$/gm)].map(([, name = '', value = '']) => [name, value]),
)
// Throws where it knows one of them not.
const { config } = loadConfig({ environment, set: [] })

const portOf = (name: (typeof LISTENERS)[number]): number => {
  const listen = config[`${name}.listen`]
  if (listen === 'off') throw new Error(`${name} is off`)
  expect(listen.host).toBe('0.0.0.0')
  return listen.port
}

test('the settings in compose.yaml are settings of Eider, for a cluster', () => {
  expect(Object.keys(environment).length).toBeGreaterThan(8)
  const members = ['mongo1', 'mongo2', 'mongo3']
  expect(config['store.url']).toBe(`mongodb://${members.map((name) => `${name}:27017`)}/eider?replicaSet=rs0`)
  expect(config['bus.url']).toBe('redis://redis:6379')
  for (const name of [...members, 'redis', 'eider1', 'eider2', 'eider3', 'haproxy'])
    expect(compose).toMatch(new RegExp(`^  ${name}:$`, 'm'))
  expect(config['http.requireToken']).toBe(true)
})

test.each(LISTENERS)('HAProxy has %s where the instances listen, and compose.yaml lets it out', (name) => {
  const port = portOf(name)
  const [, section = ''] = new RegExp(`^listen ${name}\n((?: .+\n)+)`, 'm').exec(haproxy) ?? []
  expect(section).toContain(`bind "$\{BALANCER}:${port}"`)
  for (const number of [1, 2, 3]) {
    expect(section).toContain(`server eider${number} "$\{EIDER${number}}:${port}"`)
    expect(compose).toContain(`EIDER${number}: eider${number}`)
  }
  expect(compose).toContain(`- 127.0.0.1:${port}:${port}`)
})

test('HAProxy asks /readyz where the API listens', () => {
  expect(haproxy).toContain('option httpchk GET /readyz')
  expect(haproxy).toContain(`check port ${portOf('http')} `)
})
