// The log on a disk that is full, the same as the mail's: the server stays, answers, and ends when it is told to.

import { describe, expect, it, onTestFinished } from 'vitest'
import { startServer } from '../server.js'
import { wanted } from '../wire/required.js'
import { SmtpClient } from '../wire/smtp.js'
import { cannotMount, fill, mountMemory } from './file-systems.js'

const why = cannotMount()
const skip = wanted(why === undefined, `the right to mount (${why})`, 'a log on a full disk')

describe.skipIf(why !== undefined)(`a log on a disk that is full${skip}`, { timeout: 120_000 }, () => {
  it('holds up nothing, and goes on when there is space', async () => {
    const disk = mountMemory('48m')
    onTestFinished(() => disk.unmount())
    const logFile = `${disk.folder}/log`
    const server = await startServer({ dir: `${disk.folder}/data`, logFile })
    onTestFinished(() => server.kill())
    await server.createUser('anna', 'secret', 'anna@example.com')
    const deliver = async () => {
      const client = await SmtpClient.connect(server.listeners.lmtp, 'lmtp')
      const [reply] = await client.deliver({
        to: ['anna@example.com'],
        message: Buffer.from('Subject: x\r\n\r\n'),
      })
      await client.quit()
      return reply
    }

    const free = fill(disk)
    // Each is a line, and together they are more than what is left of the file's last page.
    for (let times = 0; times < 100; times++) expect(await deliver()).toMatchObject({ code: 452 })
    free()
    expect(await deliver()).toMatchObject({ code: 250 })
    expect(await server.stop()).toBe(0)
    const events = server
      .log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event)
    expect(events.filter((event) => event === 'delivery-put-off')).toHaveLength(100)
    expect(events.slice(-3)).toEqual(['delivered', 'stopping', 'stopped'])
  })
})
