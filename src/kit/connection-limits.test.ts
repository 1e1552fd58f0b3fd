// What a listener counts, and until when.
import { once } from 'node:events'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { ConnectionLimits } from './connection-limits.js'

it('counts in all and by network, loopback in all alone, each until it closes', async () => {
  const limits = new ConnectionLimits({ maxConnections: 4, maxPerAddress: 1 })
  const first = new Socket()
  expect(limits.admit(first, '2001:db8::1')).toBe(true)
  expect(limits.admit(new Socket(), '2001:db8::2')).toBe(false)
  expect(limits.admit(new Socket(), '192.0.2.1')).toBe(true)
  expect(limits.admit(new Socket(), '127.0.0.1')).toBe(true)
  expect(limits.admit(new Socket(), '127.0.0.1')).toBe(true)
  expect(limits.admit(new Socket(), '127.0.0.1')).toBe(false)
  expect(limits.size).toBe(4)
  first.destroy()
  await once(first, 'close')
  expect(limits.size).toBe(3)
  expect(limits.admit(new Socket(), '2001:db8::2')).toBe(true)
})
