// SEARCH TEXT and BODY (RFC 3501 §6.4.4) find what stands in a message however its text is come by: decoded at once, kept
// beside it, or decoded in pieces because it is large.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ImapClient } from './client.js'
import { closeWithoutErrors, type ImapTestServer, startImapServer } from './server.js'

let server: ImapTestServer
let client: ImapClient
beforeAll(async () => {
  server = await startImapServer()
  await server.addUser('anna')
  client = await ImapClient.connect(server.port)
  await client.response()
  await client.ok('LOGIN anna "correct-horse"')
})
afterAll(() => closeWithoutErrors(server))

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

/** A needle in each place that text can be in; `padding` lines of each body beside it. */
function message(padding: number): string {
  const lines = 'so much else is said\r\n'.repeat(padding)
  const base64 = Buffer.from(`${lines.replaceAll('else', '=C3')} İn Straße`).toString('base64')
  return [
    'Subject: =?iso-8859-1?Q?Gr=FC=DFe?= aus Riga',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    '',
    `${lines}${latin1('der Käfer')}`,
    '--b',
    'Content-Type: text/html; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    `${lines}<p title=3D"hidden">ein Caf&eacute; im S=FCd=`,
    'en</p>',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: =?utf-8?Q?zur=C3=BCck?=',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(base64.match(/.{1,76}/g) ?? []),
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Final-Recipient: rfc822; nobody@example.org',
    '--b',
    'Content-Type: image/png; name="=?utf-8?Q?K=C3=BCste?=.png"',
    '',
    'never in an image',
    '--b--',
    '',
  ].join('\r\n')
}

// In this order: decoded at once, kept, and longer than what is kept.
const SIZES = [0, 200, 60_000]

test('each text is found in messages of every size, and nothing else is', { timeout: 60_000 }, async () => {
  for (const size of SIZES) expect(await client.append('INBOX', message(size))).toMatch(/^OK/)
  await client.ok('SELECT INBOX')
  const all = SIZES.map((_, at) => at + 1)
  const found = async (key: string, text: string): Promise<number[]> => {
    const [line = ''] = await client.ok(`SEARCH CHARSET UTF-8 ${key} "${latin1(text)}"`)
    return (line.match(/\d+/g) ?? []).map(Number)
  }
  for (const text of [
    ...['DER KÄFER', 'ein café im süden', 'STRASSE'],
    // The body holds its parts' headers, those of messages inside it, and reports.
    ...['subject: zurück', 'KÜSTE.png', 'recipient: rfc822; nobody@example.org', 'message/rfc822'],
  ])
    for (const key of ['BODY', 'TEXT']) expect([key, text, await found(key, text)]).toEqual([key, text, all])
  expect(await found('TEXT', 'grüsse aus riga')).toEqual(all)
  expect(await found('HEADER Subject', 'GRÜSSE')).toEqual(all)
  for (const text of ['grüsse aus riga', 'hidden', 'never in an image', 'boundary=b'])
    expect([text, await found('BODY', text)]).toEqual([text, []])
})

test('a header is found as ENVELOPE tells it, however it was folded', async () => {
  const header =
    'Subject: Re: [list] A rather long\r\n\tsubject  line\r\nFrom: "Anna\r\n  Berg" <a@example.org>'
  await client.ok('CREATE folded')
  expect(await client.append('folded', `${header}\r\n\r\nruns of  blanks\r\n`)).toMatch(/^OK/)
  await client.ok('SELECT folded')
  const [envelope = ''] = await client.ok('FETCH 1 ENVELOPE')
  expect(envelope).toContain('"Re: [list] A rather long subject line" (("Anna Berg" ')
  for (const key of ['SUBJECT', 'HEADER Subject', 'TEXT'])
    for (const text of ['rather long subject line', 'rather long\tsubject  line'])
      expect([key, text, ...(await client.ok(`SEARCH ${key} "${text}"`))]).toEqual([key, text, '* SEARCH 1'])
  for (const key of ['FROM', 'TEXT'])
    expect(await client.ok(`SEARCH ${key} "anna berg"`)).toEqual(['* SEARCH 1'])
  // A body is as it is.
  expect(await client.ok('SEARCH TEXT "runs of  blanks"')).toEqual(['* SEARCH 1'])
  expect(await client.ok('SEARCH TEXT "runs of blanks"')).toEqual(['* SEARCH'])
})
