// The tables of the embedded store, by numbered migrations. docs/adr/0001 and 0006.
//
// Ids of contents are account * 2^32 + content, exact in a double as long as account numbers stay below 2^21. Of a content
// there is its source's number, and by that all that is kept of it: sources are numbered as they come, for all accounts,
// because rows put at the end of a table cost a fifth of the pages that rows put into its middle do (ADR 6). Times are
// milliseconds since 1970. A mailbox with `deleted_at` is gone for everybody but the collector. `codec` and `key_id` say
// how octets are packed: 0 and null, as they are.

export const MAX_SQLITE_ACCOUNT = 2 ** 21 - 1

const FIRST = `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE account (
  account INTEGER PRIMARY KEY,
  username TEXT NOT NULL,
  username_key TEXT UNIQUE,
  quota INTEGER NOT NULL,
  storage_used INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  content_next INTEGER NOT NULL,
  mailbox_next INTEGER NOT NULL,
  keyword_next INTEGER NOT NULL,
  uid_validity INTEGER NOT NULL,
  state TEXT NOT NULL,
  created INTEGER NOT NULL,
  collected_until INTEGER NOT NULL DEFAULT 0,
  settings TEXT
);

CREATE TABLE credential (
  account INTEGER NOT NULL,
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  scope TEXT,
  version INTEGER NOT NULL,
  PRIMARY KEY (account, kind)
) WITHOUT ROWID;

CREATE TABLE address (
  id TEXT PRIMARY KEY,
  account INTEGER NOT NULL,
  address TEXT NOT NULL,
  address_key TEXT NOT NULL UNIQUE,
  main INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX address_by_account ON address (account, created);

CREATE TABLE domain (
  domain_key TEXT PRIMARY KEY,
  domain TEXT NOT NULL,
  alias_of TEXT,
  catch_all INTEGER,
  label TEXT,
  created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE token (
  id TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE mailbox (
  account INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  uid_validity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL,
  highest_modseq INTEGER NOT NULL,
  purged_modseq INTEGER NOT NULL,
  recent_uid INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  unseen INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  selectable INTEGER NOT NULL,
  special_use TEXT,
  created INTEGER NOT NULL,
  deleted_at INTEGER,
  path TEXT NOT NULL,
  PRIMARY KEY (account, mailbox)
) WITHOUT ROWID;
CREATE UNIQUE INDEX mailbox_by_path ON mailbox (account, path) WHERE deleted_at IS NULL;

CREATE TABLE subscription (
  account INTEGER NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (account, path)
) WITHOUT ROWID;

CREATE TABLE keyword (
  account INTEGER NOT NULL,
  bit INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (account, bit)
) WITHOUT ROWID;

CREATE TABLE index_hot (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  max_modseq INTEGER NOT NULL,
  entries BLOB NOT NULL,
  UNIQUE (account, mailbox, chunk)
);
CREATE INDEX index_hot_by_modseq ON index_hot (account, mailbox, max_modseq, chunk);

CREATE TABLE index_cold (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  entries BLOB NOT NULL,
  UNIQUE (account, mailbox, chunk)
);

CREATE TABLE tombstone (
  id INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  modseq INTEGER NOT NULL,
  expunged_at INTEGER NOT NULL,
  hot BLOB NOT NULL,
  cold BLOB NOT NULL
);
CREATE INDEX tombstone_by_modseq ON tombstone (account, mailbox, modseq);
CREATE INDEX tombstone_by_chunk ON tombstone (account, mailbox, chunk);
CREATE INDEX tombstone_by_time ON tombstone (account, expunged_at);

CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  envelope NOT NULL,
  structure NOT NULL,
  subject TEXT NOT NULL,
  base_subject TEXT NOT NULL,
  sent_date INTEGER,
  sent_zone INTEGER NOT NULL,
  has_attachments INTEGER NOT NULL,
  sender TEXT NOT NULL,
  recipients TEXT NOT NULL,
  cc TEXT NOT NULL,
  bcc TEXT NOT NULL,
  message_id TEXT NOT NULL,
  in_reply_to TEXT NOT NULL,
  reference_ids TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  intro TEXT NOT NULL
);

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  codec INTEGER NOT NULL DEFAULT 0,
  key_id TEXT,
  size INTEGER NOT NULL,
  trace BLOB NOT NULL,
  cuts TEXT NOT NULL,
  root TEXT NOT NULL,
  skeleton BLOB NOT NULL
);

CREATE TABLE content_text (
  id INTEGER PRIMARY KEY,
  codec INTEGER NOT NULL DEFAULT 0,
  key_id TEXT,
  text TEXT NOT NULL
);

CREATE TABLE blob_reference (
  account INTEGER NOT NULL,
  content INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (account, content, hash)
) WITHOUT ROWID;
CREATE INDEX blob_reference_by_hash ON blob_reference (hash, account);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  due INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL
);
CREATE INDEX outbox_by_due ON outbox (due);
`

// Migrations 2 and 4 make it, with these columns: a later one has to say its own.
const SUMMARY_TABLE = `CREATE TABLE summary (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  base_subject TEXT NOT NULL,
  sent_date INTEGER,
  sent_zone INTEGER NOT NULL,
  has_attachments INTEGER NOT NULL,
  sender TEXT NOT NULL,
  recipients TEXT NOT NULL,
  cc TEXT NOT NULL,
  bcc TEXT NOT NULL,
  message_id TEXT NOT NULL,
  in_reply_to TEXT NOT NULL,
  reference_ids TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  intro TEXT NOT NULL
);`
const SUMMARY_FIELDS = `subject, base_subject, sent_date, sent_zone, has_attachments, sender, recipients, cc, bcc, message_id,
  in_reply_to, reference_ids, thread_id, intro`

// What bulk FETCH reads, and what SEARCH and lists read, apart: half the pages for either.
const SUMMARIES_APART = `
${SUMMARY_TABLE}
INSERT INTO summary
  SELECT id, ${SUMMARY_FIELDS}
  FROM content;
ALTER TABLE content RENAME TO wide_content;
CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  envelope NOT NULL,
  structure NOT NULL
);
INSERT INTO content SELECT id, source, envelope, structure FROM wide_content;
DROP TABLE wide_content;
`

// Numbered as sources are, for the same reason.
const SUMMARIES_AS_THEY_COME = `
ALTER TABLE summary RENAME TO summary_by_account;
${SUMMARY_TABLE}
INSERT INTO summary
  SELECT c.source, ${SUMMARY_FIELDS}
  FROM content c JOIN summary_by_account s ON s.id = c.id ORDER BY c.source;
DROP TABLE summary_by_account;
`

// The last that lay by account and content, in the order of arrival too.
const PREPARED_AS_THEY_COME = `
ALTER TABLE content RENAME TO content_by_account;
CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL
);
CREATE TABLE prepared (
  id INTEGER PRIMARY KEY,
  envelope NOT NULL,
  structure NOT NULL
);
INSERT INTO content SELECT id, source FROM content_by_account;
INSERT INTO prepared SELECT source, envelope, structure FROM content_by_account ORDER BY source;
DROP TABLE content_by_account;
`

// One row while a migration into this store is under way: where it comes from.
const ARRIVAL = 'CREATE TABLE arrival (source TEXT NOT NULL)'

export const migrations: readonly string[] = [
  FIRST,
  SUMMARIES_APART,
  ARRIVAL,
  SUMMARIES_AS_THEY_COME,
  PREPARED_AS_THEY_COME,
]

/** The id of a content's rows. */
export const contentRow = (account: number, content: number): number => account * 2 ** 32 + content
