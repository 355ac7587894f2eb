import { describe, expect, test } from 'vitest'
import { rules } from '../../src/core/verdict.ts'
import { hasCorpus } from '../attacks/corpus.ts'
import { isVerdict, judgedRows, kinds } from './batch.ts'
import { digestOfAll, golden, whatToDo } from './golden.ts'
import { differences, foreseen, reasonsOf, strayReasons } from './reasons.ts'
import { holdUpstream } from './upstream.ts'

// Thousands of rows are judged by whichever test asks first.
describe.runIf(hasCorpus)('the corpus through the batch', { timeout: 300_000 }, () => {
  test.each(kinds)('%s: every row gets the verdict that counts as right', async (kind) => {
    const wrong = (await judgedRows(kind)).flatMap(({ row, answer }) => {
      const right = row.strict === undefined ? row.expect : row.expect.filter((verdict) => verdict === row.strict)
      return isVerdict(answer) && right.includes(answer.verdict)
        ? []
        : [`${row.request.id}: ${isVerdict(answer) ? answer.verdict : answer.problem.title}, right is ${right.join()}`]
    })
    expect(wrong).toEqual([])
  })

  test.each(kinds)('%s: answers keep the order of the requests and their ids', async (kind) => {
    const all = await judgedRows(kind)
    expect(all.map(({ answer }) => answer.id)).toEqual(all.map(({ row }) => row.request.id))
  })

  // Who rejects everything, or can never tell, does not pass.
  test.each(kinds)(
    '%s: some rows are trusted, some rejected, and a trusted row has a proven requirement',
    async (kind) => {
      const answers = (await judgedRows(kind)).flatMap(({ answer }) => (isVerdict(answer) ? [answer] : []))
      const trusted = answers.filter(({ verdict }) => verdict === 'trusted')
      expect(trusted.length).toBeGreaterThan(0)
      expect(answers.filter(({ verdict }) => verdict === 'rejected').length).toBeGreaterThan(0)
      for (const { subjects } of trusted)
        for (const { findings } of subjects)
          expect(
            findings.some(({ code, outcome, basis }) => {
              return code === 'requirement.met' && outcome === 'pass' && basis === 'cryptographic'
            }),
          ).toBe(true)
    },
  )

  test('under the same rules all outcomes and findings are the same', async () => {
    const all = await Promise.all(kinds.map(judgedRows))
    const digest = digestOfAll(all.flat())
    expect({ rules, digest }, whatToDo(digest)).toEqual(golden)
  })

  // Policies of the other kinds name the builder as a keyless signer: what is wrong with it is wrong with the identity.
  test.each(['kong-release-signature', 'kong-release-layout', 'kong-release-profile'])(
    '%s: what is not trusted says why in the area foreseen',
    async (kind) => {
      const { stray, compared } = strayReasons(await judgedRows(kind))
      expect(stray).toEqual([])
      expect(compared).toBeGreaterThan(30)
    },
  )

  test('every difference in reasons is one, and of a case that is there', () => {
    for (const [row, { area }] of Object.entries(differences))
      expect([undefined, area]).not.toContain(foreseen.get(row))
  })

  // What needs a signed time is folded into the one thing that is missing: the log was not asked.
  test('a bare envelope without its log entry is told by one code alone', async () => {
    const open = (await judgedRows('slsa-artifact')).filter(({ row }) => row.expect.join() === 'inconclusive')
    const codes = open.map(({ answer }) => [
      ...new Set(
        isVerdict(answer)
          ? answer.subjects.flatMap(({ findings }) =>
              findings.filter(({ outcome }) => outcome === 'fail' || outcome === 'error').map(({ code }) => code),
            )
          : [],
      ),
    ])
    expect(open.length).toBeGreaterThan(300)
    expect([...new Set(codes.map((list) => list.join()))]).toEqual(['log.inclusion-not-shown'])
  })

  test('an unsigned twin is rejected as absent, and an image of before signatures proves nothing', async () => {
    const rows = await judgedRows('kong-release-layout')
    const reasons = (id: string) => {
      const answer = rows.find(({ row }) => row.request.id === id)?.answer
      if (answer === undefined || !isVerdict(answer)) throw new Error(`no verdict on ${id}`)
      const { verdict, subjects } = answer
      return { verdict, codes: subjects.map((subject) => reasonsOf(subject).map(({ code }) => code)) }
    }
    const absent = ['signature.absent']
    expect(reasons('release-cosign2/ubi-kuma-dp:2.14.3')).toEqual({
      verdict: 'rejected',
      codes: [absent, absent, absent],
    })
    expect(reasons('release-cosign2/kuma-cp:2.7.3')).toEqual({ verdict: 'inconclusive', codes: [[], [], []] })
  })
})

holdUpstream()
