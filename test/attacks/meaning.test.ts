import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codes as table } from '../../src/core/codes.ts'
import type { SubjectAnswer } from '../../src/core/request.ts'
import type { BundleJson } from '../authority/bundle.ts'
import { statement } from '../authority/cosign-bundle.ts'
import { authority, digestsOf, expectTrusted, judged, message, policyFor } from './harness.ts'
import { kinds, mutated, randomFrom } from './mutations.ts'

const numRuns = Number(process.env['MESHPROOF_FUZZ_RUNS'] ?? 300)
const payload = statement({ digest: digestsOf(message).sha256, annotations: { repo: 'Kong/kong-mesh' } })

/** Each has one log and one time, so that none of them can go unnoticed. */
const bases: readonly (readonly [string, () => BundleJson])[] = [
  ['message, Rekor 1', () => authority.sign({}).bundle],
  ['message, Rekor 2', () => authority.sign({ log: 'v2' }).bundle],
  ['envelope, dsse', () => authority.sign({ payload }).bundle],
  ['envelope, Rekor 2', () => authority.sign({ payload, log: 'v2' }).bundle],
]
const of = (bundle: string) => judged({ evidence: { bundle }, policy: policyFor({}) })

/** What a bundle says and who said it, by a reader of its own. */
function meaning(text: string): unknown {
  const { verificationMaterial: material, messageSignature, dsseEnvelope } = JSON.parse(text) as BundleJson
  const leaf = material.certificate ?? material.x509CertificateChain?.certificates[0]
  return {
    leaf: leaf?.rawBytes,
    signature: messageSignature?.signature ?? dsseEnvelope?.signatures[0]?.sig,
    payload: dsseEnvelope?.payload,
    payloadType: dsseEnvelope?.payloadType,
  }
}

/** What the answer states as a fact: what was demanded and found, and from when it holds. */
const facts = ({ findings, holds }: SubjectAnswer) => ({
  holds,
  demands: findings.flatMap(({ candidate: _, evidence: __, ...fact }) => (fact.demand === undefined ? [] : [fact])),
})
const checkpoints = ({ findings }: SubjectAnswer) =>
  findings.filter(({ code }) => code === 'log.checkpoint').map(({ found }) => found)

test.each(bases)(
  'a damaged bundle is never thrown at, and trusted only while it says the same: %s',
  { timeout: 60_000 + 100 * numRuns },
  async (_name, make) => {
    const [bundle, other] = [make(), make()]
    const whole = JSON.stringify(bundle)
    const good = await expectTrusted({ evidence: { bundle }, policy: policyFor({}) })
    const property = fc.asyncProperty(
      fc.constantFrom(...kinds),
      fc.nat(),
      fc.nat({ max: 2 }),
      async (kind, seed, more) => {
        const random = randomFrom(seed)
        let text = mutated(kind, bundle, other, random)
        for (let i = 0; i < more; i++) {
          const kindOfMore = kinds[random(kinds.length)] ?? 'bit'
          try {
            text = mutated(kindOfMore, JSON.parse(text) as object, other, random)
          } catch {
            break
          }
        }
        const subject = await of(text)
        for (const { code } of subject.findings) expect(table).toHaveProperty([code])
        if (subject.outcome !== 'trusted') return
        const wholly = JSON.stringify(other)
        // Everything spliced in from another signature of the same artifact is that other signature.
        const original = [whole, wholly].find((one) => JSON.stringify(meaning(one)) === JSON.stringify(meaning(text)))
        expect(original, text).toBeDefined()
        if (original !== whole) return
        expect(facts(subject), text).toEqual(facts(good))
        // L10: a checkpoint that is shown is the one that was signed.
        for (const shown of checkpoints(subject)) expect(checkpoints(good), text).toContain(shown)
      },
    )
    await fc.assert(property, { seed: 20261125, numRuns: Math.ceil(numRuns / bases.length) })
  },
)
