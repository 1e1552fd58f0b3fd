// What a MongoDB URL says of itself.
import { expect, test } from 'vitest'
import { databaseIn, newMongoClient } from './mongo-client.js'

test.each([
  ['mongodb://a', 'eider'],
  ['mongodb://a,b,c/?replicaSet=rs0', 'eider'],
  ['mongodb://anna:secret@a:27017,b/post%20office?tls=true', 'post office'],
  ['mongodb+srv://cluster.example/mail', 'mail'],
])('%s names the database %s', (url, name) => expect(databaseIn(url)).toBe(name))

test("the URL's options count more than ours", async () => {
  const { options } = newMongoClient('mongodb://a/?maxPoolSize=7&connectTimeoutMS=5&w=3', 1_000)
  expect(options).toMatchObject({ maxPoolSize: 7, connectTimeoutMS: 5, socketTimeoutMS: 1_000 })
  expect(newMongoClient('mongodb://a', 1_000).options).toMatchObject({ maxPoolSize: 32, appName: 'eider' })
})

test.each([
  [10_000, 3_333],
  [3_000, 2_000],
  [500, 500],
])('of %i ms, a connection may be silent for %i', (timeoutMs, silentMs) => {
  const { connectTimeoutMS, socketTimeoutMS } = newMongoClient('mongodb://a', timeoutMs).options
  expect(Math.floor(connectTimeoutMS)).toBe(silentMs)
  expect(Math.floor(socketTimeoutMS)).toBe(silentMs)
})
