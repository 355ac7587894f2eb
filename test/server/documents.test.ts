import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { createAuthority } from '../authority/authority.ts'
import type { TestRegistry } from '../registry/registry.ts'
import { allowing, asking, policyWith, registryForFile, signed } from './scene.ts'
import { type Running, start } from './service.ts'

let running: Running
let registry: TestRegistry
beforeAll(async () => {
  registry = await registryForFile()
  running = await start({ env: allowing(registry) })
})
afterAll(async () => {
  await running.close()
  await registry.close()
})

const url = (name: string, more = '') => `/api/v1/policies/${name}${more}`
const put = (name: string, body: object, headers = {}) => running.ask('PUT', url(name), { body, headers })
type Named = { name: string; digest: string; since: string; warnings?: object[] }
type List = { documents: Named[] }

describe('a policy under a name', () => {
  test('is put, read, replaced under its ETag, and remembered', async () => {
    const one = await put('images', policyWith({ name: 'one' }))
    expect([one.status, one.headers['etag']]).toEqual([201, `"${one.json<Named>().digest}"`])
    const read = await running.ask('GET', url('images'))
    expect(read.json()).toMatchObject({ name: 'images', document: { name: 'one' } })

    const blind = await put('images', policyWith({ name: 'two' }))
    expect([blind.status, blind.problem.code]).toEqual([428, 'request.precondition-missing'])
    const two = await put('images', policyWith({ name: 'two' }), { 'if-match': one.headers['etag'] })
    expect(two.status).toBe(200)
    const stale = await put('images', policyWith({ name: 'three' }), { 'if-match': one.headers['etag'] })
    expect([stale.status, stale.problem.code, stale.problem.parameters]).toEqual([
      412,
      'request.precondition',
      { found: two.json<Named>().digest },
    ])
    const taken = await put('images', policyWith({ name: 'three' }), { 'if-none-match': '*' })
    expect(taken.status).toBe(412)
    expect((await put('images', policyWith({ name: 'two' }))).status).toBe(200)
    expect((await put('images', policyWith(), { 'if-match': 'W/"x"' })).problem.code).toBe('request.malformed')

    const { documents } = (await running.ask('GET', url('images', '/history'))).json<List>()
    expect(documents.map(({ digest }) => digest)).toEqual([two.json<Named>().digest, one.json<Named>().digest])
    const list = (await running.ask('GET', '/api/v1/policies')).json<List>()
    expect(list.documents.filter(({ name }) => name === 'images')).toMatchObject([{ digest: two.json<Named>().digest }])
    const bytes = await running.ask('GET', `/api/v1/evidence/${one.json<Named>().digest}`)
    expect(digestOf(bytes.bytes)).toBe(one.json<Named>().digest)
    const records = await running.service.database.db
      .selectFrom('record')
      .select('bytes')
      .where('kind', '=', 'document.named')
      .execute()
    expect(
      records
        .map(({ bytes: of }) => JSON.parse(of.toString()) as object)
        .filter((one_) => 'name' in one_ && one_.name === 'images'),
    ).toMatchObject([
      { document: one.json<Named>().digest, of: 'policy', by: expect.any(String) },
      { document: two.json<Named>().digest },
    ])
  })

  test('of two writers with one ETag one wins', async () => {
    const { headers } = await put('race', policyWith({ name: 'start' }))
    const both = await Promise.all(
      ['a', 'b'].map((name) => put('race', policyWith({ name }), { 'if-match': headers['etag'] })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412])
  })

  test('says what may not mean what its author thinks', async () => {
    const keys = (policyWith() as { requirements: { signer: { keys: object[] } }[] }).requirements[0]?.signer.keys ?? []
    const made = await put('warned', policyWith({}, { signer: { keys: [...keys, ...keys] } }))
    expect(made.json<Named>().warnings).toMatchObject([{ message: 'one of these is enough' }])
  })

  test('is used by its digest', async () => {
    const { digest } = (await put('used', policyWith({ name: 'used' }))).json<Named>()
    const done = await running.verify(asking(signed(registry, 'documents/used'), { policy: { document: digest } }))
    expect(done).toMatchObject({ outcome: 'trusted' })
    expect(done.answer?.subjects[0]?.inputs.policy).toBe(digest)
  })

  test.for<[string, string, object, string]>([
    ['no requirements', 'x', policyWith({ requirements: [] }), 'policy.malformed'],
    ['an unknown key', 'x', policyWith({ more: 1 }), 'policy.malformed'],
    [
      'a key that is none',
      'x',
      policyWith({}, { signer: { keys: [{ key: { base64: 'AAAA' } }] } }),
      'policy.malformed',
    ],
    ['a path', 'x', policyWith({}, { signer: { keys: [{ key: { path: 'a' } }] } }), 'policy.malformed'],
    ['a name with a slash', 'a%2Fb', policyWith(), 'store.unknown'],
    ['a name of capitals', 'X', policyWith(), 'store.unknown'],
  ])('refused: %s', async ([, name, body, code]) => {
    expect((await put(name, body)).problem.code).toBe(code)
  })

  test('that is not there', async () => {
    for (const more of ['', '/history'])
      expect((await running.ask('GET', url('nothing', more))).problem.code).toBe('store.unknown')
  })
})

describe('a trusted root under a name', () => {
  test('T68 the name of the public-good root is given by the service alone; its twin under another name is taken', async () => {
    const body = createAuthority().trustedRoot()
    const before = (await running.ask('GET', '/api/v1/trust-roots/public-good/history')).text
    const [{ digest } = { digest: '' }] = (JSON.parse(before) as { documents: Named[] }).documents
    const headers = { 'if-match': `"${digest}"` }
    const got = await running.ask('PUT', '/api/v1/trust-roots/public-good', { body, headers })
    expect([got.status, got.problem.code]).toEqual([403, 'trust.name-reserved'])
    expect((await running.ask('GET', '/api/v1/trust-roots/public-good/history')).text).toBe(before)
    expect((await running.ask('PUT', '/api/v1/trust-roots/public-better', { body })).status).toBe(201)
    // A policy is nobody's root.
    expect((await running.ask('PUT', '/api/v1/policies/public-good', { body: policyWith() })).status).toBe(201)
  })

  test('is kept as the bytes that came, and used by their digest', async () => {
    const root = `${JSON.stringify(createAuthority().trustedRoot(), null, 2)}\n`
    const made = await running.ask('PUT', '/api/v1/trust-roots/ours', {
      raw: root,
      headers: { 'content-type': 'application/json' },
    })
    expect([made.status, made.json<Named>().digest]).toEqual([201, digestOf(Buffer.from(root))])
    const { digest } = made.json<Named>()
    expect((await running.ask('GET', `/api/v1/evidence/${digest}`)).text).toBe(root)
    expect((await running.ask('GET', '/api/v1/trust-roots/ours')).json()).toMatchObject({
      digest,
      document: JSON.parse(root),
    })
    const policy = policyWith({}, { transparency: { log: 1 } })
    const done = await running.verify(
      asking(signed(registry, 'documents/trust'), { policy, trust: { document: digest } }),
    )
    expect(done.answer?.subjects[0]?.inputs.trust).toBe(digest)
  })

  test.for<[string, object]>([
    ['another document', { a: 1 }],
    ['a root without its parts', { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', tlogs: 1 }],
  ])('refused: %s', async ([, body]) => {
    const got = await running.ask('PUT', '/api/v1/trust-roots/bad', { body })
    expect([got.status, got.problem.code]).toEqual([422, 'trust.malformed'])
  })
})
