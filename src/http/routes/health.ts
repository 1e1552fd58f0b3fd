// GET /healthz: the process answers. GET /readyz: the store could take a write now. Both are open, and say nothing else.

import { z } from 'zod'
import { isReady } from '../../mail/ready.js'
import type { Routes } from './route.js'

export const health: Routes = (api, services) => {
  api.get(
    '/healthz',
    {
      config: { open: true },
      schema: {
        summary: 'The process answers',
        tags: ['health'],
        response: { 200: z.object({ ok: z.literal(true) }) },
      },
    },
    async () => ({ ok: true as const }),
  )

  api.get(
    '/readyz',
    {
      config: { open: true },
      schema: {
        summary: 'The store can take a write',
        tags: ['health'],
        response: {
          200: z.object({ ok: z.literal(true) }),
          503: z.object({ ok: z.literal(false), store: z.string() }),
        },
      },
    },
    async (_, reply) => {
      const problem = await isReady(services)
      if (problem === undefined) return { ok: true as const }
      return reply.code(503).send({ ok: false as const, store: problem })
    },
  )
}
