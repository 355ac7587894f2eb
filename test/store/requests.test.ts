import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { limits } from '../../src/core/limits.ts'
import { problemOf } from '../../src/core/problem.ts'
import { newId } from '../../src/store/id.ts'
import { Leases } from '../../src/store/leases.ts'
import type { NewRequest } from '../../src/store/new-requests.ts'
import { type Key, keyOf, Requests } from '../../src/store/requests.ts'
import { overEachDatabase } from './databases.ts'

const wanted = (more: Partial<NewRequest> = {}): NewRequest => {
  const spec = { subject: { image: 'registry.example/app:1.0.0' }, policy: { profile: 'auto' } }
  return { spec: Buffer.from(JSON.stringify(spec)), subject: 'app', policy: 'auto', principal: null, ...more }
}
const problem = problemOf(new Error('a test'))
const again = { attempts: 3, backoffMs: 0 }

overEachDatabase(({ kind, database }) => {
  const requests = () => new Requests(database(), limits)
  const leases = () => new Leases(database(), limits)
  const create = async (more?: Partial<NewRequest>): Promise<string> => {
    const made = await requests().create(wanted(more))
    if ('conflict' in made) throw new Error('a conflict')
    return made.id
  }
  const principal = async (): Promise<string> => {
    const id = newId()
    await database()
      .db.insertInto('principal')
      .values({ id, kind: 'token', name: 'a test', created_at: new Date(), disabled_at: null })
      .execute()
    return id
  }
  const records = async (id: string): Promise<string[]> => {
    const rows = await database()
      .db.selectFrom('record')
      .select(['kind', 'bytes'])
      .where(sql<boolean>`position(convert_to(${id}, 'UTF8') in bytes) > 0`)
      .orderBy('id')
      .execute()
    return rows.map((row) => row.kind)
  }
  const expire = (id: string) =>
    database()
      .db.updateTable('request')
      .set({ lease_until: sql<Date>`now() - interval '1 second'` })
      .where('id', '=', id)
      .execute()

  test('a request is a row and a record, and is due', async () => {
    const id = await create()
    expect(await requests().find(id)).toMatchObject({ id, state: 'queued', attempt: 0, outcome: null })
    expect(await records(id)).toEqual(['request'])
    expect((await leases().due(1000)).map((one) => one.id)).toContain(id)
  })

  test('R2: the same key and body give the first answer, another body is a conflict, another caller is another', async () => {
    const [one, other] = [await principal(), await principal()]
    const keyed = (who: string, body: string): NewRequest =>
      wanted({ principal: who, idempotency: { key: 'k', body: digestOf(Buffer.from(body)), keepMs: 60_000 } })
    const first = await requests().create(keyed(one, 'a'))
    expect(first).toMatchObject({ isNew: true })
    expect(await requests().create(keyed(one, 'a'))).toEqual({ ...first, isNew: false })
    expect(await requests().create(keyed(one, 'b'))).toEqual({ conflict: true })
    expect(await requests().create(keyed(other, 'a'))).toMatchObject({ isNew: true })
  })

  test('R2: eight at once with one key make one request', async () => {
    const who = await principal()
    const idempotency = { key: randomUUID(), body: digestOf(Buffer.from('a')), keepMs: 60_000 }
    const made = await Promise.all(
      Array.from({ length: 8 }, () => requests().create(wanted({ principal: who, idempotency }))),
    )
    expect(new Set(made.map((one) => ('id' in one ? one.id : ''))).size).toBe(1)
    expect(made.filter((one) => 'isNew' in one && one.isNew)).toHaveLength(1)
  })

  test('a key that has expired is as good as new, and is forgotten in time', async () => {
    const who = await principal()
    const keyed = (key: string, keepMs: number) =>
      requests().create(wanted({ principal: who, idempotency: { key, body: digestOf(Buffer.from('a')), keepMs } }))
    const first = await keyed('again', -1)
    const second = await keyed('again', 60_000)
    expect(second).toMatchObject({ isNew: true })
    expect(second).not.toEqual(first)
    expect(await keyed('again', 60_000)).toEqual({ ...second, isNew: false })
    await keyed('gone', -1)
    await requests().forgetKeys()
    const left = await database().db.selectFrom('idempotency').select('key').where('principal_id', '=', who).execute()
    expect(left).toEqual([{ key: 'again' }])
  })

  test('what has no canonical form is refused, not a crash', async () => {
    const bodies = ['{"id":"\\ud800"}', '{"policy":{"requirements":[{"threshold":1.5}]}}', '{', '\xff']
    for (const body of bodies)
      await expect(requests().create(wanted({ spec: Buffer.from(body, 'latin1') }))).rejects.toMatchObject({
        code: 'request.malformed',
        status: 400,
      })
  })

  test('T80: U+0000 in what a stranger calls things is kept as U+FFFD', async () => {
    const id = await create({ subject: 'a\0b', policy: '\0', spec: Buffer.from('{"id":"\\u0000"}') })
    expect(await requests().find(id)).toMatchObject({ subject: 'a\ufffdb', policy: '\ufffd' })
    const lease = await leases().claim(id, 60_000)
    if (lease === undefined) throw new Error('no lease')
    expect(Buffer.from(lease.spec).toString()).toBe('{"id":"\\u0000"}')
    await leases().refuse(lease, { ...problem, parameters: { found: '\0', deep: [{ '\0': '\0' }] } })
    expect(await requests().find(id)).toMatchObject({
      state: 'done',
      error: { parameters: { found: '\ufffd', deep: [{ '\ufffd': '\ufffd' }] } },
    })
  })

  test('one of many claims a request', async () => {
    const id = await create()
    const taken = await Promise.all(Array.from({ length: 8 }, () => leases().claim(id, 60_000)))
    expect(taken.filter((lease) => lease !== undefined)).toMatchObject([{ id, attempt: 1, tries: 1 }])
    expect((await leases().due(1000)).map((one) => one.id)).not.toContain(id)
  })

  test('a lease is renewed with its progress; one that ended goes to the next, and the first has lost it', async () => {
    const id = await create()
    const first = await leases().claim(id, 60_000)
    if (first === undefined) throw new Error('no lease')
    const progress = { phase: 'evidence', done: 1, total: null, unit: 'look-ups' }
    expect(await leases().renew(first, 60_000, progress)).toBe(true)
    expect((await requests().find(id))?.progress).toEqual(progress)
    await expire(id)
    const second = await leases().claim(id, 60_000)
    expect(second).toMatchObject({ attempt: 2, tries: 2 })
    expect(await leases().renew(first, 60_000, progress)).toBe(false)
    await leases().fail(first, problem, again)
    await leases().refuse(first, problem)
    await leases().handBack(first)
    expect(await requests().find(id)).toMatchObject({ state: 'running', attempt: 2, error: null })
  })

  test('R19: what fails three times is parked with its error; a retry begins from the start', async () => {
    const id = await create()
    for (const tries of [1, 2, 3]) {
      const lease = await leases().claim(id, 60_000)
      if (lease === undefined) throw new Error(`no lease ${tries}`)
      await leases().fail(lease, problem, again)
    }
    expect(await requests().find(id)).toMatchObject({ state: 'parked', attempt: 3, error: { code: 'internal.crash' } })
    expect(await leases().claim(id, 60_000)).toBeUndefined()
    expect(await requests().retry(id, null)).toBe(true)
    expect(await requests().retry(id, null)).toBe(false)
    expect(await requests().find(id)).toMatchObject({ state: 'queued', error: null })
    expect(await leases().claim(id, 60_000)).toMatchObject({ attempt: 4, tries: 1 })
    expect(await records(id)).toEqual(['request', 'request.parked', 'request.retried'])
  })

  test('R19: what ends its worker three times is parked, too', async () => {
    const id = await create()
    for (const tries of [1, 2, 3]) {
      expect(await leases().claim(id, 60_000)).toMatchObject({ tries })
      await expire(id)
    }
    expect((await leases().due(1000)).map((one) => one.id)).toContain(id)
    expect(await leases().claim(id, 60_000)).toBeUndefined()
    expect(await requests().find(id)).toMatchObject({ state: 'parked', error: { code: 'request.worker-died' } })
    expect(await records(id)).toEqual(['request', 'request.parked'])
  })

  test('what a process hands back was no try', async () => {
    const id = await create()
    for (let i = 0; i < 5; i++) {
      const lease = await leases().claim(id, 60_000)
      expect(lease).toMatchObject({ attempt: i + 1, tries: 1 })
      if (lease !== undefined) await leases().handBack(lease)
    }
    expect(await requests().find(id)).toMatchObject({ state: 'queued', attempt: 5 })
  })

  test('a failure comes again later, not at once', async () => {
    const id = await create()
    const lease = await leases().claim(id, 60_000)
    if (lease === undefined) throw new Error('no lease')
    await leases().fail(lease, problem, { attempts: 3, backoffMs: 60_000 })
    expect(await requests().find(id)).toMatchObject({ state: 'queued', error: { code: 'internal.crash' } })
    expect(await leases().claim(id, 60_000)).toBeUndefined()
    expect((await leases().due(1000)).map((one) => one.id)).not.toContain(id)
  })

  test('a running request is cancelled once, and its worker loses it', async () => {
    const id = await create()
    const lease = await leases().claim(id, 60_000)
    if (lease === undefined) throw new Error('no lease')
    expect(await requests().cancel(id, null)).toBe(true)
    expect(await requests().cancel(id, null)).toBe(false)
    expect(await leases().renew(lease, 60_000, { phase: '', done: 0, total: null, unit: '' })).toBe(false)
    await leases().refuse(lease, problem)
    expect(await requests().find(id)).toMatchObject({ state: 'cancelled' })
    expect(await records(id)).toEqual(['request', 'request.cancelled'])
  })

  test('pages by keyset: newest first, each once, whatever comes in between', async () => {
    const policy = randomUUID()
    const made: string[] = []
    for (let i = 0; i < 7; i++) made.push(await create({ policy, subject: `app-${i}_%\\` }))
    // Three of one time: then the id decides.
    await database()
      .db.updateTable('request')
      .set({ created_at: new Date('2026-01-01T00:00:00.123Z') })
      .where('id', 'in', made.slice(0, 3))
      .execute()
    const seen: string[] = []
    let after: Key | undefined
    do {
      const page = await requests().list({ policy }, 2, after)
      seen.push(...page.map((row) => row.id))
      const last = page.at(-1)
      after = last && keyOf(last)
      if (seen.length === 2) await create({ policy })
    } while (after !== undefined)
    expect(seen).toEqual([...made].reverse())
    expect(await requests().list({ policy, subject: '3_%\\' }, 10)).toMatchObject([{ id: made[3] }])
    expect(await requests().list({ policy, subject: '3%\\' }, 10)).toEqual([])
    expect(await requests().list({ policy, state: 'parked' }, 10)).toEqual([])
  })

  test('what is due comes in pages by id, each once', async () => {
    const made = [await create(), await create(), await create()]
    const seen: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await leases().due(2, after)
      seen.push(...page.map((one) => one.id))
      after = page.at(-1)?.id
      if (after === undefined) break
    }
    expect(seen).toEqual([...seen].sort())
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(expect.arrayContaining(made))
  })

  test('R18: where too many wait, more are sent away and nothing is kept of them', async () => {
    await create()
    const full = new Requests(database(), { ...limits, openRequests: 1, openCountMs: 0 })
    const before = await database().db.selectFrom('request').select('id').execute()
    await expect(full.create(wanted())).rejects.toMatchObject({
      code: 'request.too-many',
      status: 503,
      retryAfter: '30',
    })
    expect(await database().db.selectFrom('request').select('id').execute()).toHaveLength(before.length)
    expect(kind).toBe(database().kind)
  })
})
