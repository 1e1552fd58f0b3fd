// The listening socket against real clients: limits, STARTTLS, TLS from the first byte, shutdown.

import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { type Connection, Listener, type ListenerOptions } from './listener.js'
import { silentLogger } from './log.js'
import { selfSignedCertificate, TlsContexts } from './tls.js'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listenWith(options: Partial<ListenerOptions>) {
  const listener = new Listener({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    maxConnections: 100,
    maxPerAddress: 100,
    onConnection: () => {},
    log: silentLogger,
    ...options,
  })
  const { port } = await listener.listen()
  cleanups.push(() => listener.close(0))
  return { listener, port }
}

function client(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  cleanups.push(() => void socket.destroy())
  return socket
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'eider-tls-'))
  cleanups.push(() => rm(path, { recursive: true }))
  return path
}

const received = (socket: Socket, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let all = ''
    const take = (data: Buffer) => {
      all += data.toString()
      if (!all.includes(text)) return
      socket.off('data', take)
      resolve(all)
    }
    socket.on('data', take)
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(all)}`)))
  })

const ended = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let all = ''
    socket.on('data', (data) => {
      all += data.toString()
    })
    socket.on('close', () => resolve(all))
  })

const secure = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.on('secureConnect', resolve)
    socket.on('error', reject)
  })

describe('limits', () => {
  it('refuses a connection above the limit with a line, and takes new ones when others left', async () => {
    const onConnection = ({ socket }: Connection) => {
      socket.on('end', () => socket.end()).resume()
      socket.write('hello\r\n')
    }
    const { port, listener } = await listenWith({ maxConnections: 1, refuse: '421 busy', onConnection })
    const first = client(port)
    await received(first, 'hello')
    expect(await ended(client(port))).toBe('421 busy\r\n')
    const left = new Promise((resolve) => first.on('close', resolve))
    first.destroy()
    await left
    while (listener.size > 0) await new Promise(setImmediate)
    expect(await received(client(port), '\r\n')).toBe('hello\r\n')
  })
})

describe('a client that closes its side', () => {
  it('is still answered', async () => {
    const onConnection = ({ socket }: Connection) => {
      socket.on('end', () => setImmediate(() => socket.end('the answer'))).resume()
    }
    const { port } = await listenWith({ onConnection })
    const asking = client(port)
    asking.end('the question')
    expect(await ended(asking)).toBe('the answer')
  })
})

describe('shutdown', () => {
  it('tells sessions, waits for them to end, and destroys those that stay', async () => {
    const onConnection = (connection: Connection) => {
      connection.socket.on('data', (data) => {
        if (String(data) === 'polite') connection.onClosing = () => connection.socket.end('bye\r\n')
        else connection.onClosing = () => connection.socket.write('staying\r\n')
        connection.socket.write('ok')
      })
    }
    const { port, listener } = await listenWith({ onConnection })
    const [polite, rude] = [client(port), client(port)]
    polite.write('polite')
    rude.write('rude')
    await Promise.all([received(polite, 'ok'), received(rude, 'ok')])
    const ends = Promise.all([ended(polite), ended(rude)])
    await listener.close(100)
    expect(await ends).toEqual(['bye\r\n', 'staying\r\n'])
    while (listener.size > 0) await new Promise(setImmediate)
  })
})

describe('TLS', () => {
  it('STARTTLS forgets what was sent behind it (RFC 3207 §6)', async () => {
    const path = await folder()
    const tls = await TlsContexts.load([await selfSignedCertificate(path, 'mail.example')], silentLogger)
    const heard: string[] = []
    const onConnection = (connection: Connection) => {
      connection.socket.once('readable', async () => {
        heard.push(String(connection.socket.read(10)))
        await connection.startTls('go\r\n')
        const { socket } = connection
        socket.on('end', () => socket.end())
        socket.on('data', (data) => {
          heard.push(String(data))
          socket.write('done')
        })
      })
    }
    const { port, listener } = await listenWith({ tls, onConnection })
    const plain = client(port)
    plain.write('STARTTLS\r\nINJECTED\r\n')
    expect(await received(plain, 'go\r\n')).toBe('go\r\n')
    const secured = connectTls({ socket: plain, rejectUnauthorized: false })
    await secure(secured)
    secured.write('inside')
    await received(secured, 'done')
    expect(heard).toEqual(['STARTTLS\r\n', 'inside'])
    secured.destroy()
    while (listener.size > 0) await new Promise(setImmediate)
  })

  it('speaks TLS from the first byte, and a client that does not is let go', async () => {
    const path = await folder()
    const files = await selfSignedCertificate(path, 'mail.example')
    const tls = await TlsContexts.load([files], silentLogger)
    const onConnection = (connection: Connection) => connection.socket.write(`secure ${connection.secure}`)
    const { port } = await listenWith({ tls, implicitTls: true, onConnection })
    const ca = await readFile(files.cert)
    const secured = connectTls({ port, host: '127.0.0.1', servername: 'mail.example', ca })
    cleanups.push(() => void secured.destroy())
    expect(await received(secured, 'secure true')).toBe('secure true')
    const plain = client(port)
    plain.write('EHLO there\r\n')
    expect(await ended(plain)).not.toContain('secure')
  })

  it('a certificate that signs itself is made once, its key readable by the owner alone', async () => {
    const path = await folder()
    const files = await selfSignedCertificate(path, 'mail.example')
    const made = await readFile(files.cert, 'utf8')
    expect((await stat(files.key)).mode & 0o777).toBe(0o600)
    await selfSignedCertificate(path, 'mail.example')
    expect(await readFile(files.cert, 'utf8')).toBe(made)
  })

  it('says of a certificate that cannot be used why', async () => {
    const [one, two] = [await folder(), await folder()]
    const { cert } = await selfSignedCertificate(one, 'one.example')
    const other = await selfSignedCertificate(two, 'two.example')
    const using = (key: string) => TlsContexts.load([{ cert, key }], silentLogger)
    await expect(using(join(one, 'none'))).rejects.toThrow(`${cert} with key ${one}/none: ENOENT`)
    await expect(using(other.key)).rejects.toThrow(`${cert} with key ${other.key}: error:`)
  })

  it('chooses by SNI, reads a replaced certificate again, and keeps the old one where the new is broken', async () => {
    const [one, two, three] = [await folder(), await folder(), await folder()]
    const first = await selfSignedCertificate(one, 'one.example')
    const second = await selfSignedCertificate(two, 'two.example')
    const tls = await TlsContexts.load([first, second], silentLogger)
    const before = tls.contextFor('two.example')
    expect(tls.contextFor('one.example')).toBe(tls.defaultContext)
    expect(tls.contextFor('unknown.example')).toBe(tls.defaultContext)
    expect(before).not.toBe(tls.defaultContext)
    await tls.reload()
    expect(tls.contextFor('two.example')).toBe(before)

    await writeFile(second.cert, 'broken')
    await tls.reload()
    expect(tls.contextFor('two.example')).toBe(before)

    const fresh = await selfSignedCertificate(three, 'three.example')
    await writeFile(second.key, await readFile(fresh.key))
    await writeFile(second.cert, await readFile(fresh.cert))
    await utimes(second.cert, 1, 1)
    await tls.reload()
    expect(tls.contextFor('two.example')).toBe(tls.defaultContext)
    expect(tls.contextFor('three.example')).not.toBe(tls.defaultContext)
  })
})
