// Reads what strace wrote (`-f -y -o FILE`): the writes, syncs and file changes of a server, in the order in which the
// kernel saw them. A call that was interrupted by another's stands in two lines, `<unfinished ...>` and `resumed`.

export interface Call {
  readonly name: string
  /** As strace prints them, strings still escaped. */
  readonly arguments: string
  /** −1 where it failed; undefined where the process was killed inside. */
  readonly result: number | undefined
  /** Places in the trace: when it was entered and when it returned. */
  readonly entered: number
  readonly returned: number
}

const LINE = /^(\d+) +(?:(\w+)\((.*)|<\.\.\. (\w+) resumed>(.*))$/s
/** The result, or `?` where the process was killed inside. */
const ENDING = /^(.*)\) += +(-?\d+|\?)/s
const UNFINISHED = ' <unfinished ...>'

export function readTrace(text: string): Call[] {
  const calls: Call[] = []
  const open = new Map<string, { name: string; arguments: string; entered: number }>()
  for (const [place, line] of text.split('\n').entries()) {
    const match = LINE.exec(line)
    if (match === null) continue
    const [, thread = '', name, rest = '', resumed, remainder = ''] = match
    if (name !== undefined && rest.endsWith(UNFINISHED)) {
      open.set(thread, { name, arguments: rest.slice(0, -UNFINISHED.length), entered: place })
    } else if (name !== undefined) {
      calls.push(finished({ name, arguments: rest, entered: place }, place))
    } else if (resumed !== undefined) {
      const begun = open.get(thread)
      open.delete(thread)
      if (begun !== undefined)
        calls.push(finished({ ...begun, arguments: begun.arguments + remainder }, place))
    }
  }
  for (const begun of open.values())
    calls.push({ ...begun, result: undefined, returned: Number.POSITIVE_INFINITY })
  return calls
}

function finished(begun: { name: string; arguments: string; entered: number }, returned: number): Call {
  const match = ENDING.exec(begun.arguments)
  return {
    ...begun,
    arguments: match?.[1] ?? begun.arguments,
    result: match?.[2] === undefined || match[2] === '?' ? undefined : Number(match[2]),
    returned,
  }
}

/** The file or socket of a call's first argument: `19</data/eider.db-wal>`, `23<TCP:[…]>`. */
export function fileOf(call: Call): string | undefined {
  return /^\d+<(.*?)>(?:,|$)/s.exec(call.arguments)?.[1]
}

/** The octets that a write, writev or sendto carried. */
export function octetsOf(call: Call): Buffer {
  const pieces = [...call.arguments.matchAll(/"((?:[^"\\]|\\.)*)"/gs)]
  return Buffer.concat(pieces.map(([, escaped = '']) => unescaped(escaped)))
}

const SHORT: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, a: 7, b: 8, e: 27 }

function unescaped(text: string): Buffer {
  const octets = Buffer.alloc(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\') {
      octets[length++] = text.charCodeAt(at)
      continue
    }
    const digits = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0]
    const letter = text[at + 1] ?? ''
    octets[length++] =
      digits === undefined ? (SHORT[letter] ?? letter.charCodeAt(0)) : Number.parseInt(digits, 8)
    at += digits?.length ?? 1
  }
  return octets.subarray(0, length)
}
