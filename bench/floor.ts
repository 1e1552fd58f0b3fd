// The floor that the cluster's goals count from: what as many plain connections of the MongoDB driver insert of single
// documents of 4 KB, each acknowledged by a majority and journaled. docs/performance.md, "On MongoDB".
import { MongoClient, ObjectId } from 'mongodb'
import { median, sustain } from './latency.js'

const OCTETS = 4096

export class Floor {
  readonly #clients: MongoClient[] = []
  readonly #url: string
  readonly #rates = new Map<number, number[]>()

  /** `url`: the MongoDB that the measured servers use. Writes into a database of its own. */
  constructor(url: string) {
    this.#url = url
  }

  async #client(at: number): Promise<MongoClient> {
    const client = this.#clients[at] ?? new MongoClient(this.#url, { maxPoolSize: 1 })
    this.#clients[at] = client
    return client.connect()
  }

  /** Inserts over `connections` for `seconds`. */
  async measure(connections: number, seconds: number): Promise<void> {
    const octets = Buffer.alloc(OCTETS, 'x')
    const workers: (() => Promise<unknown>)[] = []
    for (let at = 0; at < connections; at++) {
      const writeConcern = { w: 'majority', journal: true } as const
      const documents = (await this.#client(at)).db('eider-bench-floor').collection('floor', { writeConcern })
      await documents.insertOne({ _id: new ObjectId(), octets })
      workers.push(() => documents.insertOne({ _id: new ObjectId(), octets }))
    }
    const { perSecond } = await sustain(workers, seconds)
    const rates = this.#rates.get(connections) ?? []
    this.#rates.set(connections, rates)
    rates.push(perSecond)
  }

  /** Inserts a second, the median of all measurements; undefined where there is none. */
  rate(connections: number): number | undefined {
    const rates = this.#rates.get(connections)
    return rates === undefined ? undefined : median(rates)
  }

  async close(): Promise<void> {
    await this.#clients[0]?.db('eider-bench-floor').dropDatabase()
    for (const client of this.#clients) await client.close()
  }
}
