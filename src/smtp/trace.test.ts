// The lines above a delivered message: RFC 5321 §4.4, RFC 3848, RFC 6531 §4.3.

import { describe, expect, it } from 'vitest'
import { type Arrival, dateTime, traceLines, withProtocol } from './trace.js'

const client = { helo: 'client.example', extended: true, secure: false, remoteAddress: '192.0.2.1' }
const arrival: Arrival = {
  client,
  hostname: 'mx.example',
  protocol: 'smtp',
  utf8: false,
  id: 'abc-1',
  at: Date.UTC(2026, 10, 2, 3, 4, 5),
  zone: 60,
  reversePath: 'from@example.org',
  onlyRecipient: 'to@example.org',
}

describe('trace lines', () => {
  it('stand in their order', () => {
    expect(traceLines(arrival, 'to@example.org').toString()).toBe(
      'Return-Path: <from@example.org>\r\n' +
        'Delivered-To: to@example.org\r\n' +
        'Received: from client.example ([192.0.2.1])\r\n' +
        '\tby mx.example with ESMTP id abc-1\r\n' +
        '\tfor <to@example.org>;\r\n' +
        '\tMon, 2 Nov 2026 04:04:05 +0100\r\n',
    )
  })

  it('name no recipient in Received where there are several, an IPv6 address by its tag, and a null reverse-path', () => {
    const lines = traceLines(
      {
        ...arrival,
        reversePath: '',
        onlyRecipient: undefined,
        client: { ...client, remoteAddress: '2001:db8::1' },
      },
      'to@example.org',
    ).toString()
    expect(lines).toContain('Return-Path: <>\r\n')
    expect(lines).toContain('([IPv6:2001:db8::1])')
    expect(lines).not.toContain('\tfor ')
  })

  it.each([
    ['SMTP', { client: { ...client, extended: false } }],
    ['ESMTP', {}],
    ['ESMTPS', { client: { ...client, secure: true } }],
    ['UTF8SMTP', { utf8: true }],
    ['UTF8SMTPS', { utf8: true, client: { ...client, secure: true } }],
    ['LMTP', { protocol: 'lmtp' as const }],
    ['LMTPS', { protocol: 'lmtp' as const, client: { ...client, secure: true } }],
    ['UTF8LMTP', { protocol: 'lmtp' as const, utf8: true }],
  ])('say "with %s"', (expected, change) => {
    expect(withProtocol({ ...arrival, ...change })).toBe(expected)
  })
})

describe('date-time', () => {
  it.each([
    [0, 'Thu, 1 Jan 1970 00:00:00 +0000'],
    [-210, 'Wed, 31 Dec 1969 20:30:00 -0330'],
    [345, 'Thu, 1 Jan 1970 05:45:00 +0545'],
  ])('in the zone %i minutes east', (zone, expected) => {
    expect(dateTime(0, zone)).toBe(expected)
  })
})
