// Memory of an idle connection: logged in, an empty mailbox selected. 500 of them, plain and with TLS; Pss of all the
// server's processes, so that pages which they share count once. Only a server that was just started tells the truth: in
// one that has worked, connections live in memory which was freed but not given back.
import type { ImapConnection } from '../imap-connection.js'
import { pause } from '../latency.js'
import { LOAD_ACCOUNTS, scaled } from '../plan.js'
import { memoryKb } from '../processes.js'
import type { Row } from '../row.js'
import type { Target } from '../target.js'

const AT_A_TIME = 10
const SETTLE_MS = 3000

async function openIdle(target: Target, count: number, tls: boolean): Promise<ImapConnection[]> {
  const connections: ImapConnection[] = []
  const work = async (first: number): Promise<void> => {
    for (let i = first; i < count; i += AT_A_TIME) {
      const connection = await target.open(LOAD_ACCOUNTS[i % LOAD_ACCOUNTS.length] as number, {
        readBuffer: 1024,
        tls,
      })
      connections.push(connection)
      await connection.select(target.mailbox('empty'))
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, count) }, (_, first) => work(first)))
  return connections
}

async function close(connections: readonly ImapConnection[]): Promise<void> {
  for (const connection of connections) await connection.logout()
  await pause(SETTLE_MS)
}

function row(name: string, label: string, goal: number, tls: boolean): Row {
  return {
    name,
    repeats: 1,
    once: true,
    figures: (plan) => [
      {
        key: name,
        label: `${label} (${scaled(plan, 500)} of them)`,
        unit: 'KB',
        goal,
        clusterGoal: goal,
        better: 'less',
      },
    ],
    async begin(target) {
      const owners = await Promise.all(LOAD_ACCOUNTS.map((account) => target.open(account, { tls })))
      for (const owner of owners) await owner.command(`CREATE ${target.mailbox('empty')}`)
      return {
        async measure() {
          const count = scaled(target.plan, 500)
          // Code that runs for the first time and pools that grow once belong to no connection.
          await close(await openIdle(target, Math.min(count, 50), tls))
          const before = memoryKb(target.pid)
          const connections = await openIdle(target, count, tls)
          await pause(SETTLE_MS)
          target.record(name, (memoryKb(target.pid) - before) / count)
          await close(connections)
        },
        async end() {
          for (const owner of owners) {
            await owner.command(`DELETE ${target.mailbox('empty')}`)
            await owner.logout()
          }
        },
      }
    },
  }
}

export const idleMemory = row('idle-memory', 'memory per idle connection, plain', 40, false)
export const idleMemoryTls = row('idle-memory-tls', 'memory per idle connection, TLS', 100, true)
