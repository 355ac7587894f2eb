/** A stored policy or trusted root by its name, where a digest may stand: it means what it means at the door. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority } from '../authority/authority.ts'
import { policyWith } from './scene.ts'
import { type Running, start } from './service.ts'

let running: Running
let digests: Readonly<Record<'policy' | 'trust', string>>
beforeAll(async () => {
  running = await start({ works: false })
  digests = {
    policy: await put('/policies/ours', policyWith()),
    trust: await put('/trust-roots/theirs', createAuthority().trustedRoot()),
  }
})
afterAll(() => running.close())

const put = async (path: string, body: object, headers = {}) =>
  (await running.ask('PUT', `/api/v1${path}`, { body, headers })).json<{ digest: string }>().digest
const digest = `sha256:${'7'.repeat(64)}`
const asked = (more: object = {}): object => ({
  subject: { digest },
  policy: { name: 'ours' },
  trust: { name: 'theirs' },
  ...more,
})
const post = (body: object, headers = {}) => running.ask('POST', '/api/v1/verifications', { body, headers })
const specOf = async (id: string): Promise<unknown> =>
  JSON.parse(Buffer.from((await running.service.requests.spec(id)) ?? '').toString())
const resolved = () => ({
  subject: { digest },
  policy: { document: digests.policy },
  trust: { document: digests.trust },
})

test('a name is resolved at the door: what is kept says the digest, a list the name', async () => {
  const got = await post(asked())
  expect(got.status).toBe(202)
  expect(await specOf(got.json().id)).toEqual(resolved())
  expect((await running.ask('GET', `/api/v1/verifications/${got.json().id}`)).json()).toMatchObject({ policy: 'ours' })
})

test('so in a batch, where an unknown name stops no other line', async () => {
  const lines = [asked(), asked({ policy: { name: 'none' } }), asked({ trust: { name: 'none' } })]
  const got = await running.ask('POST', '/api/v1/verifications/batch', {
    raw: lines.map((line) => JSON.stringify(line)).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  })
  const [first, second, third] = got.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(await specOf(String(first?.['id']))).toEqual(resolved())
  expect(second).toMatchObject({
    problem: { code: 'store.unknown', parameters: { found: 'none', expected: 'policy' } },
  })
  expect(third).toMatchObject({ problem: { code: 'store.unknown', parameters: { expected: 'trusted root' } } })
})

test.for<[string, object, string]>([
  ['no such policy', { policy: { name: 'none' } }, 'store.unknown'],
  ['no such root', { trust: { name: 'none' } }, 'store.unknown'],
  ['a name of the other kind', { policy: { name: 'theirs' } }, 'store.unknown'],
  ['what is no name', { policy: { name: 'a\u0000b' } }, 'store.unknown'],
  ['a name and more', { trust: { name: 'theirs', document: digest } }, 'request.malformed'],
  ['a name that is no text', { policy: { name: 7 } }, 'request.malformed'],
])('refused: %s', async ([, more, code]) => {
  const { status, problem } = await post(asked(more))
  expect([status, problem.code]).toEqual([422, code])
})

test('R2 the same key and name are the same request, whatever the name means by then', async () => {
  const first = await post(asked(), { 'idempotency-key': 'by-name' })
  const other = policyWith({ name: 'another' })
  const moved = await put('/policies/ours', other, { 'if-match': `"${digests.policy}"` })
  expect(moved).not.toBe(digests.policy)
  expect((await post(asked(), { 'idempotency-key': 'by-name' })).json().id).toBe(first.json().id)
  expect(await specOf((await post(asked())).json().id)).toMatchObject({ policy: { document: moved } })
})
