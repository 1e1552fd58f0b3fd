// The HTTP API: schemas once, in code, for validation, types and OpenAPI; every request through one door. RFC 9110,
// RFC 9112; the shapes are those of the WildDuck 1.0.11 documentation.

import { lookup } from 'node:dns/promises'
import type { AddressInfo, Socket } from 'node:net'
import swagger from '@fastify/swagger'
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { ConnectionLimits, type MaxConnections } from '../kit/connection-limits.js'
import type { Logger } from '../kit/log.js'
import type { Metrics } from '../kit/metrics.js'
import { remoteAddressOf } from '../kit/network.js'
import type { Services } from '../mail/services.js'
import { verifyToken } from '../mail/tokens.js'
import { bearerSecret, whyNotLocal } from './access.js'
import { docsPage } from './docs-page.js'
import { parseForm, typedForm } from './forms.js'
import { limitPipelining } from './pipelining.js'
import { HttpRefusal, refusalOf } from './refusals.js'
import { addresses } from './routes/addresses.js'
import { health } from './routes/health.js'
import { mailboxes } from './routes/mailboxes.js'
import { passwords } from './routes/passwords.js'
import { quotas } from './routes/quotas.js'
import type { Api } from './routes/route.js'
import { users } from './routes/users.js'

const ROUTES = [users, addresses, quotas, passwords, mailboxes, health]

/** Octets of a request's body: the largest has a password of 1,024 characters and an address. */
const BODY_LIMIT = 64 * 1024
const BODY_TYPES = ['application/json', 'application/x-www-form-urlencoded']
const HEADER_LIMIT = 16 * 1024
/** Milliseconds that a client has to read our last answer and leave. */
const LINGER_MS = 2_000

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Needs no token, whoever asks. */
    readonly open?: boolean
  }
}

export interface HttpOptions extends MaxConnections {
  /** Whether programs on this machine need a token too. */
  readonly requireToken: boolean
  /** Milliseconds that a request may take to arrive. */
  readonly requestMs: number
  readonly version: string
}

export interface HttpServer {
  /** Resolves with the address really taken. */
  listen(host: string, port: number): Promise<{ host: string; port: number }>
  /** Connections open now. */
  size(): number
  /** Accepts nothing new; requests under way have the grace to finish. */
  close(graceMs: number): Promise<void>
}

export async function createHttpServer(
  services: Services,
  metrics: Metrics,
  options: HttpOptions,
): Promise<HttpServer> {
  const log = services.log.child({ protocol: 'http' })
  const api = createApi(log, options)
  limitPipelining(api, log)
  await describe(api, options.version)
  guard(api, services, options.requireToken)
  count(api, metrics)
  for (const routes of ROUTES) routes(api, services)
  api.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
  await api.ready()
  const { server } = api
  server.headersTimeout = Math.min(options.requestMs, 20_000)
  // Node.js answers 100-continue; what else a client expects is refused at the door as anything else.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  const limits = new ConnectionLimits(options)
  server.on('connection', (socket) => {
    if (limits.admit(socket, remoteAddressOf(socket))) closeGently(socket)
    else refuseConnection(socket, limits.size, log)
  })
  return {
    async listen(host, port) {
      // For the name localhost fastify would make a second server, which knows nothing of what is set above.
      const { address } = await lookup(host)
      await api.listen({ host: address, port, backlog: 511 })
      const taken = server.address() as AddressInfo
      return { host: taken.address, port: taken.port }
    },
    size: () => limits.size,
    async close(graceMs) {
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await api.close()
      clearTimeout(timer)
    },
  }
}

function createApi(log: Logger, options: HttpOptions): Api {
  const api = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: options.requestMs,
    connectionTimeout: options.requestMs * 2,
    keepAliveTimeout: 10_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // RFC 9110 §9.1: whoever serves GET serves HEAD.
    exposeHeadRoutes: true,
    // Node.js would refuse a request without Host itself, in no words.
    http: { maxHeaderSize: HEADER_LIMIT, requireHostHeader: false },
    frameworkErrors: (error, _, reply) => refuse(reply, refusalOf(error)),
    clientErrorHandler: refuseOctets,
  }).withTypeProvider<ZodTypeProvider>()
  api.setValidatorCompiler(validatorCompiler)
  api.setSerializerCompiler(serializerCompiler)
  api.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error)
    if (refusal.status >= 500) log.error({ err: error, url: request.routeOptions.url }, 'http-failed')
    refuse(reply, refusal)
  })
  api.setNotFoundHandler((request, reply) => {
    refuse(reply, { status: 404, code: 'no-such-resource', error: `no ${request.method} at this path` })
  })
  api.removeContentTypeParser('text/plain')
  acceptForms(api)
  return api
}

/** For what is no HTTP request: there is no reply object then, only the socket. */
function refuseOctets(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, code] = CLIENT_ERRORS[error.code ?? ''] ?? ['400 Bad Request', 'invalid-request']
  const body = JSON.stringify({ success: false, error: 'this is not an HTTP request as it should be', code })
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Nothing of what still comes is a request.
  socket.removeAllListeners('data')
  socket.on('data', () => {})
  linger(socket)
}

/**
 * RFC 9112 §9.6: what the client still sends is read and thrown away for a while; closing on it would reset the connection,
 * and our answer might be lost with it.
 */
function linger(socket: Socket): void {
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('end', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
}

function refuseConnection(socket: Socket, connections: number, log: Logger): void {
  log.warn({ remote: remoteAddressOf(socket), listener: 'http', connections }, 'connection-refused')
  socket.destroy()
}

/** How Node.js closes a connection behind its last answer. */
function closeGently(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    linger(socket)
  }
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: string, code: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'too-large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout'],
}

function refuse(reply: FastifyReply, { status, code, error }: ReturnType<typeof refusalOf>): void {
  // RFC 6750 §3.1
  const why = code === 'invalid-token' ? ', error="invalid_token"' : ''
  if (status === 401) reply.header('www-authenticate', `Bearer realm="eider"${why}`)
  if (status === 503) reply.header('retry-after', '5')
  // A plain serializer: the route's own would judge this body by the schema of its status.
  reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ success: false, error, code })
}

function acceptForms(api: Api): void {
  api.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: unknown, text: string) => parseForm(text),
  )
  api.addHook('preValidation', async (request) => {
    const isForm = /^application\/x-www-form-urlencoded(?:\s*;|$)/i.test(
      request.headers['content-type'] ?? '',
    )
    if (!isForm || typeof request.body !== 'object' || request.body === null) return
    request.body = typedForm(request.body as Record<string, string>, request.routeOptions.schema?.body)
  })
}

function guard(api: Api, services: Services, requireToken: boolean): void {
  api.addHook('onRequest', async (request) => {
    // RFC 9112 §3.2: one in HTTP/1.1; two are two opinions about whom the request is for.
    const hosts = request.raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')
    if (hosts.length > 1) throw new HttpRefusal(400, 'invalid-input', 'more than one Host')
    if (hosts.length === 0 && request.raw.httpVersion === '1.1')
      throw new HttpRefusal(400, 'invalid-input', 'no Host')
    // RFC 9110 §10.1.1
    if (!/^(?:100-continue)?$/i.test(request.headers.expect ?? ''))
      throw new HttpRefusal(417, 'expectation-failed', 'this Expect is not known')
    if (request.routeOptions.config.open === true) return
    await demandAccess(services, request, requireToken)
  })
}

async function demandAccess(
  services: Services,
  request: FastifyRequest,
  requireToken: boolean,
): Promise<void> {
  const secret = bearerSecret(request.headers.authorization)
  if (secret !== undefined) {
    if ((await verifyToken(services, secret)) !== undefined) return
    services.log.warn({ protocol: 'http', remote: request.ip }, 'token-refused')
    throw new HttpRefusal(401, 'invalid-token', 'the token is not valid')
  }
  const why = requireToken ? 'http.requireToken' : whyNotLocal(request.raw)
  if (why === undefined) return
  throw new HttpRefusal(401, 'token-required', `a token is needed (${why}); make one by: eider token create`)
}

async function describe(api: Api, version: string): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Eider HTTP API',
        version,
        description: 'Bodies may be JSON or application/x-www-form-urlencoded. Sizes are in octets.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform(described) {
      const { schema, url } = jsonSchemaTransform(described)
      const security = described.route.config?.open === true ? { security: [] } : {}
      const consumes = described.schema?.body === undefined ? {} : { consumes: BODY_TYPES }
      return { schema: { ...schema, ...security, ...consumes }, url }
    },
  })
  api.get('/openapi.json', { config: { open: true }, schema: { hide: true } }, async () => api.swagger())
  api.get('/docs', { config: { open: true }, schema: { hide: true } }, async (_, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(docsPage(api.swagger())),
  )
}

function count(api: Api, metrics: Metrics): void {
  const took = metrics.duration('eider_http_request_seconds', 'HTTP requests by how long they took', [
    'route',
    'status',
  ])
  api.addHook('onResponse', async (request, reply) => {
    const route = `${request.method} ${request.routeOptions.url ?? 'unknown'}`
    took({ route, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
  })
}
