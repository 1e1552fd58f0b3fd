// The configuration: what beats what, how values are written, and that mistakes are named.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type ConfigSources, loadConfig } from './load.js'
import { CONFIG_KEYS, environmentName } from './schema.js'

const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ environment: {}, set: [], ...sources })

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'eider-config-')), 'eider.toml')
  writeFileSync(path, text)
  return path
}

test('the defaults that scripts rely on', () => {
  const { config } = load()
  expect(config).toMatchObject({
    data: resolve('data'),
    'store.url': 'sqlite:',
    'bus.url': 'local:',
    'imap.listen': { host: '127.0.0.1', port: 9143 },
    'imaps.listen': { host: '127.0.0.1', port: 9993 },
    'smtp.listen': { host: '127.0.0.1', port: 2525 },
    'lmtp.listen': { host: '127.0.0.1', port: 2424 },
    'http.listen': { host: '127.0.0.1', port: 8080 },
    'http.requireToken': false,
    'tls.certificates': [],
    'quota.default': 2 ** 30,
    'message.maxSize': 2 ** 26,
  })
})

test('flags beat the environment, which beats the file', () => {
  const sources = {
    file: file('[quota]\ndefault = "1MB"\n[message]\nmaxSize = 1000\n[imap]\nlisten = "off"\n'),
    environment: { EIDER_MESSAGE_MAX_SIZE: '2MiB', EIDER_IMAP_LISTEN: '[::1]:0' },
    set: ['imap.listen=localhost:1', 'imap.listen=localhost:2'],
    data: '/srv/mail',
  }
  const { config, settings } = load(sources)
  expect(config['quota.default']).toBe(1e6)
  expect(config['message.maxSize']).toBe(2 ** 21)
  expect(config['imap.listen']).toEqual({ host: 'localhost', port: 2 })
  expect(config.data).toBe('/srv/mail')
  expect(settings.get('quota.default')?.origin).toBe(`file ${sources.file}`)
  expect(settings.get('message.maxSize')?.origin).toBe('environment EIDER_MESSAGE_MAX_SIZE')
  expect(settings.get('imap.listen')).toEqual({ given: 'localhost:2', origin: '--set' })
  expect(settings.get('smtp.listen')).toEqual({ given: '127.0.0.1:2525', origin: 'default' })
})

test('the data folder is one path for all who open something in it', () => {
  expect(load({ environment: { EIDER_DATA: ' /data' } }).config.data).toBe(resolve(' /data'))
})

test('the faults that tests make are no keys', () => {
  expect(() => load({ environment: { EIDER_TEST_SYNCHRONOUS: 'OFF' } })).not.toThrow()
})

test('nor is what Kubernetes tells of Services called eider and eider-smtp', () => {
  const links = {
    EIDER_SERVICE_HOST: '10.96.0.7',
    EIDER_SERVICE_PORT: '9143',
    EIDER_SERVICE_PORT_IMAP_TLS: '9993',
    EIDER_PORT: 'tcp://10.96.0.7:9143',
    EIDER_PORT_9143_TCP: 'tcp://10.96.0.7:9143',
    EIDER_PORT_9143_TCP_PROTO: 'tcp',
    EIDER_PORT_9143_TCP_PORT: '9143',
    EIDER_PORT_9143_TCP_ADDR: '10.96.0.7',
    EIDER_SMTP_SERVICE_HOST: '10.96.0.8',
    EIDER_SMTP_PORT: 'udp://10.96.0.8:25',
    EIDER_SMTP_PORT_25_UDP: 'udp://10.96.0.8:25',
    EIDER_SMTP_PORT_25_SCTP_ADDR: '10.96.0.8',
  }
  expect(load({ environment: links })).toEqual(load())
})

test('every key has its variable', () => {
  expect(environmentName('http.listen')).toBe('EIDER_HTTP_LISTEN')
  expect(environmentName('message.maxSize')).toBe('EIDER_MESSAGE_MAX_SIZE')
  expect(new Set(CONFIG_KEYS.map(environmentName)).size).toBe(CONFIG_KEYS.length)
})

test.each<[string, Partial<ConfigSources>, RegExp]>([
  ['flag', { set: ['imap.lisen=off'] }, /unknown key imap\.lisen \(--set\); did you mean imap\.listen\?/],
  ['no value', { set: ['imap.listen'] }, /--set imap\.listen: it should be key=value/],
  [
    'variable',
    { environment: { EIDER_IMAP_LISTN: 'off' } },
    /EIDER_IMAP_LISTN; did you mean EIDER_IMAP_LISTEN\?/,
  ],
  ['port', { environment: { EIDER_IMAP_PORT: '143' } }, /unknown environment variable EIDER_IMAP_PORT/],
  [
    'port of a name',
    { environment: { EIDER_PORT_IMAP_TCP: 'tcp://10.96.0.7:143' } },
    /unknown environment variable EIDER_PORT_IMAP_TCP/,
  ],
  [
    'file',
    { file: file('[imap]\nlisten = "off"\nfoo = 1\n') },
    /unknown key imap\.foo \(file .*eider\.toml\)/,
  ],
  [
    'no file',
    { file: '/nonexistent/eider.toml' },
    /cannot read the configuration file \/nonexistent\/eider\.toml/,
  ],
  ['no TOML', { file: file('=') }, /cannot read the configuration file/],
  ['address', { set: ['imap.listen=9143'] }, /imap\.listen = "9143" \(--set\): it should be host:port/],
  ['port above 65535', { set: ['imap.listen=127.0.0.1:65536'] }, /imap\.listen/],
  ['size', { environment: { EIDER_QUOTA_DEFAULT: '1 banana' } }, /quota\.default = "1 banana".*a size/],
  ['size below zero', { file: file('[quota]\ndefault = -1\n') }, /quota\.default = -1 .*a size/],
  ['duration', { set: ['imap.idleTimeout=30'] }, /imap\.idleTimeout = "30".*with its unit/],
  ['timer', { set: ['smtp.timeout=30d'] }, /smtp\.timeout = "30d".*at most 12d/],
  ['no time', { set: ['imap.loginTimeout=0'] }, /imap\.loginTimeout = "0".*at least 100ms/],
  ['no room', { set: ['quota.default=0'] }, /quota\.default = "0".*at least 1B/],
  ['no message', { set: ['message.maxSize=0'] }, /message\.maxSize = "0".*at least 1B/],
  ['host name', { set: ['smtp.hostname=-a..b-.'] }, /smtp\.hostname = "-a\.\.b-\.".*a host name/],
  ['switch', { set: ['imap.plaintextLogin=yes'] }, /imap\.plaintextLogin = "yes".*true or false/],
  ['count', { set: ['smtp.maxRecipients=0'] }, /smtp\.maxRecipients = "0".*whole number from 1/],
  ['level', { set: ['log.level=loud'] }, /log\.level = "loud".*debug, info/],
  ['store', { set: ['store.url=oracle:'] }, /store\.url = "oracle:".*sqlite: or mongodb:\/\/… or/],
  ['folder of the store', { set: ['store.url=sqlite:/srv/back'] }, /the folder of sqlite: is data/],
  ['folder of bodies', { set: ['blobs.url=sqlite:/srv/back'] }, /the folder of sqlite: is data/],
  ['name of the local bus', { set: ['bus.url=local:one'] }, /bus\.url = "local:one".*local: or redis:\/\/…/],
  ['mixed', { set: ['store.url=mongodb://a/b', 'blobs.url=sqlite:'] }, /blobs\.url = "sqlite:".*store/],
  [
    'grace',
    { set: ['store.url=mongodb://a/b', 'store.timeout=20s', 'collector.grace=29s'] },
    /collector\.grace is 29000ms \(--set\).*at least 30000ms/,
  ],
  ['grace that was not set', { set: ['store.url=mongodb://a/b', 'store.timeout=1h'] }, /\(default\)/],
  ['poll', { set: ['imap.pollInterval=0'] }, /imap\.pollInterval = "0".*at least 100ms/],
  ['list', { set: ['tls.certificates=x'] }, /tls\.certificates.*TOML list/],
  ['list item', { set: ['tls.certificates=[{cert = "a"}]'] }, /tls\.certificates.*both paths/],
  ['text in the file', { file: file('data = 1\n') }, /data = 1/],
  [
    'token',
    { set: ['http.requireToken=false', 'http.listen=0.0.0.0:80'] },
    /http\.requireToken=false.*loopback/,
  ],
])('a mistake is named: %s', (_, sources, message) => expect(() => load(sources)).toThrow(message))

test('the collector may begin at once on SQLite, and where no transaction is under way any more on MongoDB', () => {
  expect(load({ set: ['collector.grace=0'] }).config['collector.grace']).toBe(0)
  const { config } = load({ set: ['store.url=mongodb://a/b', 'store.timeout=1s', 'collector.grace=11s'] })
  expect(config['collector.grace']).toBe(11_000)
})

test.each(CONFIG_KEYS)('%s of a wrong type is refused in its own words', (key) => {
  for (const value of ['1979-05-27', '[{}]']) {
    const failing = () => load({ file: file(`${key} = ${value}\n`) })
    expect(failing).toThrow(/: it should be /)
    expect(failing).not.toThrow(/Invalid|expected/)
  }
})

test.each([
  ['mongo://eider:s3cret@a,b/eider'],
  ['mongo://eider:s3cr@et@a/eider'],
  ['mongo://:s3cret@a'],
  ['mongo://a/eider?tls=true&tlsCertificateKeyFilePassword=s3cret&w=1'],
])('a password stands in no message: %s', (url) => {
  const failing = () => load({ set: [`store.url=${url}`] })
  expect(failing).toThrow(/store\.url = "mongo:.*…/)
  expect(failing).not.toThrow(/s3cr|et@/)
})

test('nor in the message about a file that is no TOML', () => {
  const path = file('[store]\nurl = mongodb://eider:s3cret@a/eider\n')
  expect(() => load({ file: path })).toThrow(/cannot read/)
  expect(() => load({ file: path })).not.toThrow('s3cret')
})

test('a token is needed wherever the API is not on loopback', () => {
  expect(load({ set: ['http.listen=0.0.0.0:80'] }).config['http.requireToken']).toBe(true)
  expect(load({ set: ['http.listen=[::1]:80'] }).config['http.requireToken']).toBe(false)
  expect(load({ set: ['http.requireToken=true'] }).config['http.requireToken']).toBe(true)
})

test('certificates from a flag', () => {
  const { config } = load({ set: ['tls.certificates=[{cert = "a.pem", key = "b.pem"}]'] })
  expect(config['tls.certificates']).toEqual([{ cert: 'a.pem', key: 'b.pem' }])
})

test('durations and sizes', () => {
  const { config } = load({
    set: ['imap.idleTimeout=1.5h', 'retention.content=0', 'auth.window=500ms', 'message.maxSize=1.5 GiB'],
  })
  expect(config['imap.idleTimeout']).toBe(5_400_000)
  expect(config['retention.content']).toBe(0)
  expect(config['auth.window']).toBe(500)
  expect(config['message.maxSize']).toBe(1.5 * 2 ** 30)
})
