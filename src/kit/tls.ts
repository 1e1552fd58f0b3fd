// Certificates: those that the configuration names, chosen by the name that the client asks for (SNI, RFC 6066 §3) and
// read again when their files change; or one that signs itself, made at the first start.

import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Logger } from './log.js'

/** Paths of PEM files: the certificate with its chain, and its key. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

interface Loaded {
  readonly files: CertificateFiles
  readonly certificate: X509Certificate
  readonly context: SecureContext
  readonly version: string
}

type SniCallback = (name: string, done: (error: Error | null, context?: SecureContext) => void) => void

export class TlsContexts {
  #loaded: readonly Loaded[]
  #timer: NodeJS.Timeout | undefined
  readonly #log: Logger

  private constructor(loaded: readonly Loaded[], log: Logger) {
    this.#loaded = loaded
    this.#log = log
  }

  /** Reads all of them; rejects, naming the file, where one cannot be used. Needs at least one. */
  static async load(certificates: readonly CertificateFiles[], log: Logger): Promise<TlsContexts> {
    if (certificates.length === 0) throw new RangeError('TlsContexts.load: no certificate given')
    return new TlsContexts(await Promise.all(certificates.map(loadCertificate)), log)
  }

  /** For clients that name no host, or one that no certificate is for. */
  get defaultContext(): SecureContext {
    const [first] = this.#loaded
    if (first === undefined) throw new RangeError('TlsContexts: no certificate loaded')
    return first.context
  }

  /** As tls.TLSSocket takes it. */
  readonly sniCallback: SniCallback = (name, done) => done(null, this.contextFor(name))

  contextFor(name: string): SecureContext {
    const match = this.#loaded.find(({ certificate }) => certificate.checkHost(name) !== undefined)
    return match?.context ?? this.defaultContext
  }

  /** Looks every `intervalMs` whether files have changed. New handshakes use the new ones; sessions go on. */
  watch(intervalMs: number): void {
    this.#timer ??= setInterval(() => void this.reload(), intervalMs).unref()
  }

  /** Reads what has changed. A file that cannot be used is told in the log and the old certificate stays. */
  async reload(): Promise<void> {
    this.#loaded = await Promise.all(this.#loaded.map((loaded) => this.#reloadOne(loaded)))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #reloadOne(loaded: Loaded): Promise<Loaded> {
    try {
      if ((await fileVersion(loaded.files)) === loaded.version) return loaded
      const fresh = await loadCertificate(loaded.files)
      this.#log.info({ cert: loaded.files.cert, until: fresh.certificate.validTo }, 'certificate-reloaded')
      return fresh
    } catch (error) {
      this.#log.error({ cert: loaded.files.cert, err: error }, 'certificate-reload-failed')
      return loaded
    }
  }
}

async function loadCertificate(files: CertificateFiles): Promise<Loaded> {
  try {
    // The version first: a change while we read is then seen as one the next time.
    const version = await fileVersion(files)
    const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)])
    const context = createSecureContext({ cert, key, minVersion: 'TLSv1.2', honorCipherOrder: true })
    return { files, certificate: new X509Certificate(cert), context, version }
  } catch (error) {
    const why = (error as Error).message
    throw new Error(`cannot use certificate ${files.cert} with key ${files.key}: ${why}`, { cause: error })
  }
}

/** Changes when either file is replaced or written; symbolic links are followed. */
async function fileVersion(files: CertificateFiles): Promise<string> {
  const stats = await Promise.all([stat(files.cert), stat(files.key)])
  return stats.map(({ ino, size, mtimeMs }) => `${ino}/${size}/${mtimeMs}`).join(' ')
}

/**
 * The certificate that signs itself in `folder` (`tls-cert.pem`, `tls-key.pem`, mode 0600), made where it is not there
 * or its ten years are over. Names the host and localhost.
 */
export async function selfSignedCertificate(folder: string, hostname: string): Promise<CertificateFiles> {
  const files = { cert: join(folder, 'tls-cert.pem'), key: join(folder, 'tls-key.pem') }
  if (await isUsable(files)) return files
  // Read only when needed: the package is large, and most starts find the files.
  const { generate } = await import('selfsigned')
  const notBeforeDate = new Date()
  const notAfterDate = new Date(notBeforeDate)
  notAfterDate.setFullYear(notAfterDate.getFullYear() + 10)
  const made = await generate([{ name: 'commonName', value: hostname }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...[...new Set([hostname, 'localhost'])].map((value) => ({ type: 2 as const, value })),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  await mkdir(folder, { recursive: true })
  await writeWhole(files.key, made.private)
  await writeWhole(files.cert, made.cert)
  return files
}

async function isUsable(files: CertificateFiles): Promise<boolean> {
  try {
    const { certificate } = await loadCertificate(files)
    await chmod(files.key, 0o600)
    return Date.parse(certificate.validTo) > Date.now()
  } catch {
    return false
  }
}

/** All of it or nothing, readable by the owner alone from the first moment. */
async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}
