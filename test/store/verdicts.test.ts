import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { type Digest, digestOf } from '../../src/core/digest.ts'
import { seal } from '../../src/core/json.ts'
import { limits } from '../../src/core/limits.ts'
import type { Asked } from '../../src/core/observation.ts'
import type { Name, Reference } from '../../src/core/reference.ts'
import { sealInputs, sealVerdict } from '../../src/core/verdict.ts'
import { toColumn } from '../../src/store/digest-column.ts'
import { evidenceStore, keptUnder, lookupTable } from '../../src/store/evidence.ts'
import { type Lease, Leases } from '../../src/store/leases.ts'
import { Requests } from '../../src/store/requests.ts'
import { rebuildFindings } from '../../src/store/restore.ts'
import { type Finished, findVerdict, finish, type Sighting } from '../../src/store/verdicts.ts'
import { waitsTable } from '../../src/store/waits.ts'
import { overEachDatabase } from './databases.ts'
import { finishedExample } from './finished.ts'

overEachDatabase(({ database }) => {
  const lease = async (): Promise<Lease> => {
    const requests = new Requests(database(), limits)
    const spec = Buffer.from('{}')
    const made = await requests.create({ spec, subject: 'app', policy: 'auto', principal: null })
    const taken = 'id' in made ? await new Leases(database(), limits).claim(made.id, 60_000) : undefined
    if (taken === undefined) throw new Error('no lease')
    return taken
  }
  const count = async (table: 'verdict' | 'finding' | 'record' | 'request_verdict' | 'evidence' | 'observation') => {
    const row = await database()
      .db.selectFrom(table)
      .select(({ fn }) => fn.countAll<string>().as('n'))
      .executeTakeFirstOrThrow()
    return Number(row.n)
  }
  const findings = () => database().db.selectFrom('finding').selectAll().orderBy('verdict').orderBy('place').execute()

  test('R1: finished twice is kept once, and the same verdict of two requests is one row with two references', async () => {
    const finished = await finishedExample()
    const [one, two] = [await lease(), await lease()]
    expect(await finish(database(), one, finished)).toBe(true)
    const [verdicts, records, references] = [
      await count('verdict'),
      await count('record'),
      await count('request_verdict'),
    ]
    expect(await finish(database(), one, finished)).toBe(false)
    expect([await count('verdict'), await count('record'), await count('request_verdict')]).toEqual([
      verdicts,
      records,
      references,
    ])
    expect(await finish(database(), two, finished)).toBe(true)
    expect(await count('verdict')).toBe(verdicts)
    expect(await count('record')).toBe(records + 1)
    expect(await count('request_verdict')).toBe(references + finished.verdicts.length)
  })

  test('R1: two workers that finish at once, one lease: one of them', async () => {
    const finished = await finishedExample()
    const one = await lease()
    const kept = await Promise.all([finish(database(), one, finished), finish(database(), one, finished)])
    expect(kept.sort()).toEqual([false, true])
  })

  test('what lost its lease, or was cancelled, leaves nothing', async () => {
    const finished = await finishedExample('another platform')
    const one = await lease()
    const before = [await count('verdict'), await count('evidence'), await count('observation'), await count('record')]
    expect(await finish(database(), { ...one, attempt: one.attempt + 1 }, finished)).toBe(false)
    await new Requests(database(), limits).cancel(one.id, null)
    expect(await finish(database(), one, finished)).toBe(false)
    const after = [await count('verdict'), await count('evidence'), await count('observation'), await count('record')]
    expect(after).toEqual([...before.slice(0, 3), (before[3] ?? 0) + 1]) // the record of the cancellation
  })

  test('a verdict comes back byte for byte, and not at all once a byte of it was changed', async () => {
    const finished = await finishedExample()
    await finish(database(), await lease(), finished)
    const [first] = finished.verdicts
    if (first === undefined) throw new Error('no verdict')
    const { digest, bytes } = sealVerdict(first.verdict)
    const found = await findVerdict(database(), digest)
    expect(Buffer.from(found?.bytes ?? [])).toEqual(Buffer.from(bytes))
    expect(found?.inputs).toBe(sealInputs(first.inputs).digest)
    const changed = Buffer.from(bytes)
    changed[10] = (changed[10] ?? 0) ^ 1
    const set = (to: Uint8Array) =>
      database()
        .db.updateTable('verdict')
        .set({ bytes: Buffer.from(to) })
        .where('digest', '=', toColumn(digest))
        .execute()
    await set(changed)
    expect(await findVerdict(database(), digest)).toBeUndefined()
    await expect(keptUnder(database(), digest)).rejects.toMatchObject({ code: 'store.altered' })
    await set(bytes)
  })

  test('all that a verdict names can be read by its digest', async () => {
    const finished = await finishedExample()
    await finish(database(), await lease(), finished)
    for (const { inputs } of finished.verdicts)
      for (const digest of [sealInputs(inputs).digest, inputs.evidence, inputs.policy, inputs.waivers, inputs.trust])
        if (digest !== null) expect(await keptUnder(database(), digest), digest).toBeDefined()
    for (const { outcome } of finished.observations)
      if ('found' in outcome) expect(await keptUnder(database(), outcome.found)).toMatchObject({ kind: 'evidence' })
  })

  test('findings are a projection: rebuilt from the bytes of the verdicts they are the same', async () => {
    await finish(database(), await lease(), await finishedExample())
    const before = await findings()
    expect(before.length).toBeGreaterThan(5)
    await database().db.deleteFrom('finding').execute()
    expect(await rebuildFindings(database())).toBe(await count('verdict'))
    expect(await findings()).toEqual(before)
    await rebuildFindings(database())
    expect(await findings()).toEqual(before)
  })

  test('T80: what strangers write is kept, whatever characters it has', async () => {
    const finished = await finishedExample()
    const [first] = finished.verdicts
    if (first === undefined) throw new Error('no verdict')
    const hostile = '\0\ud800\u202e"'
    const [finding] = first.verdict.findings
    if (finding === undefined) throw new Error('no finding')
    const verdict = { ...first.verdict, findings: [{ ...finding, check: 'a\0b', demand: '/x\0' }] }
    const asked = finished.observations.map(
      (one): Asked => ({
        ...one,
        beside: { ...one.beside, from: hostile, detail: { [hostile]: hostile } },
      }),
    )
    const one = await lease()
    const written = { ...finished, observations: asked, verdicts: [{ ...first, verdict, platform: hostile }] }
    expect(await finish(database(), one, written)).toBe(true)
    const rows = await database()
      .db.selectFrom('observation')
      .select(['source', 'detail'])
      .where('request_id', '=', one.id)
      .execute()
    const kept = '\ufffd\ufffd\u202e"'
    expect(rows[0]).toEqual({ source: kept, detail: { [kept]: kept } })
  })

  test('bytes that were observed are evidence even where they are those of our own policy', async () => {
    const finished = await finishedExample()
    const [policy] = finished.documents
    if (policy === undefined) throw new Error('no policy')
    const question = { ask: 'manifest', image: 'registry.example/app' as Name, digest: policy.digest } as const
    const observed: Asked = {
      question,
      outcome: { found: policy.digest, mediaType: 'application/json' },
      beside: { from: 'registry.example', at: 0 },
    }
    const one = await lease()
    const pieces = new Map(finished.pieces).set(policy.digest, policy.bytes)
    expect(await finish(database(), one, { ...finished, pieces, observations: [observed] })).toBe(true)
  })

  const see = async (digest: Digest, tag: string) => {
    const sighting: Sighting = { registry: 'registry.example', repository: 'app', tag, digest }
    const finished: Finished = { ...(await finishedExample()), sighting }
    expect(await finish(database(), await lease(), finished)).toBe(true)
  }
  const seen = async (tag: string) => {
    const rows = await database()
      .db.selectFrom('tag_sighting')
      .selectAll()
      .where('tag', '=', tag)
      .orderBy('first_seen')
      .execute()
    return rows.map(({ digest, first_seen, last_seen }) => {
      expect(last_seen.getTime()).toBeGreaterThanOrEqual(first_seen.getTime())
      return digest.toString('hex').slice(0, 2)
    })
  }
  const [a, b] = ['a', 'b'].map((text) => digestOf(Buffer.from(text)))
  const [shortA, shortB] = [a, b].map((digest) => digest?.slice(7, 9))

  test('T27: a tag that moves is a new sighting, one that stays is the same', async () => {
    if (a === undefined || b === undefined) throw new Error('no digests')
    for (const digest of [a, a, b, b, a]) await see(digest, 'moving')
    expect(await seen('moving')).toEqual([shortA, shortB, shortA])
  })

  test('R9: sightings keep their order where the clock was set back', async () => {
    if (a === undefined || b === undefined) throw new Error('no digests')
    await see(a, 'jumping')
    await database()
      .db.updateTable('tag_sighting')
      .set({ first_seen: sql<Date>`now() + interval '1 hour'`, last_seen: sql<Date>`now() + interval '1 hour'` })
      .where('tag', '=', 'jumping')
      .execute()
    for (const digest of [b, b, a]) await see(digest, 'jumping')
    expect(await seen('jumping')).toEqual([shortA, shortB, shortA])
  })

  test('evidence is kept by its digest, once; what was changed is as good as missing', async () => {
    const store = evidenceStore(database())
    const bytes = Buffer.from('some evidence')
    const digests = await Promise.all([store.put(bytes, 'a/b'), store.put(bytes, 'c/d')])
    expect(digests).toEqual([digestOf(bytes), digestOf(bytes)])
    expect(await store.get(digestOf(bytes))).toEqual(bytes)
    await database()
      .db.updateTable('evidence')
      .set({ bytes: Buffer.from('other evidence') })
      .where('digest', '=', toColumn(digestOf(bytes)))
      .execute()
    // Whoever put it just now may have it at hand; nobody else reads it as what it was.
    expect(await evidenceStore(database()).get(digestOf(bytes))).toBeUndefined()
    expect(await store.get('sha256:../../etc/passwd' as Digest)).toBeUndefined()
  })

  test('look-ups are remembered: found, absent, and what stands beside', async () => {
    const lookups = lookupTable(database())
    const found = { outcome: { found: digestOf(Buffer.from('x')), mediaType: 'a/b' }, at: 5, detail: { a: ['\0'] } }
    await lookups.remember('key', { outcome: { absent: true }, at: 1 })
    expect(await lookups.recall('key')).toEqual({ outcome: { absent: true }, at: 1 })
    await lookups.remember('key', found)
    expect(await lookups.recall('key')).toEqual({ ...found, detail: { a: ['\ufffd'] } })
    expect(await lookups.recall('other')).toBeUndefined()
  })

  test('R10: a wait is shared, the longest counts, and ends', async () => {
    const waits = waitsTable(database())
    const now = Date.now()
    await waits.note('https://one.example', now + 60_000)
    await waits.note('https://one.example', now + 30_000)
    await waits.note('https://past.example', now - 1_000)
    expect(await waits.until('https://one.example')).toBe(now + 60_000)
    expect(await waits.until('https://past.example')).toBeUndefined()
    expect(await waits.until('https://other.example')).toBeUndefined()
  })

  test('a name that was never resolved has a verdict, too', async () => {
    const finished = await finishedExample()
    const [first] = finished.verdicts
    if (first === undefined) throw new Error('no verdict')
    const subject = { unresolved: 'registry.example/app:1.0.0' as Reference }
    const inputs = { ...first.inputs, subject }
    const verdict = { ...first.verdict, subject, inputs: sealInputs(inputs).digest }
    const verdicts = [{ inputs, verdict, role: 'root' as const }]
    expect(await finish(database(), await lease(), { ...finished, verdicts })).toBe(true)
    expect((await findVerdict(database(), seal(verdict as never).digest))?.verdict.subject).toEqual(subject)
  })
})
