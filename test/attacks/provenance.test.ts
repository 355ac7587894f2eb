/** Build provenance: a statement about this artifact, of this builder, that says nothing else than its certificate. */
import { describe, expect, test } from 'vitest'
import type { Code } from '../../src/core/codes.ts'
import { type GithubOptions, githubDefaults } from '../authority/github.ts'
import { newKey } from '../authority/keys.ts'
import {
  generatorCertificate,
  type ProvenanceOptions,
  type ProvenanceStatement,
  provenance,
} from '../authority/provenance.ts'
import { authority, type Case, decisive, digestsOf, judged, message, policyOf } from './harness.ts'

const archive = 'kong-mesh-2.14.3-linux-amd64.tar.gz'
const digest = digestsOf(message).sha256.slice('sha256:'.length)
const subjects = [
  { name: 'kong-mesh-2.14.3-darwin-arm64.tar.gz', digest: { sha256: 'ab'.repeat(32) } },
  { name: 'kong-mesh-2.14.3-linux-arm64.tar.gz', digest: { sha256: 'cd'.repeat(32) } },
  { name: archive, digest: { sha256: digest } },
]
const generic = 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml'

type Changes = {
  /** Of the certificate and the statement alike. */
  readonly build?: Partial<ProvenanceOptions>
  /** Of the certificate only. */
  readonly certificate?: GithubOptions
  readonly edit?: (statement: ProvenanceStatement) => unknown
  readonly payloadType?: string
  readonly more?: boolean
}

const demanded = {
  source: { uri: 'github.com/Kong/kong-mesh', tag: '2.14.3' },
  trigger: ['push'],
  workflow: 'build-test-distribute',
  fileName: 'demanded',
}
const requirement = { id: 'SC-10', candidate: 'attestation', signer: { builder: generic }, provenance: demanded }
const policy = (changes: object = {}) => policyOf({ ...requirement, provenance: { ...demanded, ...changes } })

/** The archive, and provenance of it that differs from a good one by these. */
function built(
  { build = {}, certificate = {}, edit, payloadType }: Changes = {},
  by: object = policy(),
  name = archive,
): Case {
  const options: ProvenanceOptions = { generator: 'generic', subjects, ...build }
  const github = { ...generatorCertificate(options), ...certificate }
  const statement = provenance({ ...options, ...(edit !== undefined && { edit }) })
  const { bundle } = authority.sign({
    payload: statement,
    github,
    ...(payloadType !== undefined && { signing: { payloadType } }),
  })
  return { evidence: { bundle }, artifact: { file: message, name }, policy: by }
}

async function expectMet(of: Case): Promise<void> {
  const subject = await judged(of)
  expect(subject.outcome, JSON.stringify(decisive(subject))).toBe('trusted')
}

async function expectCode(of: Case, code: Code, outcome = 'rejected'): Promise<void> {
  const subject = await judged(of)
  expect({ outcome: subject.outcome, code: decisive(subject).code }).toEqual({ outcome, code })
}

/** The attack is told by its code, and its twin, which differs in nothing else, is trusted. */
async function attack(changes: Changes, code: Code, twin: Changes = {}): Promise<void> {
  await expectMet(built(twin))
  await expectCode(built(changes), code)
}

const edited = (change: (statement: ProvenanceStatement) => void) => (statement: ProvenanceStatement) => {
  change(statement)
  return statement
}
const subject = (value: unknown) => (statement: ProvenanceStatement) => ({ ...statement, subject: value })

describe('subjects', () => {
  test.each([
    ['SHA-1 only', [{ name: archive, digest: { sha1: 'ab'.repeat(20) } }]],
    ['MD5 only', [{ name: archive, digest: { md5: 'ab'.repeat(16) } }]],
    ['upper case', [{ name: archive, digest: { sha256: digest.toUpperCase() } }]],
    [
      'SHA-256 beside another that differs',
      [{ name: archive, digest: { sha256: 'ef'.repeat(32), sha1: digest.slice(0, 40) } }],
    ],
  ])('T48 %s does not count', (_, value) => attack({ edit: subject(value) }, 'provenance.subject'))

  test.each([
    ['a SHA-1 that is none', { sha256: digest, sha1: 'abc' }],
    ['a commit that is none', { sha256: digest, gitCommit: 'HEAD' }],
  ])('T48 beside the right digest %s', (_, digests) =>
    attack({ edit: subject([{ name: archive, digest: digests }]) }, 'provenance.payload'),
  )

  test('T49 no subject at all', () => attack({ edit: subject([]) }, 'provenance.subject'))
  test.each([
    ['null', null],
    ['a null among them', [null, ...subjects]],
    ['text', archive],
  ])('T49 %s is no list of subjects', (_, value) => attack({ edit: subject(value) }, 'provenance.payload'))

  test('T49 more subjects, or more digests of one, than anybody has', async () => {
    const list = (length: number) => [
      ...Array.from({ length: length - 1 }, (_, i) => ({ name: `${i}`, digest: { sha256: 'ab'.repeat(32) } })),
      { name: archive, digest: { sha256: digest } },
    ]
    const crowd = (count: number) => [
      {
        name: archive,
        digest: { ...Object.fromEntries(Array.from({ length: count - 1 }, (_, i) => [`x${i}`, 'ab'])), sha256: digest },
      },
    ]
    for (const [good, bad] of [
      [list(1024), list(1025)],
      [crowd(32), crowd(33)],
    ]) {
      await expectMet(built({ edit: subject(good) }))
      await expectCode(built({ edit: subject(bad) }), 'limit.subjects', 'inconclusive')
    }
  })

  test('T50 another artifact, and any place in the list', async () => {
    await attack({ build: { subjects: subjects.slice(0, 2) } }, 'provenance.subject')
    for (const list of [subjects, [...subjects].reverse()]) await expectMet(built({ build: { subjects: list } }))
  })

  test('T63 the digest stands in the list, under another name', async () => {
    const renamed = subjects.map((one, i) => ({ ...one, name: subjects[(i + 1) % 3]?.name ?? '' }))
    await attack({ build: { subjects: renamed } }, 'provenance.subject')
    // One file under two names is either.
    const twice = [{ name: 'copy.tar.gz', digest: { sha256: digest } }, ...subjects]
    await expectMet(built({ build: { subjects: twice } }))
    // Where no name is demanded it is a note.
    const { fileName: _, ...rest } = demanded
    const free = policyOf({ ...requirement, provenance: rest })
    const told = await judged(built({ build: { subjects: renamed } }, free))
    expect(told.outcome).toBe('trusted')
    expect(told.findings.map(({ code }) => code)).toContain('provenance.name-differs')
  })
})

test('what in-toto does not know in a statement is signed, shown, and changes nothing', async () => {
  const edit = (statement: ProvenanceStatement) => ({
    ...statement,
    builder: 'me',
    subject: statement.subject.map((one) => ({ ...one, trusted: true })),
  })
  const told = await judged(built({ edit }))
  expect(told.outcome).toBe('trusted')
  expect(told.findings.find(({ code }) => code === 'payload.fields-unknown')?.found).toBe('builder, subject.trusted')
})

describe('T51 signatures of an envelope', () => {
  const resigned = (change: (one: Signed) => readonly unknown[]): Case => {
    const good = built()
    const { bundle } = good.evidence as unknown as { readonly bundle: { readonly dsseEnvelope: Envelope } }
    const signatures = bundle.dsseEnvelope.signatures.flatMap(change)
    return { ...good, evidence: { bundle: { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures } } } }
  }
  type Signed = { readonly sig: string; readonly keyid?: string }
  type Envelope = { readonly signatures: readonly Signed[] }
  test.each([
    ['none', () => []],
    ['the same twice', (one: Signed) => [one, one]],
    ['a stranger’s beside it', (one: Signed) => [one, { sig: Buffer.alloc(64, 7).toString('base64') }]],
    ['an empty one', (one: Signed) => [{ ...one, sig: '' }]],
  ] as const)('%s', async (_, change) => {
    await expectMet(resigned((one) => [one]))
    await expectCode(resigned(change), 'signature.malformed')
  })
  test.each(['', 'ab'.repeat(32), '__proto__'])('keyid %j lends nothing and takes nothing', (keyid) =>
    expectMet(resigned((one) => [{ ...one, keyid }])),
  )
})

describe('T54 JSON that no builder writes', () => {
  const grown = (value: unknown): Case =>
    built({
      edit: edited(({ predicate }) => {
        Object.assign(predicate.invocation.environment, { grown: value })
      }),
    })
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
  // Within the statement the value stands five deep.
  test.each([
    ['deep', nested(55), nested(70)],
    ['long', 'x'.repeat(1024 * 1024), 'x'.repeat(1024 * 1024 + 1)],
    ['of many parts', Array(400_000).fill(0), Array(1_000_001).fill(0)],
  ])('%s', async (_, good, bad) => {
    await expectMet(grown(good))
    await expectCode(grown(bad), 'provenance.payload')
  })

  // Whoever reads 9007199254740993 as a double has read another run.
  const written = (text: string): Case => {
    const options = { generator: 'generic', subjects } as const
    const payload = JSON.stringify(provenance(options)).replace('"github_event_payload":{', `$&"number":${text},`)
    expect(payload).toContain(text)
    const { bundle } = authority.sign({ payload, github: generatorCertificate(options) })
    return { evidence: { bundle }, artifact: { file: message, name: archive }, policy: policy() }
  }
  test.each([
    ['9007199254740991', '9007199254740993'],
    ['-9007199254740991', '-9007199254740993'],
    ['1e30', '1e400'],
    ['0.5', '18446744073709551615'],
  ])('%s is read, %s is not', async (good, bad) => {
    await expectMet(written(good))
    await expectCode(written(bad), 'provenance.payload')
  })
  test('a key twice', async () => {
    await expectMet(written('1'))
    await expectCode(written('1,"number":2'), 'provenance.payload')
    await expectCode(written('1,"Number":1'), 'provenance.payload')
  })
})

describe('several in one file, one bad', () => {
  const lineOf = (of: Case) => JSON.stringify((of.evidence as { readonly bundle: object }).bundle)
  const good = lineOf(built())
  const forged = good.replace(/"sig":"...../, '"sig":"AAAAA')
  const other = lineOf(built({ build: { subjects: subjects.slice(0, 2) } }))
  const file = (...lines: readonly string[]): Case => ({ ...built(), evidence: { bundle: lines.join('\n') } })
  test.each([
    ['forged', forged, 'log.entry-mismatch', 'rejected'],
    ['of another artifact', other, 'provenance.subject', 'rejected'],
    ['cut short', good.slice(0, 200), 'bundle.malformed', 'inconclusive'],
    ['no JSON', 'provenance', 'bundle.malformed', 'inconclusive'],
  ] as const)('%s', async (_, bad, code, outcome) => {
    // One good suffices, in whatever place, and nobody is left to think that it was the only one.
    for (const lines of [
      [good, bad],
      [bad, good],
    ]) {
      const told = await judged(file(...lines))
      expect(told.outcome).toBe('trusted')
      expect(told.findings.map((finding) => finding.code)).toContain('signature.extra')
    }
    await expectCode(file(bad, bad), code, outcome)
  })
})

describe('types', () => {
  test.each(['text/plain', 'application/json', 'application/vnd.in-toto+json; charset=utf-8'])(
    'T52 payload type %s',
    (payloadType) => attack({ payloadType }, 'provenance.payload'),
  )
  test('T53 another kind of attestation is no provenance', () =>
    attack(
      { edit: (statement) => ({ ...statement, predicateType: 'https://spdx.dev/Document' }) },
      'provenance.absent',
    ))
  test('T53 v0.2 under the name of v1', () =>
    attack(
      { edit: (statement) => ({ ...statement, predicateType: 'https://slsa.dev/provenance/v1' }) },
      'provenance.predicate',
    ))
  test('T53 another kind of statement', () =>
    attack({ edit: (statement) => ({ ...statement, _type: 'https://in-toto.io/Statement/v9' }) }, 'provenance.payload'))
  test('T59 an unknown build type', () =>
    attack(
      {
        edit: edited(({ predicate }) => {
          predicate.buildType = 'https://github.com/slsa-framework/slsa-github-generator/generic@v2'
        }),
      },
      'provenance.predicate',
    ))
})

describe('T59 parameters of a build by GitHub itself (actions/attest-build-provenance)', () => {
  const github = { ref: 'refs/tags/v2.14.3', workflow: '.github/workflows/release.yml' }
  const id = `https://github.com/Kong/kong-mesh/${github.workflow}@${github.ref}`
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects,
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://actions.github.io/buildtypes/workflow/v1',
        externalParameters: {
          workflow: { ref: github.ref, repository: 'https://github.com/Kong/kong-mesh', path: github.workflow },
        },
        internalParameters: {
          github: {
            event_name: 'push',
            repository_id: githubDefaults.repositoryId,
            repository_owner_id: githubDefaults.ownerId,
          },
        },
        resolvedDependencies: [
          { uri: `git+https://github.com/Kong/kong-mesh@${github.ref}`, digest: { gitCommit: githubDefaults.sha } },
        ],
      },
      runDetails: {
        builder: { id },
        metadata: {
          invocationId: `https://github.com/Kong/kong-mesh/actions/runs/${githubDefaults.runId}/attempts/1`,
        },
      },
    },
  }
  const own = policyOf({
    id: 'P',
    candidate: 'attestation',
    signer: { builder: id.replace(/@.*/, '') },
    provenance: { source: { uri: 'github.com/Kong/kong-mesh', tag: 'v2.14.3' } },
  })
  const built1 = (change: (one: typeof statement) => void = () => {}): Case => {
    const payload = structuredClone(statement)
    change(payload)
    const { bundle } = authority.sign({ payload, github })
    return { evidence: { bundle }, artifact: { file: message, name: archive }, policy: own }
  }
  type Change = (one: typeof statement) => void
  test.each<readonly [string, Code, Change]>([
    [
      'one more',
      'provenance.predicate',
      (one) => Object.assign(one.predicate.buildDefinition.externalParameters, { inputs: { evil: 'true' } }),
    ],
    [
      'one more in the workflow',
      'provenance.predicate',
      (one) => Object.assign(one.predicate.buildDefinition.externalParameters.workflow, { inputs: 'evil' }),
    ],
    [
      'another workflow’s ref',
      'provenance.mismatch',
      (one) => Object.assign(one.predicate.buildDefinition.externalParameters.workflow, { ref: 'refs/tags/v2.14.2' }),
    ],
    [
      'a repository without a ref',
      'provenance.mismatch',
      (one) => Object.assign(one.predicate.buildDefinition.externalParameters.workflow, { ref: '' }),
    ],
    [
      'another run',
      'provenance.mismatch',
      (one) =>
        Object.assign(one.predicate.runDetails.metadata, {
          invocationId: 'https://github.com/Kong/kong-mesh/actions/runs/1/attempts/1',
        }),
    ],
    [
      'commits that contradict each other',
      'provenance.mismatch',
      (one) =>
        Object.assign(one.predicate.buildDefinition.resolvedDependencies[0]?.digest ?? {}, { sha1: 'f'.repeat(40) }),
    ],
    [
      'commits that contradict each other, the other way round',
      'provenance.mismatch',
      (one) =>
        Object.assign(one.predicate.buildDefinition.resolvedDependencies[0]?.digest ?? {}, {
          sha1: githubDefaults.sha,
          gitCommit: 'f'.repeat(40),
        }),
    ],
  ])('%s', async (_, code, change) => {
    await expectMet(built1())
    await expectCode(built1(change), code)
  })
})

describe('source', () => {
  test.each([
    ['another owner', { owner: 'Evil' }],
    ['a longer name', { repository: 'kong-mesh-evil' }],
    ['a shorter name', { repository: 'kong' }],
    ['another case', { owner: 'kong' }],
  ] as const)('T55 built from %s', (_, github) => attack({ build: { github } }, 'provenance.source'))

  test.each([
    'github.com/Kong/kong-mesh',
    'https://github.com/Kong/kong-mesh',
    'git+https://github.com/Kong/kong-mesh.git',
  ])('T55 %s is one repository', (uri) => expectMet(built({}, policy({ source: { uri, tag: '2.14.3' } }))))
  test.each([
    'github.com@evil.example/Kong/kong-mesh',
    'https://github.com:8443/Kong/kong-mesh',
    'github.com/Kong/../kong-mesh',
    'github.com/Kong/kong%2dmesh',
    'github.com/Kong',
  ])('T55 %s is none', (uri) => expectCode(built({}, policy({ source: { uri, tag: '2.14.3' } })), 'provenance.source'))

  test.each([
    'refs/tags/2.14.30',
    'refs/tags/2.14',
    'refs/heads/2.14.3',
    'refs/heads/refs/tags/2.14.3',
    'refs/pull/7/merge',
  ])('T58 built from %s', (ref) => attack({ build: { github: { ref } } }, 'provenance.source'))

  test('T58 versioned tags: what is given is equal, what is missing is free', async () => {
    const of = (versionedTag: string, tag = 'v2.14.3') =>
      built(
        { build: { github: { ref: `refs/tags/${tag}` } } },
        policy({ source: { uri: demanded.source.uri, versionedTag } }),
      )
    for (const good of ['v2', 'v2.14', 'v2.14.3', 'v2.14.3+1']) await expectMet(of(good))
    for (const bad of ['v3', 'v2.1', 'v2.14.30', 'v2.14.3-rc1', '2.14.3', 'two'])
      await expectCode(of(bad), 'provenance.source')
    await expectMet(of('v2.14.3-rc1', 'v2.14.3-rc1'))
    for (const bad of ['v2.14.3-rc1', '2.14.3']) await expectCode(of('v2.14.3', bad), 'provenance.source')
  })
  test('T58 a branch that is demanded is no tag', () =>
    expectCode(built({}, policy({ source: { uri: demanded.source.uri, branch: 'main' } })), 'provenance.source'))
  test('T09 started by hand', () =>
    attack({ build: { github: { trigger: 'workflow_dispatch' } } }, 'provenance.trigger'))
  test('another workflow', () => attack({ build: { github: { workflowName: 'nightly' } } }, 'provenance.workflow'))
})

describe('statement against certificate', () => {
  const other = 'ffffffffffffffffffffffffffffffffffffffff'
  test.each([
    [
      'repository',
      edited(({ predicate }) => {
        predicate.invocation.configSource.uri = 'git+https://github.com/Evil/kong-mesh@refs/tags/2.14.3'
      }),
    ],
    [
      'material',
      edited(({ predicate }) => {
        predicate.materials = [
          { uri: 'git+https://github.com/Evil/kong-mesh@refs/tags/2.14.3', digest: { sha1: githubDefaults.sha } },
        ]
      }),
    ],
    [
      'ref of the source',
      edited(({ predicate }) => {
        predicate.invocation.configSource.uri = 'git+https://github.com/Kong/kong-mesh@refs/tags/2.14.2'
      }),
    ],
    [
      'commit of the source',
      edited(({ predicate }) => {
        predicate.invocation.configSource.digest.sha1 = other
      }),
    ],
    [
      'commit of the material',
      edited(({ predicate }) => {
        predicate.materials = predicate.materials.map((one) => ({ ...one, digest: { sha1: other } }))
      }),
    ],
    [
      'ref of the material is left out, which',
      edited(({ predicate }) => {
        predicate.materials = predicate.materials.map((one) => ({ ...one, uri: one.uri.replace(/@.*/, '') }))
      }),
    ],
    [
      'scheme of the source',
      edited(({ predicate }) => {
        const { configSource } = predicate.invocation
        configSource.uri = configSource.uri.replace('git+', '')
      }),
    ],
  ] as const)('T56 the %s differs', (_, edit) => attack({ edit }, 'provenance.mismatch'))

  test.each([
    ['github_ref', 'refs/tags/2.14.2'],
    ['github_sha1', other],
    ['github_event_name', 'workflow_dispatch'],
    ['github_run_id', '1'],
    ['github_run_attempt', '2'],
    ['github_repository_id', '1'],
    ['github_repository_owner_id', '1'],
  ])('T60 %s differs', (key, value) =>
    attack(
      {
        edit: edited(({ predicate }) => {
          Object.assign(predicate.invocation.environment, { [key]: value })
        }),
      },
      'provenance.mismatch',
    ),
  )
  test('T07 a stranger calls the trusted builder, and both say so', () =>
    attack({ build: { github: { owner: 'Evil', repository: 'fork' } } }, 'provenance.source'))
  test('T07 the certificate names another caller than the statement', () =>
    attack({ certificate: { owner: 'Evil' } }, 'provenance.mismatch'))
})

describe('T06 an old name, registered anew', () => {
  const pinned = policyOf({
    ...requirement,
    signer: {
      issuer: 'https://token.actions.githubusercontent.com',
      identity: {
        host: 'github.com',
        owner: 'slsa-framework',
        repository: 'slsa-github-generator',
        workflow: '.github/workflows/generator_generic_slsa3.yml',
        ref: { tag: 'v2.1.0' },
      },
      certificate: {
        sourceRepositoryIdentifier: githubDefaults.repositoryId,
        sourceRepositoryOwnerIdentifier: githubDefaults.ownerId,
      },
    },
  })
  test.each([
    ['repository', { repositoryId: '999' }],
    ['owner', { ownerId: '999' }],
  ] as const)('another %s id is not the one that the policy pins', async (_, github) => {
    await expectMet(built({}, pinned))
    await expectCode(built({ build: { github } }, pinned), 'certificate.extension-mismatch')
  })
  test('beside the old one it is told, whoever pins nothing', async () => {
    const [old, anew] = [built(), built({ build: { github: { repositoryId: '999', runId: '7' } } })]
    const alone = await judged(old)
    expect(alone.findings.map(({ code }) => code)).not.toContain('signature.contradicts')
    const both = await judged({ ...old, evidence: [old.evidence, anew.evidence].flat() })
    expect(both.outcome).toBe('trusted')
    const told = both.findings.filter(({ code }) => code === 'signature.contradicts').map(({ found }) => found)
    expect(told).toContain(`${githubDefaults.repositoryId}, 999`)
  })
})

describe('builder', () => {
  test.each([
    ['another workflow of the generator', { generator: 'container' }],
    ['a branch', { generatorRef: 'refs/heads/main' }],
    ['a tag that is no release', { generatorRef: 'refs/tags/v2' }],
    ['a pre-release', { generatorRef: 'refs/tags/v2.1.0-rc.1' }],
    ['a longer tag', { generatorRef: 'refs/tags/v2.1.0.evil' }],
    ['dots of another letter', { generatorRef: 'refs/tags/v2x1x0' }],
    ['a fork', { github: { signer: { owner: 'Evil' } } }],
    ['a suffix', { github: { signer: { workflow: '.github/workflows/generator_generic_slsa3.yml2' } } }],
  ] as const)('T57 %s', (_, build) => attack({ build }, 'provenance.builder'))

  test('T57 certificate and statement name different releases of it', () =>
    attack(
      {
        edit: edited(({ predicate }) => {
          predicate.builder.id = `${generic}@refs/tags/v2.0.0`
        }),
      },
      'provenance.builder',
    ))

  test('T57 a release that is demanded, in both spellings, and no other', async () => {
    const of = (builder: string) => built({}, policyOf({ ...requirement, signer: { builder } }))
    for (const good of [generic, `${generic}@v2.1.0`, `${generic}@refs/tags/v2.1.0`, 'trusted'])
      await expectMet(of(good))
    for (const bad of [
      `${generic}@v2.0.0`,
      `${generic}@v2`,
      `${generic}@refs/heads/main`,
      generic.slice(0, -1),
      `${generic}2`,
    ])
      await expectCode(of(bad), 'provenance.builder')
  })
  test('T57 the builder of images is no builder of files', async () => {
    const of = (build: Partial<ProvenanceOptions>, artifact: Case['artifact']): Case => ({
      ...built({ build }, policyOf({ ...requirement, signer: { builder: 'trusted' }, provenance: {} })),
      ...(artifact !== undefined && { artifact }),
    })
    const { sha256 } = digestsOf(message)
    const [file, image] = [
      { file: message, name: archive },
      { digest: sha256, name: 'docker.io/kong/kuma-cp' },
    ]
    const container = { generator: 'container' } as const
    await expectMet(of({}, file))
    await expectCode(of(container, file), 'provenance.builder')
    await expectMet(of(container, image))
    await expectCode(of({}, image), 'provenance.builder')
    for (const build of [{}, container]) await expectMet(of(build, { digest: sha256 }))
  })
  test('T02 a token of another issuer', () =>
    attack({ certificate: { tokenIssuer: 'https://token.example' } }, 'provenance.builder'))
})

describe('under a key of the policy only the statement speaks', () => {
  const key = newKey()
  const signer = { keys: [{ key: { base64: Buffer.from(key.pem).toString('base64') } }] }
  const keyed = (changes: object = {}) =>
    policyOf({
      ...requirement,
      signer,
      transparency: { log: 0 },
      provenance: { source: { uri: 'github.com/Kong/kong-mesh', tag: '2.14.3' }, trigger: ['push'], ...changes },
    })
  const of = (edit?: ProvenanceOptions['edit'], by: object = keyed()): Case => {
    const payload = provenance({ generator: 'generic', subjects, ...(edit !== undefined && { edit }) })
    const { bundle } = authority.sign({ payload, signer: key, log: 'none' })
    return { evidence: { bundle }, artifact: { file: message, name: archive }, policy: by }
  }
  test('it is held against the policy, and against itself', async () => {
    const good = await judged(of())
    expect(good.outcome, JSON.stringify(decisive(good))).toBe('trusted')
    expect(good.findings.map(({ code }) => code)).toContain('provenance.consistent')
    await expectMet(
      of(
        edited(({ predicate }) => {
          predicate.buildType = 'https://ci.example/build@v1'
        }),
      ),
    )
    await expectCode(of(undefined, keyed({ source: { uri: 'github.com/Kong/kuma' } })), 'provenance.source')
    await expectCode(of(undefined, keyed({ source: { uri: demanded.source.uri, tag: '2.14.2' } })), 'provenance.source')
    await expectCode(of(undefined, keyed({ trigger: ['schedule'] })), 'provenance.trigger')
    await expectCode(of(undefined, keyed({ workflow: 'build-test-distribute' })), 'provenance.workflow')
  })
  test('T56 material and trigger that differ contradict each other', () =>
    expectCode(
      of(
        edited(({ predicate }) => {
          predicate.materials = predicate.materials.map((one) => ({ ...one, digest: { sha1: 'f'.repeat(40) } }))
        }),
      ),
      'provenance.mismatch',
    ))
})

test('inputs of the workflow: given and equal', async () => {
  const edit = edited(({ predicate }) => {
    Object.assign(predicate.invocation.environment, { github_event_payload: { inputs: { release: 'true' } } })
  })
  const of = (inputs: object) => built({ edit }, policy({ inputs }))
  await expectMet(of({ release: 'true' }))
  await expectCode(of({ release: 'false' }), 'provenance.inputs')
  await expectCode(of({ other: 'true' }), 'provenance.inputs')
  await expectCode(of({ toString: 'x' }), 'provenance.inputs') // T79
})

test('what the build was started by, and from where, is shown', async () => {
  const { findings } = await judged(
    built({}, policyOf({ id: 'P', candidate: 'attestation', signer: { builder: 'trusted' } })),
  )
  const codes = findings.map(({ code }) => code)
  for (const code of ['provenance.agrees', 'provenance.builder-met', 'provenance.triggered-by'])
    expect(codes).toContain(code)
  expect((await judged(built())).findings.map(({ code }) => code)).toContain('provenance.source-met')
})

test('T96 signature and provenance of different builds', async () => {
  const signature = (github: GithubOptions) => authority.sign({ message, github }).bundle
  const attested = built().evidence
  const both = (github: GithubOptions) => ({
    ...built(),
    evidence: [{ bundle: signature(github) }, attested].flat(),
    policy: {
      ...policyOf(
        {
          id: 'SIG',
          candidate: 'signature',
          signer: {
            issuer: 'https://token.actions.githubusercontent.com',
            identity: {
              host: 'github.com',
              owner: 'Kong',
              repository: 'kong-mesh',
              workflow: githubDefaults.workflow,
              ref: { tag: '2.14.3' },
            },
          },
        },
        requirement,
      ),
      sameBuild: [{ of: ['SIG', 'SC-10'], by: 'commit' }],
    },
  })
  const good = await judged(both({}))
  expect(good.outcome, JSON.stringify(good.findings.filter(({ outcome }) => outcome !== 'pass'))).toBe('trusted')
  expect(good.findings.map(({ code }) => code)).toContain('provenance.one-build')
  const bad = await judged(both({ sha: 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee' }))
  expect(bad.outcome).toBe('rejected')
  expect(bad.findings.find(({ demand }) => demand === '/sameBuild/0')).toMatchObject({
    code: 'provenance.builds-differ',
    outcome: 'fail',
  })
})
