// Messages made from a seed: the same serial number gives the same octets in every run. Headers as real mail has them
// (trace, threads, encoded words, several recipients), multipart bodies, an exact size, a unique Message-ID.

/** How many different messages there are before only the serial number differs. */
const TEMPLATES = 256
const SERIAL = '############'
const WORDS = (
  'account agenda annual answer april archive attached autumn balance because before board budget calendar change ' +
  'client coffee contract copy customer date delivery design detail draft evening figure final follow forward friday ' +
  'future garden general harbour holiday house idea invoice january journey kitchen know language later letter light ' +
  'london manager market meeting member minute monday month morning mountain music next note number office order ' +
  'paper people phone picture plan please point price project question quiet quarter reason receipt report request ' +
  'review river room sample schedule school season second shared simple station status storage street summer sunday ' +
  'supplier table team thanks theory thursday ticket today together travel tuesday update visit water weather website ' +
  'wednesday week welcome window winter without work world writing year yesterday'
).split(' ')
const NAMES = [
  'Anna Berg',
  'Jonas Vik',
  'Maria Costa',
  'Peter Novak',
  'Li Wei',
  'Sara Lund',
  'Omar Haddad',
  'Kate Moss',
]
const ENCODED_NAMES = ['=?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?=', '=?UTF-8?B?0JDQvdC00YDQuNGB?=']

/** Words that stand in one template of 256 only, for searches whose answer is known. */
export const RARE_SUBJECT = { word: 'obsidian', template: 7 }
export const RARE_TEXT = { phrase: 'quartz heron', template: 11 }

type Random = () => number

/** mulberry32: 32 bits of state, good enough for prose. */
function random(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function pick<T>(from: readonly [T, ...T[]] | readonly T[], next: Random): T {
  return from[Math.floor(next() * from.length)] as T
}

/** Text of exactly `length` octets in lines of at most 72, none of which begins with a dot. */
function prose(length: number, opening: string, next: Random): string {
  const lines: string[] = []
  let line = opening
  let total = 0
  while (total < length) {
    const word = pick(WORDS, next)
    if (line.length + word.length > 70) {
      lines.push(line)
      total += line.length + 2
      line = word
    } else line += line === '' ? word : ` ${word}`
  }
  return `${lines
    .join('\r\n')
    .slice(0, Math.max(0, length - 2))
    .replace(/\r$/, 'x')}\r\n`
}

function base64Lines(length: number, next: Random): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const lines: string[] = []
  for (let done = 0; done + 78 <= length; done += 78) {
    let line = ''
    for (let i = 0; i < 76; i++) line += digits[Math.floor(next() * 64)]
    lines.push(line)
  }
  return `${lines.join('\r\n')}\r\n`
}

function header(index: number, next: Random): string {
  const person = (): string =>
    `${pick(NAMES, next)} <${pick(WORDS, next)}.${pick(WORDS, next)}@${pick(WORDS, next)}.example>`
  const from =
    index % 5 === 0
      ? `${pick(ENCODED_NAMES, next)} <${pick(WORDS, next)}@${pick(WORDS, next)}.example>`
      : person()
  const subject = [0, 1, 2, 3].map(() => pick(WORDS, next)).join(' ')
  const rare = index === RARE_SUBJECT.template ? ` ${RARE_SUBJECT.word}` : ''
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const date = `${1 + Math.floor(next() * 28)} Nov 2025 ${two(next() * 24)}:${two(next() * 60)}:${two(next() * 60)} +0100`
  const lines = [
    `Received: from mx${index % 4}.relay.example (mx${index % 4}.relay.example [192.0.2.${index % 250}])`,
    `\tby mail.bench.example (Postfix) with ESMTPS id ${SERIAL}`,
    `\tfor <someone@bench.example>; Mon, ${date}`,
    `Received: from workstation.example ([198.51.100.${index % 250}]) by mx${index % 4}.relay.example with ESMTPSA;`,
    `\tMon, ${date}`,
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=relay.example; s=bench; h=from:to:subject:date;',
    `\tb=${base64Lines(80, next).trim()}`,
    `From: ${from}`,
    `To: ${person()}, ${person()}`,
    ...(index % 3 === 0 ? [`Cc: ${person()}`] : []),
    `Subject: ${index % 4 === 0 ? 'Re: ' : ''}${subject}${rare} ${SERIAL}`,
    `Date: Mon, ${date}`,
    `Message-ID: <${SERIAL}.${index}@mail.bench.example>`,
    ...(index % 4 === 0 ? [`In-Reply-To: <thread.${index}@mail.bench.example>`] : []),
    ...(index % 4 === 0
      ? [`References: <root.${index}@mail.bench.example>`, ` <thread.${index}@mail.bench.example>`]
      : []),
    'MIME-Version: 1.0',
    'User-Agent: Bench/1.0',
  ]
  return `${lines.join('\r\n')}\r\n`
}

function template(index: number, size: number): Buffer {
  const next = random(0x51ed + index)
  const top = header(index, next)
  const boundary = `=_bench_${index}_${SERIAL}`
  const attachment = size > 8192 ? base64Lines(Math.floor(size * 0.6), next) : ''
  const rare = index === RARE_TEXT.template ? `${RARE_TEXT.phrase} ` : ''
  const html = `<html><body><p>${prose(500, '', next)}</p></body></html>\r\n`
  const before = [
    `${top}Content-Type: multipart/${attachment === '' ? 'alternative' : 'mixed'}; boundary="${boundary}"\r\n\r\n`,
    `--${boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n`,
  ].join('')
  const after = [
    `--${boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${html}`,
    attachment === ''
      ? ''
      : `--${boundary}\r\nContent-Type: application/pdf; name="report.pdf"\r\nContent-Transfer-Encoding: base64\r\n` +
        `Content-Disposition: attachment; filename="report.pdf"\r\n\r\n${attachment}`,
    `--${boundary}--\r\n`,
  ].join('')
  const text = prose(size - before.length - after.length, `Reference ${SERIAL} ${rare}`, next)
  return Buffer.from(before + text + after, 'latin1')
}

/** A maker of messages of one size (at least 3,000 octets); which is exact. */
export class MessageMaker {
  readonly size: number
  private readonly templates: Buffer[] = []
  private readonly places: number[][] = []

  constructor(size: number) {
    this.size = size
    for (let index = 0; index < TEMPLATES; index++) {
      const made = template(index, size)
      if (made.length !== size)
        throw new Error(`template ${index} has ${made.length} octets instead of ${size}`)
      this.templates.push(made)
      const places: number[] = []
      for (let at = made.indexOf(SERIAL); at >= 0; at = made.indexOf(SERIAL, at + 1)) places.push(at)
      this.places.push(places)
    }
  }

  message(serial: number): Buffer {
    const index = serial % TEMPLATES
    const made = Buffer.from(this.templates[index] as Buffer)
    const digits = String(serial).padStart(SERIAL.length, '0')
    for (const place of this.places[index] as number[]) made.write(digits, place, 'latin1')
    return made
  }
}

/** How many of `count` messages from serial `first` on were made from one template. */
export function madeFrom(template: number, first: number, count: number): number {
  const below = (serials: number): number => Math.floor((serials + TEMPLATES - 1 - template) / TEMPLATES)
  return below(first + count) - below(first)
}

/** A message with one base64 attachment, of `size` octets, in pieces of 64 KB and without ever being held whole. */
export function bigMessage(size: number, serial: number): { size: number; pieces: () => Generator<Buffer> } {
  const boundary = '=_bench_big'
  const head = Buffer.from(
    `From: bench@bench.example\r\nTo: someone@bench.example\r\nSubject: large ${serial}\r\n` +
      `Date: Mon, 3 Nov 2025 10:00:00 +0100\r\nMessage-ID: <big.${serial}.${Date.now()}@mail.bench.example>\r\n` +
      `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n` +
      `Content-Type: text/plain\r\n\r\nSee the file.\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\n` +
      'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="large.bin"\r\n\r\n',
    'latin1',
  )
  const tail = Buffer.from(`--${boundary}--\r\n`, 'latin1')
  const piece = Buffer.from(base64Lines(65_520, random(serial)), 'latin1')
  const count = Math.max(1, Math.floor((size - head.length - tail.length) / piece.length))
  function* pieces(): Generator<Buffer> {
    yield head
    for (let i = 0; i < count; i++) yield piece
    yield tail
  }
  return { size: head.length + count * piece.length + tail.length, pieces }
}
