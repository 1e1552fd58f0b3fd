// The commands, one row each. What CAPABILITY says is derived from these rows.

import type { Session } from '../session.js'
import type { Verb } from '../verb.js'
import { appendVerb } from './append.js'
import { capability } from './capability.js'
import { close, unselect } from './close.js'
import { copy, move } from './copy.js'
import { create } from './create.js'
import { remove } from './delete.js'
import { enable } from './enable.js'
import { expunge } from './expunge.js'
import { fetch } from './fetch.js'
import { id } from './id.js'
import { idle } from './idle.js'
import { list } from './list.js'
import { authenticate, login } from './login.js'
import { logout } from './logout.js'
import { lsub } from './lsub.js'
import { namespace } from './namespace.js'
import { check, noop } from './noop.js'
import { rename } from './rename.js'
import { search } from './search.js'
import { examine, select } from './select.js'
import { starttls } from './starttls.js'
import { status } from './status.js'
import { store } from './store.js'
import { subscribe, unsubscribe } from './subscribe.js'

const VERBS: readonly Verb[] = [
  ...[capability, noop, logout, id],
  ...[starttls, authenticate, login],
  ...[enable, namespace, idle],
  ...[select, examine, create, remove, rename, subscribe, unsubscribe, list, lsub, status, appendVerb],
  ...[check, close, unselect, expunge, search, fetch, store, copy, move],
]

const BY_NAME = new Map(VERBS.map((verb) => [verb.name, verb]))

export const findVerb = (name: string): Verb | undefined => BY_NAME.get(name)

/** LITERAL- is the framer's (RFC 7888 §5). */
const OF_THE_WIRE = ['IMAP4rev1', 'LITERAL-']

/** `capability-data` without the word itself (RFC 3501 §7.2.1). */
export const capabilities = (session: Session): string =>
  [...OF_THE_WIRE, ...VERBS.flatMap((verb) => verb.capabilities?.(session) ?? [])].join(' ')
