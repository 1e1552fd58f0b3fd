// A server under measurement, as the command line names it: NAME=imap://HOST:PORT,lmtp://HOST:PORT,… . Only protocols
// are spoken to it; with a pid its processes' time and memory are read from /proc as well.
import { readFileSync } from 'node:fs'

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

export interface Server {
  readonly name: string
  readonly imap: Endpoint
  readonly imaps: Endpoint | undefined
  readonly lmtp: Endpoint | undefined
  /** Base URL of an HTTP API which creates the users. */
  readonly http: string | undefined
  readonly pid: number | undefined
  readonly password: string | undefined
  /** Log in by `user` name or by `address`. */
  readonly login: 'user' | 'address'
}

function endpoint(url: string | undefined): Endpoint | undefined {
  if (url === undefined) return undefined
  const found = /^(\w+):\/\/(\[[^\]]+\]|[^:/]+):(\d+)\/?$/.exec(url)
  if (!found) throw new Error(`no address such as imap://127.0.0.1:143: ${url}`)
  return { host: (found[2] ?? '').replace(/[[\]]/g, ''), port: Number(found[3]), tls: found[1] === 'imaps' }
}

/** The file that Eider writes when it is ready: `{"pid": …, "listeners": {"imap": "127.0.0.1:9143", …}}`. */
function fromRunFile(path: string): [string, string][] {
  const run = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; listeners: Record<string, string> }
  const urls = Object.entries(run.listeners).map(([name, at]): [string, string] => [name, `${name}://${at}`])
  return [['pid', String(run.pid)], ...urls]
}

function parts(text: string): [string, string][] {
  return text.split(',').flatMap((part): [string, string][] => {
    if (part.startsWith('run:')) return fromRunFile(part.slice(4))
    const scheme = /^(\w+):\/\//.exec(part)?.[1]
    if (scheme) return [[scheme, part]]
    const at = part.indexOf('=')
    if (at < 0) throw new Error(`neither SCHEME://HOST:PORT nor KEY=VALUE: ${part}`)
    return [[part.slice(0, at), part.slice(at + 1)]]
  })
}

/** Reads `NAME=PART,PART,…`; `settings` are further `NAME.KEY=VALUE`. */
export function parseServer(text: string, settings: readonly string[]): Server {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`--server needs NAME=imap://HOST:PORT,…: ${text}`)
  const name = text.slice(0, at)
  const mine = settings.filter((setting) => setting.startsWith(`${name}.`))
  const keys = new Map([
    ...parts(text.slice(at + 1)),
    ...mine.flatMap((one) => parts(one.slice(name.length + 1))),
  ])
  const imap = endpoint(keys.get('imap'))
  if (!imap) throw new Error(`server ${name} has no imap:// address`)
  return {
    name,
    imap,
    imaps: endpoint(keys.get('imaps')),
    lmtp: endpoint(keys.get('lmtp')),
    http: keys.get('http'),
    pid: keys.has('pid') ? Number(keys.get('pid')) : undefined,
    password: keys.get('password'),
    login: keys.get('login') === 'user' ? 'user' : 'address',
  }
}
