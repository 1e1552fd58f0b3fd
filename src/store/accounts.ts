// Accounts, their credentials and addresses, and API tokens, as every store keeps them.

import type { AccountId, ModSeq } from '../model/ids.js'
import type { SpecialUse } from '../model/mailbox-path.js'

export interface Account {
  readonly id: AccountId
  /** As it was given (NFC), and as it is compared (`usernameKey`). */
  readonly username: string
  readonly usernameKey: string
  /** The account's own setting in octets; 0 where the configured default applies. */
  readonly quota: number
  /** Sum of RFC822.SIZE over all its messages. */
  readonly storageUsed: number
  readonly modseq: ModSeq
  /**
   * `removing`: nothing can log in or be delivered, the collector drops the rest. `arriving`: a migration is bringing it,
   * nothing can log in or be delivered yet.
   */
  readonly state: 'active' | 'removing' | 'arriving'
  /** Milliseconds since 1970. */
  readonly created: number
}

export interface Credential {
  readonly kind: 'password'
  /** PHC string of the hash (argon2id). */
  readonly hash: string
  /** Grows with each change; verified logins are cached by it. */
  readonly version: number
}

export interface AccountWithPassword {
  readonly account: Account
  readonly credential: Credential | undefined
}

export interface StoredAddress {
  /** 24 hex digits. */
  readonly id: string
  readonly account: AccountId
  /** As it was given (NFC), and as it is compared (`addressKey`). */
  readonly address: string
  readonly addressKey: string
  readonly main: boolean
  readonly created: number
}

/**
 * `remembered`: what this process was told last will do. It may have changed elsewhere since, which the mutation that the
 * caller is about to ask for finds out. What is not remembered is read.
 */
export interface LookUp {
  readonly remembered?: boolean
}

/** Where mail for an address goes. A list, so that groups and forwards fit later. */
export interface Destination {
  readonly account: Account
}

export interface Token {
  /** 24 hex digits: names the token, does not open anything. */
  readonly id: string
  readonly label: string
  /** SHA-256 of the secret, 64 hex digits. */
  readonly hash: string
  readonly created: number
}

export interface NewAccount {
  readonly username: string
  readonly usernameKey: string
  readonly quota: number
  readonly passwordHash: string
  /** Mailboxes made with it, INBOX first; all are subscribed. */
  readonly mailboxes: readonly { readonly path: string; readonly specialUse?: SpecialUse }[]
}

/** Every method throws StoreError; those that take an account throw `no-such-account`. */
export interface AccountStore {
  /** One transaction: account, password, mailboxes. Throws `account-exists` where a username or an address has the key. */
  createAccount(account: NewAccount): Promise<Account>
  account(id: AccountId): Promise<Account | undefined>
  accountByName(usernameKey: string): Promise<Account | undefined>
  /** The active account that a user name or an address names, with its password: what a login reads, at once. */
  accountByLogin(key: string): Promise<AccountWithPassword | undefined>
  /** In the order of their numbers, from the one after `after`. */
  accounts(after?: AccountId): AsyncIterable<Account>
  credential(id: AccountId): Promise<Credential | undefined>
  /** Replaces the password; the credential's version and the account's modseq move on. */
  setPassword(id: AccountId, hash: string): Promise<{ version: number; modseq: ModSeq }>
  /** 0 sets it back to the default. */
  setQuota(id: AccountId, quota: number): Promise<{ previous: number; modseq: ModSeq }>
  /** Counts again what the account stores and corrects the figure, in one transaction. */
  recountStorage(id: AccountId): Promise<{ previous: number; storageUsed: number }>
  /** Marks the account `removing` and frees its name and addresses; `collect` drops the rest in slices. */
  removeAccount(id: AccountId): Promise<void>

  /** The first address becomes main; a new main takes the mark from the old one. Throws `address-exists`. */
  addAddress(
    id: AccountId,
    address: { address: string; addressKey: string; main: boolean },
  ): Promise<StoredAddress>
  /** Where the main one is removed, the oldest left becomes main. Throws `no-such-address`. */
  removeAddress(id: AccountId, addressKey: string): Promise<void>
  addresses(id: AccountId): Promise<StoredAddress[]>
  /** Empty where nobody has the address. */
  resolve(addressKey: string, options?: LookUp): Promise<Destination[]>

  createToken(token: { label: string; hash: string }): Promise<Token>
  tokens(): Promise<Token[]>
  tokenByHash(hash: string): Promise<Token | undefined>
  /** Throws `no-such-token`. */
  revokeToken(id: string): Promise<void>
}
