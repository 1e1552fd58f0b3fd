// POST /user/address/create: addresses under which an account receives mail.

import { z } from 'zod'
import { addAddress, requireAccount } from '../../mail/accounts.js'
import { bodyRefusals, conflict, notFound, success, username } from '../schemas.js'
import type { Routes } from './route.js'

export const addresses: Routes = (api, services) => {
  api.post(
    '/user/address/create',
    {
      schema: {
        summary: 'Creates a new address for a user',
        description: 'The first address becomes the main one. Addresses have no +label.',
        tags: ['addresses'],
        body: z.object({
          username,
          address: z.string().min(1).max(320).describe('may be internationalized: андрис@уайлддак.орг'),
          main: z.boolean().optional().describe('whether this is the default address; false by default'),
        }),
        response: {
          200: z.object({ success, username: z.string(), address: z.string() }),
          ...bodyRefusals,
          ...notFound,
          ...conflict,
        },
      },
    },
    async ({ body }) => {
      const account = await requireAccount(services, body.username)
      const { address } = await addAddress(services, account, body.address, body.main)
      return { success: true as const, username: account.username, address }
    },
  )
}
