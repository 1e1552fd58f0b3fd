// A message as @zone-eu/mailsplit sees it, and as Eider does, in one flat form: each part on a line of its own, with its
// depth, its type and what its decoded body hashes to.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type MimeNode, Splitter } from '@zone-eu/mailsplit'
import { decodeBody } from '../../src/mime/text.js'
import type { ParsedMessage, Part } from '../../src/model/message.js'

interface Leaf {
  readonly node: MimeNode
  readonly body: Buffer[]
}

const line = (depth: number, type: string, body: Uint8Array | undefined): string =>
  `${depth} ${type} ${body === undefined ? '-' : createHash('sha256').update(body).digest('hex').slice(0, 16)}`

export async function partsByMailsplit(source: Buffer): Promise<string[]> {
  const splitter = new Splitter({ maxHeadSize: 16 * 1024 * 1024, maxChildNodes: 10_000 })
  const nodes: Leaf[] = []
  splitter.on('data', (data) => {
    if (data.type === 'node') nodes.push({ node: data, body: [] })
    else if (data.type === 'body') nodes.at(-1)?.body.push(Buffer.from(data.value))
  })
  splitter.end(source)
  await once(splitter, 'end')
  const lines: string[] = []
  for (const leaf of nodes) lines.push(line(depthOf(leaf.node), typeOf(leaf.node), await decodedBody(leaf)))
  return lines
}

const typeOf = (node: MimeNode): string => node.contentType || 'text/plain'

function depthOf(node: MimeNode): number {
  let depth = 0
  for (let parent = node.parentNode; parent; parent = parent.parentNode) depth++
  return depth
}

async function decodedBody({ node, body }: Leaf): Promise<Buffer | undefined> {
  if (node.multipart || /^message\/(rfc822|global)$/.test(typeOf(node))) return undefined
  if (!/^(base64|quoted-printable)$/.test(node.encoding || '')) return Buffer.concat(body)
  const decoder = node.getDecoder()
  const decoded: Buffer[] = []
  decoder.on('data', (piece: Buffer) => decoded.push(piece))
  decoder.end(Buffer.concat(body))
  await once(decoder, 'end')
  return Buffer.concat(decoded)
}

export function partsByEider({ root }: ParsedMessage, source: Buffer): string[] {
  const lines: string[] = []
  const visit = (part: Part, depth: number): void => {
    const leaf = part.children === undefined && part.message === undefined
    const body = leaf ? decodeBody(part, source.subarray(part.body.start, part.body.end)) : undefined
    lines.push(line(depth, `${part.type}/${part.subtype}`, body))
    if (part.message !== undefined) visit(part.message, depth + 1)
    for (const child of part.children ?? []) visit(child, depth + 1)
  }
  visit(root, 0)
  return lines
}
