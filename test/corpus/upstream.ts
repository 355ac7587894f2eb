/** Our answers about provenance beside those of slsa-verifier: as recorded in its own tests, and on a release in Kong's shape. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Code, isCode } from '../../src/core/codes.ts'
import { corpus, hasCorpus } from '../attacks/corpus.ts'
import { isVerdict, type Judged, judgedRows } from './batch.ts'
import { reasonsOf } from './reasons.ts'

/** Codes of ours that tell the same as an error of upstream. */
const sameAs: Readonly<Record<string, readonly Code[]>> = {
  ErrorInvalidRef: ['provenance.source', 'provenance.builder'],
  ErrorMismatchBranch: ['provenance.source'],
  ErrorMismatchBuilderID: ['provenance.builder'],
  ErrorInvalidBuilderID: ['provenance.builder'],
  ErrorUntrustedReusableWorkflow: ['provenance.builder'],
  ErrorMismatchHash: ['provenance.subject'],
  ErrorInvalidHash: ['provenance.subject'],
  ErrorMismatchSource: ['provenance.source'],
  ErrorMalformedURI: ['provenance.source', 'provenance.mismatch', 'provenance.builder'],
  ErrorMismatchTag: ['provenance.source'],
  ErrorMismatchVersionedTag: ['provenance.source'],
  ErrorInvalidSemver: ['provenance.source'],
  ErrorMismatchWorkflowInputs: ['provenance.inputs'],
  ErrorMismatchCertificate: ['provenance.mismatch'],
  ErrorInvalidCertificate: ['certificate.untrusted', 'certificate.malformed'],
  ErrorInvalidDssePayload: ['provenance.payload', 'provenance.predicate', 'provenance.mismatch'],
  ErrorInvalidBuildType: ['provenance.predicate'],
  ErrorNonVerifiableClaim: ['provenance.predicate'],
  ErrorInvalidOIDCIssuer: ['provenance.builder'],
  ErrorNoValidSignature: ['signature.invalid', 'signature.malformed'],
  // Upstream found nothing in the log; these certificates are older than SCTs.
  ErrorRekorSearch: ['log.inclusion-not-shown', 'log.absent', 'sct.absent'],
  ErrorNoValidRekorEntries: ['log.inclusion-not-shown', 'log.absent', 'log.invalid', 'sct.absent'],
  ErrorInvalidRekorEntry: ['log.invalid', 'log.entry-mismatch', 'log.entry-malformed'],
}

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
const section = /## Where meshproof refuses what slsa-verifier accepts\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
/** Codes of the rules by which we refuse what upstream takes: the first column of the README's table. */
const stricter = [...section.matchAll(/^\| `([a-z.-]+)` \| [^|]{20,} \|$/gm)].map(([, code = '']) => code)

const kinds = ['slsa-artifact', 'slsa-image', 'github-attestation']
const codesOf = ({ answer }: Judged): readonly Code[] =>
  isVerdict(answer) ? answer.subjects.flatMap(reasonsOf).map(({ code }) => code) : []
const verdictOf = ({ answer }: Judged): string => (isVerdict(answer) ? answer.verdict : answer.problem.code)
const told = (one: Judged, why: string): string => `${one.row.request.id}: ${verdictOf(one)} ${codesOf(one)}; ${why}`

type Upstream = { readonly id: string; readonly expect: string; readonly reason: string }
const manifest: ReadonlyMap<string, Upstream> = hasCorpus
  ? new Map(
      (JSON.parse(readFileSync(join(corpus, 'MANIFEST.json'), 'utf8')) as readonly Upstream[]).map((one) => [
        one.id,
        one,
      ]),
    )
  : new Map()

type Case = { readonly id: string; readonly slsaVerifier?: { readonly exit: number } | null }
const measured: ReadonlyMap<string, number> = hasCorpus
  ? new Map(
      (JSON.parse(readFileSync(join(corpus, 'kong-release/cases.json'), 'utf8')) as readonly Case[]).flatMap(
        ({ id, slsaVerifier }) => (slsaVerifier ? [[`cases/${id}`, slsaVerifier.exit] as const] : []),
      ),
    )
  : new Map()

/** Registered by the test of the corpus, which has judged the rows already. */
export function holdUpstream(): void {
  test('the README names the stricter rules by codes that there are, each once and with its reason', () => {
    expect(stricter.length).toBeGreaterThan(5)
    expect(stricter.filter((code) => !isCode(code))).toEqual([])
    expect(new Set(stricter).size).toBe(stricter.length)
  })

  describe.runIf(hasCorpus)("slsa-verifier's own rows", () => {
    test.each(kinds)('%s: what it takes is trusted, or refused by a rule of the README', async (kind) => {
      const taken = (await judgedRows(kind)).filter(({ row }) => manifest.get(row.row)?.expect === 'pass')
      expect(taken.length).toBeGreaterThan(0)
      const wrong = taken.filter(
        (one) => verdictOf(one) !== 'trusted' && !codesOf(one).every((code) => stricter.includes(code)),
      )
      expect(wrong.map((one) => told(one, 'taken there'))).toEqual([])
      for (const one of taken) if (verdictOf(one) !== 'trusted') expect(codesOf(one), one.row.row).not.toEqual([])
    })

    test.each(kinds)('%s: what it refuses is never trusted, and for its reason', async (kind) => {
      const refused = (await judgedRows(kind)).filter(({ row }) => manifest.get(row.row)?.expect === 'fail')
      expect(refused.length).toBeGreaterThan(0)
      const wrong = refused.flatMap((one) => {
        const { reason = '' } = manifest.get(one.row.row) ?? {}
        const same = sameAs[reason] ?? []
        return ['rejected', 'inconclusive'].includes(verdictOf(one)) && codesOf(one).some((code) => same.includes(code))
          ? []
          : [told(one, reason)]
      })
      expect(wrong).toEqual([])
    })
  })

  describe.runIf(hasCorpus)('what slsa-verifier 2.7.1 said of the release', () => {
    test.each(['kong-release-provenance', 'kong-release-binary'])(
      '%s: the same, or a rule of the README',
      async (kind) => {
        const rows = (await judgedRows(kind)).filter(({ row }) => measured.has(row.row))
        const both = { taken: 0, refused: 0 }
        const wrong = rows.flatMap((one) => {
          const taken = measured.get(one.row.row) === 0
          both[taken ? 'taken' : 'refused']++
          if (!taken)
            return verdictOf(one) === 'trusted' && !one.row.expect.includes('trusted')
              ? [told(one, 'refused there')]
              : []
          return verdictOf(one) === 'trusted' || codesOf(one).some((code) => stricter.includes(code))
            ? []
            : [told(one, 'taken there')]
        })
        expect(wrong).toEqual([])
        expect(both.taken).toBeGreaterThan(0)
        expect(both.refused).toBeGreaterThan(0)
      },
    )
  })
}
