// POST /user/create and GET /user: accounts. Shapes are those of the WildDuck 1.0.11 documentation.

import { z } from 'zod'
import { createAccount, listAddresses, requireAccount } from '../../mail/accounts.js'
import { effectiveQuota } from '../../mail/quota.js'
import { bodyRefusals, conflict, notFound, password, quota, refusals, success, username } from '../schemas.js'
import type { Routes } from './route.js'

const newUsername = z.string().min(1).max(256).describe('what the user logs in with: letters and digits')

const address = z.object({
  id: z.string().describe('24 hex digits'),
  address: z.string(),
  main: z.boolean().describe('whether it is the default address'),
  created: z.iso.datetime(),
})

export const users: Routes = (api, services) => {
  api.post(
    '/user/create',
    {
      schema: {
        summary: 'Creates a new user',
        tags: ['users'],
        body: z.object({ username: newUsername, password, quota: quota.optional() }),
        response: { 200: z.object({ success, username: z.string() }), ...bodyRefusals, ...conflict },
      },
    },
    async ({ body }) => {
      const account = await createAccount(services, body)
      return { success: true as const, username: account.username }
    },
  )

  api.get(
    '/user',
    {
      schema: {
        summary: 'User information with quota usage and registered addresses',
        tags: ['users'],
        querystring: z.object({ username }),
        response: {
          200: z.object({
            success,
            username: z.string(),
            quota: z.number().int().describe('what applies to the user, in octets'),
            storageUsed: z.number().int(),
            addresses: z.array(address),
          }),
          ...refusals,
          ...notFound,
        },
      },
    },
    async ({ query }) => {
      const account = await requireAccount(services, query.username)
      const addresses = await listAddresses(services, account)
      return {
        success: true as const,
        username: account.username,
        quota: effectiveQuota(services, account),
        storageUsed: account.storageUsed,
        addresses: addresses.map(({ id, address, main, created }) => ({
          id,
          address,
          main,
          created: new Date(created).toISOString(),
        })),
      }
    },
  )
}
