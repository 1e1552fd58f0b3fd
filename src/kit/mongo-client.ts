// A client of MongoDB as the engines want it, and the database that a URL names.
// https://www.mongodb.com/docs/manual/reference/connection-string/

import { MongoClient, type MongoClientOptions } from 'mongodb'

const DEFAULT_NAME = 'eider'
/** Those that wait for a connection share this many; transactions and reads each take one at a time. */
const CONNECTIONS = 32

/** It connects when it is first asked. What the URL says of pools and times counts more than what stands here. */
export function newMongoClient(url: string, timeoutMs: number, monitorCommands = false): MongoClient {
  const wanted: MongoClientOptions = {
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
    waitQueueTimeoutMS: timeoutMs,
    maxPoolSize: CONNECTIONS,
    appName: 'eider',
  }
  const [, query = ''] = url.split('?')
  const given = [...new URLSearchParams(query).keys()].map((name) => name.toLowerCase())
  const options = Object.entries(wanted).filter(([name]) => !given.includes(name.toLowerCase()))
  return new MongoClient(url, { ...Object.fromEntries(options), promoteBuffers: true, monitorCommands })
}

/** `eider` where the URL names none. */
export function databaseIn(url: string): string {
  const [, name] = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/.exec(url) ?? []
  return name === undefined ? DEFAULT_NAME : decodeURIComponent(name)
}
