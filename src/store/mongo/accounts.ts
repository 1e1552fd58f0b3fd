// Accounts, passwords, quotas, addresses and tokens as mutations.

import { randomBytes } from 'node:crypto'
import { accountId } from '../../model/ids.js'
import type { NewAccount, StoredAddress, Token } from '../accounts.js'
import { noSuchAddress, StoreError } from '../errors.js'
import { makeLevelsAbove, makeMailbox } from '../mailbox-names.js'
import { LoadedNames, mailboxDocument } from './mailboxes.js'
import {
  type AccountDocument,
  type AddressDocument,
  accountKey,
  addressDocumentKey,
  credentialKey,
  keysBelow,
  type NameDocument,
  subscriptionKey,
} from './schema.js'
import type { Mutation, Unit } from './unit.js'

const newId = (): string => randomBytes(12).toString('hex')

const newAccountDocument = (number: number, wanted: NewAccount): AccountDocument => ({
  _id: accountKey(number),
  version: 1,
  account: number,
  username: wanted.username,
  username_key: wanted.usernameKey,
  quota: wanted.quota,
  storage_used: 0,
  modseq: 1,
  content_next: 1,
  mailbox_next: 1,
  keyword_next: 0,
  uid_validity: 0,
  state: 'active',
  created: Date.now(),
  keywords: [],
  collected_until: 0,
})

/** Sets who has a name, as user name or as address; nobody at all: it is free. */
function setName(
  unit: Unit,
  id: string,
  known: NameDocument | undefined,
  to: Partial<Pick<NameDocument, 'user' | 'address'>>,
) {
  const user = to.user === undefined ? (known?.user ?? null) : to.user
  const address = to.address === undefined ? (known?.address ?? null) : to.address
  if (user === null && address === null) unit.remove('name', id)
  else if (known === undefined) unit.insert('name', { _id: id, user, address })
  else {
    known.user = user
    known.address = address
  }
}

/** `number` is the account's, given out before and to nobody else. */
export const createAccountMutation = (number: number, wanted: NewAccount): Mutation<AccountDocument> => ({
  name: 'createAccount',
  accounts: [number],
  needs: [{ kind: 'name', id: wanted.usernameKey }],
  async run(unit) {
    if ((await unit.get('name', wanted.usernameKey)) !== undefined)
      throw new StoreError('account-exists', `the name "${wanted.username}" is taken`)
    const account = newAccountDocument(number, wanted)
    setName(unit, wanted.usernameKey, undefined, { user: account._id })
    unit.insert('credential', {
      _id: credentialKey(number, 'password'),
      kind: 'password',
      hash: wanted.passwordHash,
      scope: null,
      version: 1,
    })
    const names = new LoadedNames([])
    for (const { path, specialUse } of wanted.mailboxes) {
      makeLevelsAbove(account, names, path)
      makeMailbox(account, names, path, specialUse ?? null, true)
      unit.insert('subscription', { _id: subscriptionKey(number, path), path })
    }
    for (const box of names.made) unit.insert('mailbox', mailboxDocument(box))
    unit.insert('account', account)
    return account
  },
})

export const setPasswordMutation = (
  number: number,
  hash: string,
): Mutation<{ version: number; modseq: number }> => ({
  name: 'setPassword',
  accounts: [number],
  needs: [{ kind: 'credential', id: credentialKey(number, 'password') }],
  async run(unit) {
    const account = await unit.account(number)
    const known = await unit.get('credential', credentialKey(number, 'password'))
    const version = (known?.version ?? 0) + 1
    if (known === undefined)
      unit.insert('credential', {
        _id: credentialKey(number, 'password'),
        kind: 'password',
        hash,
        scope: null,
        version,
      })
    else {
      known.hash = hash
      known.version = version
    }
    return { version, modseq: account.modseq }
  },
})

export const setQuotaMutation = (
  number: number,
  quota: number,
): Mutation<{ previous: number; modseq: number }> => ({
  name: 'setQuota',
  accounts: [number],
  async run(unit) {
    const account = await unit.account(number)
    const previous = account.quota
    account.quota = quota
    return { previous, modseq: account.modseq }
  },
})

const addressesOf = async (unit: Unit, account: number): Promise<AddressDocument[]> => {
  const { from, to } = keysBelow(accountKey(account))
  return (await unit.range('address', from, to)).sort(byAge)
}

/** In the order in which they came. */
export const byAge = (a: AddressDocument, b: AddressDocument): number =>
  a.created - b.created || a.modseq - b.modseq

/** The account's names are free; the collector drops the rest. */
export const removeAccountMutation = (number: number): Mutation<void> => ({
  name: 'removeAccount',
  accounts: [number],
  needs: [{ kind: 'credential', id: credentialKey(number, 'password') }],
  async run(unit) {
    const account = await unit.account(number)
    const addresses = await addressesOf(unit, number)
    const user = account.username_key
    const keys = [
      ...new Set([...addresses.map((address) => address.address_key), ...(user === null ? [] : [user])]),
    ]
    const names = await unit.getAll('name', keys)
    keys.forEach((key, at) => {
      const known = names[at]
      if (known === undefined) return
      setName(unit, key, known, {
        ...(known.user === account._id ? { user: null } : {}),
        ...(known.address === account._id ? { address: null } : {}),
      })
    })
    for (const { _id } of addresses) unit.remove('address', _id)
    const credential = await unit.get('credential', credentialKey(number, 'password'))
    if (credential !== undefined) unit.remove('credential', credential._id)
    account.state = 'removing'
    account.username_key = null
  },
})

export const addAddressMutation = (
  number: number,
  wanted: { readonly address: string; readonly addressKey: string; readonly main: boolean },
): Mutation<StoredAddress> => ({
  name: 'addAddress',
  accounts: [number],
  needs: [{ kind: 'name', id: wanted.addressKey }],
  async run(unit) {
    const account = await unit.account(number)
    const [name, addresses] = await Promise.all([
      unit.get('name', wanted.addressKey),
      addressesOf(unit, number),
    ])
    const namesake = name?.user ?? account._id
    if ((name !== undefined && name.address !== null) || namesake !== account._id)
      throw new StoreError('address-exists', `the address ${wanted.address} is taken`)
    const main = wanted.main || addresses.length === 0
    if (main) for (const other of addresses) other.main = false
    const document: AddressDocument = {
      _id: addressDocumentKey(number, wanted.addressKey),
      id: newId(),
      address: wanted.address,
      address_key: wanted.addressKey,
      main,
      created: Date.now(),
      modseq: account.modseq,
    }
    setName(unit, wanted.addressKey, name, { address: account._id })
    unit.insert('address', document)
    return addressOf(number, document)
  },
})

export const addressOf = (account: number, document: AddressDocument): StoredAddress => ({
  id: document.id,
  account: accountId(account),
  address: document.address,
  addressKey: document.address_key,
  main: document.main,
  created: document.created,
})

export const removeAddressMutation = (number: number, addressKey: string): Mutation<void> => ({
  name: 'removeAddress',
  accounts: [number],
  needs: [{ kind: 'name', id: addressKey }],
  async run(unit) {
    const account = await unit.account(number)
    const [name, addresses] = await Promise.all([unit.get('name', addressKey), addressesOf(unit, number)])
    const removed = addresses.find((address) => address.address_key === addressKey)
    if (removed === undefined) throw noSuchAddress(number, addressKey)
    const oldest = addresses.find((address) => address !== removed)
    if (removed.main && oldest !== undefined) oldest.main = true
    unit.remove('address', removed._id)
    if (name?.address === account._id) setName(unit, addressKey, name, { address: null })
  },
})

export const createTokenMutation = (wanted: { label: string; hash: string }): Mutation<Token> => ({
  name: 'createToken',
  accounts: [],
  async run(unit) {
    const token = { id: newId(), label: wanted.label, hash: wanted.hash, created: Date.now() }
    unit.insert('token', { _id: token.hash, id: token.id, label: token.label, created: token.created })
    return token
  },
})

/** By its secret's hash, which its id has been found to belong to. */
export const revokeTokenMutation = (hash: string, id: string): Mutation<void> => ({
  name: 'revokeToken',
  accounts: [],
  needs: [{ kind: 'token', id: hash }],
  async run(unit) {
    if ((await unit.get('token', hash)) === undefined) throw noSuchToken(id)
    unit.remove('token', hash)
  },
})

export const noSuchToken = (id: string): StoreError =>
  new StoreError('no-such-token', `there is no token ${id}`)
