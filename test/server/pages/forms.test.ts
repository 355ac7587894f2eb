import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Json, seal } from '../../../src/core/json.ts'
import { limits } from '../../../src/core/limits.ts'
import { rules } from '../../../src/core/verdict.ts'
import type { Service } from '../../../src/jobs/service.ts'
import { parseForm } from '../../../src/server/pages/form.ts'
import { createAuthority } from '../../authority/authority.ts'
import { fill, openInMemory, openPages, type Pages, type State } from './open.ts'

let service: Service
let app: Pages
let ids: Readonly<Record<State, string>>
beforeAll(async () => {
  service = await openInMemory()
  app = await openPages(service)
  ids = await fill(service)
})
afterAll(async () => {
  await app.close()
  await service.close()
})

const post = (url: string, fields: Readonly<Record<string, string>> = {}) =>
  app.inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  })
const specOf = async (id: string): Promise<unknown> =>
  JSON.parse(Buffer.from((await service.requests.spec(id)) ?? '').toString())
const idIn = ({ headers }: { headers: Record<string, unknown> }) =>
  /^\/verifications\/([0-9a-f-]{36})$/.exec(String(headers['location']))?.[1] ?? ''

test('asking commits a request and leads to it', async () => {
  const answer = await post('/verifications', { image: '  kong/kuma-cp:2.14.3 ', policy: 'auto' })
  expect(answer.statusCode).toBe(303)
  expect(await specOf(idIn(answer))).toEqual({
    subject: { image: 'kong/kuma-cp:2.14.3' },
    policy: { profile: 'auto' },
  })
  expect(await service.requests.find(idIn(answer))).toMatchObject({ state: 'queued', subject: 'kong/kuma-cp:2.14.3' })
})

test.each([
  [{ image: 'not a reference', policy: 'kong-mesh' }, 'image', 'This is no image reference'],
  [{ image: '', policy: 'kong-mesh' }, 'image', 'This is no image reference'],
  [{ image: 'docker.io/library/redis:8', policy: 'auto' }, 'policy', 'No profile knows'],
  [{ image: 'docker.io/kong/kuma-cp:2.14.3', policy: 'no-such' }, 'policy', 'There is no profile no-such'],
] as const)('what is wrong with %j is said beside its field, and what was typed stays', async (fields, field, says) => {
  const before = await service.requests.list({}, 500)
  const answer = await post('/verifications', fields)
  expect(answer.statusCode).toBe(422)
  expect(new RegExp(`id="${field}-told">([^<]*)`).exec(answer.body)?.[1]).toContain(says)
  expect(answer.body).toMatch(new RegExp(`id="${field}"[^>]*aria-invalid="true" aria-describedby="${field}-told"`))
  expect(answer.body).toContain(`value="${fields.image}"`)
  expect(await service.requests.list({}, 500)).toHaveLength(before.length)
})

test('a policy that has a name can be chosen, and is asked for by its digest', async () => {
  const { db } = service.database
  const [row] = await db.selectFrom('document').select('digest').where('kind', '=', 'policy').execute()
  if (row === undefined) throw new Error('no policy')
  await db
    .insertInto('document_name')
    .values({ kind: 'policy', name: 'ours', digest: row.digest, since: new Date() })
    .execute()
  const digest = `sha256:${row.digest.toString('hex')}`
  expect((await app.inject({ url: '/' })).body).toContain('<option value="name:ours">Policy ours</option>')
  const answer = await post('/verifications', { image: 'docker.io/kong/kuma-cp:2.14.3', policy: 'name:ours' })
  expect(await specOf(idIn(answer))).toMatchObject({ policy: { document: digest } })
  expect(await service.requests.find(idIn(answer))).toMatchObject({ policy: 'ours' })
})

test('so can a trusted root, once there is one', async () => {
  expect((await app.inject({ url: '/' })).body).not.toContain('id="trust"')
  const root = seal(createAuthority().trustedRoot() as unknown as Json)
  await service.documents.put('trust', 'theirs', root, undefined, null)
  expect((await app.inject({ url: '/' })).body).toContain('<option value="theirs">Root theirs</option>')
  const image = 'docker.io/kong/kuma-cp:2.14.3'
  const answer = await post('/verifications', { image, policy: 'kong-mesh', trust: 'theirs' })
  expect(await specOf(idIn(answer))).toMatchObject({ trust: { document: root.digest } })
  const wrong = await post('/verifications', { image, policy: 'kong-mesh', trust: 'none' })
  expect([wrong.statusCode, /id="trust-told">([^<]*)/.exec(wrong.body)?.[1]]).toEqual([
    422,
    expect.stringContaining('There is no trusted root none.'),
  ])
})

const words = (body: string) => body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

test('the stored evidence under another policy: stored and asked otherwise beside each other, and nothing kept', async () => {
  const count = async () => {
    const { db } = service.database
    const tables = ['request', 'verdict', 'record', 'document', 'evidence_set'] as const
    const rows = await Promise.all(tables.map((table) => db.selectFrom(table).selectAll().execute()))
    return rows.map(({ length }) => length)
  }
  const before = await count()
  const page = await post(`/verifications/${ids.trusted}/replay`, { policy: 'kong-mesh-as-documented' })
  expect(page.statusCode).toBe(200)
  expect(words(page.body)).toMatch(/Asked under the policy kong-mesh-as-documented\. .*Nothing of this is kept/)
  expect(page.body).toContain('<th scope="col">Stored</th><th scope="col">Asked otherwise</th>')
  expect(page.body.match(/<details[^>]*><summary>(?:The image|linux\/)/g)).toHaveLength(3)
  const document = JSON.stringify({
    schema: 'urn:meshproof:policy:v1',
    name: 'pasted',
    requirements: [
      {
        id: 'mine',
        candidate: 'signature',
        signer: { issuer: 'https://issuer.example', identity: { is: 'nobody@example.com' } },
      },
    ],
  })
  const pasted = await post(`/verifications/${ids.trusted}/replay`, { policy: '', document })
  expect(words(pasted.body)).toContain('It is trusted as stored, and would be rejected.')
  expect(words(pasted.body)).toContain('Requirement mine')
  const dated = await post(`/verifications/${ids.trusted}/replay`, { at: '2020-01-01T00:00' })
  expect(words(dated.body)).toContain('as of 2020-01-01 00:00:00 UTC')
  expect(words(dated.body)).toContain('time.in-future')
  const root = await post(`/verifications/${ids.trusted}/replay`, { trust: 'name:theirs' })
  expect(words(root.body)).toContain('with the trusted root theirs')
  expect(words(root.body)).toMatch(/It is trusted as stored, and would be (?:rejected|inconclusive)/)
  expect(await count()).toEqual(before)
})

test.each([
  [{ policy: 'no-such' }, 'policy', 'There is no profile no-such.'],
  [{ policy: 'name:none' }, 'policy', 'There is no policy none.'],
  [{ trust: 'name:none' }, 'trust', 'There is no trusted root none.'],
  [{ at: 'yesterday' }, 'at', 'This is no time: yesterday.'],
  [{ document: 'schema: urn:meshproof:policy:v1\nname: [' }, 'document', 'The policy does not load: line:2:'],
  [{ document: 'name: x\nrequirements: []' }, 'document', 'The policy does not load: line:1:1: /schema'],
] as const)('asked otherwise with %j: what is wrong is said beside its field', async (fields, field, says) => {
  const answer = await post(`/verifications/${ids.trusted}/replay`, fields)
  expect(answer.statusCode).toBe(422)
  expect(new RegExp(`id="other-${field}-told">(.*?)</p>`).exec(answer.body)?.[1]).toContain(says)
  expect(answer.body).toMatch(new RegExp(`id="other-${field}"[^>]*aria-invalid="true"`))
  if ('document' in fields) expect(answer.body).toContain(fields.document.split('\n').at(-1))
})

test('judged under other rules than these: one line says so', async () => {
  const bytes = (await service.requests.result(ids.rejected)) ?? new Uint8Array()
  const older = Buffer.from(Buffer.from(bytes).toString().replaceAll(`"rules":${rules}`, '"rules":0'))
  const keep = (result: Uint8Array) =>
    service.database.db
      .updateTable('request')
      .set({ result: Buffer.from(result) })
      .where('id', '=', ids.rejected)
      .execute()
  await keep(older)
  const page = await post(`/verifications/${ids.rejected}/replay`, { policy: 'kong-mesh-as-documented' })
  expect(words(page.body)).toContain(`It was judged under rules 0; these are rules ${rules}.`)
  await keep(bytes)
})

test('cancel ends what has not ended, retry begins it again, and each is recorded', async () => {
  expect((await post(`/verifications/${ids.queued}/cancel`)).headers['location']).toBe(`/verifications/${ids.queued}`)
  expect(await service.requests.find(ids.queued)).toMatchObject({ state: 'cancelled' })
  await post(`/verifications/${ids.queued}/retry`)
  expect(await service.requests.find(ids.queued)).toMatchObject({ state: 'queued' })
  await post(`/verifications/${ids.parked}/retry`)
  expect(await service.requests.find(ids.parked)).toMatchObject({ state: 'queued', error: null })
  const kinds = await service.database.db.selectFrom('record').select('kind').orderBy('id').execute()
  expect(kinds.slice(-3).map(({ kind }) => kind)).toEqual(['request.cancelled', 'request.retried', 'request.retried'])
  await post(`/verifications/${ids.trusted}/cancel`)
  expect(await service.requests.find(ids.trusted)).toMatchObject({ state: 'done' })
})

test('asking again asks the same, of today; or under another policy', async () => {
  const same = idIn(await post(`/verifications/${ids.inconclusive}/again`, { policy: '' }))
  expect(await specOf(same)).toEqual(await specOf(ids.inconclusive))
  const other = idIn(await post(`/verifications/${ids.inconclusive}/again`, { policy: 'kong-mesh-as-documented' }))
  expect(await specOf(other)).toMatchObject({ policy: { profile: 'kong-mesh-as-documented' }, offline: true })
})

test('the demonstration is loaded once, however often the button is pressed', async () => {
  const count = async () => (await service.requests.list({ policy: 'kong-mesh, from a pack' }, 100)).length
  expect(await count()).toBe(4)
  expect((await post('/demo')).headers['location']).toBe('/')
  expect(await count()).toBe(4)
})

test('a replay comes to the same bytes; a byte of evidence changed, it names the digest', async () => {
  const told = (body: string) => body.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')
  const good = await post(`/verifications/${ids.trusted}/replay`)
  expect(told(good.body)).toContain('the same 3 verdicts, byte for byte')
  const { db } = service.database
  const [piece] = await db
    .selectFrom('observation')
    .innerJoin('evidence', 'evidence.digest', 'observation.digest')
    .select(['evidence.digest', 'evidence.bytes'])
    .where('request_id', '=', ids.trusted)
    .execute()
  if (piece === undefined) throw new Error('no evidence')
  const changed = Buffer.from(piece.bytes)
  changed.writeUInt8(changed.readUInt8(0) ^ 1, 0)
  await db.updateTable('evidence').set({ bytes: changed }).where('digest', '=', piece.digest).execute()
  const bad = await post(`/verifications/${ids.trusted}/replay`)
  expect(bad.statusCode).toBe(500)
  expect(bad.body).toContain('store.altered')
  expect(bad.body).toContain(piece.digest.toString('hex'))
  await db.updateTable('evidence').set({ bytes: piece.bytes }).where('digest', '=', piece.digest).execute()
})

test('a form is read once a field, and within its limits', async () => {
  expect([...parseForm('a=1&b=%3Cx%3E+y', 4)]).toEqual([
    ['a', '1'],
    ['b', '<x> y'],
  ])
  expect(() => parseForm('a=1&a=2', 4)).toThrow('request.malformed')
  expect(() => parseForm('a=1&b=2&c=3', 2)).toThrow('request.malformed')
  const large = await post('/verifications', { image: 'x'.repeat(limits.formBytes) })
  expect(large.statusCode).toBeGreaterThanOrEqual(400)
  const json = await app.inject({ method: 'POST', url: '/verifications', payload: { image: 'a' } })
  expect(json.statusCode).not.toBe(303)
})
