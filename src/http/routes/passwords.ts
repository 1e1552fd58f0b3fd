// POST /user/password: a new password, which ends the sessions that logged in with the old one.

import { z } from 'zod'
import { requireAccount, setPassword } from '../../mail/accounts.js'
import { bodyRefusals, notFound, password, success, username } from '../schemas.js'
import type { Routes } from './route.js'

export const passwords: Routes = (api, services) => {
  api.post(
    '/user/password',
    {
      schema: {
        summary: 'Updates the password of a user; applies at once, to open sessions too',
        tags: ['users'],
        body: z.object({ username, password }),
        response: { 200: z.object({ success, username: z.string() }), ...bodyRefusals, ...notFound },
      },
    },
    async ({ body }) => {
      const account = await requireAccount(services, body.username)
      await setPassword(services, account, body.password)
      return { success: true as const, username: account.username }
    },
  )
}
