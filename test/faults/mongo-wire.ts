// What of MongoDB's wire protocol tells commands and their answers apart: messages by their length, and in an OP_MSG the
// first key of its document, which names the command. https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/

const HEADER = 16
const OP_MSG = 2013

/** Cuts a stream into messages. */
export class MessageStream {
  #rest: Buffer = Buffer.alloc(0)

  push(octets: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets])
    const messages: Buffer[] = []
    while (this.#rest.length >= HEADER) {
      const length = this.#rest.readInt32LE(0)
      if (length < HEADER) throw new Error(`a message of ${length} octets`)
      if (this.#rest.length < length) break
      messages.push(this.#rest.subarray(0, length))
      this.#rest = this.#rest.subarray(length)
    }
    return messages
  }
}

export const requestId = (message: Buffer): number => message.readInt32LE(4)
export const responseTo = (message: Buffer): number => message.readInt32LE(8)

/** Empty where the message is none of a command. */
export function commandName(message: Buffer): string {
  const document = HEADER + 5
  if (message.readInt32LE(12) !== OP_MSG || message[document - 1] !== 0) return ''
  const key = document + 5
  return message.toString('latin1', key, message.indexOf(0, key))
}
