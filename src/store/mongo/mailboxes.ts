// CREATE, RENAME, DELETE and subscriptions (RFC 3501 §6.3.3 - §6.3.7) as mutations.

import type { SpecialUse } from '../../model/mailbox-path.js'
import { StoreError } from '../errors.js'
import {
  createMailbox,
  deleteMailbox,
  MAX_MAILBOXES,
  type MailboxNames,
  renameMailbox,
} from '../mailbox-names.js'
import type { MailboxState } from '../rows.js'
import {
  accountKey,
  keysBelow,
  type MailboxDocument,
  mailboxKey,
  narrowKeys,
  subscriptionKey,
} from './schema.js'
import type { Mutation, Unit } from './unit.js'

/** All live mailboxes of an account, in memory: names are changed rarely, and then many may matter. */
export class LoadedNames implements MailboxNames {
  readonly #boxes: MailboxState[]
  /** Those that are new. */
  readonly made: MailboxState[] = []

  constructor(boxes: readonly MailboxState[]) {
    this.#boxes = [...boxes]
  }

  #live(): MailboxState[] {
    return this.#boxes.filter((box) => box.deleted_at === null)
  }

  find(path: string): MailboxState | undefined {
    return this.#live().find((box) => box.path === path)
  }

  beginningWith(prefix: string): MailboxState[] {
    return this.#live().filter((box) => box.path.startsWith(prefix))
  }

  count(): number {
    return this.#live().length
  }

  insert(box: MailboxState): void {
    this.#boxes.push(box)
    this.made.push(box)
  }

  save(): void {
    // What was loaded belongs to the mutation: changes in place are seen.
  }
}

export const mailboxDocument = (box: MailboxState): MailboxDocument => ({
  _id: mailboxKey(box.account, box.mailbox),
  ...box,
})

/** Documents of mailboxes, among all that an account has in their collection. */
export const isMailboxKey = (key: string): boolean => key.length === mailboxKey(1, 1).length

async function namesOf(unit: Unit, account: number): Promise<LoadedNames> {
  const { from, to } = narrowKeys(account)
  const documents = await unit.range('mailbox', from, to)
  return new LoadedNames(documents.filter(({ _id }) => isMailboxKey(_id)))
}

const insertMade = (unit: Unit, names: LoadedNames): void => {
  for (const box of names.made) unit.insert('mailbox', mailboxDocument(box))
}

export const createMailboxMutation = (
  number: number,
  path: string,
  specialUse: SpecialUse | null,
): Mutation<{ mailbox: MailboxState; modseq: number }> => ({
  name: 'createMailbox',
  accounts: [number],
  async run(unit) {
    const account = await unit.account(number)
    const names = await namesOf(unit, number)
    const mailbox = createMailbox(account, names, path, specialUse)
    insertMade(unit, names)
    return { mailbox, modseq: account.modseq }
  },
})

export const renameMailboxMutation = (
  number: number,
  from: string,
  to: string,
): Mutation<{ modseq: number }> => ({
  name: 'renameMailbox',
  accounts: [number],
  async run(unit) {
    const account = await unit.account(number)
    const names = await namesOf(unit, number)
    renameMailbox(account, names, from, to)
    insertMade(unit, names)
    return { modseq: account.modseq }
  },
})

export const deleteMailboxMutation = (
  number: number,
  path: string,
): Mutation<{ mailbox: number; modseq: number }> => ({
  name: 'deleteMailbox',
  accounts: [number],
  async run(unit) {
    const account = await unit.account(number)
    const names = await namesOf(unit, number)
    const { mailbox } = deleteMailbox(account, names, path)
    insertMade(unit, names)
    return { mailbox, modseq: account.modseq }
  },
})

export const subscribeMutation = (number: number, path: string): Mutation<void> => ({
  name: 'subscribe',
  accounts: [number],
  async run(unit) {
    const account = await unit.account(number)
    const { from, to } = keysBelow(accountKey(number))
    const all = await unit.range('subscription', from, to)
    if (all.some((subscription) => subscription.path === path)) {
      account.modseq--
      return
    }
    if (all.length >= MAX_MAILBOXES)
      throw new StoreError('limit', `account ${number} can have no more subscriptions`)
    unit.insert('subscription', { _id: subscriptionKey(number, path), path })
  },
})

export const unsubscribeMutation = (number: number, path: string): Mutation<void> => ({
  name: 'unsubscribe',
  accounts: [number],
  needs: [{ kind: 'subscription', id: subscriptionKey(number, path) }],
  async run(unit) {
    const account = await unit.account(number)
    if ((await unit.get('subscription', subscriptionKey(number, path))) === undefined) account.modseq--
    else unit.remove('subscription', subscriptionKey(number, path))
  },
})
