/** `verify vsa`: what another verifier says, in our spelling and in slsa-verifier's. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { corpus } from '../attacks/corpus.ts'
import { createAuthority } from '../authority/authority.ts'
import { githubDefaults, githubIssuer } from '../authority/github.ts'
import { newKey } from '../authority/keys.ts'
import { resource, saying, summary, verifier } from '../authority/summary.ts'
import { meshproof, type Ran, scratch } from './process.ts'

const room = scratch()
afterAll(() => room.remove())
const write = (name: string, content: string | object): string => {
  writeFileSync(join(room.path, name), typeof content === 'string' ? content : JSON.stringify(content))
  return join(room.path, name)
}

const authority = createAuthority()
const [key, stranger] = [newKey(), newKey('p384')]
const content = 'an archive'
const digest = digestOf(content)
const unlogged = { log: 'none', timestamp: false } as const
const good = authority.sign({ payload: summary(content), signer: key, ...unlogged }).bundle
const files = {
  app: write('app-1.2.3.tar.gz', content),
  bundle: write('app.vsa.json', good),
  envelope: write('app.intoto.jsonl', `${JSON.stringify(good.dsseEnvelope)}\n`),
  failed: write(
    'failed.json',
    authority.sign({
      payload: summary(content, saying({ verificationResult: 'FAILED' })),
      signer: key,
      ...unlogged,
    }).bundle,
  ),
  key: write('verifier.pub', key.pem),
  stranger: write('stranger.pub', stranger.pem),
  root: write('root.json', authority.trustedRoot()),
}
const ours = ['--verifier-id', verifier, '--resource-uri', resource]

const vsa = (args: readonly string[], output: readonly string[] = ['-o', 'json']): Promise<Ran> =>
  meshproof(['verify', 'vsa', ...args, ...output])
const decisive = ({ answers, stdout, stderr }: Ran) => {
  const found = answers
    .flatMap(({ subjects }) => subjects ?? [])
    .map(
      ({ findings }) =>
        findings.find(({ demand, candidate }) => demand === '/requirements/0' && candidate === undefined)?.code,
    )
  if (found.length === 0) throw new Error(stdout + stderr)
  return found
}

describe('spellings', () => {
  test.for([
    ['ours', [files.app, '--vsa', files.bundle, '--key', files.key, ...ours]],
    [
      "slsa-verifier's",
      [
        ...['--subject-digest', digest, '--attestation-path', files.envelope, '--public-key-path', files.key],
        ...['--public-key-id', '', '--public-key-hash-algo', 'SHA256', ...ours],
        ...['--verified-level', 'SLSA_BUILD_LEVEL_1', '--verified-level', 'REVIEWED'],
      ],
    ],
    [
      'levels as a list',
      [digest, '--vsa', files.bundle, '--key', files.key, ...ours, '--verified-levels', 'SLSA_BUILD_LEVEL_2,REVIEWED'],
    ],
    ['brought along', [files.app, '--given', files.bundle, '--key', files.key, ...ours]],
    ['under another name', [`other.tar.gz=${digest}`, '--vsa', files.bundle, '--key', files.key, ...ours]],
    [
      'young enough',
      [
        ...[files.app, '--vsa', files.bundle, '--key', files.key, ...ours],
        ...['--max-age', 'P1D', '--at', '2026-01-15T13:00:00Z'],
      ],
    ],
  ] as const)('%s', async ([, args]) => {
    const ran = await vsa(args)
    expect([ran.code, decisive(ran)], ran.stderr).toEqual([0, ['requirement.met']])
  })

  test.for([
    ['vsa.verifier', ['--verifier-id', `${verifier}2`, '--resource-uri', resource, '--key', files.key]],
    ['vsa.resource', ['--verifier-id', verifier, '--resource-uri', `${resource}2`, '--key', files.key]],
    ['vsa.level', [...ours, '--key', files.key, '--verified-level', 'SLSA_BUILD_LEVEL_3']],
    ['signature.invalid', [...ours, '--key', files.stranger]],
    ['signature.invalid', [...ours, '--key', files.key, '--public-key-hash-algo', 'sha-512']],
    ['signature.key-id', [...ours, '--key', files.key, '--public-key-id', 'keystore://x']],
    ['vsa.stale', [...ours, '--key', files.key, '--max-age', 'P1D', '--at', '2026-02-15T13:00:00Z']],
  ] as const)('each demand refuses: %s', async ([code, args]) => {
    const ran = await vsa([files.app, '--vsa', files.bundle, ...args])
    expect([ran.code, decisive(ran)]).toEqual([1, [code]])
  })

  test('every digest that is named must be vouched for', async () => {
    const args = ['--attestation-path', files.bundle, '--key', files.key, ...ours]
    const other = digestOf('another')
    const ran = await vsa(['--subject-digest', digest, '--subject-digest', other, ...args])
    expect([ran.code, decisive(ran)]).toEqual([1, ['requirement.met', 'vsa.subject']])
  })

  test('an identity and its issuer in place of a key, in a log and at a signed time', async () => {
    const { owner, repository, workflow } = githubDefaults
    const identity = `https://github.com/${owner}/${repository}/${workflow}@refs/tags/2.14.3`
    const { bundle } = authority.sign({ payload: summary(content) })
    const keyless = (san: string) =>
      vsa([
        ...[files.app, '--vsa', write('keyless.json', bundle), ...ours, '--trusted-root', files.root, '--offline'],
        ...['--certificate-identity', san, '--certificate-oidc-issuer', githubIssuer, '--at', '2026-01-15T13:00:00Z'],
      ])
    expect((await keyless(identity)).code).toBe(0)
    const refused = await keyless(`${identity}0`)
    expect([refused.code, decisive(refused)]).toEqual([1, ['identity.san']])
    const unlogged = await vsa([
      files.app,
      '--vsa',
      files.bundle,
      ...ours,
      '--trusted-root',
      files.root,
      '--offline',
      '--certificate-identity',
      identity,
      '--certificate-oidc-issuer',
      githubIssuer,
    ])
    expect(unlogged.code).toBe(1)
  })
})

test('--print-attestation gives the signed bytes, of what is trusted only', async () => {
  const args = ['--key', files.key, ...ours, '--print-attestation']
  const ran = await vsa([files.app, '--vsa', files.bundle, ...args], [])
  expect(ran.stdout).toBe(`${JSON.stringify(summary(content))}\n`)
  expect(ran.stderr).toContain('trusted')
  const refused = await vsa([files.app, '--vsa', files.failed, ...args], [])
  expect([refused.code, refused.stdout]).toEqual([1, ''])
})

test('a person reads what was expected and what was found', async () => {
  const { code, stdout } = await vsa([files.app, '--vsa', files.failed, '--key', files.key, ...ours, '--explain'], [])
  expect(code).toBe(1)
  expect(stdout).toContain('The verifier did not let this artifact pass: FAILED.')
  expect(stdout).toContain('Verification summary')
  const good = await vsa([files.app, '--vsa', files.bundle, '--key', files.key, ...ours], [])
  expect(good.stdout.replace(/\s+/g, ' ')).toContain(
    `Vouched for by ${verifier} with SLSA_BUILD_LEVEL_2, SLSA_SOURCE_LEVEL_1, REVIEWED; signed by a key of the policy.`,
  )
  const cosign = await vsa([files.app, '--vsa', files.bundle, '--key', files.key, ...ours, '--explain', 'cosign'], [])
  expect(cosign.stdout).toContain('--type=https://slsa.dev/verification_summary/v1')
  expect(cosign.stdout).toContain('what the summary says')
})

test('a pack judges to the same bytes again, and otherwise under another policy', async () => {
  const pack = join(room.path, 'pack')
  const ran = await vsa([files.app, '--vsa', files.bundle, '--key', files.key, ...ours, '--save-pack', pack])
  expect(ran.code).toBe(0)
  const again = await meshproof(['replay', pack, '-o', 'json'])
  expect([again.code, again.answers[0]?.subjects?.[0]?.verdictId]).toEqual([
    0,
    ran.answers[0]?.subjects?.[0]?.verdictId,
  ])
  const strict = write('strict.json', {
    schema: 'urn:meshproof:policy:v1',
    name: 'strict',
    requirements: [
      {
        id: 'VSA',
        candidate: 'attestation',
        signer: { keys: [{ key: { path: 'verifier.pub' } }] },
        transparency: { log: 0 },
        vsa: { verifier, resource, levels: ['SLSA_BUILD_LEVEL_3'] },
      },
    ],
  })
  expect((await meshproof(['replay', pack, '--policy', strict, '-o', 'json'])).code).toBe(1)
  expect((await vsa([files.app, '--vsa', files.bundle, '--policy', strict])).code).toBe(1)
})

describe('what is wrong with the question is said before anything is judged', () => {
  test.for([
    ['usage.unknown', 'Of which artifact', ['--vsa', files.bundle, '--key', files.key, ...ours]],
    ['vsa.not-given', '--attestation-path', [files.app, '--key', files.key, ...ours]],
    ['usage.unknown', '--verifier-id URI', [files.app, '--vsa', files.bundle, '--key', files.key]],
    ['usage.unknown', 'What is demanded', [files.app, '--vsa', files.bundle]],
    ['usage.unknown', 'Who may sign', [files.app, '--vsa', files.bundle, ...ours]],
    [
      'usage.unknown',
      'not both',
      [files.app, '--vsa', files.bundle, ...ours, '--key', files.key, '--policy', files.key],
    ],
    [
      'usage.unknown',
      'SLSA_BUILD_LEVEL_X',
      [files.app, '--vsa', files.bundle, ...ours, '--key', files.key, '--verified-level', 'SLSA_BUILD_LEVEL_X'],
    ],
    ['usage.unknown', 'P7D', [files.app, '--vsa', files.bundle, ...ours, '--key', files.key, '--max-age', '7 days']],
    [
      'usage.unknown',
      'SHA384',
      [files.app, '--vsa', files.bundle, ...ours, '--key', files.key, '--public-key-hash-algo', 'md5'],
    ],
    [
      'usage.unknown',
      'gce_image_id:897',
      ['--subject-digest', 'gce_image_id:897', '--vsa', files.bundle, ...ours, '--key', files.key],
    ],
    [
      'usage.unknown',
      'belong to --key',
      [
        files.app,
        '--vsa',
        files.bundle,
        ...ours,
        '--public-key-id',
        'x',
        '--certificate-identity',
        'a',
        '--certificate-oidc-issuer',
        'b',
      ],
    ],
    ['request.path-not-found', 'nowhere.pub', [files.app, '--vsa', files.bundle, ...ours, '--key', 'nowhere.pub']],
    [
      'usage.unknown',
      '--print-attestation writes',
      [files.app, '--vsa', files.bundle, ...ours, '--key', files.key, '--print-attestation', '-o', 'json'],
    ],
  ] as const)('%s: %s', async ([code, words, args]) => {
    const ran = await vsa(args, [])
    expect(ran.code, ran.stderr).toBe(2)
    expect(ran.stderr.replace(/\s+/g, ' ')).toContain(words)
    expect(ran.stderr).toContain(code)
  })
})

type Row = {
  readonly id: string
  readonly kind: string
  readonly expect: 'pass' | 'fail'
  readonly how: {
    readonly attestation: string
    readonly publicKey: string
    readonly publicKeyId?: string
    readonly verifierId?: string
    readonly resourceUri?: string
    readonly verifiedLevels?: readonly string[]
  }
}
const manifest = join(corpus, 'MANIFEST.json')

describe.skipIf(!existsSync(manifest))("slsa-verifier's own test data", () => {
  const rows = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as readonly Row[]).filter(({ kind }) => kind === 'vsa')
    : []
  const all = rows.find(({ how }) => how.verifierId !== undefined)?.how

  test('its images have no digest but a number, so nothing is shown of any bytes; all the rest agrees', async () => {
    expect(rows.length).toBeGreaterThanOrEqual(3)
    for (const { id, expect: expected, how } of rows) {
      const ran = await vsa([
        ...[digest, '--attestation-path', join(corpus, how.attestation)],
        ...['--public-key-path', join(corpus, how.publicKey), '--public-key-id', how.publicKeyId ?? ''],
        ...['--verifier-id', all?.verifierId ?? '', '--resource-uri', all?.resourceUri ?? ''],
        ...(all?.verifiedLevels ?? []).flatMap((level) => ['--verified-level', level]),
      ])
      const wanted = expected === 'pass' ? [3, ['payload.digest-weak']] : [1, ['signature.key-id']]
      expect({ id, found: [ran.code, decisive(ran)] }).toEqual({ id, found: wanted })
    }
  })
})
