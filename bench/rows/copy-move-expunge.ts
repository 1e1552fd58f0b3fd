// COPY, MOVE (RFC 6851) and EXPUNGE of 10,000 messages.
import { scaled, thousands } from '../plan.js'
import type { Row } from '../row.js'
import { expectCount } from '../target.js'
import { largeMailbox, openSelected } from './large-mailbox.js'

export const copyMoveExpunge: Row = {
  name: 'copy-move-expunge',
  repeats: 5,
  figures: (plan) => {
    const count = thousands(scaled(plan, 10_000))
    return [
      { key: 'copy', label: `COPY ${count}`, unit: 'ms', goal: 50, clusterGoal: 300, better: 'less' },
      { key: 'move', label: `MOVE ${count}`, unit: 'ms', goal: 80, clusterGoal: 300, better: 'less' },
      { key: 'expunge', label: `EXPUNGE ${count}`, unit: 'ms', goal: 40, clusterGoal: 300, better: 'less' },
    ]
  },
  async begin(target) {
    const source = await largeMailbox(target)
    const connection = await openSelected(target, source)
    const count = scaled(target.plan, 10_000)
    const [copied, moved] = [target.mailbox('copied'), target.mailbox('moved')]
    return {
      async measure() {
        for (const mailbox of [copied, moved]) await connection.command(`CREATE ${mailbox}`)
        await connection.select(source.name)
        await target.timed('copy', 1, () => connection.command(`COPY 1:${count} ${copied}`))
        expectCount('messages copied', await connection.select(copied), count)
        connection.scanner.resetCounts()
        await target.timed('move', 1, () => connection.command(`MOVE 1:* ${moved}`))
        expectCount('messages moved away', connection.scanner.expunges, count)
        expectCount('messages moved', await connection.select(moved), count)
        await connection.command('STORE 1:* +FLAGS.SILENT (\\Deleted)')
        connection.scanner.resetCounts()
        await target.timed('expunge', 1, () => connection.command('EXPUNGE'))
        expectCount('messages expunged', connection.scanner.expunges, count)
        await connection.command('CLOSE')
        for (const mailbox of [copied, moved]) await connection.command(`DELETE ${mailbox}`)
      },
      end: () => connection.logout(),
    }
  },
}
