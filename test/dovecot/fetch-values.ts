// The values of FETCH responses for comparison: quoted strings and literals are the same string (RFC 3501 §4.3), types and
// transfer encodings have no case (RFC 2045 §5.1, §6.1), and a part that is not there is NIL or empty.

export type Value = string | null | readonly Value[]

class Reader {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  expect(token: string): void {
    if (!this.text.startsWith(token, this.at))
      throw new Error(`expected ${token} in ${this.text.slice(this.at, this.at + 200)}`)
    this.at += token.length
  }

  value(): Value {
    const char = this.text[this.at]
    if (char === '(') return this.#list()
    if (char === '"') return this.#quoted()
    if (char === '{') return this.#literal()
    const atom = /[^ ()\r\n]+/y
    atom.lastIndex = this.at
    const found = atom.exec(this.text)?.[0] ?? ''
    this.at += found.length
    return found === 'NIL' ? null : found
  }

  #list(): Value[] {
    const list: Value[] = []
    this.at++
    while (this.text[this.at] !== ')') {
      if (this.at >= this.text.length) throw new Error('a list that does not end')
      if (this.text[this.at] === ' ') this.at++
      else list.push(this.value())
    }
    this.at++
    return list
  }

  #quoted(): string {
    let value = ''
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] === '\\') this.at++
      value += this.text[this.at] ?? ''
    }
    this.at++
    return value
  }

  #literal(): string {
    const open = this.text.indexOf('}', this.at)
    const start = open + 3
    const end = start + Number(this.text.slice(this.at + 1, open))
    this.at = end
    return this.text.slice(start, end)
  }
}

/** The values of the items of the first FETCH response among these. */
export function fetchValues(responses: readonly string[], items: readonly string[]): Map<string, Value> {
  const response = responses.find((line) => /^\* \d+ FETCH \(/.test(line))
  if (response === undefined) throw new Error(`no FETCH in ${responses}`)
  const reader = new Reader(response)
  reader.at = response.indexOf('(') + 1
  const values = new Map<string, Value>()
  for (const [index, item] of items.entries()) {
    if (index > 0) reader.expect(' ')
    reader.expect(item)
    reader.expect(' ')
    values.set(item, reader.value())
  }
  return values
}

export function lowerCase(value: Value): Value {
  if (value === null) return null
  return typeof value === 'string' ? value.toLowerCase() : value.map(lowerCase)
}
