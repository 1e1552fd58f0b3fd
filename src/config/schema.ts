// Every key of the configuration, its default and its meaning, once: the types, the loader, `eider config show` and the
// documentation come from here. docs/operations.md, "Configuration".

import { z } from 'zod'
import {
  certificates,
  count,
  duration,
  flag,
  folder,
  hostName,
  listen,
  localHostName,
  size,
  timer,
  url,
} from './values.js'

const MONGODB = ['mongodb://', 'mongodb+srv://']

const connections = () => count(1, 1_000_000)

export const configSchema = z.object({
  data: folder().prefault('./data').describe('folder of everything that is kept'),
  'store.url': url('sqlite:', ...MONGODB)
    .prefault('sqlite:')
    .describe('where accounts and mail are kept; sqlite: in data'),
  'store.timeout': timer().prefault('10s').describe('how long a MongoDB that does not answer is waited for'),
  'blobs.url': url('store', 'sqlite:', ...MONGODB)
    .prefault('store')
    .describe('where large bodies are kept; store: with the mail'),
  'bus.url': url('local:', 'redis://', 'rediss://')
    .prefault('local:')
    .describe('how instances tell each other of changes; local: there is one'),

  'imap.listen': listen().prefault('127.0.0.1:9143').describe('IMAP, with STARTTLS'),
  'imaps.listen': listen().prefault('127.0.0.1:9993').describe('IMAP in TLS'),
  'smtp.listen': listen().prefault('127.0.0.1:2525').describe('SMTP maildrop'),
  'lmtp.listen': listen().prefault('127.0.0.1:2424').describe('LMTP maildrop'),
  'http.listen': listen().prefault('127.0.0.1:8080').describe('HTTP API'),
  'http.requireToken': flag()
    .optional()
    .describe('whether every request needs a token; false only on loopback, where it is the default'),
  'tls.certificates': certificates()
    .prefault([])
    .describe('a list of {cert, key}; none: one is made in data'),

  'quota.default': size(1).prefault('1GiB').describe('what an account without a quota of its own may hold'),
  'message.maxSize': size(1).prefault('64MiB').describe('one message at the most'),

  'imap.plaintextLogin': flag()
    .prefault(false)
    .describe('whether to allow logins without TLS from elsewhere than loopback'),
  'imap.maxConnections': connections().prefault(10_000).describe('IMAP connections at once'),
  'imap.maxConnectionsPerAddress': connections()
    .prefault(1_000)
    .describe('of these, from one address (not loopback)'),
  'imap.maxConnectionsPerAccount': connections().prefault(5_000).describe('logged in to one account'),
  'imap.idleTimeout': timer()
    .prefault('30m')
    .describe('how long a logged-in client may be silent (RFC 3501 §5.4)'),
  'imap.pollInterval': timer()
    .prefault('30s')
    .describe('how often IDLE looks for changes that nobody told it of, and a session for a new password'),
  'imap.loginTimeout': timer().prefault('1m').describe('how long a client may take to log in'),
  'imap.copyMessages': count(1, 10_000_000).prefault(100_000).describe('messages of one COPY'),

  'smtp.hostname': hostName()
    .prefault(localHostName())
    .describe('what SMTP, LMTP and the certificate call this host'),
  'smtp.maxConnections': connections().prefault(1_000).describe('SMTP and LMTP connections at once, each'),
  'smtp.maxConnectionsPerAddress': connections()
    .prefault(100)
    .describe('of these, from one address (not loopback)'),
  'smtp.maxRecipients': count(1, 100_000).prefault(1_000).describe('recipients of one message'),
  'smtp.timeout': timer().prefault('5m').describe('how long a client may be silent (RFC 5321 §4.5.3.2.7)'),

  'http.maxConnections': connections().prefault(1_000).describe('HTTP connections at once'),
  'http.maxConnectionsPerAddress': connections()
    .prefault(100)
    .describe('of these, from one address (not loopback)'),
  'http.timeout': timer().prefault('30s').describe('how long a request may take to arrive'),

  'auth.failuresPerAddress': count(1, 1_000_000)
    .prefault(100)
    .describe('failed logins from one address within the window'),
  'auth.failuresPerPair': count(1, 1_000_000)
    .prefault(20)
    .describe('of these, to one account that was not logged in to from there lately'),
  'auth.failuresPerAccount': count(1, 1_000_000)
    .prefault(100)
    .describe(
      'failed logins to one account within the window before strange addresses are slowed down; from a known one, before it is',
    ),
  'auth.window': duration().prefault('10m').describe('how long a failed login counts'),

  'retention.expunged': duration()
    .prefault('90d')
    .describe('how long the trace of an expunged message is kept'),
  'retention.content': duration().prefault('14d').describe('how long its content is kept; 0: not at all'),
  'retention.contentLimit': size()
    .prefault('1GiB')
    .describe('how much of it is kept for one account; the oldest goes first'),
  'collector.interval': timer(0)
    .prefault('10m')
    .describe('how often what nobody names any more is removed; 0: never'),
  'collector.grace': duration()
    .prefault('1h')
    .describe('how long a body that nothing refers to is kept; on MongoDB at least store.timeout and 10s'),

  'log.level': z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], { error: 'debug, info, warn, error or silent' })
    .prefault('info')
    .describe('the least that is logged: debug, info, warn, error or silent'),
})

type Parsed = z.output<typeof configSchema>
/** Validated; the loader has settled what depends on other keys. */
export type Config = Parsed & { readonly 'http.requireToken': boolean }
export type ConfigKey = keyof Parsed

export const CONFIG_KEYS = Object.keys(configSchema.shape) as readonly ConfigKey[]

/** `http.requireToken` → `EIDER_HTTP_REQUIRE_TOKEN`. */
export const environmentName = (key: string): string =>
  `EIDER_${key.replace(/[A-Z]/g, '_$&').replaceAll('.', '_').toUpperCase()}`

/** What the key means. */
export const describeKey = (key: ConfigKey): string => configSchema.shape[key].description ?? ''
