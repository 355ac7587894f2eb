/** `verify binary`: where files were built, by the provenance that came along. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { hasCorpus } from '../attacks/corpus.ts'
import { createAuthority } from '../authority/authority.ts'
import { generatorCertificate, type ProvenanceOptions, provenance } from '../authority/provenance.ts'
import { tarGz } from '../authority/tar.ts'
import { caseFolder, recordedRoot } from '../rekor/recorded.ts'
import { meshproof, type Ran, scratch } from './process.ts'

const room = scratch()
afterAll(() => room.remove())
const at = (name: string): string => join(room.path, name)
const write = (name: string, content: string | Uint8Array | object): string => {
  writeFileSync(
    at(name),
    typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
  )
  return at(name)
}

const authority = createAuthority()
const [amd64, arm64] = ['kong-mesh-2.14.3-linux-amd64.tar.gz', 'kong-mesh-2.14.3-linux-arm64.tar.gz']
const contents: Readonly<Record<string, string>> = { [amd64]: 'for amd64', [arm64]: 'for arm64' }
const subjects = Object.entries(contents).map(([name, content]) => ({
  name,
  digest: { sha256: digestOf(content).slice('sha256:'.length) },
}))

function built(changes: Partial<ProvenanceOptions> = {}, more: { readonly payload?: object } = {}): string {
  const options: ProvenanceOptions = { generator: 'generic', subjects, ...changes }
  const { bundle } = authority.sign({
    payload: more.payload ?? provenance(options),
    github: generatorCertificate(options),
  })
  return JSON.stringify(bundle)
}
for (const [name, content] of Object.entries(contents)) write(name, content)
const files = {
  good: write('kong-mesh.intoto.jsonl', built()),
  root: write('root.json', authority.trustedRoot()),
  assets: write(
    'security-assets.tar.gz',
    tarGz([
      { name: './sbom.spdx.json', content: '{}' },
      { name: './kong-mesh.intoto.jsonl', content: built() },
    ]),
  ),
}

const common = ['--trusted-root', files.root, '--at', '2026-01-15T13:00:00Z', '--offline']
const binary = (args: readonly string[], output: readonly string[] = ['-o', 'json']): Promise<Ran> =>
  meshproof(['verify', 'binary', ...args, ...common, ...output])
const source = ['--source-uri', 'github.com/Kong/kong-mesh']

const decisive = ({ answers, stdout }: Ran) => {
  const found = answers
    .flatMap(({ subjects: all }) => all ?? [])
    .map(
      ({ findings }) =>
        findings.find(({ demand, candidate }) => demand === '/requirements/0' && candidate === undefined)?.code,
    )
  if (found.length === 0) throw new Error(stdout)
  return found
}

describe("an archive of Kong's, known by its name", () => {
  test('the profile speaks, and the version of the name is the one that is demanded', async () => {
    const ran = await binary([at(amd64), at(arm64), '--provenance', files.good])
    expect(ran.code, ran.stdout).toBe(0)
    const [first] = ran.answers
    expect(first?.subjects?.[0]?.beside.policy).toEqual({ name: 'kong-mesh-archives', confirmed: 'unconfirmed' })
    expect(first?.subjects?.[0]?.inputs.asked).toEqual({ name: amd64, version: '2.14.3' })
    expect(ran.answers.map(({ id }) => id)).toEqual([at(amd64), at(arm64)])
  })

  test('the provenance is found in security-assets.tar.gz, once for all files', async () => {
    const ran = await binary([at(amd64), at(arm64), '--security-assets', files.assets])
    expect(ran.code, ran.stdout).toBe(0)
    expect(decisive(ran)).toEqual(['requirement.met', 'requirement.met'])
  })

  test('T63 an archive under the name of another is another archive', async () => {
    mkdirSync(at('renamed'), { recursive: true })
    const renamed = write(join('renamed', amd64), contents[arm64] ?? '')
    const ran = await binary([renamed, '--provenance', files.good])
    expect([ran.code, decisive(ran)]).toEqual([1, ['provenance.subject']])
  })

  test('provenance of another release is refused', async () => {
    const github = { ref: 'refs/tags/2.14.2' }
    const ran = await binary([at(amd64), '--provenance', write('older.jsonl', built({ github }))])
    expect([ran.code, decisive(ran)]).toEqual([1, ['provenance.source']])
  })

  test('a tag with a v is the same release, and which one it was is told', async () => {
    const github = { ref: 'refs/tags/v2.14.3' }
    const ran = await binary([at(amd64), '--provenance', write('v.jsonl', built({ github }))])
    expect(ran.code, ran.stdout).toBe(0)
    const found = ran.answers[0]?.subjects?.[0]?.findings.find(({ demand }) => demand?.endsWith('/source/tag'))?.found
    expect(found).toBe('refs/tags/v2.14.3')
  })

  test('a version from before provenance proves nothing', async () => {
    const old = write('kong-mesh-2.7.9-linux-amd64.tar.gz', contents[amd64] ?? '')
    const ran = await binary([old, '--provenance', files.good])
    expect([ran.code, decisive(ran)]).toEqual([3, ['requirement.not-yet']])
  })

  test('without provenance a person is told where Kong keeps it', async () => {
    const ran = await binary([at(amd64)], [])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('provenance.not-given')
    expect(ran.stderr.replace(/\s+/g, ' ')).toContain(
      'public/kong-mesh-binaries-release/raw/names/security-assets/versions/2.14.3/security-assets.tar.gz',
    )
  })

  test('NAME=sha256:DIGEST stands for a file that is not at hand', async () => {
    const named = `kept/elsewhere/${amd64}=${digestOf(contents[amd64] ?? '')}`
    const ran = await binary([named, '--provenance', files.good])
    expect(ran.code, ran.stdout).toBe(0)
    const renamed = `${amd64}=${digestOf(contents[arm64] ?? '')}`
    expect(decisive(await binary([renamed, '--provenance', files.good]))).toEqual(['provenance.subject'])
  })
})

describe("slsa-verifier's flags", () => {
  const rows: readonly (readonly [string, readonly string[], number, string])[] = [
    ['source', [], 0, 'requirement.met'],
    ['another source', ['--source-uri', 'github.com/Kong/kong-mesh-x'], 1, 'provenance.source'],
    ['tag', ['--source-tag', '2.14.3'], 0, 'requirement.met'],
    ['another tag', ['--source-tag', '2.14'], 1, 'provenance.source'],
    ['a versioned tag, of which this is none', ['--source-versioned-tag', 'v2.14'], 1, 'provenance.source'],
    ['branch', ['--source-branch', 'main'], 1, 'provenance.source'],
    [
      'builder',
      [
        '--builder-id',
        'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml@v2.1.0',
      ],
      0,
      'requirement.met',
    ],
    [
      'another builder',
      [
        '--builder-id',
        'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/builder_go_slsa3.yml',
      ],
      1,
      'provenance.builder',
    ],
    ['input', ['--build-workflow-input', 'release=true'], 1, 'provenance.inputs'],
  ]
  test.each(rows)('%s', async (_, flags, code, reason) => {
    const ran = await binary([at(amd64), '--provenance-path', files.good, ...source, ...flags])
    expect([ran.code, decisive(ran)], ran.stdout).toEqual([code, [reason]])
    expect(ran.answers[0]?.subjects?.[0]?.beside.policy.name).toBe('flags')
  })

  test('a versioned tag leaves free what it does not name', async () => {
    const tagged = write('tagged.jsonl', built({ github: { ref: 'refs/tags/v2.14.3' } }))
    const ran = await binary([at(amd64), '--provenance', tagged, ...source, '--source-versioned-tag', 'v2.14'])
    expect([ran.code, decisive(ran)], ran.stdout).toEqual([0, ['requirement.met']])
  })

  test('a renamed file is a note for them', async () => {
    const ran = await binary([write('renamed.bin', contents[amd64] ?? ''), '--provenance', files.good, ...source])
    expect(ran.code).toBe(0)
    expect(ran.answers[0]?.subjects?.[0]?.findings.map(({ code }) => code)).toContain('provenance.name-differs')
  })

  test.each([
    [['--source-tag', '2.14.3'], '--source-tag needs --source-uri'],
    [['--source-uri', 'github.com'], '--source-uri takes a repository'],
    [[...source, '--source-tag', '1', '--source-versioned-tag', 'v1'], 'not both'],
    [[...source, '--source-versioned-tag', '2.14'], 'takes v1, v1.2 or v1.2.3'],
    [[...source, '--builder-id', 'generator'], '--builder-id takes the address'],
    [[...source, '--build-workflow-input', 'x'], 'is not key=value'],
    [[...source, '--profile', 'kong-mesh-archives'], 'not both'],
    [[...source, '--print-provenance'], '--print-provenance writes'],
  ])('%j is a mistake of usage', async (flags, says) => {
    const ran = await binary([at(amd64), '--provenance', files.good, ...flags])
    expect(ran.code).toBe(2)
    expect(ran.stderr.replace(/\s+/g, ' ')).toContain(says)
  })

  test('a file that no profile knows needs a policy', async () => {
    const ran = await binary([write('other.tar.gz', 'x'), '--provenance', files.good])
    expect([ran.code, ran.answers[0]?.problem?.code]).toEqual([2, 'policy.missing'])
  })
})

test('--print-provenance writes the signed statement, once, and of what is not trusted nothing', async () => {
  const good = await binary([at(amd64), at(arm64), '--provenance', files.good, '--print-provenance'], [])
  expect(good.code, good.stderr).toBe(0)
  expect(JSON.parse(good.stdout)).toEqual(provenance({ generator: 'generic', subjects }))
  expect(good.stderr).toContain('2 artifacts: 2 trusted')
  const github = { ref: 'refs/tags/2.14.2' }
  const bad = await binary([at(amd64), '--provenance', write('bad.jsonl', built({ github })), '--print-provenance'], [])
  expect([bad.code, bad.stdout]).toEqual([1, ''])
})

test.each([
  [
    'archive.name-twice',
    tarGz([
      { name: 'kong-mesh.intoto.jsonl', content: built() },
      { name: './kong-mesh.intoto.jsonl', content: built() },
    ]),
  ],
  [
    'archive.path-unsafe',
    tarGz([
      { name: './kong-mesh.intoto.jsonl', content: built() },
      { name: '../x', content: 'x' },
    ]),
  ],
  [
    'archive.entry-unsafe',
    tarGz([
      { name: './kong-mesh.intoto.jsonl', content: built() },
      { name: 'x', type: '2', link: '/' },
    ]),
  ],
  ['archive.file-absent', tarGz([{ name: './sbom.spdx.json', content: '{}' }])],
  ['archive.malformed', Buffer.from('no archive')],
  [
    'limit.archive',
    tarGz([
      { name: './kong-mesh.intoto.jsonl', content: built() },
      { name: 'x', content: Buffer.alloc(8 * 1024 * 1024) },
    ]),
  ],
] as const)('assets that cannot be used are told by %s, exit 3', async (code, bytes) => {
  const assets = write(`${code}.tar.gz`, bytes)
  const ran = await binary([at(amd64), '--security-assets', assets])
  expect([ran.code, decisive(ran)], ran.stdout).toEqual([3, [code]])
  const shown = await binary([at(amd64), '--security-assets', assets], [])
  expect(shown.stdout).not.toContain('?.')
  expect(existsSync(at('x')) || existsSync(join(room.path, '..', 'x'))).toBe(false)
})

test('what is no file is not waited for: a pipe, a device', async () => {
  const pipe = at('pipe')
  execFileSync('mkfifo', [pipe])
  for (const odd of [pipe, '/dev/zero', room.path]) {
    const ran = await binary([odd, '--provenance', files.good, ...source])
    expect([ran.code, ran.answers[0]?.problem?.code], ran.stderr).toEqual([2, 'request.path-not-file'])
  }
  const endless = await binary([at(amd64), '--provenance', '/dev/zero', ...source])
  expect([endless.code, endless.answers[0]?.problem?.code]).toEqual([2, 'request.path-not-file'])
})

test('4 GiB are hashed in flat memory', async () => {
  const [small, large] = [1, 4 * 1024].map((megabytes) => {
    const path = at(`${megabytes}-mib`)
    const file = openSync(path, 'w')
    ftruncateSync(file, megabytes * 2 ** 20)
    closeSync(file)
    return path
  })
  const report = write(
    'report.mjs',
    'process.on("exit",()=>process.stderr.write("rss "+process.resourceUsage().maxRSS))',
  )
  const residentOf = async (file: string) => {
    const args = ['verify', 'binary', file, '--provenance', files.good, ...source, ...common]
    const { code, stdout, stderr } = await meshproof(args, { node: ['--import', report] })
    expect([code, stdout]).toEqual([1, expect.stringContaining('The provenance was made for')])
    return Number(/rss (\d+)/.exec(stderr)?.[1]) / 1024
  }
  const before = await residentOf(small ?? '')
  expect((await residentOf(large ?? '')) - before).toBeLessThan(64)
})

test('through a batch as well, with the assets as a path beneath its root', async () => {
  const line = (more: object) => ({
    subject: { file: amd64 },
    given: [{ securityAssets: 'security-assets.tar.gz' }],
    policy: { profile: 'auto' },
    trust: { root: { path: 'root.json' } },
    at: '2026-01-15T13:00:00Z',
    offline: true,
    ...more,
  })
  const outside = line({ given: [{ securityAssets: '../security-assets.tar.gz' }] })
  const ran = await meshproof(['verify', 'batch', '--root', room.path, '-'], {
    input: [line({}), outside].map((one) => JSON.stringify(one)).join('\n'),
  })
  expect(ran.answers.map(({ verdict, problem }) => verdict ?? problem?.code)).toEqual([
    'trusted',
    'request.path-not-allowed',
  ])
})

test('a pack of archives is judged again, the same', async () => {
  const pack = at('pack')
  const ran = await binary([at(amd64), '--security-assets', files.assets, '--save-pack', pack])
  expect(ran.code, ran.stderr).toBe(0)
  const again = await meshproof(['replay', pack, '-o', 'json'])
  expect(again.code, again.stdout).toBe(0)
  const ids = [ran, again].map(({ answers }) => answers[0]?.subjects?.[0]?.verdictId)
  expect(ids[0]).toBe(ids[1])
})

describe.runIf(hasCorpus)("a release in the shape of Kong's", () => {
  const archives = ['darwin-amd64', 'darwin-arm64', 'linux-amd64', 'linux-arm64'].map(
    (platform) => `kong-mesh-2.14.3-${platform}.tar.gz`,
  )
  const verify = (id: string, args: readonly string[]) => {
    const cwd = caseFolder(id)
    const flags = ['--trusted-root', recordedRoot(), '--at', '2027-01-01T00:00:00Z', '--offline', '-o', 'json']
    return meshproof(['verify', 'binary', ...args, ...flags], { cwd })
  }

  test('all archives by the assets of the release', async () => {
    const ran = await verify('bundle-good', [...archives, '--security-assets', 'security-assets.tar.gz'])
    expect(ran.code, ran.stdout).toBe(0)
    expect(ran.answers).toHaveLength(4)
  })

  test('an older one by its bare envelope and the entry of the log', async () => {
    const provided = ['--provenance', 'kong-mesh.intoto.jsonl']
    const entry = ['--given', 'rekor-answers/entry-only.json']
    expect((await verify('bare-good', [...archives, ...provided, ...entry])).code).toBe(0)
    const without = await verify('bare-good', [...archives, ...provided])
    expect([without.code, new Set(decisive(without))]).toEqual([3, new Set(['log.inclusion-not-shown'])])
  })

  test('the statement that is printed is the one that was signed', async () => {
    const args = [archives[0] ?? '', '--provenance', 'kong-mesh.intoto.jsonl', '--print-provenance']
    const { stdout } = await meshproof(
      ['verify', 'binary', ...args, '--trusted-root', recordedRoot(), '--at', '2027-01-01T00:00:00Z', '--offline'],
      { cwd: caseFolder('bundle-good') },
    )
    const bundle = JSON.parse(readFileSync(join(caseFolder('bundle-good'), 'kong-mesh.intoto.jsonl'), 'utf8'))
    expect(stdout.trimEnd()).toBe(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString('utf8').trimEnd())
  })
})
