// `npm run cluster`: a whole cluster on this machine, until Ctrl-C. What it keeps stays in its data folder for the next time.
// README.md, "A cluster"; docs/operations.md, "A cluster".

import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { environmentName } from '../../src/config/schema.js'
import { Topology } from './topology.js'

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: './data/cluster' },
    // The first three numbers of the addresses of loopback that it uses.
    net: { type: 'string', default: '127.77.0' },
    port: { type: 'string', default: '27117' },
  },
})

const dir = resolve(values.data)
mkdirSync(dir, { recursive: true, mode: 0o700 })
const port = Number(values.port)

console.log(`starting three mongods, Redis, three instances and HAProxy, data in ${dir} …`)
const stopped = new Promise<void>((done) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => done())
})
const topology = await Topology.start({ dir, net: values.net, ports: { mongod: port, redis: port + 3 } })

const named = Object.entries(topology.set).map(
  ([key, value]) => `  export ${environmentName(key)}='${value}'`,
)
console.log(`
The balancer, where clients connect:
  IMAP ${topology.balancer('imap')} (TLS ${topology.balancer('imaps')}), SMTP ${topology.balancer('smtp')}, \
LMTP ${topology.balancer('lmtp')}, HTTP ${topology.balancer('http')}
The instances behind it, on the same ports: ${([1, 2, 3] as const).map((n) => topology.address(n)).join(', ')}

For the eider command in another terminal:
${named.join('\n')}

ready; Ctrl-C stops all of it`)

await stopped
console.log('stopping …')
await topology.stop()
