// GET /healthz: the process answers. GET /readyz: the store could take a write now; the bus is told beside it, for an
// instance that is cut from Redis alone serves all the same. Both are open, and say nothing else.

import { z } from 'zod'
import { readinessOf } from '../../mail/ready.js'
import type { Routes } from './route.js'

const bus = z.enum(['ok', 'away'])

export const health: Routes = (api, services) => {
  const readiness = readinessOf(services)
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
        summary: 'The store can take a write; whether other instances are heard at once stands beside it',
        tags: ['health'],
        response: {
          200: z.object({ ok: z.literal(true), store: z.literal('ok'), bus }),
          503: z.object({ ok: z.literal(false), store: z.string(), bus }),
        },
      },
    },
    async (_, reply) => {
      const { store, bus } = await readiness()
      if (store === 'ok') return { ok: true as const, store: 'ok' as const, bus }
      return reply.code(503).send({ ok: false as const, store, bus })
    },
  )
}
