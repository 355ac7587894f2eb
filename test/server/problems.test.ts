import { expect, test } from 'vitest'
import { problemOf } from '../../src/core/problem.ts'
import { faultOf } from '../../src/server/problems.ts'

const told = (error: unknown) => {
  const { code, status } = problemOf(faultOf(error))
  return `${status} ${code}`
}
const withCode = (code: string) => Object.assign(new Error('x'), { code })
const withStatus = (statusCode: number) => Object.assign(new Error('x'), { statusCode })

test('R4 R5 R6 a database that is gone, late, full or about to stop is not now, never a crash', () => {
  for (const code of [
    '08006',
    '57P01',
    '57P03',
    '53100',
    '53300',
    '57014',
    '40001',
    '40P01',
    'ECONNREFUSED',
    'ECONNRESET',
  ])
    expect([code, told(withCode(code))]).toEqual([code, '503 database.unreachable'])
  expect(told(new Error('timeout exceeded when trying to connect'))).toBe('503 database.unreachable')
  expect(told(new Error('Connection terminated unexpectedly'))).toBe('503 database.unreachable')
})

test('whatever else the database says is a fault of ours', () => {
  for (const code of ['23505', '42P01', '22P02']) expect(told(withCode(code))).toBe('500 internal.crash')
  for (const error of [new Error('x'), withStatus(500), 'x', undefined]) expect(told(error)).toBe('500 internal.crash')
})

test('what Fastify says of a request keeps its status', () => {
  expect([400, 408, 413, 415, 431].map((status) => told(withStatus(status)))).toEqual([
    '400 request.malformed',
    '408 request.malformed',
    '413 request.too-large',
    '415 request.media-type',
    '431 request.malformed',
  ])
})
