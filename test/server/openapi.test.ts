import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { conformance, type Document } from './document.ts'
import { type Running, start } from './service.ts'

let running: Running
let document: Document
beforeAll(async () => {
  running = await start({ works: false })
  document = (await running.ask('GET', '/api/v1/openapi.json')).json<Document>()
})
afterAll(() => running.close())

test('the document is OpenAPI 3.1, as a validator of others says', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined })
  expect(document.openapi).toBe('3.1.1')
})

test('every route of the API is in the document, each with its problems', () => {
  const routes = running.app.declared
    .filter(({ method, url }) => method !== 'HEAD' && url.startsWith('/api/v1/') && url !== '/api/v1/openapi.json')
    .map(({ method, url }) => `${method.toLowerCase()} ${url.replace(/:(\w+)/g, '{$1}')}`)
  expect(routes.length).toBeGreaterThan(20)
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({ name: `${method} ${path}`, responses })),
  )
  expect(operations.map(({ name }) => name).sort()).toEqual(routes.sort())
  for (const { name, responses } of operations) {
    expect(Object.keys(responses), name).toEqual(expect.arrayContaining(['401', '403', '429', '500', '503']))
    expect(responses['401']?.content, name).toHaveProperty('application/problem+json')
  }
})

test('no schema of the document names a file of a machine', () => {
  const text = JSON.stringify(document.components.schemas['Request'])
  for (const word of ['"path"', '"file"', '"layout"', '"securityAssets"', '"installed"'])
    expect(text).not.toContain(word)
  expect(text).toContain('"signatureManifest"')
  expect(text).toContain('#/components/schemas/Policy')
})

test('an answer that is not as the document says is told from one that is', () => {
  const check = conformance(document)
  const good = { state: 'queued', subject: 'a', policy: 'b', attempt: 0, createdAt: '2026-11-25T13:00:00.000Z' }
  const answered =
    (status: number, body: object, type = 'application/json') =>
    () =>
      check({ method: 'POST', path: '/api/v1/verifications', status, type, text: JSON.stringify(body) })
  const id = '019aa7c2-5b1e-7c3d-9f00-1c2d3e4f5a6b'
  expect(answered(202, { id, ...good })).not.toThrow()
  expect(answered(202, good)).toThrow('id')
  expect(answered(202, { id, ...good, more: 1 })).toThrow('additional')
  expect(answered(201, { id, ...good })).toThrow('status')
  expect(answered(202, { id, ...good }, 'text/html')).toThrow('type')
  expect(() => check({ method: 'GET', path: '/api/v1/other', status: 200, type: '', text: '' })).toThrow('not in the')
})

test('the API has a page that loads nothing and runs nothing', async () => {
  const { status, text, headers } = await running.ask('GET', '/api', { headers: { accept: 'text/html' } })
  expect(status).toBe(200)
  expect(headers['content-security-policy']).toContain("default-src 'none'")
  expect(text).not.toMatch(/<script|<link|<img|style=/)
  for (const path of Object.keys(document.paths)) expect(text).toContain(`${path}</code>`)
})
