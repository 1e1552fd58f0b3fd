// The process that dies in crash.test.ts: opens the store, is told an intention and a step, runs it, and says so once it was
// told that it is done. A step is a command of a transaction before it is sent, or a write or commit after it was sent.

import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { CommandStartedEvent } from 'mongodb'
import { runIntention } from '../contract/intentions.js'
import { openMongoStore } from './mongo-store.js'

const WRITES = ['insert', 'update', 'delete', 'commitTransaction']
let lastStep = Number.POSITIVE_INFINITY
let steps = 0

const die = (): void => void process.kill(process.pid, 'SIGKILL')

function onCommand({ command, commandName }: CommandStartedEvent): void {
  if (command['autocommit'] !== false) return
  if (++steps === lastStep) die()
  // The driver writes it to the socket before the loop comes round; the answer has not come by then.
  if (WRITES.includes(commandName) && ++steps === lastStep) setImmediate(die)
}

const [url = ''] = process.argv.slice(2)
const store = await openMongoStore({ url, onCommand })
const [line] = (await once(createInterface(process.stdin), 'line')) as [string]
const [intention = '', step = ''] = line.split(' ')
lastStep = Number(step)
await runIntention(store, intention)
writeSync(1, 'acknowledged\n')
await store.close()
process.exit()
