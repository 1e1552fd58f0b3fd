// The hash that the tests compare messages by.

import { createHash } from 'node:crypto'

export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex')
}
