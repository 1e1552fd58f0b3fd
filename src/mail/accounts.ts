// Accounts and their addresses: made, found, changed, removed. What names are the same is decided in
// docs/adr/0003-addresses-and-usernames.md; every change that open sessions must see sends a hint.

import { type Address, addressKey, hasLabel, hasUnseen, parseAddress } from '../model/address.js'
import { INBOX, type SpecialUse } from '../model/mailbox-path.js'
import { parseUsername } from '../model/username.js'
import type { Account, StoredAddress } from '../store/accounts.js'
import { StoreError } from '../store/errors.js'
import { MailError } from './errors.js'
import { publishAccount } from './hints.js'
import type { Services } from './services.js'

/** RFC 6154 §2 names what they are for. */
const FIRST_MAILBOXES: readonly { path: string; specialUse?: SpecialUse }[] = [
  { path: INBOX },
  { path: 'Sent Mail', specialUse: '\\Sent' },
  { path: 'Drafts', specialUse: '\\Drafts' },
  { path: 'Junk', specialUse: '\\Junk' },
  { path: 'Trash', specialUse: '\\Trash' },
  { path: 'Archive', specialUse: '\\Archive' },
]

const UNSEEN = 'a character of it cannot be seen'

export interface NewAccountOptions {
  readonly username: string
  readonly password: string
  /** Octets; 0 or undefined: the default applies. */
  readonly quota?: number | undefined
}

/** Throws MailError `invalid-username`, `invalid-password`; StoreError `account-exists`. */
export async function createAccount(services: Services, options: NewAccountOptions): Promise<Account> {
  const name = parseUsername(options.username)
  if ('problem' in name) throw new MailError('invalid-username', `not a user name: ${name.problem}`)
  if (hasUnseen(name.username)) throw new MailError('invalid-username', `not a user name: ${UNSEEN}`)
  // Before the hash, which costs more; the store looks again in its transaction.
  if ((await accountByKey(services, name.key)) !== undefined) throw accountExists(name.username)
  const account = await services.store.createAccount({
    username: name.username,
    usernameKey: name.key,
    quota: options.quota ?? 0,
    passwordHash: await services.passwords.hash(options.password),
    mailboxes: FIRST_MAILBOXES,
  })
  services.log.info({ account: account.id }, 'account-created')
  return account
}

const accountExists = (username: string): StoreError =>
  new StoreError('account-exists', `an account or an address ${username} exists already`)

/** By the key of a user name or of an address; undefined for one that is being removed. */
const accountByKey = async (services: Services, key: string): Promise<Account | undefined> =>
  (await services.store.accountByLogin(key))?.account

/** Undefined where nobody has the user name or address, or none can be so called. */
export async function findAccount(
  services: Services,
  usernameOrAddress: string,
): Promise<Account | undefined> {
  const name = parseUsername(usernameOrAddress)
  return 'problem' in name ? undefined : accountByKey(services, name.key)
}

/** As `findAccount`; throws StoreError `no-such-account`. */
export async function requireAccount(services: Services, usernameOrAddress: string): Promise<Account> {
  const account = await findAccount(services, usernameOrAddress)
  if (account === undefined) throw new StoreError('no-such-account', 'there is no such user')
  return account
}

/** Those that are not being removed, oldest first. */
export async function* listAccounts(services: Services): AsyncGenerator<Account, void, undefined> {
  for await (const account of services.store.accounts()) if (account.state === 'active') yield account
}

/** Applies at once: sessions logged in with the old one end. Throws MailError `invalid-password`. */
export async function setPassword(services: Services, account: Account, password: string): Promise<void> {
  const hash = await services.passwords.hash(password)
  const { modseq } = await services.store.setPassword(account.id, hash)
  publishAccount(services, account.id, modseq)
  services.log.info({ account: account.id }, 'password-changed')
}

/** Octets; 0 sets it back to the default. Applies at once. Returns the account's own setting before. */
export async function setQuota(services: Services, account: Account, quota: number): Promise<number> {
  const { previous, modseq } = await services.store.setQuota(account.id, quota)
  publishAccount(services, account.id, modseq)
  services.log.info({ account: account.id, previous, quota }, 'quota-changed')
  return previous
}

/** Counts what the account stores again, in one transaction, and corrects the figure. */
export const recountStorage = (
  services: Services,
  account: Account,
): Promise<{ previous: number; storageUsed: number }> => services.store.recountStorage(account.id)

/** Sessions end, name and addresses are free at once; the collector drops the mail. */
export async function removeAccount(services: Services, account: Account): Promise<void> {
  await services.store.removeAccount(account.id)
  publishAccount(services, account.id, account.modseq)
  services.log.info({ account: account.id }, 'account-removed')
}

function registrable(text: string): Address {
  const address = parseAddress(text)
  if ('problem' in address) throw new MailError('invalid-address', `not an address: ${address.problem}`)
  if (hasLabel(address)) {
    throw new MailError(
      'invalid-address',
      'an address with a +: mail with any label goes to the address without it',
    )
  }
  return address
}

/** The first one becomes main. Throws MailError `invalid-address`; StoreError `address-exists`. */
export async function addAddress(
  services: Services,
  account: Account,
  text: string,
  main = false,
): Promise<StoredAddress> {
  const address = registrable(text)
  if (hasUnseen(address.address)) throw new MailError('invalid-address', `not an address: ${UNSEEN}`)
  const key = addressKey(address)
  const holder = await services.store.accountByName(key)
  if (holder !== undefined && holder.id !== account.id) {
    throw new StoreError(
      'address-exists',
      `the address ${address.address} is the user name of another account`,
    )
  }
  const added = await services.store.addAddress(account.id, {
    address: address.address,
    addressKey: key,
    main,
  })
  services.log.info({ account: account.id, address: key }, 'address-added')
  return added
}

/** Where a main one goes, the account's oldest left becomes main. Throws StoreError `no-such-address`. */
export async function removeAddress(services: Services, text: string): Promise<Account> {
  const address = registrable(text)
  const key = addressKey(address)
  const [holder] = await services.store.resolve(key)
  if (holder === undefined) {
    throw new StoreError('no-such-address', `there is no address ${address.address}`)
  }
  await services.store.removeAddress(holder.account.id, key)
  services.log.info({ account: holder.account.id, address: key }, 'address-removed')
  return holder.account
}

/** In the order in which they were added. */
export const listAddresses = (services: Services, account: Account): Promise<StoredAddress[]> =>
  services.store.addresses(account.id)
