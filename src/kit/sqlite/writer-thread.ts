// The writer thread: takes batches of requests, commits them in groups, posts each group's outcomes back at once.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { databaseError } from './connection.js'
import { GroupCommit } from './group-commit.js'
import type { MutationModule } from './mutations.js'
import type { FromWriter, Request, ToWriter, WriterSettings } from './protocol.js'

const port = parentPort
if (port === null) throw new Error('writer-thread.js runs as a worker only')
const post = (message: FromWriter) => port.postMessage(message)
const settings = workerData as WriterSettings

let closing = false

function requestsOf(message: ToWriter): readonly Request[] {
  if (message !== 'close') return message
  closing = true
  return []
}

/** What has arrived since, without waiting. */
function arrived(): Request[] {
  const requests: Request[] = []
  for (
    let next = receiveMessageOnPort(port as never);
    next !== undefined;
    next = receiveMessageOnPort(port as never)
  )
    requests.push(...requestsOf(next.message as ToWriter))
  return requests
}

function serve(writer: GroupCommit): void {
  port?.on('message', (message: ToWriter) => {
    const waiting = [...requestsOf(message), ...arrived()]
    while (waiting.length > 0) {
      post(writer.commit(waiting, arrived))
      writer.lookAhead()
      waiting.push(...arrived())
    }
    if (!closing) return
    writer.close()
    port.close()
  })
}

async function start(): Promise<void> {
  const modules = await Promise.all(
    settings.modules.map(async (url) => ((await import(url)) as { module: MutationModule }).module),
  )
  serve(new GroupCommit(settings.file, modules))
  post('ready')
}

start().catch((error: unknown) => {
  const { code, message } = databaseError(error)
  post({ failed: { code, message } })
  port.close()
})
