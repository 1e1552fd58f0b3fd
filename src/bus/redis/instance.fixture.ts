// An instance in a process of its own, for the tests that kill it: takes two connections, and publishes a hint for each
// line on its standard input. Arguments: URL, lease in milliseconds.

import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { silentLogger } from '../../kit/log.js'
import { accountId, modSeq } from '../../model/ids.js'
import { redisBus } from './redis-bus.js'

const [url = '', leaseMs] = process.argv.slice(2)
const bus = await redisBus({ url, log: silentLogger, leaseMs: Number(leaseMs) })
const taken = [await bus.takeConnection('a', 3), await bus.takeConnection('a', 3)]
process.stdout.write(taken.every((one) => one !== undefined) ? 'taken\n' : 'refused\n')
const lines = createInterface(process.stdin)
lines.on('line', (modseq) => bus.publish({ account: accountId(1), modseq: modSeq(Number(modseq)) }))
await once(lines, 'close')
await bus.close()
