// Delivers a test message with an attachment to an address of a running server: `npm run build`, then
// `node dist/examples/push-message.js ADDRESS [--smtp HOST:PORT]`. Plain SMTP (RFC 5321) by hand, to be read.

import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

const USAGE = 'usage: push-message ADDRESS [--smtp HOST:PORT]   (127.0.0.1:2525 unless given)'

function composeMessage(address: string): string {
  const boundary = randomUUID()
  const attachment = Buffer.from('Eider ducks line their nests with down.\n'.repeat(20)).toString('base64')
  return [
    'From: Push Message <push-message@localhost>',
    `To: ${address}`,
    `Subject: Test message of ${new Date().toISOString()}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${randomUUID()}@push-message.localhost>`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    'This message was sent by examples/push-message.',
    `--${boundary}`,
    'Content-Type: text/plain; name="eider.txt"',
    'Content-Disposition: attachment; filename="eider.txt"',
    'Content-Transfer-Encoding: base64',
    '',
    ...(attachment.match(/.{1,76}/g) ?? []),
    `--${boundary}--`,
    '',
  ].join('\r\n')
}

/** Sends each step once the one before was answered with the code it expects; resolves with the last answer. */
async function converse(
  socket: Socket,
  steps: readonly (readonly [send: string, expected: number])[],
): Promise<string> {
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })[
    Symbol.asyncIterator
  ]()
  let answer = ''
  for (const [send, expected] of steps) {
    if (send !== '') socket.write(send)
    do {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the server ended the connection')
      answer = value
    } while (/^\d{3}-/.test(answer))
    if (!answer.startsWith(String(expected))) throw new Error(`the server said: ${answer}`)
  }
  return answer
}

async function pushMessage(address: string, host: string, port: number): Promise<string> {
  const socket = connect(port, host)
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  // RFC 5321 §4.5.2: a line that begins with a dot gets another one.
  const data = composeMessage(address).replace(/^\./gm, '..')
  // RFC 6531: an address beyond ASCII, in the envelope or in the header, has to be announced.
  const utf8 = /[^\x00-\x7f]/.test(address) ? ' SMTPUTF8' : ''
  try {
    return await converse(socket, [
      ['', 220],
      ['EHLO localhost\r\n', 250],
      [`MAIL FROM:<push-message@localhost>${utf8}\r\n`, 250],
      [`RCPT TO:<${address}>\r\n`, 250],
      ['DATA\r\n', 354],
      [`${data}.\r\n`, 250],
    ])
  } finally {
    socket.end('QUIT\r\n')
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { smtp: { type: 'string', default: '127.0.0.1:2525' } },
})
const [address] = positionals
const server = /^(.+):(\d+)$/.exec(values.smtp)
if (address === undefined || positionals.length > 1 || /[\r\n<>]/.test(address) || server === null) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  const [, host = '', port = ''] = server
  try {
    console.log(await pushMessage(address, host.replace(/^\[|\]$/g, ''), Number(port)))
  } catch (error) {
    console.error(`push-message: ${(error as Error).message}`)
    process.exitCode = 1
  }
}
