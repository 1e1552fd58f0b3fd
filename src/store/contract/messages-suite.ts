// APPEND, delivery, reading and STORE, as src/store/messages.ts promises them.

import { expect, test } from 'vitest'
import { flagNames } from '../../model/flags.js'
import { type AccountId, accountId, contentId, type MailboxId, modSeq } from '../../model/ids.js'
import type { Store } from '../store.js'
import {
  allEntries,
  drain,
  mailboxNamed,
  NO_LIMIT,
  newAccount,
  type Place,
  path,
  place,
  sample,
  samples,
  seenEntries,
  sourceOf,
  uidRange,
  uidsFrom,
} from './samples.js'

async function flagsOf(store: Store, { id, inbox }: Place): Promise<string[][]> {
  const table = await store.flagTable(id)
  return (await allEntries(store, id, inbox)).map(({ flags }) => flagNames(table, Uint32Array.from(flags), 0))
}

const hex = (octets: Uint8Array | undefined) => octets && Buffer.from(octets).toString('hex')
const blob = (digit: string) => digit.repeat(64)
const cut = (digit: string) =>
  ({ at: 9, length: 1000, blob: blob(digit), blobSize: 1000, form: { kind: 'identity' } }) as const

export function messagesSuite(current: () => Store): void {
  test('what was appended is read again', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const message = sample({
      text: 'the whole',
      trace: 'Return-Path: <a@b>\r\n',
      flags: ['\\Seen', '$Work'],
      cuts: [cut('a')],
      at: -86_400_000,
      hasAttachments: true,
    })
    const [appended] = await store.append(id, inbox, [message], NO_LIMIT)
    const box = await store.mailbox(id, inbox)
    expect(appended).toEqual({
      uid: 1,
      uidValidity: box?.uidValidity,
      content: appended?.content,
      modseq: box?.highestModseq,
    })
    const size = message.trace.length + message.parsed.size
    expect(box).toMatchObject({ uidNext: 2, messages: 1, unseen: 0, deleted: 0, octets: size })
    const [page] = await drain(store.entries(id, inbox, { cold: true }))
    expect(page?.entries.cold).toMatchObject({
      internalDates: Float64Array.of(-86_400_000),
      zones: Int16Array.of(60),
      sizes: Float64Array.of(size),
      attachments: Uint8Array.of(1),
    })
    const content = appended?.content ?? contentId(1)
    const source = await sourceOf(store, id, content)
    expect(source?.root).toEqual(message.parsed.root)
    expect({ ...source, root: 0 }).toMatchObject({ cuts: message.parsed.cuts, size: message.parsed.size })
    expect(Buffer.from(source?.skeleton ?? [])).toEqual(message.parsed.skeleton)
    expect(Buffer.from(source?.trace ?? [])).toEqual(message.trace)
    const [[summary] = []] = await drain(store.summaries(id, uidsFrom(content), Float64Array.of(size)))
    const { envelope, structure, ...fields } = message.parsed.summary
    expect(summary).toEqual(fields)
    const prepared = (what: 'envelope' | 'structure') => drain(store.prepared(id, uidsFrom(content), what))
    expect((await prepared('envelope')).flat().map(hex)).toEqual([hex(envelope)])
    expect((await prepared('structure')).flat().map(hex)).toEqual([hex(structure)])
    expect(await store.text(id, content)).toBeNull()
    expect(await store.referencedBlobs([blob('a'), blob('b')])).toEqual(new Set([blob('a')]))
    expect((await drain(store.allReferencedBlobs())).flat()).toContain(blob('a'))
  })

  test('ENVELOPE and BODYSTRUCTURE come in the order asked for, whatever their octets', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const made = samples(20)
    const odd = sample()
    const envelope = Buffer.from([0, 0x80, 0xff, 0x41])
    made.splice(7, 1, { ...odd, parsed: { ...odd.parsed, summary: { ...odd.parsed.summary, envelope } } })
    const appended = await store.append(id, inbox, made, NO_LIMIT)
    const contents = Uint32Array.from(appended, ({ content }) => content)
    for (const order of [
      contents,
      contents.toReversed(),
      uidsFrom(contents[3] ?? 0, 4_000_000_000, contents[7] ?? 0),
    ]) {
      const read = (await drain(store.prepared(id, order, 'envelope'))).flat()
      const wanted = Array.from(order, (content) => made[contents.indexOf(content)]?.parsed.summary.envelope)
      expect(read.map(hex)).toEqual(wanted.map(hex))
    }
    const [structure] = (await drain(store.prepared(id, contents, 'structure'))).flat()
    expect(Buffer.from(structure ?? []).toString()).toContain('"text" "plain"')
  })

  test('summaries come in the order asked for, few at a time where their messages are large', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const made = samples(40)
    const appended = await store.append(id, inbox, made, NO_LIMIT)
    const contents = Uint32Array.from(appended, ({ content }) => content).reverse()
    const pages = await drain(store.summaries(id, contents, new Float64Array(40).fill(10 * 2 ** 20)))
    expect(pages.flat().map((summary) => summary?.subject)).toEqual(
      made.map(({ parsed }) => parsed.summary.subject).toReversed(),
    )
    expect(pages.map(({ length }) => length)).toEqual([32, 8])
  })

  test('sources come in the order asked for, however many fit a page', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const texts = Array.from({ length: 150 }, (_, n) => String(n).repeat(n % 50 === 7 ? 60_000 : 1 + n))
    const made = texts.map((text) => sample({ text, trace: `X-Trace: ${text.length}\r\n` }))
    const appended = await store.append(id, inbox, made, NO_LIMIT)
    const contents = Uint32Array.from(appended, ({ content }) => content)
    const some = uidsFrom(contents[7] ?? 0, 4_000_000_000, contents[3] ?? 0, contents[7] ?? 0)
    const sizeOf = (content: number) => made[contents.indexOf(content)]?.parsed.size ?? 0
    for (const order of [contents, contents.toReversed(), some])
      for (const sizes of [Float64Array.from(order, sizeOf), new Float64Array(order.length)]) {
        const read = (await drain(store.sources(id, order, sizes))).flat()
        expect(read.map((source) => source && Buffer.from(source.skeleton).toString())).toEqual(
          Array.from(order, (content) => made[contents.indexOf(content)]?.parsed.skeleton.toString()),
        )
        expect(read.map((source) => source && Buffer.from(source.trace).toString())).toEqual(
          Array.from(
            order,
            (content) =>
              made[contents.indexOf(content)] &&
              Buffer.from(made[contents.indexOf(content)]?.trace ?? []).toString(),
          ),
        )
      }
    expect(await drain(store.sources(id, new Uint32Array(), new Float64Array()))).toEqual([])
  })

  test('sources that nobody comes for do not hold up anything', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const appended = await store.append(id, inbox, samples(200), NO_LIMIT)
    const contents = Uint32Array.from(appended, ({ content }) => content)
    for await (const page of store.sources(id, contents, new Float64Array(200).fill(300_000))) {
      expect(page.length).toBeLessThan(10)
      break
    }
    expect(await sourceOf(store, id, contents[199] ?? 0)).toBeDefined()
  })

  test('what is not there is undefined', async () => {
    const store = current()
    const { id } = await place(store)
    const none = contentId(77)
    expect(await sourceOf(store, id, none)).toBeUndefined()
    expect(await store.text(id, none)).toBeUndefined()
    expect((await drain(store.summaries(id, uidsFrom(77), Float64Array.of(1)))).flat()).toEqual([undefined])
    expect((await drain(store.prepared(id, uidsFrom(77), 'envelope'))).flat()).toEqual([undefined])
    expect(await store.account(accountId(99_999))).toBeUndefined()
  })

  test('MULTIAPPEND and delivery to several are all or nothing', async () => {
    const store = current()
    const one = await place(store)
    const small = sample().parsed.size
    const two = await newAccount(store, 2 * small - 1)
    const before = await store.account(one.id)
    const delivery = (account: AccountId, mailbox: MailboxId) => ({ account, mailbox, message: sample() })
    const inbox = await mailboxNamed(store, two.id, 'INBOX')
    await expect(
      store.append(one.id, one.inbox, samples(3, { text: 'hello' }), 3 * small - 1),
    ).rejects.toMatchObject({ code: 'quota-exceeded' })
    await expect(
      store.deliver(
        [delivery(one.id, one.inbox), delivery(two.id, inbox.id), delivery(two.id, inbox.id)],
        NO_LIMIT,
      ),
    ).rejects.toMatchObject({ code: 'quota-exceeded' })
    expect(await store.account(one.id)).toEqual(before)
    expect(await allEntries(store, one.id, one.inbox)).toEqual([])
    const both = await store.deliver([delivery(one.id, one.inbox), delivery(two.id, inbox.id)], NO_LIMIT)
    expect(both.map(({ uid }) => uid)).toEqual([1, 1])
    expect(await store.mailbox(two.id, inbox.id)).toMatchObject({ messages: 1 })
  })

  test('what an account has no room for is refused before anything of it is kept', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const cuts = Array.from({ length: 2000 }, (_, n) => ({
      ...cut('a'),
      at: n,
      blob: String(n).padStart(64, '0'),
    }))
    const message = sample({ cuts })
    const timeOf = async (count: number, limit: number) => {
      const began = performance.now()
      const delivering = store.deliver(new Array(count).fill({ account: id, mailbox: inbox, message }), limit)
      return { outcome: await delivering.catch(({ code }) => code), ms: performance.now() - began }
    }
    // 800,000 references that are not written take less time than 10,000 that are.
    const refused = await timeOf(400, 1)
    const kept = await timeOf(5, NO_LIMIT)
    expect(refused.outcome).toBe('quota-exceeded')
    expect(kept.outcome).toHaveLength(5)
    expect(refused.ms).toBeLessThan(kept.ms)
  })

  test('flags are changed by deltas; a modseq moves only where a flag does', async () => {
    const store = current()
    const at = await place(store)
    await store.append(at.id, at.inbox, samples(3, { flags: ['\\Seen'] }), NO_LIMIT)
    const before = await allEntries(store, at.id, at.inbox)
    const change = (mode: 'add' | 'remove' | 'replace', flags: string[], uids: number[]) =>
      drain(store.changeFlags(at.id, at.inbox, uidsFrom(...uids), { mode, flags }))
    const [added] = await change('add', ['\\Flagged', '$Work', '\\Seen'], [1, 3, 9])
    expect(added).toMatchObject({ changed: 2, missing: uidsFrom(9), modified: uidsFrom() })
    expect([...(added?.entries.uids ?? [])]).toEqual([1, 3])
    expect(await flagsOf(store, at)).toEqual([
      ['\\Flagged', '\\Seen', '$Work'],
      ['\\Seen'],
      ['\\Flagged', '\\Seen', '$Work'],
    ])
    const after = await allEntries(store, at.id, at.inbox)
    expect(after[1]?.modseq).toBe(before[1]?.modseq)
    expect(after[0]?.modseq).toBe(added?.modseq)
    const [same] = await change('add', ['$WORK'], [1])
    expect(same).toMatchObject({ changed: 0, modseq: added?.modseq })
    expect((await store.account(at.id))?.modseq).toBe(added?.modseq)
    await change('remove', ['\\Seen', '$Never'], [2])
    await change('replace', ['\\Deleted', '$Other'], [3])
    expect(await flagsOf(store, at)).toEqual([['\\Flagged', '\\Seen', '$Work'], [], ['\\Deleted', '$Other']])
    expect(await store.mailbox(at.id, at.inbox)).toMatchObject({ messages: 3, unseen: 2, deleted: 1 })
  })

  test('UNCHANGEDSINCE holds back what has changed', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    await store.append(id, inbox, samples(2), NO_LIMIT)
    const [first] = await drain(
      store.changeFlags(id, inbox, uidsFrom(1), { mode: 'add', flags: ['\\Seen'] }, modSeq(2 ** 40)),
    )
    const since = modSeq((first?.modseq ?? 1) - 1)
    const [second] = await drain(
      store.changeFlags(id, inbox, uidsFrom(1, 2), { mode: 'add', flags: ['\\Draft'] }, since),
    )
    expect(second).toMatchObject({ modified: uidsFrom(1), changed: 1 })
    expect([...(second?.entries.uids ?? [])]).toEqual([2])
  })

  test('an account has 120 keywords: further ones are left out, and the message is kept', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const keywords = Array.from({ length: 120 }, (_, n) => `$k${n}`)
    await store.append(id, inbox, [sample({ flags: keywords })], NO_LIMIT)
    const table = await store.flagTable(id)
    const [entry] = await allEntries(store, id, inbox)
    expect(flagNames(table, Uint32Array.from(entry?.flags ?? []), 0).toSorted()).toEqual(keywords.toSorted())
    await store.append(id, inbox, [sample({ flags: ['\\Seen', '$more', '$K7'] })], NO_LIMIT)
    await drain(store.changeFlags(id, inbox, uidsFrom(2), { mode: 'add', flags: ['$more', '\\Flagged'] }))
    const [, second] = await allEntries(store, id, inbox)
    expect(flagNames(table, Uint32Array.from(second?.flags ?? []), 0)).toEqual(['\\Flagged', '\\Seen', '$k7'])
    expect(await store.flagTable(id)).toEqual(table)
  })

  test('pages cover every UID, and give what changed and nothing else', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    const total = 40_000
    for (let n = 0; n < total; n += 2000)
      await store.append(id, inbox, samples(2000, { text: 'x' }), NO_LIMIT)
    const [, second] = await drain(store.entries(id, inbox, {}))
    expect(second).toBeDefined()
    expect((await allEntries(store, id, inbox)).map(({ uid }) => uid)).toEqual([...uidRange(1, total)])
    const since = (await store.account(id))?.modseq ?? modSeq(0)
    const wanted = [1, 127, 128, 20_000, total]
    await drain(store.changeFlags(id, inbox, Uint32Array.from(wanted), { mode: 'add', flags: ['\\Seen'] }))
    const changed = await drain(store.entries(id, inbox, { since }))
    expect(changed.flatMap(({ entries }) => [...entries.uids])).toEqual(wanted)
    expect(changed.at(-1)?.covered).toBe(2 ** 32 - 1)
    const range = await drain(store.entries(id, inbox, { from: 100, to: 20_000, since, cold: true }))
    expect(range.flatMap(({ entries }) => seenEntries(entries).map(({ uid, size }) => [uid, size]))).toEqual(
      [127, 128, 20_000].map((uid) => [uid, sample({ text: 'x' }).parsed.size]),
    )
    expect(range.at(-1)?.covered).toBe(20_000)
  })

  test('mutations of a mailbox that is not there change nothing', async () => {
    const store = current()
    const { id, inbox } = await place(store)
    await store.append(id, inbox, samples(1), NO_LIMIT)
    const { mailbox } = await store.createMailbox(id, path('gone'))
    await store.deleteMailbox(id, path('gone'))
    const before = await store.account(id)
    const refused = { code: 'no-such-mailbox' }
    await expect(store.append(id, mailbox.id, samples(1), NO_LIMIT)).rejects.toMatchObject(refused)
    await expect(store.copy(id, inbox, uidsFrom(1), mailbox.id, NO_LIMIT)).rejects.toMatchObject(refused)
    await expect(drain(store.move(id, inbox, uidsFrom(1), mailbox.id))).rejects.toMatchObject(refused)
    await expect(drain(store.expunge(id, mailbox.id))).rejects.toMatchObject(refused)
    await expect(
      drain(store.changeFlags(id, mailbox.id, uidsFrom(1), { mode: 'add', flags: ['\\Seen'] })),
    ).rejects.toMatchObject(refused)
    expect(await store.account(id)).toEqual(before)
  })
}
