// The rows in the order in which they run: memory while the server is fresh; and what is read for the first time before
// what reads it again.
import type { Row } from '../row.js'
import { append, append1, appendLong, appendOneMailbox } from './append.js'
import { bigMessages } from './big-message.js'
import { copyMoveExpunge } from './copy-move-expunge.js'
import { fetchBody } from './fetch-body.js'
import { fetchBodystructure, fetchEnvelope, fetchFlags } from './fetch-index.js'
import { growth } from './growth.js'
import { idle } from './idle.js'
import { idleMemory, idleMemoryTls } from './idle-memory.js'
import { lmtp1, lmtp8, lmtpBdat1, lmtpBdat8 } from './lmtp.js'
import { loginAgain, loginFirst } from './login.js'
import { noopElsewhere } from './noop-elsewhere.js'
import { searchSubject, searchText } from './search.js'
import { select } from './select.js'
import { store } from './store.js'

export const ROWS: readonly Row[] = [
  idleMemory,
  idleMemoryTls,
  bigMessages,
  append1,
  append,
  appendLong,
  lmtp1,
  lmtp8,
  lmtpBdat1,
  lmtpBdat8,
  appendOneMailbox,
  select,
  fetchFlags,
  fetchEnvelope,
  fetchBodystructure,
  fetchBody,
  searchSubject,
  searchText,
  store,
  copyMoveExpunge,
  idle,
  loginAgain,
  loginFirst,
  growth,
  noopElsewhere,
]
