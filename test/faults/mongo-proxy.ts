// A proxy in front of a mongod which lets commands pass, or keeps them, and lets their answers pass, or loses them: with
// the connection, or in silence. What an answer says is then known to the server alone.

import { commandName, MessageStream, requestId, responseTo } from './mongo-wire.js'
import { type NewPassage, TcpProxy, type Way } from './tcp-proxy.js'

export interface Rules {
  /** Of a command on its way to the server: it never arrives where `keep`, and its connection stays open for good. */
  readonly request?: (command: string) => 'pass' | 'keep'
  /** Of the answer to one: it is lost in silence (`drop`), or with its connection (`cut`). */
  readonly reply?: (command: string) => 'pass' | 'drop' | 'cut'
}

export interface MongoProxy {
  readonly port: number
  rules: Rules
  set(way: Way): Promise<void>
  close(): Promise<void>
}

/** In front of the mongod on the port `target`. */
export async function startMongoProxy(target: number): Promise<MongoProxy> {
  let rules: Rules = {}
  const tcp = await TcpProxy.start(
    target,
    passageUnder(() => rules),
  )
  return {
    port: tcp.port,
    get rules() {
      return rules
    },
    set rules(now) {
      rules = now
    },
    set: (way) => tcp.set(way),
    close: () => tcp.close(),
  }
}

const passageUnder =
  (rules: () => Rules): NewPassage =>
  ({ client, server }) => {
    const requests = new MessageStream()
    const replies = new MessageStream()
    const asked = new Map<number, string>()
    let isHeld = false
    return {
      get isHeld() {
        return isHeld
      },
      fromClient(octets) {
        for (const message of requests.push(octets)) {
          const command = commandName(message)
          asked.set(requestId(message), command)
          if (rules().request?.(command) === 'keep') isHeld = true
          else server.write(message)
        }
      },
      fromServer(octets) {
        for (const message of replies.push(octets)) {
          const command = asked.get(responseTo(message)) ?? ''
          asked.delete(responseTo(message))
          const fate = rules().reply?.(command) ?? 'pass'
          if (fate === 'pass') client.write(message)
          else if (fate === 'cut') client.destroy()
        }
      },
    }
  }
