/** The trusted root of the service: one for all its processes, refreshed by one of them, and never taken back. */
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import { loadConfig } from '../../src/examine/config.ts'
import { openService, type Service } from '../../src/jobs/service.ts'
import { refreshTrust } from '../../src/jobs/trust.ts'
import type { Place } from '../../src/store/database.ts'
import { publicGood } from '../../src/store/trusted-roots.ts'
import { startStation } from '../../workers/station.ts'
import { createAuthority } from '../authority/authority.ts'
import { type Repository, tufRepository } from '../evidence/trust/tuf-repository.ts'
import { hasPostgres, startPostgres } from '../store/postgres.ts'
import { preparedFolder } from '../store/prepared.ts'

vi.setConfig({ testTimeout: 60_000 })

const rootText = () => JSON.stringify(createAuthority().trustedRoot())
const never = new AbortController().signal

let tuf: Repository
let first: string
beforeEach(async () => {
  first = rootText()
  tuf = await tufRepository(first)
})
afterEach(() => tuf.close())

type Process = Service & { readonly told: { readonly code?: string; readonly cause?: unknown }[] }

/** A process of the service that keeps nothing of its own, as in a container. */
async function open(place: Place, mirror = tuf.url, env: Record<string, string> = {}): Promise<Process> {
  const told: Process['told'] = []
  const all = { MESHPROOF_CACHE_PATH: '', MESHPROOF_TRUST_MIRROR: mirror, ...env }
  const service = await openService({
    place,
    redis: undefined,
    config: loadConfig(all),
    env: all,
    limits,
    migrates: true,
    report: (error) => told.push(error as Error),
    tufRoot: tuf.root,
  })
  onTestFinished(() => service.close())
  return { ...service, told }
}
const alone = async () => open(await preparedFolder())

const due = ({ database }: Service) =>
  sql`UPDATE meshproof.trusted_root SET due_at = now(), as_of = as_of - interval '1 day'`.execute(database.db)
/** What the standing job does when its time has come. */
const refresh = async (service: Service) => {
  await due(service)
  await refreshTrust(service, never)
}
const inUse = async ({ keeper }: Service) => Buffer.from((await keeper.publicGood(false))?.bytes ?? []).toString()
const history = async ({ documents }: Service) =>
  (await documents.history('trust', publicGood, 10)).map(({ digest }) => digest)
async function records({ database }: Service): Promise<readonly { document: string; source: string }[]> {
  const rows = await database.db
    .selectFrom('record')
    .select('bytes')
    .where('kind', '=', 'document.named')
    .orderBy('id')
    .execute()
  return rows.map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as { document: string; source: string })
}

test('a fresh database has the root that came with us; nobody knows its age, and the next start adds nothing', async () => {
  const one = await alone()
  const shipped = await one.keeper.publicGood(true)
  expect(JSON.parse(await inUse(one))).toHaveProperty('certificateAuthorities')
  expect(shipped).not.toHaveProperty('asOf')
  await one.roots.begin(async () => shipped)
  expect(await records(one)).toMatchObject([
    { document: shipped?.digest, of: 'trust', name: publicGood, source: 'shipped' },
  ])
  expect(await history(one)).toEqual([shipped?.digest])
})

test('what TUF says is in use from then on, with a record where it is another one and none where it is not', async () => {
  const one = await alone()
  const [shipped] = await history(one)
  await refresh(one)
  expect(await inUse(one)).toBe(first)
  const { asOf } = (await one.roots.standing()) ?? {}
  await refresh(one)
  expect((await one.roots.standing())?.asOf?.getTime()).toBeGreaterThanOrEqual(asOf?.getTime() ?? Number.NaN)
  expect(await history(one)).toEqual([digestOf(Buffer.from(first)), shipped])

  const second = rootText()
  tuf.rotate()
  tuf.publish(second)
  await refresh(one)
  expect(await inUse(one)).toBe(second)
  expect(await history(one)).toEqual([digestOf(Buffer.from(second)), digestOf(Buffer.from(first)), shipped])
  expect((await records(one)).map(({ source }) => source)).toEqual(['shipped', 'tuf', 'tuf'])
  expect(one.told).toEqual([])
})

test('it is asked for at the start of a station, and not again before its time', async () => {
  const one = await alone()
  const station = await startStation(one)
  onTestFinished(() => station.stop(0))
  await expect.poll(() => inUse(one), { timeout: 20_000 }).toBe(first)
  tuf.seen.length = 0
  await refreshTrust(one, never)
  expect(tuf.seen).toEqual([])
})

test('where it is not to be refreshed, TUF is never asked', async () => {
  const one = await open(await preparedFolder(), tuf.url, { MESHPROOF_TRUST_REFRESH: 'false' })
  const station = await startStation(one)
  await station.stop(0)
  expect(tuf.seen).toEqual([])
})

describe('what TUF should not be believed changes nothing but the trouble that is told', () => {
  const kept = async (one: Process, bytes = first) => {
    expect(await inUse(one)).toBe(bytes)
    expect(one.told.map(({ code }) => code)).toEqual(['trust.refresh-failed'])
    const { asOf, failedAt } = (await one.roots.standing()) ?? {}
    expect(failedAt?.getTime()).toBeGreaterThan(asOf?.getTime() ?? Number.NaN)
  }

  test.each([
    ['T68 rollback: the state before the newest that any process has seen', true],
    ['its twin: the same, published as newer', false],
  ])('%s', async (_, isOld) => {
    const one = await alone()
    const before = new Map(tuf.files)
    const second = rootText()
    tuf.publish(second)
    await refresh(one)
    if (isOld) for (const [name, bytes] of before) tuf.files.set(name, bytes)
    else tuf.publish(first)
    await refresh(one)
    if (isOld) await kept(one, second)
    else expect([await inUse(one), one.told]).toEqual([first, []])
  })

  test.each([
    ['T68 freeze: metadata that has ended', { expires: '2020-01-01T00:00:00Z' }],
    ['its twin: the same, still good', {}],
  ])('%s', async (_, ends) => {
    const one = await alone()
    await refresh(one)
    const second = rootText()
    tuf.publish(second, ends)
    await refresh(one)
    if ('expires' in ends) await kept(one)
    else expect([await inUse(one), one.told]).toEqual([second, []])
  })

  test.each([
    ['that nobody can read', '{"tlogs":1}'],
    ['that no certificate leads to', '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'],
  ])('T68 a root %s', async (_, text) => {
    const one = await alone()
    await refresh(one)
    tuf.publish(text)
    await refresh(one)
    await kept(one)
    expect(one.told[0]?.cause).toMatchObject({ code: 'trust.malformed' })
  })

  test('nobody who answers; it is tried again before long, and what is good then is taken', async () => {
    const one = await alone()
    await refresh(one)
    const { files } = tuf
    const all = new Map(files)
    files.clear()
    await refresh(one)
    await kept(one)
    for (const [name, bytes] of all) files.set(name, bytes)
    await refresh(one)
    expect(await one.roots.standing()).toMatchObject({ failedAt: undefined })
  })
})

test('R16 a process that ends gives its try back', async () => {
  const one = await alone()
  await due(one)
  const leaving = AbortSignal.abort()
  await refreshTrust({ ...one, refreshRoot: () => Promise.reject(new Error('it ends')) }, leaving)
  expect([one.told, (await one.roots.claim())?.attempt]).toEqual([[], 2])
})

test('R9 a claim is void once another process has taken over, whatever it brings', async () => {
  const one = await alone()
  await due(one)
  const slow = await one.roots.claim()
  expect(await one.roots.claim()).toBeUndefined()
  await sql`UPDATE meshproof.trusted_root SET lease_until = now() - interval '1 s'`.execute(one.database.db)
  const other = await one.roots.claim()
  if (slow === undefined || other === undefined) throw new Error('no claim')
  const old = { bytes: Buffer.from(rootText()), metadata: Buffer.from('{}') }
  const good = { bytes: Buffer.from(first), metadata: Buffer.from('{}') }
  expect([await one.roots.confirm(other, good), await one.roots.confirm(slow, old)]).toEqual([true, false])
  expect(await inUse(one)).toBe(first)
})

test('an older version does not bring back the root of a newer one, where TUF was never asked', async () => {
  const one = await alone()
  const older = await one.keeper.publicGood(true)
  const bytes = Buffer.from(first)
  const newer = { digest: digestOf(bytes), bytes, name: publicGood }
  await one.roots.begin(async () => newer)
  expect(await inUse(one)).toBe(first)
  await one.roots.begin(async () => older)
  expect(await inUse(one)).toBe(first)
})

describe.skipIf(!hasPostgres)('of several processes over PostgreSQL', () => {
  test('one asks TUF, and all have what it got: also one that reaches nobody and keeps nothing', async () => {
    const server = await startPostgres()
    onTestFinished(() => server.stop())
    const place = { url: await server.createDatabase() }
    const [one, two, cutOff] = [await open(place), await open(place), await open(place, 'http://127.0.0.1:1')]
    await due(one)
    const asked = () => tuf.seen.filter((path) => path === '/timestamp.json').length
    await Promise.all([one, two, one, two].map((service) => refreshTrust(service, never)))
    expect(asked()).toBe(1)
    for (const service of [one, two, cutOff]) expect(await inUse(service)).toBe(first)
    await refresh(cutOff)
    expect([await inUse(cutOff), cutOff.told.map(({ code }) => code)]).toEqual([first, ['trust.refresh-failed']])
    expect(await records(one)).toHaveLength(2)
  })
})
