/** What slsa-verifier and cosign said of summaries that meshproof signed (`scripts/record-verifiers.ts`), and what ours says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { meshproof } from './process.ts'
import { type Recorded, summaries } from './recorded.ts'

const rows = JSON.parse(readFileSync(join(summaries, 'recorded.json'), 'utf8')) as readonly Recorded[]
const of = (...tools: readonly Recorded['tool'][]) => rows.filter(({ tool }) => tools.includes(tool))
/** slsa-verifier 2.7.1 does not know the word of the specification that says that nothing is claimed. */
const unread = 'SLSA_BUILD_LEVEL_UNEVALUATED'

describe('slsa-verifier verify-vsa', () => {
  test('took what we signed, and refused six single faults', () => {
    const [taken, refused] = [0, 1].map((exit) => of('slsa-verifier').filter((row) => row.exit === exit))
    expect(taken?.map(({ said }) => said)).toEqual(['Verifying VSA: PASSED', 'Verifying VSA: PASSED'])
    expect(refused?.length).toBe(7)
    for (const { version } of of('slsa-verifier')) expect(version).toMatch(/^2\.\d+\.\d+$/)
  })

  test.for(of('slsa-verifier'))('ours, asked with the very same flags: $what', async ({ args, exit, said }) => {
    const ran = await meshproof(['verify', 'vsa', ...args.slice(1)], { cwd: summaries })
    expect(ran.code, ran.stdout + ran.stderr).toBe(said.includes(unread) ? 0 : exit)
  })
})

describe('cosign verify-blob-attestation', () => {
  test('two majors took what we signed: the summary as a bundle and as an envelope, and the result', () => {
    const taken = of('cosign2', 'cosign3').filter(({ exit }) => exit === 0)
    expect(taken.map(({ tool, what, said }) => `${tool} ${what}: ${said}`)).toEqual([
      'cosign3 the bundle of the summary: Verified OK',
      'cosign3 the bundle of the result: Verified OK',
      'cosign3 without a claim: Verified OK',
      'cosign2 the envelope of the summary: Verified OK',
    ])
  })

  const summarised = of('cosign2', 'cosign3').filter(
    ({ args }) => !args.includes('https://in-toto.io/attestation/svr/v0.2'),
  )
  test.for(summarised)('ours says the same: $tool, $what', async ({ args, exit }) => {
    const [, , file = '', , key = ''] = args
    const ran = await meshproof(
      [
        ...['verify', 'vsa', args.at(-1) ?? '', '--vsa', file, '--key', key],
        ...['--verifier-id', 'https://verifier.example/v1', '--resource-uri', 'https://downloads.example/app'],
      ],
      { cwd: summaries },
    )
    expect(ran.code, ran.stdout + ran.stderr).toBe(exit)
  })
})
