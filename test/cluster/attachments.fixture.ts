// One of the processes of attachments.test.ts: delivers, reads, copies and expunges mail with the same few attachments,
// while its collector runs without a pause. Says at the end what it has done, and what was not there.

import { setTimeout as sleep } from 'node:timers/promises'
import { deliverAll, findRecipients, INBOX_ID } from '../../src/mail/deliver.js'
import { ingest } from '../../src/mail/intake.js'
import { type AccountId, type ContentId, mailboxId } from '../../src/model/ids.js'
import { isStoreError } from '../../src/store/errors.js'
import { openSource } from '../support/inbox.js'
import { openServicesOn } from '../support/services.js'
import { Random } from '../wire/random.js'
import { attachmentNow, GRACE_MS, hashOf, TIMEOUT_MS } from './attachment-messages.js'

const WRITERS = 3
const MOST_MORE_MS = 60_000
const OTHER = mailboxId(2)

const [set = '{}', seed = '0', seconds = '10', ...addresses] = process.argv.slice(2)
const limits = { blobGraceMs: GRACE_MS, timeoutMs: TIMEOUT_MS }
const services = await openServicesOn(JSON.parse(set), undefined, limits)
const { store, blobs } = services
const done = { delivered: 0, read: 0, copied: 0, expunged: 0, refused: 0, contents: 0, blobs: 0 }
const missing: string[] = []
const until = Date.now() + Number(seconds) * 1000
/** Where writers leave a collector no room, all go on until it has found some. */
const isGoing = () => Date.now() < until || (done.contents === 0 && Date.now() < until + MOST_MORE_MS)

/** Told only where the message is still there: another may have expunged it meanwhile. */
async function readBack(account: AccountId, content: ContentId, hash: string): Promise<void> {
  const source = await openSource(services, account, content)
  if (source === undefined) return
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of source.read()) pieces.push(piece)
    if (hashOf(Buffer.concat(pieces)) !== hash) missing.push(`content ${content} has other octets`)
    done.read++
  } catch (error) {
    if (!isStoreError(error, 'corrupt')) throw error
    if ((await openSource(services, account, content)) !== undefined) missing.push(error.message)
  }
}

async function deliverOne(random: Random): Promise<void> {
  const { octets, hash } = attachmentNow()
  const [recipient] = await findRecipients(services, random.pick(addresses))
  if (recipient === undefined) throw new Error('the account is gone')
  const delivery = { recipient, trace: new Uint8Array() }
  const [appended] = await deliverAll(services, await ingest(services, octets), [delivery])
  done.delivered++
  if (appended !== undefined) await readBack(recipient.account.id, appended.content, hash)
}

async function uidsOf(account: AccountId, mailbox: typeof INBOX_ID): Promise<number[]> {
  const uids: number[] = []
  for await (const { entries } of store.entries(account, mailbox, {})) uids.push(...entries.uids)
  return uids
}

async function expungeSome(random: Random): Promise<void> {
  const [recipient] = await findRecipients(services, random.pick(addresses))
  if (recipient === undefined) throw new Error('the account is gone')
  const { id } = recipient.account
  const mailbox = random.chance(0.6) ? INBOX_ID : OTHER
  const uids = Uint32Array.from(await uidsOf(id, mailbox))
  if (mailbox === INBOX_ID && random.chance(0.15)) {
    await store.copy(id, INBOX_ID, uids.subarray(0, 3), OTHER, 2 ** 40)
    done.copied++
  }
  for await (const _ of store.changeFlags(id, mailbox, uids, { mode: 'add', flags: ['\\Deleted'] }));
  for await (const expunged of store.expunge(id, mailbox, uids)) done.expunged += expunged.uids.length
}

/** What was refused has not been acknowledged. */
async function unlessRefused(step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (!isStoreError(error, 'unavailable')) throw error
    done.refused++
  }
}

async function write(random: Random): Promise<void> {
  while (isGoing()) await unlessRefused(() => (random.chance(0.5) ? deliverOne(random) : expungeSome(random)))
}

async function collect(): Promise<void> {
  while (isGoing()) {
    await unlessRefused(async () => {
      done.contents += (await store.collect({ tombstoneAge: 0, contentAge: 0 })).contents
      done.blobs += (await blobs.collect(GRACE_MS, (hashes) => store.referencedBlobs(hashes))).deleted
    })
    await sleep(20)
  }
}

await Promise.all([
  collect(),
  ...Array.from({ length: WRITERS }, (_, n) => write(new Random(Number(seed) * 100 + n))),
])
process.stdout.write(JSON.stringify({ done, missing }))
await services.close()
process.exit()
