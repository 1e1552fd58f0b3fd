// What mail costs a MongoDB: `npm run bench:footprint -- mongodb://…` delivers the corpus by LMTP to the program that
// ships, in a database of its own, reads collStats and divides; then it counts the commands that clients cause. Nobody
// else may use that MongoDB meanwhile. docs/scaling.md has what it said.

import { type Db, MongoClient } from 'mongodb'
import { startServer, type TestServer } from '../test/server.js'
import { readCorpus } from '../test/support/corpus.js'
import { SmtpClient } from '../test/wire/smtp.js'
import { countCommands } from './footprint-commands.js'

/** Each gets the whole corpus. */
const ACCOUNTS = 10
/** With no mail at all. */
const EMPTY = 50
const CONNECTIONS = 8
const PASSWORD = 'secret word'

interface Size {
  readonly documents: number
  /** Of the documents, as BSON. */
  readonly octets: number
  /** On the disk, compressed. */
  readonly stored: number
  readonly indexes: number
}

type Sizes = ReadonlyMap<string, Size>

const NOTHING: Size = { documents: 0, octets: 0, stored: 0, indexes: 0 }

async function sizeOf(db: Db, collection: string): Promise<Size> {
  const found = await db.command({ collStats: collection })
  return {
    documents: found['count'],
    octets: found['size'],
    stored: found['storageSize'],
    indexes: found['totalIndexSize'],
  }
}

/** After a checkpoint: before it little of what was written has its size on the disk. */
async function sizesOf(db: Db): Promise<Sizes> {
  await db.admin().command({ fsync: 1 })
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort()
  return new Map(await Promise.all(names.map(async (name) => [name, await sizeOf(db, name)] as const)))
}

/** What has come since `before`, for each of `count`. */
function growth(before: Sizes, after: Sizes, count: (collection: string) => number): Sizes {
  return new Map(
    [...after].map(([name, size]) => {
      const old = before.get(name) ?? NOTHING
      const each = (field: keyof Size): number => (size[field] - old[field]) / count(name)
      return [
        name,
        {
          documents: each('documents'),
          octets: each('octets'),
          stored: each('stored'),
          indexes: each('indexes'),
        },
      ]
    }),
  )
}

function print(title: string, sizes: Sizes): void {
  console.log(
    `\n| ${title} | documents | octets | on disk | indexes on disk |\n| --- | --: | --: | --: | --: |`,
  )
  const sum = { ...NOTHING }
  for (const [name, size] of sizes) {
    if (size.documents === 0) continue
    printRow(name, size)
    for (const field of ['documents', 'octets', 'stored', 'indexes'] as const) sum[field] += size[field]
  }
  printRow('**all**', sum)
}

function printRow(name: string, { documents, octets, stored, indexes }: Size): void {
  const numbers = [documents.toFixed(2), ...[octets, stored, indexes].map((some) => some.toFixed(0))]
  console.log(`| ${name} | ${numbers.join(' | ')} |`)
}

const userOf = (account: number): string => `user${account}`

async function createAccounts(server: TestServer, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await server.createUser(userOf(n), PASSWORD, `${userOf(n)}@example.com`)
}

/** The corpus into one account, in order as each connection is free. */
async function deliverCorpus(server: TestServer, account: number): Promise<void> {
  const messages = readCorpus()
  const work = async (): Promise<void> => {
    const client = await SmtpClient.connect(server.listeners.lmtp, 'lmtp')
    for (let next = messages.pop(); next !== undefined; next = messages.pop()) {
      const replies = await client.deliver({ to: [`${userOf(account)}@example.com`], message: next.source })
      if (replies.some(({ code }) => code !== 250))
        throw new Error(`${next.name}: ${JSON.stringify(replies)}`)
    }
    await client.quit()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
}

async function oplogOctets(client: MongoClient): Promise<number> {
  return (await sizeOf(client.db('local'), 'oplog.rs')).octets
}

async function measureSizes(server: TestServer, client: MongoClient, db: Db): Promise<void> {
  const corpus = readCorpus()
  const source = corpus.reduce((sum, message) => sum + message.source.length, 0)
  console.log(`${corpus.length} messages of ${Math.round(source / corpus.length)} octets on average`)
  const atFirst = await sizesOf(db)
  await createAccounts(server, 0, EMPTY)
  const withAccounts = await sizesOf(db)
  print(
    'an account without mail',
    growth(atFirst, withAccounts, () => EMPTY),
  )
  const oplog = await oplogOctets(client)
  for (let account = 0; account < ACCOUNTS; account++) await deliverCorpus(server, account)
  // A body is kept once, whoever has it.
  const count = (name: string): number => corpus.length * (name.startsWith('blobs.') ? 1 : ACCOUNTS)
  print('a message', growth(withAccounts, await sizesOf(db), count))
  const written = ((await oplogOctets(client)) - oplog) / (ACCOUNTS * corpus.length)
  console.log(`\noplog: ${Math.round(written)} octets a message`)
}

async function main(url: string): Promise<void> {
  const place = new URL(url)
  place.pathname = `/eider-bench-footprint-${process.pid}`
  const client = await new MongoClient(place.href).connect()
  const server = await startServer({ place: { set: { 'store.url': place.href }, remove: async () => {} } })
  try {
    await measureSizes(server, client, client.db())
    await countCommands(server, client, { user: userOf, accounts: EMPTY, password: PASSWORD })
  } finally {
    await server.stop()
    await client.db().dropDatabase()
    await client.close()
  }
}

const [url = ''] = process.argv.slice(2)
if (!url.startsWith('mongodb'))
  throw new Error('usage: npm run bench:footprint -- mongodb://HOST:PORT/?replicaSet=NAME')
await main(url)
