// Where an operation is run. On an embedded store: inside the server that holds the data folder, or here, with the
// folder's lock taken and the store opened. On MongoDB: here, beside any number of servers. The answers are the same.

import { setTimeout as sleep } from 'node:timers/promises'
import { isCluster } from '../config/load.js'
import type { Config } from '../config/schema.js'
import { type Holder, lockFolder } from '../kit/folder-lock.js'
import { silentLogger } from '../kit/log.js'
import { askServer } from './control.js'
import type { OpenServices } from './open.js'
import { type Emit, type OperationName, runOperation } from './operations.js'
import { hasData, makeDataFolder } from './paths.js'
import { RefusedError } from './refusals.js'

/** How long a server that is starting or stopping is waited for. */
const PATIENCE_MS = 8_000

/** Those that may be the first thing ever done with a data folder. */
const FIRST: readonly OperationName[] = ['user add', 'token create']

export async function administer(
  open: OpenServices,
  config: Config,
  name: OperationName,
  args: unknown,
  emit: Emit = () => {},
): Promise<unknown> {
  if (isCluster(config)) return runHere(open, config, name, args, emit)
  const { data } = config
  if (!hasData(data) && !FIRST.includes(name)) {
    throw new RefusedError('no-data', `there is no mail store in ${data}; name its folder by --data`)
  }
  makeDataFolder(data)
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const answered = await askServer(data, { command: name, arguments: args }, emit)
    if (answered !== undefined) return answered.result
    const locked = lockFolder(data, `eider ${name}`)
    if ('lock' in locked) {
      return runHere(open, config, name, args, emit).finally(() => locked.lock.release())
    }
    if (Date.now() > until) throw new RefusedError('held', describeHolder(data, locked.holder))
    await sleep(100)
  }
}

export const describeHolder = (data: string, holder: Holder | undefined): string =>
  holder === undefined
    ? `${data} is held by another process`
    : `${data} is held by process ${holder.pid} (${holder.purpose})`

async function runHere(
  open: OpenServices,
  config: Config,
  name: OperationName,
  args: unknown,
  emit: Emit,
): Promise<unknown> {
  const opened = await open(config, silentLogger)
  try {
    return await runOperation(opened.services, name, args, emit)
  } finally {
    await opened.close()
  }
}
