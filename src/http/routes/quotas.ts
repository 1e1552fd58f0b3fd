// POST /user/quota and /user/quota/reset: what an account may hold, and counting again what it does hold.

import { z } from 'zod'
import { recountStorage, requireAccount, setQuota } from '../../mail/accounts.js'
import { bodyRefusals, notFound, quota, success, username } from '../schemas.js'
import type { Routes } from './route.js'

export const quotas: Routes = (api, services) => {
  api.post(
    '/user/quota',
    {
      schema: {
        summary: 'Updates the maximum allowed quota of a user; applies at once',
        tags: ['quota'],
        body: z.object({ username, quota: quota.optional() }),
        response: {
          200: z.object({
            success,
            username: z.string(),
            previousQuota: z
              .number()
              .int()
              .describe("the account's own setting before; 0 where the default applied"),
            quota: z.number().int().describe("the account's own setting now; 0 where the default applies"),
          }),
          ...bodyRefusals,
          ...notFound,
        },
      },
    },
    async ({ body }) => {
      const account = await requireAccount(services, body.username)
      const wanted = body.quota ?? 0
      const previousQuota = await setQuota(services, account, wanted)
      return { success: true as const, username: account.username, previousQuota, quota: wanted }
    },
  )

  api.post(
    '/user/quota/reset',
    {
      schema: {
        summary: 'Counts the used storage of a user again, in one transaction',
        tags: ['quota'],
        body: z.object({ username }),
        response: {
          200: z.object({
            success,
            username: z.string(),
            previousStorageUsed: z.number().int(),
            storageUsed: z.number().int(),
          }),
          ...bodyRefusals,
          ...notFound,
        },
      },
    },
    async ({ body }) => {
      const account = await requireAccount(services, body.username)
      const { previous, storageUsed } = await recountStorage(services, account)
      return {
        success: true as const,
        username: account.username,
        previousStorageUsed: previous,
        storageUsed,
      }
    },
  )
}
