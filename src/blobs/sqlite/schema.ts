// The tables of the blob store on SQLite. A blob without a hash is being written (or was, by a process that died): nobody
// can see it. docs/adr/0004; docs/architecture.md, "What is kept for what is gone".

/** `state` of a blob: staged (no hash yet, or any more), live, dying. */
export const STAGED = 0
export const LIVE = 1
export const DYING = 2

const FIRST = `
CREATE TABLE blob (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB UNIQUE,
  size INTEGER NOT NULL,
  state INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  dying_at INTEGER,
  codec INTEGER NOT NULL DEFAULT 0,
  key_id TEXT
);
CREATE INDEX blob_by_state ON blob (state, used_at);

CREATE TABLE blob_piece (
  id INTEGER PRIMARY KEY,
  blob INTEGER NOT NULL,
  number INTEGER NOT NULL,
  octets BLOB NOT NULL,
  UNIQUE (blob, number)
);
`

export const migrations: readonly string[] = [FIRST]
