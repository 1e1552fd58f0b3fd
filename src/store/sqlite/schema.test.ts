// The steps of the schema, on a database that an older version filled.

import SQLite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrations } from './schema.js'

test('what is read of a content moves to tables of its own, and there to the numbers of the sources', () => {
  const db = new SQLite(':memory:')
  const [first = '', second = '', , fourth = '', fifth = ''] = migrations
  db.exec(first)
  db.exec(`INSERT INTO content VALUES (4294967297, 9, '(NIL)', '("TEXT")', 'Re: subject', 'subject', 1000, 60, 1,
    'from', 'to', 'cc', 'bcc', '<a@b>', '<c@d>', '<e@f>', 'thread', 'intro')`)
  db.exec(second)
  expect(db.prepare('SELECT * FROM content').all()).toEqual([
    { id: 4294967297, source: 9, envelope: '(NIL)', structure: '("TEXT")' },
  ])
  const summary = db.prepare('SELECT * FROM summary')
  const moved = summary.all()
  expect(moved).toEqual([
    {
      id: 4294967297,
      subject: 'Re: subject',
      base_subject: 'subject',
      sent_date: 1000,
      sent_zone: 60,
      has_attachments: 1,
      sender: 'from',
      recipients: 'to',
      cc: 'cc',
      bcc: 'bcc',
      message_id: '<a@b>',
      in_reply_to: '<c@d>',
      reference_ids: '<e@f>',
      thread_id: 'thread',
      intro: 'intro',
    },
  ])
  db.exec(fourth)
  expect(summary.all()).toEqual(moved.map((row) => ({ ...(row as object), id: 9 })))
  db.exec(fifth)
  expect(db.prepare('SELECT * FROM content').all()).toEqual([{ id: 4294967297, source: 9 }])
  expect(db.prepare('SELECT * FROM prepared').all()).toEqual([
    { id: 9, envelope: '(NIL)', structure: '("TEXT")' },
  ])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
})
