// Writes a blob of 100 MB and reads it, in a process of its own, and tells what that took beyond what it had before, in
// mebibytes. Argument: the URL of the database.

import { randomFillSync } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { collectGarbage } from '../../../test/support/collect-garbage.js'
import { gridfsBlobs } from './gridfs-blobs.js'

const SIZE = 100_000_000
const MEBIBYTE = 2 ** 20

const url = process.argv[2] ?? ''
const client = await new MongoClient(url).connect()
const blobs = await gridfsBlobs({ client, database: new URL(url).pathname.slice(1) })
const buffer = Buffer.alloc(64_000)

async function write(size: number): Promise<string> {
  const writer = blobs.write()
  for (let written = 0; written < size; written += buffer.length) await writer.write(randomFillSync(buffer))
  return (await writer.finish()).hash
}

// What the first of all takes is the program itself.
await write(1_000_000)
collectGarbage()
const before = process.memoryUsage.rss()
let most = before
const timer = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
  // On a machine that does much else garbage waits long for its collector; here nothing but what is held may grow.
  collectGarbage()
}, 20)
const hash = await write(SIZE)
let read = 0
for await (const part of blobs.read(hash, 0, Number.POSITIVE_INFINITY)) read += part.length
clearInterval(timer)
await client.close()
if (read < SIZE) throw new Error(`read ${read} octets of ${SIZE}`)
console.log(String((most - before) / MEBIBYTE))
