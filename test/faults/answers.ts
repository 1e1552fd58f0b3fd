// Sessions of each protocol that were opened while all was well, and what each is told while the store is away.

import { ImapClient } from '../wire/imap.js'
import { SmtpClient } from '../wire/smtp.js'
import type { Stage } from './stage.js'

export interface Answer {
  readonly asked: string
  readonly expected: string
  readonly answer: string
  readonly ms: number
}

export interface Sessions {
  /** All at once; each answers, or is lost, within a minute. */
  ask(): Promise<Answer[]>
  close(): void
}

const MESSAGE = Buffer.from('Subject: while it is away\r\n\r\ntext\r\n')
const UNAVAILABLE = 'NO [UNAVAILABLE]'
const TRY_LATER = '451 4.3.0'
/** What a client that gets no answer at all is said to have got. */
const HANGS_MS = 60_000

export async function answers(stage: Stage): Promise<Sessions> {
  const { imap, lmtp, smtp } = stage.endpoints(0)
  const [instance] = stage.instances
  const [account] = stage.shared.accounts
  if (instance === undefined || account === undefined) throw new Error('there is nobody')
  const login = () => ImapClient.login(imap, account.username, account.password)
  const commands: readonly (readonly (string | Uint8Array)[])[] = [
    ['APPEND Shared ', MESSAGE],
    ['SELECT INBOX'],
    ['LIST "" *'],
    ['STATUS INBOX (MESSAGES)'],
    ['CREATE Another'],
    ['SUBSCRIBE INBOX'],
  ]
  const selected: readonly (readonly string[])[] = [
    ['UID STORE 1:* +FLAGS.SILENT ($Asked)'],
    ['UID COPY 1:5 Shared'],
    ['UID MOVE 1:5 Shared'],
    ['UID FETCH 1:3 (BODY.PEEK[])'],
    ['UID SEARCH TEXT lorem'],
  ]
  const fresh = await ImapClient.connect(imap)
  const plain = await Promise.all(commands.map(login))
  const inMailbox = await Promise.all(selected.map(login))
  for (const client of inMailbox) await client.expectOk('SELECT INBOX')
  const senders = await Promise.all(
    (['lmtp', 'smtp'] as const).map(async (protocol) => ({
      protocol,
      client: await SmtpClient.connect(protocol === 'lmtp' ? lmtp : smtp, protocol),
    })),
  )
  const imapAnswer = async (client: ImapClient, parts: readonly (string | Uint8Array)[]) => {
    const { status, code } = await client.command(...parts)
    return code === undefined ? status : `${status} [${code}]`
  }
  const imapAsk = (client: ImapClient, parts: readonly (string | Uint8Array)[]) =>
    timed(`IMAP ${typeof parts[0] === 'string' ? parts[0].trim() : ''}`, UNAVAILABLE, () =>
      imapAnswer(client, parts),
    )
  return {
    ask: () =>
      Promise.all([
        imapAsk(fresh, [`LOGIN ${account.username} `, Buffer.from(account.password)]),
        ...plain.map((client, at) => imapAsk(client, commands[at] ?? [])),
        ...inMailbox.map((client, at) => imapAsk(client, selected[at] ?? [])),
        ...senders.map(({ protocol, client }) =>
          timed(`${protocol.toUpperCase()} delivery`, TRY_LATER, async () => {
            const [reply] = await client.deliver({ to: [account.address], message: MESSAGE })
            return `${reply?.code} ${reply?.enhanced}`
          }),
        ),
        ...['/user?username=crash0', '/readyz'].map((path) =>
          timed(`HTTP GET ${path}`, '503', async () => String((await instance.server.http(path)).status)),
        ),
        timed('HTTP POST /user/create', '503', async () => {
          const body = JSON.stringify({ username: 'another', password: 'secret words' })
          const headers = { 'content-type': 'application/json' }
          return String(
            (await instance.server.http('/user/create', { method: 'POST', headers, body })).status,
          )
        }),
      ]),
    close() {
      for (const client of [fresh, ...plain, ...inMailbox]) client.close()
      for (const { client } of senders) client.close()
    },
  }
}

async function timed(asked: string, expected: string, ask: () => Promise<string>): Promise<Answer> {
  const begun = performance.now()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('nothing'), HANGS_MS)
  })
  const answer = await Promise.race([ask().catch((error: Error) => error.message), late])
  clearTimeout(timer)
  return { asked, expected, answer, ms: performance.now() - begun }
}
