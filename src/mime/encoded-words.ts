// Encoded-words in header text. RFC 2047; a multibyte character split between two words is put together again, raw
// octets outside of words read as UTF-8 where they are that, else as windows-1252.
import { decodeCharset, decodeUnknown } from './charset.js'
import { decodeBase64, decodeQ } from './transfer-encoding.js'

const WORD = /=\?([^?\s*]{1,80})(?:\*[^?\s]*)?\?([QqBb])\?([^?]*)\?=/g

interface Run {
  charset: string
  octets: Buffer[]
}

/** A header value (latin1, unfolded) as a reader sees it. Linear, never throws. */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return decodeRaw(value)
  let decoded = ''
  let behind = 0
  let run: Run | undefined
  for (const match of value.matchAll(WORD)) {
    const between = value.slice(behind, match.index)
    const [all, charset = '', encoding = '', text = ''] = match
    const octets = encoding === 'Q' || encoding === 'q' ? decodeQ(text) : decodeBase64(text)
    const adjacent = run !== undefined && between.trim() === ''
    if (run !== undefined && adjacent && run.charset === charset.toLowerCase()) run.octets.push(octets)
    else {
      decoded += finish(run) + (adjacent ? '' : decodeRaw(between))
      run = { charset: charset.toLowerCase(), octets: [octets] }
    }
    behind = match.index + all.length
  }
  return decoded + finish(run) + decodeRaw(value.slice(behind))
}

function finish(run: Run | undefined): string {
  if (run === undefined) return ''
  const octets = run.octets.length === 1 && run.octets[0] ? run.octets[0] : Buffer.concat(run.octets)
  return decodeCharset(octets, run.charset)
}

function decodeRaw(text: string): string {
  return /[\x80-\xff]/.test(text) ? decodeUnknown(Buffer.from(text, 'latin1')) : text
}
