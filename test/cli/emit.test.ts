/** `--emit-vsa`: a verdict, signed for others; what it says is what was shown, and our own `verify vsa` takes it. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { statement } from '../authority/cosign-bundle.ts'
import { generatorCertificate, type ProvenanceOptions, provenance } from '../authority/provenance.ts'
import { resource, verifier } from '../authority/summary.ts'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { meshproof, scratch } from './process.ts'
import { authority, hold, key, policyFiles, sign, smallImage, stranger } from './scene.ts'

const room = scratch()
const files = policyFiles(room.path)
afterAll(() => room.remove())
const at = (name: string): string => join(room.path, name)
const write = (name: string, content: string | object): string => {
  writeFileSync(at(name), typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
  return at(name)
}
const pemOf = (algorithm: 'ec' | 'ed25519' | 'rsa', more: object = {}) => {
  const made = generateKeyPairSync(algorithm as 'ec', { namedCurve: 'P-256', ...more })
  return {
    secret: made.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    open: made.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  }
}
const own = pemOf('ec')
const signing = { secret: write('vsa.key', own.secret), open: write('vsa.pub', own.open) }
const root = write('root.json', authority.trustedRoot())

const content = 'an archive'
const app = write('app.tar.gz', content)
const unlogged = { signer: key, log: 'none', timestamp: false } as const
const bundle = write(
  'app.sigstore.json',
  authority.sign({
    payload: statement({ digest: digestOf(content), predicateType: 'https://example.org/v1' }),
    ...unlogged,
  }).bundle,
)
let count = 0
/** A new name for each summary: none is ever written over. */
const fresh = (): string => at(`summary-${count++}.json`)

const emitting = (out: string, more: readonly string[] = ['--signing-key', signing.secret]) => [
  ...['--emit-vsa', out, '--verifier-id', verifier, '--resource-uri', resource, ...more],
]
const verifyBundle = (args: readonly string[], more: readonly string[] = ['--policy', files.policy]) =>
  meshproof(['verify', 'bundle', '--bundle', bundle, app, ...more, ...args])

type Predicate = Record<string, unknown> & {
  readonly verificationResult?: string
  readonly verifiedLevels?: readonly string[]
  readonly properties?: readonly string[]
}
type Signed = {
  readonly _type: string
  readonly subject: readonly { readonly name?: string; readonly digest: Record<string, string> }[]
  readonly predicateType: string
  readonly predicate: Predicate
}
function signed(file: string): Signed {
  const read = JSON.parse(readFileSync(file, 'utf8'))
  const { payload } = read.dsseEnvelope ?? read
  return JSON.parse(Buffer.from(payload, 'base64').toString('utf8'))
}
const svrOf = (file: string): string => file.replace(/\.json$/, '.svr.json')

const takes = (vsa: string, more: readonly string[] = [], artifact: string = app) =>
  meshproof([
    ...['verify', 'vsa', artifact, '--vsa', vsa, '--key', signing.open, '--verifier-id', verifier],
    ...['--resource-uri', resource, ...more, '-o', 'json'],
  ])

describe('a trusted file', () => {
  test('its summary says what was shown, and no more; the result beside it names the checks and the key', async () => {
    const out = fresh()
    const ran = await verifyBundle([...emitting(out), '-o', 'json'])
    expect([ran.code, ran.stderr.includes(out)], ran.stderr).toEqual([0, true])
    const [answer] = ran.answers
    const [subject] = answer?.subjects ?? []
    const policy = {
      uri: 'urn:meshproof:policy:own-key',
      digest: { sha256: subject?.inputs.policy.slice('sha256:'.length) },
    }
    const shared = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'app.tar.gz', digest: { sha256: digestOf(content).slice('sha256:'.length) } }],
    }
    expect(signed(out)).toEqual({
      ...shared,
      predicateType: 'https://slsa.dev/verification_summary/v1',
      predicate: {
        verifier: { id: verifier, version: { meshproof: answer?.versions?.['meshproof'] } },
        timeVerified: answer?.at,
        resourceUri: resource,
        policy,
        inputAttestations: [{ digest: { sha256: digestOf(readFileSync(bundle)).slice('sha256:'.length) } }],
        verificationResult: 'PASSED',
        verifiedLevels: ['SLSA_BUILD_LEVEL_UNEVALUATED'],
        slsaVersion: '1.2',
      },
    })
    expect(signed(svrOf(out))).toEqual({
      ...shared,
      predicateType: 'https://in-toto.io/attestation/svr/v0.2',
      predicate: {
        verifier: { id: verifier, policies: [policy] },
        timeCreated: answer?.at,
        properties: ['MESHPROOF_CHECK:own', `MESHPROOF_KEY:${digestOf(key.spki)}`],
      },
    })
  })

  test.for(['bundle', 'envelope'])('our own verify vsa takes it, as a %s', async (form) => {
    const out = fresh()
    expect((await verifyBundle([...emitting(out), '--emit-as', form])).code).toBe(0)
    expect(JSON.parse(readFileSync(out, 'utf8'))).toHaveProperty(form === 'bundle' ? 'dsseEnvelope' : 'payload')
    const level = ['--verified-level', 'SLSA_BUILD_LEVEL_UNEVALUATED']
    expect((await takes(out, level)).code).toBe(0)
    expect((await takes(out, ['--verified-level', 'SLSA_BUILD_LEVEL_1'])).code).toBe(1)
    expect((await takes(out, [], write('other.tar.gz', 'another'))).code).toBe(1)
    expect((await takes(out, ['--public-key-hash-algo', 'sha384'])).code).toBe(1)
  })

  test('--key with a private key is what signs; public ones beside it are what is demanded', async () => {
    const out = fresh()
    const ran = await verifyBundle(emitting(out, ['--key', signing.secret]), [
      '--key',
      files.key,
      '--insecure-ignore-tlog',
    ])
    expect(ran.code, ran.stderr).toBe(0)
    expect((await takes(out)).code).toBe(0)
    const wrong = await verifyBundle(emitting(fresh(), ['--key', signing.secret]), [
      '--key',
      signing.open,
      '--insecure-ignore-tlog',
    ])
    // Signed by another than the demanded key: rejected, and the key that signs is trusted by this very policy.
    expect([wrong.code, wrong.stderr.includes('signing.own-key')]).toEqual([2, true])
  })

  test.for([
    ['P-384', pemOf('ec', { namedCurve: 'P-384' })],
    ['Ed25519', pemOf('ed25519')],
    ['RSA', pemOf('rsa', { modulusLength: 2048 })],
  ] as const)('a key of another kind: %s', async ([name, pair]) => {
    const out = fresh()
    const ran = await verifyBundle(emitting(out, ['--signing-key', write(`${name}.key`, pair.secret)]))
    expect(ran.code, ran.stderr).toBe(0)
    const taken = await takes(out, ['--key', write(`${name}.pub`, pair.open)])
    // Two keys of one verifier: one is enough.
    expect(taken.code, taken.stdout).toBe(0)
    expect((await takes(out)).code).toBe(1)
  })
})

describe('levels', () => {
  const binary = (out: string, options: Partial<ProvenanceOptions>, builder: readonly string[] = []) => {
    const made = {
      generator: 'generic',
      subjects: [{ name: 'app.tar.gz', digest: { sha256: digestOf(content).slice(7) } }],
      ...options,
    } as const
    const { bundle: built } = authority.sign({ payload: provenance(made), github: generatorCertificate(made) })
    return meshproof([
      ...['verify', 'binary', app, '--provenance', write(`provenance-${count}.json`, built), '--trusted-root', root],
      ...['--source-uri', 'github.com/Kong/kong-mesh', '--at', '2026-01-15T13:00:00Z', '--offline', ...builder],
      ...emitting(out),
    ])
  }

  test('a builder of the table vouches for its level, and who it was stands in the result', async () => {
    const out = fresh()
    const ran = await binary(out, {})
    expect(ran.code, ran.stderr + ran.stdout).toBe(0)
    expect(signed(out).predicate).toMatchObject({
      verificationResult: 'PASSED',
      verifiedLevels: ['SLSA_BUILD_LEVEL_3'],
      timeVerified: '2026-01-15T13:00:00.000Z',
    })
    const { properties = [] } = signed(svrOf(out)).predicate
    expect(properties).toContain('SLSA_BUILD_LEVEL_3')
    expect(properties.find((one) => one.startsWith('MESHPROOF_BUILDER:'))).toMatch(
      /generator_generic_slsa3\.yml@refs\/tags\/v2\.1\.0$/,
    )
    expect(properties.find((one) => one.startsWith('MESHPROOF_SOURCE:'))).toContain('github.com/Kong/kong-mesh')
    expect((await takes(out, ['--verified-level', 'SLSA_BUILD_LEVEL_2'])).code).toBe(0)
    expect((await takes(out, ['--verified-level', 'SLSA_BUILD_LEVEL_4'])).code).toBe(1)
  })

  test('T61 of a builder that is not in the table none is claimed', async () => {
    const out = fresh()
    const { owner, repository, workflow } = {
      owner: 'Kong',
      repository: 'kong-mesh',
      workflow: '.github/workflows/own.yaml',
    }
    const id = `https://github.com/${owner}/${repository}/${workflow}`
    const made = {
      generator: 'generic',
      subjects: [{ name: 'app.tar.gz', digest: { sha256: digestOf(content).slice(7) } }],
    } as const
    const payload = provenance({
      ...made,
      edit: (one) => ({ ...one, predicate: { ...one.predicate, builder: { id: `${id}@refs/tags/v2.1.0` } } }),
    })
    const github = { ...generatorCertificate(made), signer: { owner, repository, workflow, ref: 'refs/tags/v2.1.0' } }
    const { bundle: built } = authority.sign({ payload, github })
    const ran = await meshproof([
      ...['verify', 'binary', app, '--provenance', write('own-builder.json', built), '--trusted-root', root],
      ...['--source-uri', 'github.com/Kong/kong-mesh', '--builder-id', id, '--at', '2026-01-15T13:00:00Z', '--offline'],
      ...emitting(out),
    ])
    expect(ran.code, ran.stdout).toBe(0)
    expect(signed(out).predicate.verifiedLevels).toEqual(['SLSA_BUILD_LEVEL_UNEVALUATED'])
  })

  test('rejected: FAILED, no level, and nothing of what failed', async () => {
    const out = fresh()
    const ran = await binary(out, { github: { repository: 'kong-mesh-fork' } })
    expect([ran.code, ran.stderr.includes('No SVR beside it')]).toEqual([1, true])
    expect(existsSync(svrOf(out))).toBe(false)
    const { predicate } = signed(out)
    expect([predicate.verificationResult, predicate.verifiedLevels]).toEqual(['FAILED', ['FAILED']])
    expect(JSON.stringify(predicate)).not.toContain('fork')
    const taken = await takes(out)
    expect(taken.code).toBe(1)
    expect(taken.stdout).toContain('"vsa.not-passed"')
  })
})

describe('an image', () => {
  let registry: TestRegistry
  beforeAll(async () => {
    registry = await startRegistry()
  })
  afterAll(() => registry.close())

  test('the index and its platforms are subjects, by default known by name and digest; one unsigned fails all', async () => {
    const image = smallImage('emitted')
    hold(registry, 'team/app', image.index, '1.0.0')
    sign(registry, 'team/app', image.index)
    const emit = (out: string, more: readonly string[] = []) =>
      meshproof([
        ...['verify', 'image', `${registry.host}/team/app:1.0.0`, '--policy', files.policy, ...more],
        ...['--emit-vsa', out, '--verifier-id', verifier, '--signing-key', signing.secret],
      ])
    const out = fresh()
    const ran = await emit(out)
    expect(ran.code, ran.stderr).toBe(0)
    const hex = (digest: string) => ({ sha256: digest.slice('sha256:'.length) })
    const { subject, predicate } = signed(out)
    expect(subject).toEqual([
      { name: `${registry.host}/team/app`, digest: hex(image.index.digest) },
      { digest: hex(image.amd64.digest) },
      { digest: hex(image.arm64.digest) },
    ])
    const uri = `oci://${registry.host}/team/app@${image.index.digest}`
    expect(predicate['resourceUri']).toBe(uri)
    for (const digest of [image.index.digest, image.arm64.digest])
      expect((await takes(out, ['--resource-uri', uri], digest)).code).toBe(0)
    const strict = write('strict.json', { ...JSON.parse(readFileSync(files.policy, 'utf8')), inherit: [] })
    const failed = fresh()
    expect((await emit(failed, ['--policy', strict])).code).toBe(1)
    expect(signed(failed).predicate.verificationResult).toBe('FAILED')
  })

  test('what has no digest has no summary, and what could not be told neither', async () => {
    const out = fresh()
    const emit = (image: string, more: readonly string[]) =>
      meshproof(['verify', 'image', image, '--policy', files.policy, ...emitting(out), ...more])
    const absent = await emit(`${registry.host}/team/nothing:1.0.0`, [])
    expect([absent.code, absent.stderr.includes('no digest was found')]).toEqual([1, true])
    const open = await emit('registry.example/team/app:1', ['--offline'])
    expect([open.code, open.stderr.includes('the verdict is inconclusive')]).toEqual([3, true])
    expect([existsSync(out), existsSync(svrOf(out))]).toEqual([false, false])
  })
})

describe('what cannot be signed is said before anything is judged, and keeps its secret', () => {
  const passphrase = 'correct horse'
  const locked = write(
    'locked.key',
    createPrivateKey(own.secret).export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString(),
  )
  const there = write('there.json', '{}')

  test.for([
    ['usage.unknown', 'something in', emitting(there)],
    ['usage.unknown', 'Who signs', emitting(fresh(), [])],
    ['usage.unknown', '--resource-uri', ['--emit-vsa', fresh(), '--signing-key', signing.secret]],
    ['usage.unknown', 'belongs to --emit-vsa', ['--signing-key', signing.secret]],
    ['usage.unknown', 'One key signs', emitting(fresh(), ['--signing-key', signing.secret, '--key', locked])],
    ['usage.unknown', 'bundle or envelope', [...emitting(fresh()), '--emit-as', 'jwt']],
    ['usage.unknown', 'name one file', [...emitting(at('same.json')), '--emit-svr', at('same.json')]],
    ['signing.key-unreadable', 'MESHPROOF_SIGNING_PASSPHRASE is not set', emitting(fresh(), ['--signing-key', locked])],
    ['signing.key-unreadable', 'no private key', emitting(fresh(), ['--signing-key', signing.open])],
    [
      'signing.key-unreadable',
      'RSA of 1024 bits',
      emitting(fresh(), ['--signing-key', write('weak.key', pemOf('rsa', { modulusLength: 1024 }).secret)]),
    ],
    [
      'signing.key-unreadable',
      'only cosign opens',
      emitting(fresh(), [
        '--signing-key',
        write('cosign.key', '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\neyJ=\n'),
      ]),
    ],
    ['request.path-not-found', 'nowhere.key', emitting(fresh(), ['--signing-key', 'nowhere.key'])],
  ] as const)('%s: %s', async ([code, words, args]) => {
    const ran = await verifyBundle(args)
    expect([ran.code, ran.stdout], ran.stderr).toEqual([2, ''])
    expect(ran.stderr).toContain(code)
    expect(ran.stderr.replace(/\s+/g, ' ')).toContain(words)
    for (const line of own.secret.split('\n').filter((one) => one.length > 40)) expect(ran.stderr).not.toContain(line)
  })

  test('a locked key opens with its passphrase only, which nobody sees', async () => {
    const out = fresh()
    const how = (value: string) => ({ env: { MESHPROOF_SIGNING_PASSPHRASE: value } })
    const args = [
      'verify',
      'bundle',
      '--bundle',
      bundle,
      app,
      '--policy',
      files.policy,
      ...emitting(out, ['--signing-key', locked]),
    ]
    const wrong = await meshproof(args, how('battery staple'))
    expect([wrong.code, wrong.stderr.includes('signing.key-unreadable')]).toEqual([2, true])
    expect(wrong.stderr).not.toContain('battery')
    const right = await meshproof(args, how(passphrase))
    expect([right.code, `${right.stdout}${right.stderr}`.includes('horse')], right.stderr).toEqual([0, false])
    expect(readFileSync(out, 'utf8')).not.toContain('horse')
    expect((await takes(out)).code).toBe(0)
  })

  test('T62 a key that the policy trusts signs no summary of it: its twin, another key, does', async () => {
    const trusted = write('trusted.key', key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
    const out = fresh()
    const ran = await verifyBundle(emitting(out, ['--signing-key', trusted]))
    expect([ran.code, ran.stderr.includes('signing.own-key'), existsSync(out)]).toEqual([2, true, false])
    const other = write('stranger.key', stranger.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
    expect((await verifyBundle(emitting(out, ['--signing-key', other]))).code).toBe(0)
    expect(existsSync(out)).toBe(true)
  })

  test('a key that others may read is used, and said', async () => {
    const open = write('open.key', own.secret)
    chmodSync(open, 0o644)
    const ran = await verifyBundle(emitting(fresh(), ['--signing-key', open]))
    expect([ran.code, ran.stderr.includes('chmod 600')]).toEqual([0, true])
    expect((await verifyBundle(emitting(fresh()))).stderr).not.toContain('chmod')
  })

  test('a folder that is not there', async () => {
    const ran = await verifyBundle(emitting(at('no/folder/vsa.json')))
    expect([ran.code, ran.stderr.includes('signing.not-written')]).toEqual([2, true])
  })

  test('one artifact at a time', async () => {
    const ran = await meshproof(['verify', 'image', 'a:1', 'b:1', '--policy', files.policy, ...emitting(fresh())])
    expect([ran.code, ran.stderr.includes('name one')]).toEqual([2, true])
  })

  test('verify binary takes no key but the one that signs', async () => {
    const args = ['verify', 'binary', app, '--provenance', bundle, '--source-uri', 'github.com/Kong/kong-mesh']
    const ran = await meshproof([...args, '--key', signing.open, ...emitting(fresh())])
    expect([ran.code, ran.stderr.includes('signed by a builder')]).toEqual([2, true])
    expect((await meshproof([...args, '--key', signing.open])).code).toBe(2)
  })
})
