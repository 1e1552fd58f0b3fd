// Creates the accounts of a run over an HTTP API with `POST /user/create` and `POST /user/address/create`.
import type { Target } from './target.js'

/** A run stores more than an account's default quota allows. */
const QUOTA = 2 ** 40
const AT_A_TIME = 4

async function post(base: string, path: string, body: Record<string, unknown>): Promise<void> {
  const answer = await fetch(new URL(path, base), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  // 409: it is there from an earlier run.
  if (!answer.ok && answer.status !== 409) throw new Error(`POST ${path}: ${answer.status} ${text}`)
}

/** Creates accounts by number, each with its address, unless they are there already. */
export async function createAccounts(
  target: Target,
  base: string,
  numbers: readonly number[],
): Promise<void> {
  const left = [...numbers]
  const work = async (): Promise<void> => {
    for (let account = left.pop(); account !== undefined; account = left.pop()) {
      const username = target.user(account)
      await post(base, '/user/create', { username, password: target.password, quota: QUOTA })
      await post(base, '/user/address/create', { username, address: target.address(account) })
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
}
