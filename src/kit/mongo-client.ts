// A client of MongoDB as the engines want it, and the database that a URL names.
// https://www.mongodb.com/docs/manual/reference/connection-string/

import { MongoClient, type MongoClientOptions } from 'mongodb'

const DEFAULT_NAME = 'eider'
/** Those that wait for a connection share this many; transactions and reads each take one at a time. */
const CONNECTIONS = 32

/** Milliseconds without an answer after which a connection may be given up: a busy MongoDB takes its time. */
const PATIENCE_MS = 2_000

/**
 * So long a connection may be silent: where it is dead, or a primary stands still, there is time left to ask another one
 * before whoever waits is told that MongoDB is away.
 */
const silenceOf = (timeoutMs: number): number => Math.min(timeoutMs, Math.max(PATIENCE_MS, timeoutMs / 3))

/** It connects when it is first asked. What the URL says of pools and times counts more than what stands here. */
export function newMongoClient(url: string, timeoutMs: number, monitorCommands = false): MongoClient {
  const wanted: MongoClientOptions = {
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: silenceOf(timeoutMs),
    socketTimeoutMS: silenceOf(timeoutMs),
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
