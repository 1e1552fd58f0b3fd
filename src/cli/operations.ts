// What the command line does to accounts, addresses, tokens and mailboxes. Each operation runs alike inside a running
// server (asked over its control socket) and in the command itself, on a store that it opened.

import { z } from 'zod'
import { sideBySide } from '../kit/side-by-side.js'
import {
  addAddress,
  createAccount,
  listAccounts,
  listAddresses,
  recountStorage,
  removeAccount,
  removeAddress,
  requireAccount,
  setPassword,
  setQuota,
} from '../mail/accounts.js'
import { checkEverything } from '../mail/check.js'
import { listMailboxes } from '../mail/mailboxes.js'
import { effectiveQuota } from '../mail/quota.js'
import type { Services } from '../mail/services.js'
import { createToken, listTokens, revokeToken } from '../mail/tokens.js'
import type { Account, StoredAddress } from '../mail/types.js'
import { accountHex, mailboxHex } from '../model/ids.js'
import { isStoreError } from '../store/errors.js'

/** Accounts whose addresses are read at once. */
const LISTED_AT_ONCE = 16

/** Takes what comes before the result, such as the findings of a check. */
export type Emit = (item: unknown) => void

type Operation = (services: Services, args: unknown, emit: Emit) => Promise<unknown>

/** Arguments are judged where the operation runs: what comes over the socket may come from another version. */
const operation =
  <A>(shape: z.ZodType<A>, run: (services: Services, args: A, emit: Emit) => Promise<unknown>): Operation =>
  (services, args, emit) =>
    run(services, shape.parse(args), emit)

const user = z.object({ user: z.string() })
const none = z.object({})

const accountView = (services: Services, account: Account) => ({
  id: accountHex(account.id),
  username: account.username,
  quota: effectiveQuota(services, account),
  ownQuota: account.quota,
  storageUsed: account.storageUsed,
  created: new Date(account.created).toISOString(),
})

const addressView = ({ id, address, main, created }: StoredAddress) => ({
  id,
  address,
  main,
  created: new Date(created).toISOString(),
})

const withAddresses = async (services: Services, account: Account) => ({
  ...accountView(services, account),
  addresses: (await listAddresses(services, account)).map(addressView),
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const newUser = z.object({
  username: z.string(),
  password: z.string(),
  quota: z.number().optional(),
  addresses: z.array(z.string()),
})

async function addUser(services: Services, args: z.output<typeof newUser>) {
  const account = await createAccount(services, args)
  try {
    for (const address of args.addresses) await addAddress(services, account, address)
  } catch (error) {
    await removeAccount(services, account)
    throw error
  }
  return withAddresses(services, account)
}

async function showMailboxes(services: Services, account: Account) {
  const mailboxes = await listMailboxes(services, account.id)
  return mailboxes.map((mailbox) => ({
    id: mailboxHex(account.id, mailbox.id),
    path: mailbox.path,
    specialUse: mailbox.specialUse ?? null,
    selectable: mailbox.selectable,
    messages: mailbox.messages,
    unseen: mailbox.unseen,
    octets: mailbox.octets,
    uidValidity: mailbox.uidValidity,
    uidNext: mailbox.uidNext,
  }))
}

async function showAddresses(services: Services, username: string | undefined) {
  if (username !== undefined) return addressesOf(services, await requireAccount(services, username))
  const accounts = await collect(listAccounts(services))
  const lists = new Map<Account, Awaited<ReturnType<typeof addressesOf>>>()
  await sideBySide(accounts, LISTED_AT_ONCE, async (account) => {
    try {
      lists.set(account, await addressesOf(services, account))
    } catch (error) {
      // Removed meanwhile.
      if (!isStoreError(error, 'no-such-account')) throw error
    }
  })
  return accounts.flatMap((account) => lists.get(account) ?? [])
}

const addressesOf = async (services: Services, account: Account) =>
  (await listAddresses(services, account)).map((address) => ({
    username: account.username,
    ...addressView(address),
  }))

const tokenView = ({ id, label, created }: { id: string; label: string; created: number }) => ({
  id,
  label,
  created: new Date(created).toISOString(),
})

const OPERATIONS = {
  'user add': operation(newUser, addUser),
  'user list': operation(none, async (services) =>
    (await collect(listAccounts(services))).map((account) => accountView(services, account)),
  ),
  'user show': operation(user, async (services, args) =>
    withAddresses(services, await requireAccount(services, args.user)),
  ),
  'user password': operation(user.extend({ password: z.string() }), async (services, args) => {
    const account = await requireAccount(services, args.user)
    await setPassword(services, account, args.password)
    return { username: account.username }
  }),
  'user quota': operation(user.extend({ quota: z.number() }), async (services, args) => {
    const account = await requireAccount(services, args.user)
    const previousQuota = await setQuota(services, account, args.quota)
    return { username: account.username, previousQuota, quota: args.quota }
  }),
  'user recount': operation(user, async (services, args) => {
    const account = await requireAccount(services, args.user)
    const { previous, storageUsed } = await recountStorage(services, account)
    return { username: account.username, previousStorageUsed: previous, storageUsed }
  }),
  'user remove': operation(user, async (services, args) => {
    const account = await requireAccount(services, args.user)
    await removeAccount(services, account)
    return { username: account.username }
  }),
  'address add': operation(
    user.extend({ address: z.string(), main: z.boolean() }),
    async (services, args) => {
      const account = await requireAccount(services, args.user)
      const added = await addAddress(services, account, args.address, args.main)
      return { username: account.username, ...addressView(added) }
    },
  ),
  'address remove': operation(z.object({ address: z.string() }), async (services, args) => {
    const { username } = await removeAddress(services, args.address)
    return { username, address: args.address }
  }),
  'address list': operation(z.object({ user: z.string().optional() }), (services, args) =>
    showAddresses(services, args.user),
  ),
  'token create': operation(z.object({ label: z.string() }), async (services, args) => {
    const { token, secret } = await createToken(services, args.label)
    return { ...tokenView(token), token: secret }
  }),
  'token list': operation(none, async (services) => (await listTokens(services)).map(tokenView)),
  'token revoke': operation(z.object({ id: z.string() }), async (services, args) => {
    await revokeToken(services, args.id)
    return { id: args.id }
  }),
  'mailbox list': operation(user, async (services, args) =>
    showMailboxes(services, await requireAccount(services, args.user)),
  ),
  check: operation(z.object({ repair: z.boolean() }), async (services, args, emit) => {
    let findings = 0
    let repaired = 0
    for await (const finding of checkEverything(services, args)) {
      emit(finding)
      findings += 1
      if (finding.repaired !== undefined) repaired += 1
    }
    return { findings, repaired }
  }),
} as const

export type OperationName = keyof typeof OPERATIONS

/** Throws MailError, StoreError, or ZodError where the arguments are not its own. */
export async function runOperation(
  services: Services,
  name: string,
  args: unknown,
  emit: Emit,
): Promise<unknown> {
  const found = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name as OperationName] : undefined
  if (found === undefined) throw new Error(`no such command: ${name}`)
  return found(services, args, emit)
}
