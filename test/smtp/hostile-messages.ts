// Messages that nobody sends by accident: each is large in the one thing that a careless reader keeps in memory whole,
// or walks by recursion.

/** Some thousands at a time: one string of all would be the test's own memory, not the server's. */
function repeat(count: number, line: (i: number) => string, before: string, after: string): Buffer {
  const pieces = [Buffer.from(before)]
  for (let i = 0; i < count; i += 5000) {
    const some = Array.from({ length: Math.min(5000, count - i) }, (_, k) => line(i + k))
    pieces.push(Buffer.from(some.join('')))
  }
  pieces.push(Buffer.from(after))
  return Buffer.concat(pieces)
}

const END = 'Subject: end\r\n\r\nbody\r\n'

export const HOSTILE_MESSAGES: Readonly<Record<string, () => Buffer>> = {
  'a line of 1 MB in the header': () => Buffer.from(`X-Long: ${'x'.repeat(1 << 20)}\r\n${END}`),
  'a line of 16 MB in the body': () => Buffer.from(`${END}${'y'.repeat(16 << 20)}\r\n`),
  '200,000 headers': () => repeat(200_000, (i) => `X-H${i}: v\r\n`, '', END),
  '100,000 addresses in To': () =>
    repeat(100_000, (i) => `\tuser${i} <user${i}@example.org>,\r\n`, 'To: a@b,\r\n', `\tz@b\r\n${END}`),
  '50,000 parameters': () =>
    repeat(50_000, (i) => `;\r\n\tp${i}=v`, 'MIME-Version: 1.0\r\nContent-Type: text/plain', `\r\n${END}`),
  'message/rfc822 nested 20,000 times': () =>
    repeat(20_000, () => 'Content-Type: message/rfc822\r\n\r\n', 'MIME-Version: 1.0\r\n', END),
  'multiparts nested 20,000 times': () =>
    repeat(
      20_000,
      (i) => `Content-Type: multipart/mixed; boundary="b${i}"\r\n\r\n--b${i}\r\n`,
      'MIME-Version: 1.0\r\n',
      END,
    ),
  '200,000 parts': () =>
    repeat(
      200_000,
      () => '--b\r\n\r\nx\r\n',
      'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n',
      '--b--\r\n',
    ),
  '100,000 encoded words': () =>
    repeat(100_000, () => ' =?utf-8?b?eA==?=\r\n', 'Subject: x\r\n', 'X: y\r\n\r\nbody\r\n'),
  'comments nested 100,000 deep': () =>
    repeat(100_000, () => '(', 'From: a@b ', `\r\nContent-Type: text/plain ${'('.repeat(10_000)}\r\n${END}`),
  '1,000,000 line ends of every kind': () => repeat(250_000, () => '\r\n\n\r.\r\n', END, '\r\n'),
}

/** As a client sends it (RFC 5321 §4.5.2), its end included; the message has to end with CRLF. */
export function stuffed(message: Buffer): Buffer {
  return Buffer.from(`${message.toString('latin1').replace(/(^|\r\n)\./g, '$1..')}.\r\n`, 'latin1')
}
