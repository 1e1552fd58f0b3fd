// One mutation of each kind, on a store that `prepareIntentions` filled: what a crash at any step must leave done or undone.

import type { AccountId } from '../../model/ids.js'
import type { Store } from '../store.js'
import { drain, mailboxNamed, NO_LIMIT, path, sample, samples, uidRange, uidsFrom } from './samples.js'

const cut = (digit: string) =>
  ({ at: 9, length: 1000, blob: digit.repeat(64), blobSize: 1000, form: { kind: 'identity' } }) as const

async function accountNamed(store: Store, name: string): Promise<AccountId> {
  const account = await store.accountByName(name)
  if (account === undefined) throw new Error(`account ${name} is not there`)
  return account.id
}

export async function prepareIntentions(store: Store): Promise<void> {
  for (const username of ['anna', 'ben']) {
    const { id } = await store.createAccount({
      username,
      usernameKey: username,
      quota: 0,
      passwordHash: 'x',
      mailboxes: [{ path: 'INBOX' }, { path: 'Other' }, { path: 'a' }, { path: 'a/b' }],
    })
    const inbox = await mailboxNamed(store, id, 'INBOX')
    const below = await mailboxNamed(store, id, 'a/b')
    await store.append(id, inbox.id, samples(150, { flags: ['\\Seen', '$Work'] }), NO_LIMIT)
    await store.append(id, below.id, samples(3, { cuts: [cut('a')] }), NO_LIMIT)
    await drain(store.changeFlags(id, inbox.id, uidRange(100, 140), { mode: 'add', flags: ['\\Deleted'] }))
    await drain(store.expunge(id, inbox.id, uidRange(100, 110)))
    await store.addAddress(id, { address: username, addressKey: `${username}@example.org`, main: true })
  }
}

interface Places {
  readonly store: Store
  readonly anna: AccountId
  readonly ben: AccountId
}

const inboxOf = ({ store }: Places, account: AccountId) =>
  mailboxNamed(store, account, 'INBOX').then(({ id }) => id)
const otherOf = ({ store }: Places, account: AccountId) =>
  mailboxNamed(store, account, 'Other').then(({ id }) => id)

const table: Record<string, (at: Places) => Promise<unknown>> = {
  append: async (at) =>
    at.store.append(
      at.anna,
      await inboxOf(at, at.anna),
      [sample({ flags: ['$New'], cuts: [cut('b')], trace: 'X: y\r\n' }), sample()],
      NO_LIMIT,
    ),
  deliver: async (at) =>
    at.store.deliver(
      [
        { account: at.anna, mailbox: await inboxOf(at, at.anna), message: sample() },
        { account: at.ben, mailbox: await inboxOf(at, at.ben), message: sample() },
      ],
      NO_LIMIT,
    ),
  copy: async (at) =>
    at.store.copy(
      at.anna,
      await inboxOf(at, at.anna),
      uidRange(10, 135),
      await otherOf(at, at.anna),
      NO_LIMIT,
    ),
  move: async (at) =>
    drain(at.store.move(at.anna, await inboxOf(at, at.anna), uidsFrom(1, 129), await otherOf(at, at.anna))),
  changeFlags: async (at) =>
    drain(
      at.store.changeFlags(at.anna, await inboxOf(at, at.anna), uidsFrom(5, 140), {
        mode: 'replace',
        flags: ['$Own'],
      }),
    ),
  expunge: async (at) => drain(at.store.expunge(at.anna, await inboxOf(at, at.anna))),
  createMailbox: (at) => at.store.createMailbox(at.anna, path('x/y/z')),
  renameMailbox: (at) => at.store.renameMailbox(at.anna, path('a'), path('c/d')),
  deleteMailbox: (at) => at.store.deleteMailbox(at.anna, path('a/b')),
  deleteWithInferiors: (at) => at.store.deleteMailbox(at.anna, path('a')),
  setPassword: (at) => at.store.setPassword(at.anna, 'y'),
  removeAddress: (at) => at.store.removeAddress(at.anna, 'anna@example.org'),
  removeAccount: (at) => at.store.removeAccount(at.ben),
}

/** Each is one transaction here: these mailboxes are small. */
export const INTENTIONS: readonly string[] = Object.keys(table)

export async function runIntention(store: Store, name: string): Promise<void> {
  const at = { store, anna: await accountNamed(store, 'anna'), ben: await accountNamed(store, 'ben') }
  const intention = table[name]
  if (intention === undefined) throw new Error(`there is no intention ${name}`)
  await intention(at)
}
