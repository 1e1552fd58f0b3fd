// What the driver's errors mean, where its own classes mislead.

import { type BulkWriteResult, MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb'
import { expect, test } from 'vitest'
import { mongoFaultOf } from '../../kit/mongo-fault.js'
import { failureOf, isUnknownCommit, storeError } from './failures.js'

const bulk = (error: Error): MongoBulkWriteError => new MongoBulkWriteError(error, {} as BulkWriteResult)

test('a bulk write that never reached MongoDB runs again', () => {
  const error = bulk(new MongoNetworkError('the pool was cleared'))
  expect(failureOf(error)).toBe('away')
  expect(storeError(error, 'append')).toMatchObject({
    code: 'unavailable',
    message: 'append: MongoDB is away: the pool was cleared',
  })
})

test('a bulk write that MongoDB refuses does not', () => {
  expect(failureOf(bulk(new MongoServerError({ message: 'no', code: 2 })))).toBe('final')
  expect(failureOf(bulk(new MongoServerError({ message: 'write conflict', code: 112 })))).toBe('conflict')
})

test('a socket that the other side has ended is as good as one that broke', () => {
  const error = Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' })
  expect(failureOf(error)).toBe('away')
  expect(isUnknownCommit(error)).toBe(true)
  expect(storeError(error, 'append')).toMatchObject({ code: 'unavailable' })
  expect(mongoFaultOf(error)).toBe('unavailable')
  expect(mongoFaultOf(new Error('a defect'))).toBeUndefined()
})

test('a commit whose connection ended may have happened, also where the driver does not say so', () => {
  const ended = new MongoNetworkError('connection 7 closed')
  expect(ended.errorLabels).toEqual([])
  expect(isUnknownCommit(ended)).toBe(true)
  expect(isUnknownCommit(new MongoServerError({ message: 'no', code: 2 }))).toBe(false)
})
