// Who may use the API: the bearer of a token (RFC 6750), or, where no token is required, a program on this very machine.
// A browser led here by a foreign page, or a proxy that names itself, is not that; what forwards without a word cannot be told
// from one. docs/operations.md, "HTTP API".

import type { IncomingMessage } from 'node:http'

const LOOPBACK_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i

/** Headers that only something between the client and us would add (RFC 7239, RFC 9110 §7.6.3). */
const isForwarding = (name: string): boolean =>
  name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-') || name === 'x-real-ip'

/** Why a request that bears no token cannot be taken for a local program's; undefined where it can. */
export function whyNotLocal(request: Pick<IncomingMessage, 'headers' | 'httpVersion'>): string | undefined {
  const { headers, httpVersion } = request
  if (httpVersion !== '1.1') return `HTTP/${httpVersion}`
  if (headers.host === undefined || !LOOPBACK_HOST.test(headers.host)) return 'foreign Host'
  const { origin } = headers
  if (origin !== undefined && origin.toLowerCase() !== `http://${headers.host.toLowerCase()}`)
    return 'foreign Origin'
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'a foreign page'
  const forwarding = Object.keys(headers).find(isForwarding)
  return forwarding === undefined ? undefined : `header ${forwarding}`
}

/** The secret of `Authorization: Bearer …`; undefined where there is none (RFC 6750 §2.1). */
export function bearerSecret(authorization: string | undefined): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/=-]{1,512}) *$/i.exec(authorization ?? '')?.[1]
}
