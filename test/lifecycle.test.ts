// A server's life: start, the files that scripts read, a second server, a kill, and an orderly end.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { cleanEnvironment, MAIN, runEider, startServer, type TestServer } from './server.js'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer(options)
  closing.push(() => server.stop())
  return server
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'eider-life-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const runFile = (dir: string) => JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8'))

test('run.json and the ready line name the process and its real addresses', async () => {
  const server = await start({ set: { 'lmtp.listen': 'off', 'http.listen': '[::1]:0' } })
  const run = runFile(server.dir)
  expect(run.pid).toBe(server.process.pid)
  expect(Object.keys(run.listeners).sort()).toEqual(['http', 'imap', 'imaps', 'smtp'])
  expect(run.listeners.smtp).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
  expect(run.listeners.http).toMatch(/^\[::1\]:[1-9]\d*$/)
  const ready = server
    .log()
    .split('\n')
    .map((line) => (line === '' ? {} : JSON.parse(line)))
    .find(({ event }) => event === 'ready')
  expect(ready).toMatchObject(run)
  expect((await fetch(`http://${run.listeners.http}/readyz`)).status).toBe(200)
})

// Read before the program: a machine on which localhost has two addresses.
const TWO_ADDRESSES = `data:text/javascript,${encodeURIComponent(`
  import dns from 'node:dns'
  const { lookup } = dns
  const both = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
  dns.lookup = (name, options, then) =>
    name === 'localhost' && options.all ? then(null, both) : lookup(name, options, then)
`)}`

test('localhost is one address, and one server', async () => {
  const server = await start({
    set: { 'http.listen': 'localhost:0' },
    nodeArgs: ['--import', TWO_ADDRESSES],
  })
  expect((await server.http('/readyz')).status).toBe(200)
  await expect(fetch(`http://127.0.0.2:${server.port('http')}/readyz`)).rejects.toThrow()
})

test('a new data folder is its owner’s alone', async () => {
  const dir = join(folder(), 'deep', 'data')
  await start({ dir })
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(statSync(join(dir, 'control.sock')).mode & 0o777).toBe(0o600)
  expect(statSync(join(dir, 'tls-key.pem')).mode & 0o777).toBe(0o600)
})

test('a second server refuses to start and says which process holds the folder', async () => {
  const server = await start()
  const listen = ['imap', 'imaps', 'smtp', 'lmtp', 'http'].flatMap((name) => [
    '--set',
    `${name}.listen=127.0.0.1:0`,
  ])
  const second = await runEider(['serve', '--data', server.dir, ...listen])
  expect(second.code).toBe(1)
  expect(second.stderr).toContain(`held by process ${server.process.pid}`)
  expect(runFile(server.dir).pid).toBe(server.process.pid)
  expect((await server.http('/readyz')).status).toBe(200)
})

test('a command line that leaves before it was answered does not disturb the server', async () => {
  const server = await start()
  for (let wait = 0; wait < 20; wait++) {
    const socket = connect(join(server.dir, 'control.sock'))
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write('{"command":"user list","arguments":{}}\n'.repeat(50))
    await sleep(wait % 5)
    socket.destroy()
  }
  expect((await runEider(['user', 'list', '--data', server.dir, '--json'])).code).toBe(0)
  expect(server.process.exitCode).toBeNull()
})

test('after a SIGKILL the next server starts, and what was acknowledged is there', async () => {
  const dir = folder()
  const first = await startServer({ dir })
  await first.createUser('anna', 'secret', 'anna@example.com')
  await first.kill()
  expect(existsSync(join(dir, 'run.json'))).toBe(true)
  const listed = await runEider(['user', 'list', '--data', dir, '--json'])
  expect(JSON.parse(listed.stdout)).toMatchObject([{ username: 'anna' }])
  const second = await start({ dir })
  expect(runFile(dir).pid).toBe(second.process.pid)
  expect(await (await second.http('/user?username=anna@example.com')).json()).toMatchObject({
    username: 'anna',
  })
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it in order, and run.json goes', async (signal) => {
  const dir = folder()
  const server = await startServer({ dir })
  server.process.kill(signal)
  const [code] = await once(server.process, 'exit')
  expect(code).toBe(0)
  expect(existsSync(join(dir, 'run.json'))).toBe(false)
  expect(existsSync(join(dir, 'control.sock'))).toBe(false)
  expect(server.log()).toContain('"event":"stopped"')
})

test('a signal that comes twice, as npm passes on the terminal’s, is one', async () => {
  const dir = folder()
  const server = await start({ dir })
  const imap = await open(server, 'imap')
  const exited = once(server.process, 'exit')
  // Of two names: two of one that are both pending come as one.
  server.process.kill('SIGINT')
  server.process.kill('SIGTERM')
  expect((await exited)[0]).toBe(0)
  await expect.poll(imap.said).toMatch(/^\* BYE /m)
  expect(existsSync(join(dir, 'run.json'))).toBe(false)
})

test('a signal that comes again later ends it at once', async () => {
  const server = await startServer()
  // In the middle of a request, for which an orderly end would wait.
  const http = await open(server, 'http')
  http.socket.write('POST /user/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{')
  const again = setInterval(() => server.process.kill('SIGTERM'), 100)
  closing.push(() => clearInterval(again))
  expect(await server.stop()).toBe(1)
  expect(server.log()).not.toMatch(/"event":"stop(ped|-forced)"/)
})

/** A pipe that is full, and whose reader stands still. */
function fullPipe(dir: string): string {
  const path = join(dir, 'pipe')
  execFileSync('mkfifo', [path])
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  closing.push(() => closeSync(pipe))
  expect(() => {
    for (;;) writeSync(pipe, 'x')
  }).toThrow('EAGAIN')
  return path
}

test.each([
  ['to a reader that stands still', fullPipe],
  ['that cannot be written', () => '/dev/full'],
])('a log %s does not keep it from an orderly end', async (_, pathIn) => {
  const dir = folder()
  const output = openSync(pathIn(dir), 'w')
  closing.push(() => closeSync(output))
  const set = ['imap', 'imaps', 'smtp', 'lmtp', 'http'].flatMap((name) => ['--set', `${name}.listen=off`])
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', dir, ...set], {
    env: cleanEnvironment(),
    stdio: ['ignore', output, 'inherit'],
  })
  closing.push(() => child.kill('SIGKILL'))
  await expect.poll(() => existsSync(join(dir, 'run.json')), { timeout: 30_000 }).toBe(true)
  child.kill('SIGTERM')
  expect((await once(child, 'exit'))[0]).toBe(0)
})

test('a signal in the middle of a start that waits for the store ends it too', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  closing.push(() => silent.close())
  const url = `mongodb://127.0.0.1:${(silent.address() as AddressInfo).port}/eider`
  const set = ['--set', `store.url=${url}`, '--set', 'store.timeout=30s']
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', folder(), ...set], {
    env: cleanEnvironment(),
  })
  closing.push(() => child.kill('SIGKILL'))
  await once(silent, 'connection')
  child.kill('SIGTERM')
  expect(await text(child.stdout)).toContain('"event":"stop-forced"')
})

test('files that cannot be removed do not keep it from an orderly end', async () => {
  const server = await startServer()
  const imap = await open(server, 'imap')
  // As on a disk that became read-only: a folder is not removed as a file is.
  for (const name of ['run.json', 'control.sock']) {
    rmSync(join(server.dir, name))
    mkdirSync(join(server.dir, name))
  }
  expect(await server.stop()).toBe(0)
  await expect.poll(imap.said).toMatch(/^\* BYE /m)
  expect(server.log()).toContain('"event":"stopped"')
  expect(server.log().match(/"event":"close-failed"/g)).toHaveLength(2)
})

test('npm start takes the same flags, and a SIGTERM to npm ends the server too', async () => {
  const dir = join(folder(), 'data')
  const listen = ['imap', 'imaps', 'smtp', 'lmtp', 'http'].flatMap((name) => [
    '--set',
    `${name}.listen=127.0.0.1:0`,
  ])
  // Without npm's prestart, which would build over the files that this test runs.
  const npm = spawn('npm', ['start', '--ignore-scripts', '--', '--data', dir, ...listen], {
    stdio: 'ignore',
    env: cleanEnvironment(),
  })
  closing.push(() => npm.kill('SIGKILL'))
  await expect.poll(() => existsSync(join(dir, 'run.json')), { timeout: 30_000 }).toBe(true)
  const { pid } = runFile(dir)
  closing.push(() => isAlive(pid) && process.kill(pid, 'SIGKILL'))
  const started = performance.now()
  npm.kill('SIGTERM')
  await expect.poll(() => isAlive(pid), { timeout: 10_000, interval: 20 }).toBe(false)
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(existsSync(join(dir, 'run.json'))).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function open(
  server: TestServer,
  listener: 'imap' | 'smtp' | 'lmtp' | 'http',
): Promise<{ socket: Socket; said: () => string }> {
  const socket = connect(server.port(listener), '127.0.0.1')
  closing.push(() => socket.destroy())
  socket.on('error', () => {})
  let text = ''
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  await once(socket, 'connect')
  if (listener !== 'http') await once(socket, 'data')
  return { socket, said: () => text }
}

test('whoever is connected is told, and the process is gone within five seconds', async () => {
  const server = await startServer()
  const imap = await open(server, 'imap')
  const smtp = await open(server, 'smtp')
  const lmtp = await open(server, 'lmtp')
  // In the middle of a message, and of a request: neither may hold up the end.
  const answered = once(smtp.socket, 'data')
  smtp.socket.write('EHLO x\r\nMAIL FROM:<>\r\n')
  const http = await open(server, 'http')
  http.socket.write('POST /user/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{')
  await answered
  const started = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(imap.said()).toMatch(/^\* BYE /m)
  expect(smtp.said()).toMatch(/^421 /m)
  expect(lmtp.said()).toMatch(/^421 /m)
})

test('a collector that never rests does not hold up the end', async () => {
  const busy = { 'collector.interval': '1ms', 'collector.grace': '0', 'retention.content': '0' }
  const server = await startServer({ set: busy })
  for (const name of ['anna', 'berta', 'carla']) await server.createUser(name, 'x')
  const started = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(server.log()).not.toMatch(/"level":"error"|stop-forced/)
})

test('a listener that cannot be had is named', async () => {
  const server = await start()
  const taken = server.listeners.smtp ?? ''
  const other = await runEider([
    'serve',
    '--data',
    folder(),
    '--set',
    `smtp.listen=${taken}`,
    '--set',
    'imap.listen=off',
    '--set',
    'imaps.listen=off',
    '--set',
    'lmtp.listen=off',
    '--set',
    'http.listen=off',
  ])
  expect(other.code).toBe(1)
  expect(other.stderr).toContain(`cannot listen on ${taken} (smtp.listen)`)
})

test('a data folder with a long name has its control socket too', async () => {
  const dir = join(folder(), 'x'.repeat(120))
  mkdirSync(dir)
  await start({ dir })
  expect(await runEider(['user', 'list', '--data', dir])).toMatchObject({ code: 0 })
})

test('a lock that is held while nobody answers is waited for, then named', async () => {
  const dir = folder()
  const first = await startServer({ dir })
  closing.push(() => first.kill())
  process.kill(first.pid, 'SIGSTOP')
  rmSync(join(dir, 'control.sock'))
  const { code, stderr } = await runEider(['user', 'list', '--data', dir])
  expect(code).toBe(1)
  expect(stderr).toContain(`held by process ${first.pid} (eider serve)`)
})
