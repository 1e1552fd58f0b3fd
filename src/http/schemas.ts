// The fields that several routes share: each schema stands once and gives validation, types and OpenAPI. What a user name
// or an address may look like is the model's business (docs/adr/0003-addresses-and-usernames.md); here are only their limits.

import { z } from 'zod'
import { refusalBody } from './refusals.js'

export const username = z.string().min(1).max(320).describe('user name, or an address, of the account')
export const password = z.string().min(1).max(1024).describe('the password')
export const quota = z
  .number()
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .describe('storage in octets; 0: the configured default applies')
export const success = z.literal(true)

const refused = (description: string) => refusalBody.describe(description)

/** What every route may answer besides its own. */
export const refusals = {
  400: refused('Something in the request is not as it should be'),
  401: refused('A token is needed'),
  413: refused('The request is too large'),
  500: refused('The server failed'),
  503: refused('The store cannot be reached now'),
  507: refused('No space left'),
} as const

/** The same, where it takes a body. */
export const bodyRefusals = {
  ...refusals,
  415: refused('The body is neither JSON nor a form'),
} as const

export const notFound = { 404: refused('There is no such user') } as const
export const conflict = { 409: refused('It exists already') } as const
