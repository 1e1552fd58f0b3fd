// Bearer tokens of the HTTP API (RFC 6750): 256 random bits, shown once, kept as their SHA-256. A fast hash is enough
// for what nobody can guess.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Token } from '../store/accounts.js'
import type { Services } from './services.js'

const SECRET = /^eider_[A-Za-z0-9_-]{43}$/

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** The secret is in the answer and nowhere else. */
export async function createToken(
  services: Services,
  label: string,
): Promise<{ readonly token: Token; readonly secret: string }> {
  const secret = `eider_${randomBytes(32).toString('base64url')}`
  const token = await services.store.createToken({ label, hash: hashOf(secret) })
  services.log.info({ token: token.id }, 'token-created')
  return { token, secret }
}

export const listTokens = (services: Services): Promise<Token[]> => services.store.tokens()

/** Throws StoreError `no-such-token`. */
export async function revokeToken(services: Services, id: string): Promise<void> {
  await services.store.revokeToken(id)
  services.log.info({ token: id }, 'token-revoked')
}

/** The token that the secret opens; undefined where there is none. */
export async function verifyToken(services: Services, secret: string): Promise<Token | undefined> {
  if (!SECRET.test(secret)) return undefined
  const hash = hashOf(secret)
  const token = await services.store.tokenByHash(hash)
  if (token === undefined) return undefined
  // The lookup is by hash, so its timing tells nothing of the secret; the comparison keeps it so with any store.
  return timingSafeEqual(Buffer.from(token.hash, 'hex'), Buffer.from(hash, 'hex')) ? token : undefined
}
