/** Policies of every shape that loads. */
import fc from 'fast-check'
import { type LoadedPolicy, loadPolicy } from '../../src/policy/read.ts'
import { githubDefaults, githubIssuer } from '../authority/github.ts'
import { keys } from './world.ts'

const { owner, repository, workflow } = githubDefaults
const san = `https://github.com/${owner}/${repository}/${workflow}@refs/tags/2.14.3`
const parts = { host: 'github.com', owner, repository, workflow }

/** Mostly left out: what demands little is met now and then. */
const optionally = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })

const identity = fc.oneof(
  fc.constantFrom({ is: san }, { is: `${san}0` }, { matches: '.*kong-mesh.*' }, { matches: 'kong-mesh', loose: true }),
  fc.constantFrom('release-tag', { tag: '2.14.3' }, { branch: 'main' }, undefined).map((ref) => ({
    ...parts,
    ...(ref !== undefined && { ref }),
  })),
)
const keyless = fc.record(
  {
    issuer: fc.constantFrom(githubIssuer, githubIssuer, githubIssuer, 'https://issuer.example'),
    identity,
    certificate: fc.constantFrom({ buildTrigger: 'push' }, { buildTrigger: 'push', runnerEnvironment: 'self-hosted' }),
  },
  { requiredKeys: ['issuer', 'identity'] },
)
const own = fc.subarray([...keys], { minLength: 1 }).map((some) => ({
  keys: some.map(({ pem }) => ({ key: { base64: Buffer.from(pem).toString('base64') } })),
}))
const builder = fc.constantFrom(
  {
    builder: 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml',
  },
  { builder: 'trusted' },
)
const signer = fc.oneof(
  { weight: 3, arbitrary: keyless },
  { weight: 2, arbitrary: own },
  { weight: 1, arbitrary: builder },
)

const few = fc.constantFrom(0, 0, 1, 2)
const transparency = fc.record({ log: few, sct: few, time: few, proof: fc.boolean() }, { requiredKeys: [] })
const annotations = fc.dictionary(
  fc.constantFrom('repo', 'a/b~c', 'constructor', 'sha'),
  fc.constantFrom('Kong/kong-mesh', { certificate: 'sourceRepositoryDigest', optional: true }, ''),
  { maxKeys: 3 },
)
const provenance = fc.record(
  {
    source: fc.record(
      {
        uri: fc.constantFrom('github.com/Kong/kong-mesh', 'github.com/Evil/kong-mesh'),
        tag: fc.constantFrom('2.14.3', { release: true }),
        branch: fc.constant('main'),
      },
      { requiredKeys: ['uri'] },
    ),
    trigger: fc.constantFrom(['push'], ['workflow_dispatch', 'release']),
    workflow: fc.constant('build-test-distribute'),
    inputs: fc.constant({ release: 'true' }),
    fileName: fc.constant('demanded'),
  },
  { requiredKeys: [] },
)

const vsa = fc.record(
  {
    verifier: fc.constant('https://verifier.example/v1'),
    resource: fc.constant('https://downloads.example/app'),
    levels: fc.constantFrom(['SLSA_BUILD_LEVEL_1'], ['OWN', 'SLSA_SOURCE_LEVEL_2']),
    policy: fc.constantFrom({ uri: 'https://verifier.example/policy' }, { digest: `sha256:${'ab'.repeat(32)}` }),
    maxAge: fc.constant('P7D'),
  },
  { requiredKeys: ['verifier', 'resource'] },
)

const requirement = fc
  .record({
    candidate: fc.constantFrom('signature', 'signature', 'attestation'),
    signer,
    threshold: optionally(fc.integer({ min: 1, max: 2 })),
    transparency: optionally(transparency),
    annotations: optionally(annotations),
    reference: optionally(fc.constantFrom('asked', 'docker.io/kong/kuma-cp', 'docker.io/kong/kuma-dp')),
    predicateType: optionally(fc.constantFrom(['https://slsa.dev/provenance/v0.2'], ['https://spdx.dev/Document'])),
    provenance: optionally(provenance),
    vsa: optionally(vsa),
    from: optionally(fc.constantFrom('2.7.4', '2.14.3', '2.14.4', '3.0.0')),
  })
  .map((value) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)))

const images = fc.constantFrom(
  [{ name: 'docker.io/kong/kuma-cp' }],
  [{ name: 'docker.io/kong/kuma-cp', twinOf: 'docker.io/kong/x', signed: 'no' }],
  [{ name: 'docker.io/kong/kuma-dp' }],
)

const document = fc
  .record({
    requirements: fc.array(requirement, { minLength: 1, maxLength: 2 }),
    images: optionally(images),
    inherit: optionally(fc.constantFrom([], ['signature'], ['attestation'])),
    confirmed: optionally(fc.constant('unconfirmed')),
    sameBuild: optionally(fc.constant([{ of: ['R0', 'R1'], by: 'commit' }])),
  })
  .map(({ requirements, sameBuild, ...rest }) => ({
    schema: 'urn:meshproof:policy:v1',
    name: 'generated',
    ...Object.fromEntries(Object.entries(rest).filter(([, one]) => one !== undefined)),
    requirements: requirements.map((one, i) => ({ id: `R${i}`, ...one })),
    ...(sameBuild !== undefined && requirements.length > 1 && { sameBuild }),
  }))

export const documents: fc.Arbitrary<object> = document

/** Only those that load; most do. */
export const policies: fc.Arbitrary<LoadedPolicy> = document
  .map((value) => loadPolicy(value))
  .filter((loaded): loaded is LoadedPolicy => 'policy' in loaded)
