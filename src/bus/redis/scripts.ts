// What the bus keeps in Redis, all of it with an end: failures as a counter a key, connections as a hash a key with a
// field for each instance that holds some. Each change is one script, hence atomic. docs/architecture.md, "Bus".

import type { RedisClient } from './link.js'

/** Begins the name of every key and channel. */
export const PREFIX = 'eider:'

const failuresKey = (key: string) => `${PREFIX}failures:${key}`
const connectionsKey = (key: string) => `${PREFIX}connections:${key}`

/** The window begins with the first failure. A counter never stands without an end. */
const COUNT_FAILURE = `
local failures = redis.call('INCR', KEYS[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return failures`

/** Failures that stand then. */
export async function countFailure(client: RedisClient, key: string, windowSeconds: number): Promise<number> {
  const options = { keys: [failuresKey(key)], arguments: [String(Math.ceil(windowSeconds * 1000))] }
  return Number(await client.eval(COUNT_FAILURE, options))
}

export const failuresOf = async (client: RedisClient, key: string): Promise<number> =>
  Number((await client.get(failuresKey(key))) ?? 0)

/** One stands from now on, for so long. */
export const noteFailure = (client: RedisClient, key: string, seconds: number): Promise<string | null> =>
  client.set(failuresKey(key), '1', { expiration: { type: 'EX', value: seconds } })

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/** Sets the instance's own count where that and the others' that have not lapsed are within the limit. */
const TAKE = `${NOW}
local taken = tonumber(ARGV[2])
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  if all[at] ~= ARGV[1] then
    local count, ends = string.match(all[at + 1], '^(%d+) (%d+)$')
    if ends == nil or tonumber(ends) <= now then redis.call('HDEL', KEYS[1], all[at])
    else taken = taken + tonumber(count) end
  end
end
if taken > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %.0f', ARGV[2], now + ARGV[4]))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`

const REPORT = `${NOW}
for at, key in ipairs(KEYS) do
  local count = ARGV[at + 2]
  if count == '0' then redis.call('HDEL', key, ARGV[1])
  else
    redis.call('HSET', key, ARGV[1], string.format('%s %.0f', count, now + ARGV[2]))
    redis.call('PEXPIRE', key, ARGV[2])
  end
end
return #KEYS`

/** An instance's connections count until its lease ends: a killed instance's are forgotten then. */
export interface Lease {
  readonly instance: string
  readonly ms: number
}

/** True where `count` connections of this instance and those of all others are no more than `limit`. */
export async function takeConnections(
  client: RedisClient,
  lease: Lease,
  key: string,
  count: number,
  limit: number,
): Promise<boolean> {
  const options = {
    keys: [connectionsKey(key)],
    arguments: [lease.instance, String(count), String(limit), String(lease.ms)],
  }
  return Number(await client.eval(TAKE, options)) === 1
}

/** Says how many connections the instance has of each key, and begins their lease again. */
export async function reportConnections(
  client: RedisClient,
  lease: Lease,
  counts: readonly (readonly [key: string, count: number])[],
): Promise<void> {
  await client.eval(REPORT, {
    keys: counts.map(([key]) => connectionsKey(key)),
    arguments: [lease.instance, String(lease.ms), ...counts.map(([, count]) => String(count))],
  })
}
