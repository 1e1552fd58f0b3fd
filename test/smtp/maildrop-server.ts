// SMTP and LMTP listeners over the real services, for the tests of this folder.

import { Listener } from '../../src/kit/listener.js'
import { silentLogger } from '../../src/kit/log.js'
import type { TlsContexts } from '../../src/kit/tls.js'
import type { Services } from '../../src/mail/services.js'
import { createMaildropServer } from '../../src/smtp/server.js'

export interface MaildropListener {
  readonly port: number
  close(): Promise<void>
}

export async function listenMaildrop(
  services: Services,
  protocol: 'smtp' | 'lmtp',
  tls?: TlsContexts,
): Promise<MaildropListener> {
  const server = createMaildropServer(services, { protocol, hostname: 'mx.example.org' })
  const listener = new Listener({
    name: protocol,
    host: '127.0.0.1',
    port: 0,
    tls,
    maxConnections: 1000,
    maxPerAddress: 1000,
    onConnection: (connection) => server.handle(connection),
    log: silentLogger,
  })
  const { port } = await listener.listen()
  return { port, close: () => listener.close(0) }
}
