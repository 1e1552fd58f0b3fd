// CREATE, RENAME and DELETE as RFC 3501 §6.3.3 - §6.3.5 wants them, and src/store/mailboxes.ts promises.

import { expect, test } from 'vitest'
import type { AccountId } from '../../model/ids.js'
import type { Store } from '../store.js'
import { allEntries, mailboxNamed, NO_LIMIT, newAccount, path, samples } from './samples.js'

const names = async (store: Store, id: AccountId): Promise<string[]> =>
  (await store.mailboxes(id)).map((box) => (box.selectable ? box.path : `(${box.path})`))

export function mailboxesSuite(current: () => Store): void {
  test('what an APPEND looks at is read with its account', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const { mailbox } = await store.createMailbox(id, path('lists/eider'))
    await store.setQuota(id, 5000)
    expect(await store.appendTarget(id, path('lists/eider'))).toMatchObject({
      account: { id, quota: 5000 },
      mailbox: mailbox.id,
      selectable: true,
    })
    expect(await store.appendTarget(id, path('elsewhere'))).toBeUndefined()
    await store.createMailbox(id, path('lists/eider/below'))
    await store.deleteMailbox(id, path('lists/eider'))
    expect(await store.appendTarget(id, path('lists/eider'))).toMatchObject({ selectable: false })
    await store.removeAccount(id)
    expect(await store.appendTarget(id, path('lists/eider/below'))).toBeUndefined()
  })

  test('what SELECT begins with is read with the keywords of the account', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const inbox = await mailboxNamed(store, id, 'INBOX')
    await store.append(id, inbox.id, samples(2, { flags: ['$Work'] }), NO_LIMIT)
    await store.claimRecent(id, inbox.id, 2)
    expect(await store.openMailbox(id, path('INBOX'))).toEqual({
      mailbox: await store.mailbox(id, inbox.id),
      flags: await store.flagTable(id),
    })
    expect(await store.openMailbox(id, path('elsewhere'))).toBeUndefined()
  })

  test('a message goes into a mailbox only while that bears the name by which it was found', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const { mailbox } = await store.createMailbox(id, path('a'))
    const append = (name: string) => store.append(id, mailbox.id, samples(1), NO_LIMIT, path(name))
    expect(await append('a')).toHaveLength(1)
    await store.renameMailbox(id, path('a'), path('b'))
    await expect(append('a')).rejects.toMatchObject({ code: 'no-such-mailbox' })
    expect(await append('b')).toHaveLength(1)
    expect(await mailboxNamed(store, id, 'b')).toMatchObject({ messages: 2 })
  })

  test('CREATE makes the levels above', async () => {
    const store = current()
    const { id, modseq } = await newAccount(store)
    const made = await store.createMailbox(id, path('a/b/c'), '\\Archive')
    expect(made.mailbox).toMatchObject({ path: 'a/b/c', specialUse: '\\Archive', messages: 0, uidNext: 1 })
    expect(made.modseq).toBeGreaterThan(modseq)
    expect(await names(store, id)).toEqual(['INBOX', 'Other', 'a', 'a/b', 'a/b/c'])
    await expect(store.createMailbox(id, path('a/b'))).rejects.toMatchObject({ code: 'mailbox-exists' })
    await expect(store.createMailbox(id, path('inbox'))).rejects.toMatchObject({ code: 'mailbox-exists' })
  })

  test('a uidValidity or a mailbox number is never given twice', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const seen = (await store.mailboxes(id)).map(({ uidValidity }) => uidValidity)
    const ids = new Set<number>()
    for (let round = 0; round < 5; round++) {
      const { mailbox } = await store.createMailbox(id, path('again'))
      seen.push(mailbox.uidValidity)
      ids.add(mailbox.id)
      await store.deleteMailbox(id, path('again'))
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(ids.size).toBe(5)
  })

  test('DELETE with inferiors leaves a name without messages, which CREATE makes a mailbox again', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const { mailbox } = await store.createMailbox(id, path('a'))
    await store.createMailbox(id, path('a/b'))
    await store.append(id, mailbox.id, samples(3), NO_LIMIT)
    expect(await store.deleteMailbox(id, path('a'))).toMatchObject({ mailbox: mailbox.id })
    expect(await names(store, id)).toEqual(['INBOX', 'Other', '(a)', 'a/b'])
    expect((await store.account(id))?.storageUsed).toBe(0)
    const name = await mailboxNamed(store, id, 'a')
    expect(name).toMatchObject({ messages: 0, selectable: false })
    await expect(store.append(id, name.id, samples(1), NO_LIMIT)).rejects.toMatchObject({
      code: 'no-such-mailbox',
    })
    await expect(store.append(id, mailbox.id, samples(1), NO_LIMIT)).rejects.toMatchObject({
      code: 'no-such-mailbox',
    })
    await expect(store.deleteMailbox(id, path('a'))).rejects.toMatchObject({ code: 'mailbox-has-children' })
    const again = await store.createMailbox(id, path('a'))
    expect(again.mailbox.selectable).toBe(true)
    expect(again.mailbox.uidValidity).toBeGreaterThan(Math.max(mailbox.uidValidity, name.uidValidity))
    await store.append(id, again.mailbox.id, samples(1), NO_LIMIT)
    await store.deleteMailbox(id, path('a/b'))
    await store.deleteMailbox(id, path('a'))
    expect(await names(store, id)).toEqual(['INBOX', 'Other'])
    expect((await store.account(id))?.storageUsed).toBe(0)
  })

  test('INBOX stays', async () => {
    const store = current()
    const { id } = await newAccount(store)
    await expect(store.deleteMailbox(id, path('INBOX'))).rejects.toMatchObject({ code: 'mailbox-protected' })
    await expect(store.renameMailbox(id, path('Other'), path('inbox'))).rejects.toMatchObject({
      code: 'mailbox-protected',
    })
    await expect(store.deleteMailbox(id, path('none'))).rejects.toMatchObject({ code: 'no-such-mailbox' })
  })

  test('RENAME takes the inferiors along, makes the levels above, and changes no message', async () => {
    const store = current()
    const { id } = await newAccount(store)
    await store.createMailbox(id, path('a/b/c'), '\\Junk')
    await store.createMailbox(id, path('ab'))
    const before = await mailboxNamed(store, id, 'a/b/c')
    await store.append(id, before.id, samples(2), NO_LIMIT)
    await store.renameMailbox(id, path('a/b'), path('x/y'))
    expect(await names(store, id)).toEqual(['INBOX', 'Other', 'a', 'ab', 'x', 'x/y', 'x/y/c'])
    const after = await mailboxNamed(store, id, 'x/y/c')
    expect(after).toMatchObject({
      id: before.id,
      uidValidity: before.uidValidity,
      specialUse: '\\Junk',
      messages: 2,
    })
    await expect(store.renameMailbox(id, path('none'), path('z'))).rejects.toMatchObject({
      code: 'no-such-mailbox',
    })
    await expect(store.renameMailbox(id, path('ab'), path('x/y'))).rejects.toMatchObject({
      code: 'mailbox-exists',
    })
    await store.renameMailbox(id, path('x'), path('x/below'))
    expect(await names(store, id)).toEqual([
      'INBOX',
      'Other',
      'a',
      'ab',
      'x',
      'x/below',
      'x/below/y',
      'x/below/y/c',
    ])
  })

  test('RENAME refuses what would make a name too long, and changes nothing', async () => {
    const store = current()
    const { id } = await newAccount(store)
    await store.createMailbox(id, path(`a/${'b'.repeat(500)}`))
    await expect(store.renameMailbox(id, path('a'), path('c'.repeat(600)))).rejects.toMatchObject({
      code: 'limit',
    })
    expect(await names(store, id)).toEqual(['INBOX', 'Other', 'a', `a/${'b'.repeat(500)}`])
  })

  test('RENAME of INBOX moves its messages; INBOX and what is below it stay', async () => {
    const store = current()
    const { id } = await newAccount(store)
    await store.createMailbox(id, path('INBOX/below'))
    const inbox = await mailboxNamed(store, id, 'INBOX')
    await store.append(id, inbox.id, samples(300, { flags: ['\\Seen'] }), NO_LIMIT)
    const used = (await store.account(id))?.storageUsed
    await store.renameMailbox(id, path('INBOX'), path('old/mail'))
    expect(await names(store, id)).toEqual(['INBOX', 'INBOX/below', 'Other', 'old', 'old/mail'])
    expect(await mailboxNamed(store, id, 'INBOX')).toMatchObject({
      id: inbox.id,
      uidValidity: inbox.uidValidity,
      messages: 0,
      uidNext: 301,
    })
    const moved = await mailboxNamed(store, id, 'old/mail')
    expect(moved).toMatchObject({ messages: 300, unseen: 0 })
    expect(await allEntries(store, id, moved.id)).toHaveLength(300)
    expect((await store.account(id))?.storageUsed).toBe(used)
  })

  test('\\Recent is claimed once, and writes nothing where nothing is new', async () => {
    const store = current()
    const { id } = await newAccount(store)
    const inbox = await mailboxNamed(store, id, 'INBOX')
    await store.append(id, inbox.id, samples(2), NO_LIMIT)
    const { modseq } = (await store.account(id)) ?? {}
    expect(await store.claimRecent(id, inbox.id, 3)).toBe(1)
    expect(await store.claimRecent(id, inbox.id, 3)).toBe(3)
    await store.append(id, inbox.id, samples(1), NO_LIMIT)
    const both = await Promise.all([store.claimRecent(id, inbox.id, 4), store.claimRecent(id, inbox.id, 4)])
    expect(both.toSorted()).toEqual([3, 4])
    expect((await store.account(id))?.modseq).toBe((modseq ?? 0) + 1)
  })
}
