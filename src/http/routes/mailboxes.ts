// GET /user/mailboxes: an account's mailboxes, INBOX first, the others in the order of their paths.

import { z } from 'zod'
import { requireAccount } from '../../mail/accounts.js'
import { listMailboxes } from '../../mail/mailboxes.js'
import type { Mailbox } from '../../mail/types.js'
import { mailboxHex } from '../../model/ids.js'
import { INBOX } from '../../model/mailbox-path.js'
import { notFound, refusals, success, username } from '../schemas.js'
import type { Routes } from './route.js'

/** `\Sent` is said as `Sent`; INBOX, which has no special use of its own, as `Inbox`. */
const specialOf = ({ path, specialUse }: Mailbox): string | false => {
  if (path === INBOX) return 'Inbox'
  return specialUse === undefined ? false : specialUse.slice(1)
}

export const mailboxes: Routes = (api, services) => {
  api.get(
    '/user/mailboxes',
    {
      schema: {
        summary: 'All mailbox names of a user',
        tags: ['mailboxes'],
        querystring: z.object({ username }),
        response: {
          200: z.object({
            success,
            username: z.string(),
            mailboxes: z.array(
              z.object({
                id: z.string().describe('24 hex digits'),
                path: z.string(),
                special: z
                  .union([z.string(), z.literal(false)])
                  .describe('Inbox, Sent, …; false where it has no special use'),
                messages: z.number().int(),
              }),
            ),
          }),
          ...refusals,
          ...notFound,
        },
      },
    },
    async ({ query }) => {
      const account = await requireAccount(services, query.username)
      const listed = await listMailboxes(services, account.id)
      const found = [...listed].sort(
        (one, other) => Number(other.path === INBOX) - Number(one.path === INBOX),
      )
      return {
        success: true as const,
        username: account.username,
        mailboxes: found.map((mailbox) => ({
          id: mailboxHex(account.id, mailbox.id),
          path: mailbox.path,
          special: specialOf(mailbox),
          messages: mailbox.messages,
        })),
      }
    },
  )
}
