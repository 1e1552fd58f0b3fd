// What `eider check` looks at inside a transaction, so that nothing moves meanwhile: a mailbox's index against its counters,
// an account's numbers against what they must be above. Repairs what follows from the index; the index itself is the truth.

import { checkNumbers } from '../check-account.js'
import { MailboxCheck } from '../check-mailbox.js'
import type { Finding } from '../maintenance.js'
import { chunksOf } from './index-documents.js'
import { isMailboxKey } from './mailboxes.js'
import {
  type AccountDocument,
  accountKey,
  type ChunkDocument,
  chunkKey,
  contentKey,
  type MailboxDocument,
  mailboxKey,
  narrowKeys,
  referenceKey,
} from './schema.js'
import type { Mutation } from './unit.js'

/** Chunks are found by their keys, and what changed by their fields: both must say the same. */
function checkKey(check: MailboxCheck, box: MailboxDocument, chunk: Readonly<ChunkDocument>): void {
  if (chunk._id !== chunkKey(box.account, box.mailbox, chunk.chunk) || chunk.mailbox !== box.mailbox)
    check.found('index', `the chunk with the key ${chunk._id} says that it is chunk ${chunk.chunk}`)
}

export const checkMailboxMutation = (
  number: number,
  mailbox: number,
  repair: boolean,
): Mutation<readonly Finding[]> => ({
  name: 'checkMailbox',
  accounts: [number],
  needs: [{ kind: 'mailbox', id: mailboxKey(number, mailbox) }],
  async run(unit) {
    const account = await unit.get('account', accountKey(number))
    const box = await unit.get('mailbox', mailboxKey(number, mailbox))
    if (account?.state !== 'active' || box === undefined) return []
    // Without repair nothing may change: what is set right is a copy.
    const check = new MailboxCheck(repair ? box : { ...box }, repair)
    const raised: [string, number][] = []
    for await (const chunk of chunksOf(unit, box)) {
      checkKey(check, box, chunk)
      const maxModseq = check.add(chunk)
      if (maxModseq !== undefined && repair) raised.push([chunk._id, maxModseq])
    }
    check.finish(account.keywords.map(({ bit }) => bit))
    const chunks = await unit.getAll(
      'chunk',
      raised.map(([key]) => key),
    )
    chunks.forEach((chunk, at) => {
      if (chunk !== undefined) chunk.max_modseq = raised[at]?.[1] ?? chunk.max_modseq
    })
    return check.findings
  },
})

const most = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b), 0)

function extremesOf(account: AccountDocument, boxes: readonly MailboxDocument[], highestContent: number) {
  return {
    octets: boxes.reduce((sum, { octets, deleted_at }) => sum + (deleted_at === null ? octets : 0), 0),
    modseq: most(boxes.map(({ highest_modseq }) => highest_modseq)),
    mailbox: most(boxes.map(({ mailbox }) => mailbox)),
    uid_validity: most(boxes.map(({ uid_validity }) => uid_validity)),
    keyword: most(account.keywords.map(({ bit }) => bit)),
    content: highestContent,
  }
}

/** `highestContent` has been read before: contents come with higher numbers only. */
export const checkAccountMutation = (
  number: number,
  highestContent: number,
  repair: boolean,
): Mutation<Finding[]> => ({
  name: 'checkAccount',
  accounts: [number],
  async run(unit) {
    const account = await unit.get('account', accountKey(number))
    if (account?.state !== 'active') return []
    const own = narrowKeys(number)
    const narrow = await unit.look('mailbox', own.from, own.to, Number.POSITIVE_INFINITY)
    const boxes = narrow.filter(({ _id }) => isMailboxKey(_id))
    return checkNumbers(account, extremesOf(account, boxes, highestContent), repair)
  },
})

export interface References {
  readonly account: number
  readonly content: number
  readonly hashes: readonly string[]
}

/** Returns whether the content is still there to refer to them. */
export const addReferencesMutation = ({ account, content, hashes }: References): Mutation<boolean> => ({
  name: 'addReferences',
  accounts: [account],
  async run(unit) {
    if ((await unit.get('content', contentKey(account, content))) === undefined) return false
    for (const text of hashes) {
      const hash = Buffer.from(text, 'hex')
      const _id = referenceKey(account, content, hash)
      if ((await unit.get('reference', _id)) === undefined) unit.insert('reference', { _id, account, hash })
    }
    return true
  },
})

/** Drops references of contents that are not there. Returns whether it is so. */
export const dropReferenceMutation = (account: number, content: number, key: string): Mutation<boolean> => ({
  name: 'dropReference',
  accounts: [account],
  async run(unit) {
    if ((await unit.get('content', contentKey(account, content))) !== undefined) return false
    unit.remove('reference', key)
    return true
  },
})
