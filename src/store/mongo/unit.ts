// What a mutation of the cluster store is written against: a unit of work that loads documents, whose copies the mutation
// changes in memory, and which the group commit writes with those of others (group-commit.ts).

import type { AccountDocument, Kind, Kinds, MailboxDocument } from './schema.js'

export interface Key<K extends Kind = Kind> {
  readonly kind: K
  readonly id: string
}

/**
 * Documents are copies that belong to this mutation: fields are set in place (values that are arrays or octets are
 * replaced whole), and what differs at the end is written. A mutation that throws leaves no trace. It sees what
 * mutations of the same account before it changed. It must await nothing but its unit, and may be run again from the
 * start: it keeps no state outside.
 */
export interface Unit {
  /**
   * The account as a mutation begins: its modseq is already the one that the mutation gives out (a mutation that finds
   * nothing to change sets it back by one: nothing is written then). Throws `no-such-account`, `limit`.
   */
  account(account: number): Promise<AccountDocument>
  /** A mailbox whose messages are to change. Throws `no-such-mailbox`. */
  mailbox(account: number, mailbox: number): Promise<MailboxDocument>
  get<K extends Kind>(kind: K, id: string): Promise<Kinds[K] | undefined>
  /** In the order of `ids`, by one command for all that wait. */
  getAll<K extends Kind>(kind: K, ids: readonly string[]): Promise<(Kinds[K] | undefined)[]>
  /** Those with from ≤ _id < to in order, at the most `limit`. */
  range<K extends Kind>(kind: K, from: string, to: string, limit?: number): Promise<Kinds[K][]>
  /** Those with from ≤ _id < to in order, at the most `limit`: only to be looked at, not to be changed. */
  look<K extends Kind>(
    kind: K,
    from: string,
    to: string,
    limit: number,
  ): Promise<readonly Readonly<Kinds[K]>[]>
  /** Keys from ≤ _id < to in order, at the most `limit`: of what is to be removed unseen. */
  keys(kind: Kind, from: string, to: string, limit: number): Promise<readonly string[]>
  /** The cold values of a mailbox's chunks that were changed since: only to be looked at. */
  changedChunks(account: number, mailbox: number, since: number): Promise<readonly Uint8Array[]>
  /** A document that is known not to be there. */
  insert<K extends Kind>(kind: K, document: Kinds[K]): void
  remove(kind: Kind, id: string): void
}

export interface Mutation<Result> {
  /** For logs and errors: `append`. */
  readonly name: string
  /** All whose documents it changes. None: a mutation of names or tokens alone. */
  readonly accounts: readonly number[]
  /**
   * What it will ask for, as far as is known before: read with what others need. The accounts are always read. A name that it
   * may take must be among them: those who want one name take turns.
   */
  readonly needs?: readonly Key[]
  /** Octets that it will write, about. */
  readonly octets?: number
  run(unit: Unit): Promise<Result>
}

/** Runs mutations in groups; resolves when the transaction is committed by the majority. Throws StoreError. */
export type Mutate = <Result>(mutation: Mutation<Result>) => Promise<Result>
