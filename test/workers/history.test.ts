/** What the service saw before is evidence too: a tag that moved, a signature that is gone, the index of a platform. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import type { Finding } from '../../src/core/finding.ts'
import { decodeUtf8 } from '../../src/core/json.ts'
import type { VerdictAnswer } from '../../src/core/request.ts'
import { replayStored } from '../../src/jobs/stored-replay.ts'
import type { Place } from '../../src/store/database.ts'
import { openReplays } from '../../workers/threads.ts'
import { statement } from '../authority/cosign-bundle.ts'
import {
  cosignTag,
  type LegacySignature,
  legacyAttestation,
  signatureManifest,
  simpleSigning,
} from '../authority/cosign-legacy.ts'
import type { Artifact } from '../authority/oci.ts'
import { authority, hold, key, policyWith, type Small, sign, smallImage, stranger } from '../cli/scene.ts'
import { type Running, request, startService } from '../jobs/service.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { hasPostgres, type Postgres, startPostgres } from '../store/postgres.ts'
import { preparedFolder } from '../store/prepared.ts'

const attested = policyWith({}, { candidate: 'attestation', predicateType: ['https://slsa.dev/provenance/v1'] })

function attest(registry: TestRegistry, repository: string, of: Artifact): void {
  const made = legacyAttestation(authority, {
    statement: statement({ digest: of.digest, predicateType: 'https://slsa.dev/provenance/v1' }),
    signer: key,
    log: false,
  })
  hold(registry, repository, signatureManifest([made]), cosignTag(of.digest, 'att'))
}

function remembering(place: () => Promise<Place>): void {
  let registry: TestRegistry
  let one: Running
  let replayer: ReturnType<typeof openReplays>
  beforeAll(async () => {
    registry = await startRegistry()
    one = await startService(await place(), { insecure: registry.host })
    replayer = openReplays(one)
  })
  afterAll(async () => {
    await replayer.close()
    await one.stop()
    await registry.close()
  })

  /** As much later as look-ups are remembered. */
  const later = () => one.database.db.deleteFrom('lookup').execute()

  async function answerTo(image: string, more: object = {}): Promise<VerdictAnswer> {
    await later()
    const id = await request(one, `${registry.host}/${image}`, more)
    const ended = async () => [(await one.requests.find(id))?.state, one.errors.map(String)]
    await expect.poll(ended, { timeout: 25_000 }).toEqual(['done', []])
    const result = JSON.parse(decodeUtf8((await one.requests.result(id)) ?? Buffer.alloc(0)) ?? '') as {
      readonly answer: VerdictAnswer
    }
    return result.answer
  }
  const seen = ({ subjects }: VerdictAnswer, code: Finding['code']): readonly Finding[] =>
    subjects.flatMap(({ findings }) => findings.filter((finding) => finding.code === code))
  const verdicts = ({ subjects }: VerdictAnswer) => subjects.map(({ verdictId }) => verdictId)
  const signed = (repository: string, content: string): Small => {
    const small = smallImage(content)
    hold(registry, repository, small.index, '1.0.0')
    sign(registry, repository, small.index)
    return small
  }

  test('T27 T26 a tag that leads elsewhere than before is a finding of its root, and moves no verdict', async () => {
    const first = signed('team/moves', 'as released')
    const before = await answerTo('team/moves:1.0.0')
    const again = await answerTo('team/moves:1.0.0')
    expect([again.verdict, verdicts(again), seen(again, 'image.tag-moved')]).toEqual(['trusted', verdicts(before), []])
    const second = signed('team/moves', 'pushed again')
    const moved = await answerTo('team/moves:1.0.0')
    expect(moved.verdict).toBe('trusted')
    expect(seen(moved, 'image.tag-moved')).toEqual([
      expect.objectContaining({
        check: 'SC-17',
        outcome: 'fail',
        basis: 'measured',
        subject: second.index.digest,
        expected: expect.stringContaining(first.index.digest),
        found: second.index.digest,
      }),
    ])
    // The same history is the same evidence, and it is replayed from the store like any other.
    expect(verdicts(await answerTo('team/moves:1.0.0'))).toEqual(verdicts(moved))
    const [root] = moved.subjects
    const replayed = await replayStored({ ...one, replayer }, root?.verdictId as Digest)
    expect(replayed.same).toBe(true)
    // Under another policy, what was seen is still told.
    const otherwise = await replayStored({ ...one, replayer }, root?.verdictId as Digest, { at: Date.now() })
    expect(seen(otherwise.answer, 'image.tag-moved')).toHaveLength(1)
    // Back where it was: that is a move, too.
    registry.addManifest('team/moves', '1.0.0', first.index.bytes, first.index.mediaType)
    expect(seen(await answerTo('team/moves:1.0.0'), 'image.tag-moved')).toEqual([
      expect.objectContaining({ subject: first.index.digest, expected: expect.stringContaining(second.index.digest) }),
    ])
  })

  test('T39 a signature that was there and is gone is a finding beside the one that it is absent', async () => {
    const { index } = signed('team/hidden', 'hidden')
    expect((await answerTo('team/hidden:1.0.0')).verdict).toBe('trusted')
    registry.remove('team/hidden', cosignTag(index.digest))
    const hidden = await answerTo('team/hidden:1.0.0')
    expect(hidden.verdict).toBe('rejected')
    expect(seen(hidden, 'image.evidence-gone')).toMatchObject([
      { subject: index.digest, outcome: 'fail', found: expect.stringContaining(cosignTag(index.digest)) },
    ])
    // The twin never had one.
    hold(registry, 'team/never', smallImage('never signed').index, '1.0.0')
    await answerTo('team/never:1.0.0')
    const never = await answerTo('team/never:1.0.0')
    expect([never.verdict, seen(never, 'image.evidence-gone')]).toEqual(['rejected', []])
  })

  test('T39 one of two signatures that is taken away is told, one that is added is none', async () => {
    const { index } = signed('team/two', 'two signatures')
    const by = (signer: typeof key) => simpleSigning(authority, { digest: index.digest, signer, log: false })
    const [own, other] = [by(key), by(stranger)]
    const put = (...some: readonly LegacySignature[]) =>
      hold(registry, 'team/two', signatureManifest(some), cosignTag(index.digest))
    put(own)
    await answerTo('team/two:1.0.0')
    put(own, other)
    const added = await answerTo('team/two:1.0.0')
    expect([added.verdict, seen(added, 'image.evidence-gone')]).toEqual(['trusted', []])
    put(own)
    expect(seen(await answerTo('team/two:1.0.0'), 'image.evidence-gone')).toMatchObject([{ subject: index.digest }])
  })

  test('T39 an attestation among referrers that is gone is told, whatever else is left', async () => {
    const small = smallImage('referrers')
    hold(registry, 'team/referrers', small.index, '1.0.0')
    sign(registry, 'team/referrers', small.index, { form: 'bundle' })
    sign(registry, 'team/referrers', small.index, { form: 'bundle', by: stranger })
    const before = await answerTo('team/referrers:1.0.0')
    expect(before.verdict).toBe('trusted')
    const listed = await fetch(`${registry.origin}/v2/team/referrers/referrers/${small.index.digest}`)
    const { manifests } = (await listed.json()) as { readonly manifests: readonly { readonly digest: string }[] }
    expect(manifests).toHaveLength(2)
    registry.remove('team/referrers', manifests[1]?.digest ?? '')
    expect(seen(await answerTo('team/referrers:1.0.0'), 'image.evidence-gone')).toMatchObject([
      { subject: small.index.digest, found: expect.stringContaining('referrers of') },
    ])
  })

  test('T29 the index in which a platform was seen lends it provenance, under the name where it was seen', async () => {
    const small = smallImage('platforms')
    hold(registry, 'team/platforms', small.index, '1.0.0')
    attest(registry, 'team/platforms', small.index)
    const alone = `team/platforms@${small.amd64.digest}`
    expect((await answerTo(alone, { policy: attested })).verdict).toBe('rejected') // nobody knows of an index yet
    expect((await answerTo('team/platforms:1.0.0', { policy: attested })).verdict).toBe('trusted')
    const known = await answerTo(alone, { policy: attested })
    expect([known.verdict, known.subjects.map(({ subject }) => subject)]).toEqual(['trusted', [small.amd64.digest]])
    const [subject] = known.subjects
    expect((await replayStored({ ...one, replayer }, subject?.verdictId as Digest)).same).toBe(true)
    // Another name is another place; and a policy may want platforms attested themselves.
    hold(registry, 'team/elsewhere', small.index, '1.0.0')
    const elsewhere = await answerTo(`team/elsewhere@${small.amd64.digest}`, { policy: attested })
    expect(elsewhere.verdict).toBe('rejected')
    const strict = { ...attested, inherit: [] }
    expect((await answerTo(alone, { policy: strict })).verdict).toBe('rejected')
  })
}

describe('over PGlite', () => remembering(preparedFolder))

describe.skipIf(!hasPostgres)('over PostgreSQL', () => {
  let server: Postgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  remembering(async () => ({ url: await server.createDatabase() }))
})
