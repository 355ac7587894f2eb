/** What was just answered is answered again from what is stored, by whatever door it comes in. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hold, smallImage } from '../cli/scene.ts'
import type { TestRegistry } from '../registry/registry.ts'
import { allowing, asking, policyWith, registryForFile, signed } from './scene.ts'
import { type Running, start, type Verification } from './service.ts'

let running: Running
let registry: TestRegistry
beforeAll(async () => {
  registry = await registryForFile()
  running = await start({ env: allowing(registry), limits: { waitMs: 50_000 } })
})
afterAll(async () => {
  await running.close()
  await registry.close()
})

const post = (body: unknown, headers: Record<string, string> = {}) =>
  running.ask('POST', '/api/v1/verifications', { body, headers })
const rowOf = async (id: string) =>
  running.service.database.db.selectFrom('request').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const recordsOf = async (id: string) => {
  const rows = await running.service.database.db.selectFrom('record').select(['kind', 'bytes']).orderBy('id').execute()
  return rows
    .map(({ kind, bytes }) => ({ kind, ...(JSON.parse(bytes.toString()) as { request?: string }) }))
    .filter(({ request }) => request === id)
}
const verdictsOf = ({ answer }: Verification) => answer?.subjects.map(({ verdictId }) => verdictId)

let images = 0
/** An image of its own, verified once. */
async function verified(policy: object = policyWith(), more: object = {}, by?: 'a stranger') {
  const body = asking(signed(registry, `repeat/${++images}`, by), { policy, ...more })
  return { body, first: await running.verify(body) }
}
/** Whose answer it was given, if it was answered at once. */
async function repeats(body: unknown, headers: Record<string, string> = {}): Promise<string | null> {
  const got = await post(body, headers)
  expect([200, 202]).toContain(got.status)
  const { same_as: sameAs } = await rowOf(got.json().id)
  expect(got.status === 200).toBe(sameAs !== null)
  return sameAs
}
async function batch(lines: readonly object[]): Promise<readonly string[]> {
  const raw = lines.map((line) => JSON.stringify(line)).join('\n')
  const headers = { 'content-type': 'application/x-ndjson' }
  const { text } = await running.ask('POST', '/api/v1/verifications/batch', { raw, headers })
  return text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as Verification).id)
}
const change = (text: string, ...values: readonly unknown[]) => running.service.database.pool.query(text, values)

describe('T73: the same again', () => {
  test('is answered at once: its own row and records, the same verdicts, no request to the registry', async () => {
    const { body, first } = await verified(policyWith(), { id: 'one' })
    expect(first.outcome).toBe('trusted')
    const asked = registry.requests.length
    const got = await post({ ...body, id: 'two' })
    expect(got.status).toBe(200)
    const second = got.json()
    expect(registry.requests.length).toBe(asked)
    expect(second).toMatchObject({ state: 'done', outcome: 'trusted', attempt: 0, answer: { id: 'two' } })
    expect(second.id).not.toBe(first.id)
    expect(verdictsOf(second)).toEqual(verdictsOf(first))
    const { id: _, ...firstAnswer } = first.answer ?? {}
    const { id: __, ...secondAnswer } = second.answer ?? {}
    expect(secondAnswer).toEqual(firstAnswer) // of whom and when it was asked, too
    expect(await recordsOf(second.id)).toMatchObject([
      { kind: 'request', spec: { id: 'two' } },
      { kind: 'verdict', outcome: 'trusted', verdicts: verdictsOf(first), sameAs: first.id },
    ])
    const rows = async (id: string) =>
      running.service.database.db
        .selectFrom('request_verdict')
        .select(['place', 'verdict', 'role', 'platform', 'at'])
        .where('request_id', '=', id)
        .orderBy('place')
        .execute()
    expect(await rows(second.id)).toEqual(await rows(first.id))
    const third = (await post({ ...body, id: undefined })).json()
    expect(third.answer).not.toHaveProperty('id')
    expect((await rowOf(third.id)).same_as).toBe(first.id) // of the one that was examined, never of a repeat
  })

  test('its page and its pack show the evidence of the first, with whom was asked and when', async () => {
    const { body, first } = await verified()
    const second = (await post(body)).json()
    const cookie = await running.session()
    const page = async ({ id }: Verification) => (await running.ask('GET', `/verifications/${id}`, { cookie })).text
    const evidence = (text: string) => {
      const from = text.indexOf('>Evidence</h3>')
      return text.slice(from, text.indexOf('</table>', from))
    }
    expect(evidence(await page(first))).toContain(registry.host)
    expect(evidence(await page(second))).toBe(evidence(await page(first)))
    const pack = await running.ask('GET', `/api/v1/verdicts/${verdictsOf(second)?.[0]}/pack`)
    expect(pack.status).toBe(200)
    const replay = await running.ask('POST', `/api/v1/verdicts/${verdictsOf(second)?.[0]}/replays`, { body: {} })
    expect(replay.json<object>()).toMatchObject({ same: true })
  })

  test('by a batch and by the form of a page as well', async () => {
    const { body, first } = await verified()
    const ids = await batch([body, body])
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect((await rowOf(id)).same_as).toBe(first.id)
    const named = await running.ask('PUT', '/api/v1/policies/repeat', { body: policyWith() })
    expect(named.status).toBe(201)
    const { digest } = named.json<{ digest: string }>()
    const stored = await running.verify({ ...body, policy: { document: digest } })
    const form = await running.ask('POST', '/verifications', {
      cookie: await running.session(),
      raw: new URLSearchParams({ image: imageOf(body), policy: 'name:repeat' }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    })
    const id = form.headers['location']?.split('/').at(-1) ?? ''
    expect((await rowOf(id)).same_as).toBe(stored.id)
  })

  test('a key of idempotency leads to it as to any other', async () => {
    const { body } = await verified()
    const headers = { 'idempotency-key': `repeat-${images}` }
    const [one, two] = [await post(body, headers), await post(body, headers)]
    expect([one.status, two.status]).toEqual([200, 200])
    expect(two.json().id).toBe(one.json().id)
    expect(await recordsOf(one.json().id)).toHaveLength(2)
  })

  test('what waited while the first was examined is answered by it, and examined by nobody', async () => {
    const image = signed(registry, `repeat/${++images}`)
    const others = Array.from({ length: 8 }, (_, i) => signed(registry, `repeat/other-${i}`))
    const ids = await batch([image, ...others, image].map((one) => asking(one)))
    await expect.poll(async () => (await rowOf(ids.at(-1) ?? '')).state, { timeout: 25_000 }).toBe('done')
    const [first, last] = [await rowOf(ids[0] ?? ''), await rowOf(ids.at(-1) ?? '')]
    expect(last).toMatchObject({ same_as: first.id, attempt: 0, outcome: 'trusted', lease_until: null })
    expect((await recordsOf(last.id)).map(({ kind }) => kind)).toEqual(['request', 'verdict'])
  })
})

const imageOf = (body: object) => (body as { subject: { image: string } }).subject.image

describe('T73: something else is asked', () => {
  test.for<[string, (body: object) => object]>([
    ['nothing', (body) => body],
    ['another id', (body) => ({ ...body, id: 'x' })],
    ['another spelling', (body) => ({ ...body, offline: false, trust: 'public-good' })],
  ])('%s: a hit', async ([, changed]) => {
    const { body, first } = await verified()
    expect(await repeats(changed(body))).toBe(first.id)
  })

  test.for<[string, (body: object) => object]>([
    ['policy', (body) => ({ ...body, policy: policyWith({ name: 'another' }) })],
    ['trust', (body) => ({ ...body, trust: { root: { base64: 'e30=' } } })],
    ['subject', (body) => ({ ...body, subject: { image: `${imageOf(body).replace(/:1.0.0$/, '')}:2.0.0` } })],
    ['platform', (body) => ({ ...body, platform: 'linux/arm64' })],
    ['place of signatures', (body) => ({ ...body, signatureRepository: `${registry.host}/repeat/signatures` })],
    ['evidence brought along', (body) => ({ ...body, given: [{ bundle: { base64: 'e30=' } }] })],
    ['time', (body) => ({ ...body, at: '2026-01-01T00:00:00.000Z' })],
    ['offline', (body) => ({ ...body, offline: true })],
  ])('%s: a miss', async ([, changed]) => {
    const { body } = await verified()
    expect(await repeats(changed(body))).toBeNull()
  })

  test('the same time is the same', async () => {
    const at = new Date(Date.now() + 60_000).toISOString()
    const { body, first } = await verified(policyWith(), { at })
    expect(await repeats(body)).toBe(first.id)
  })
})

describe('T73: what is stored is no answer any more', () => {
  test.for<[string, object, number, 'a stranger' | undefined, boolean]>([
    ['found, nine minutes ago', {}, 9 * 60, undefined, true],
    ['found, eleven minutes ago', {}, 11 * 60, undefined, false],
    ['rejected, half a minute ago', {}, 30, 'a stranger', true],
    ['rejected, more than a minute ago', {}, 61, 'a stranger', false],
    ['within the age of the policy', { recheck: 'PT5M' }, 4 * 60, undefined, true],
    ['beyond the age of the policy', { recheck: 'PT5M' }, 6 * 60, undefined, false],
    ['of a policy that always looks again', { recheck: 'PT0M' }, 1, undefined, false],
  ])('%s', async ([, more, seconds, by, hit]) => {
    const { body, first } = await verified(policyWith(more), {}, by)
    // The image has places where no signature is: here they all hold something.
    await change(
      `UPDATE meshproof.observation SET outcome = 'found', digest = (SELECT max(digest) FROM meshproof.evidence)
       WHERE request_id = $1 AND outcome = 'absent'`,
      first.id,
    )
    await change(
      'UPDATE meshproof.observation SET at = at - make_interval(secs => $2) WHERE request_id = $1',
      first.id,
      seconds,
    )
    expect(await repeats(body)).toBe(hit ? first.id : null)
  })

  test('one answer was absent: a minute', async () => {
    const { body, first } = await verified()
    await change(
      `UPDATE meshproof.observation SET outcome = 'absent', digest = NULL WHERE id = (
         SELECT id FROM meshproof.observation WHERE request_id = $1 AND outcome = 'found' LIMIT 1)`,
      first.id,
    )
    expect(await repeats(body)).toBe(first.id)
    await change("UPDATE meshproof.observation SET at = at - interval '61 seconds' WHERE request_id = $1", first.id)
    expect(await repeats(body)).toBeNull()
  })

  test('inconclusive, by a registry that is away, is looked up again', async () => {
    const image = signed(registry, `repeat/${++images}`)
    registry.setFault(({ url }, response) => {
      if (url?.includes(`/repeat/${images}/`) !== true) return false
      response.writeHead(403).end()
      return true
    })
    const body = asking(image)
    expect((await running.verify(body)).outcome).toBe('inconclusive')
    expect(await repeats(body)).toBeNull()
    registry.setFault(undefined)
  })

  test('a newer look decides, though an older one would be young enough', async () => {
    const { body, first } = await verified()
    const newer = await post(body, { 'cache-control': 'no-cache', prefer: 'wait=50' })
    expect(newer.json().id).not.toBe(first.id)
    expect(await repeats(body)).toBe(newer.json().id)
    await change(
      "UPDATE meshproof.observation SET outcome = 'failed', code = 'registry.unreachable', digest = NULL WHERE request_id = $1",
      newer.json().id,
    )
    expect(await repeats(body)).toBeNull()
  })

  test.for<[string, string]>([
    ['verdict', 'SELECT verdict AS digest FROM meshproof.request_verdict WHERE request_id = $1'],
    [
      'document',
      'SELECT inputs FROM meshproof.verdict JOIN meshproof.request_verdict ON verdict = digest WHERE request_id = $1',
    ],
    ['evidence', 'SELECT digest FROM meshproof.observation WHERE request_id = $1'],
    ['evidence_set', 'SELECT digest FROM meshproof.evidence_set ORDER BY created_at DESC LIMIT 1'],
  ])('a byte was altered: %s', async ([table, digests]) => {
    const { body } = await verified()
    const { first } = await verified(policyWith(), body)
    expect(first.id).toBeDefined()
    const examined = (await rowOf(first.id)).same_as ?? first.id
    expect(await repeats(body)).toBe(examined)
    const which = `digest IN (${digests})`
    const values = digests.includes('$1') ? [examined] : []
    const flip = `UPDATE meshproof.${table} SET bytes = set_byte(bytes, 0, get_byte(bytes, 0) # 1) WHERE ${which}`
    await change(flip, ...values)
    expect(await repeats(body)).toBeNull()
    await change(flip, ...values) // others stand on it as well
  })

  test('a byte of the answer itself was altered', async () => {
    const { body, first } = await verified()
    const text = `replace(convert_from(result, 'UTF8'), '"outcome":"pass"', '"outcome":"fail"')`
    await change(`UPDATE meshproof.request SET result = convert_to(${text}, 'UTF8') WHERE id = $1`, first.id)
    expect(await repeats(body)).toBeNull()
  })

  test('what came from a pack answers nobody: no registry was asked for it here', async () => {
    const cookie = await running.session()
    await running.ask('POST', '/demo', { cookie, headers: { 'sec-fetch-site': 'same-origin' } })
    const { rows } = await sql<{ spec: Buffer }>`
      SELECT spec FROM meshproof.request WHERE policy LIKE '%from a pack' LIMIT 1`.execute(running.service.database.db)
    expect(await repeats(JSON.parse(String(rows[0]?.spec)))).toBeNull()
  })
})

describe('Cache-Control: no-cache', () => {
  test('everything is looked up again, and that answers whoever asks afterwards', async () => {
    const { body, first } = await verified()
    expect(await repeats(body, { 'cache-control': 'max-age=0' })).toBe(first.id)
    const path = `/repeat/${images}/`
    const asked = () => registry.requests.filter((one) => one.path.includes(path)).map((one) => one.path.split(path)[1])
    const before = asked()
    const fresh = await post(body, { 'cache-control': 'foo, No-Cache', prefer: 'wait=50' })
    expect(fresh.json()).toMatchObject({ outcome: 'trusted', attempt: 1 })
    expect((await rowOf(fresh.json().id)).same_as).toBeNull()
    const again = asked().slice(before.length)
    // What a digest names does not age; what a name, a tag or a list says does.
    const ages = (part: string | undefined) => part !== undefined && !/^(?:manifests|blobs)\/sha256:/.test(part)
    expect(new Set(again.filter(ages))).toEqual(new Set(before.filter(ages)))
    expect(await repeats(body)).toBe(fresh.json().id)
  })

  test('T26: a tag that moved: no-cache finds out at once', async () => {
    const { body, first } = await verified()
    const { index } = smallImage('another release')
    hold(registry, `repeat/${images}`, index, '1.0.0')
    expect(await repeats(body)).toBe(first.id) // as long as a look-up is remembered
    const fresh = await post(body, { 'cache-control': 'no-cache', prefer: 'wait=50' })
    expect(fresh.json().outcome).toBe('rejected')
    expect(await repeats(body)).toBe(fresh.json().id)
  })

  test('of what waits, too; and to ask for it again on its page is to look again', async () => {
    const image = signed(registry, `repeat/${++images}`)
    const body = asking(image)
    const [, fresh] = [await post(body), await post(body, { 'cache-control': 'no-cache' })]
    const { id } = fresh.json()
    await expect.poll(async () => (await rowOf(id)).state, { timeout: 25_000 }).toBe('done')
    expect((await rowOf(id)).same_as).toBeNull()
    const cookie = await running.session()
    const headers = { 'sec-fetch-site': 'same-origin' }
    const again = await running.ask('POST', `/verifications/${id}/again`, { cookie, headers })
    const next = again.headers['location']?.split('/').at(-1) ?? ''
    await expect.poll(async () => (await rowOf(next)).state, { timeout: 25_000 }).toBe('done')
    expect(await rowOf(next)).toMatchObject({ same_as: null, fresh: true })
  })
})
