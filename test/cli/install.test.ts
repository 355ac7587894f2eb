/** `verify install`: what is on disk against the members of an archive, and that archive against its provenance. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { hasCorpus } from '../attacks/corpus.ts'
import { createAuthority } from '../authority/authority.ts'
import { generatorCertificate, provenance } from '../authority/provenance.ts'
import { type TarEntry, tarGz } from '../authority/tar.ts'
import { caseFolder, recordedRoot } from '../rekor/recorded.ts'
import { meshproof, type Ran, scratch } from './process.ts'

const room = scratch()
afterAll(() => room.remove())
const at = (...names: readonly string[]): string => join(room.path, ...names)

const authority = createAuthority()
const name = 'kong-mesh-2.14.3-linux-amd64.tar.gz'
const programs = ['kuma-cp', 'kuma-dp', 'kumactl', 'envoy']
const member = (program: string, more: Partial<TarEntry> = {}): TarEntry => ({
  name: `./kong-mesh-2.14.3/bin/${program}`,
  content: `the real ${program}`,
  ...more,
})
const release = [
  { name: './kong-mesh-2.14.3/', type: '5' },
  ...programs.map((program) => member(program)),
  { name: './kong-mesh-2.14.3/conf/kuma-cp.conf.yml', content: 'a: 1' },
]
writeFileSync(at('root.json'), JSON.stringify(authority.trustedRoot()))

/** An archive of these entries under a name of its own folder, with provenance that is right about it. */
let archives = 0
function archive(entries: readonly TarEntry[] | Uint8Array = release, file = name): readonly string[] {
  const folder = at(`archive-${archives++}`)
  mkdirSync(folder)
  const bytes = entries instanceof Uint8Array ? entries : tarGz(entries)
  writeFileSync(join(folder, file), bytes)
  const subjects = [{ name: file, digest: { sha256: digestOf(bytes).slice('sha256:'.length) } }]
  const options = { generator: 'generic', subjects } as const
  const { bundle } = authority.sign({ payload: provenance(options), github: generatorCertificate(options) })
  writeFileSync(join(folder, 'kong-mesh.intoto.jsonl'), JSON.stringify(bundle))
  return ['--archive', join(folder, file), '--provenance', join(folder, 'kong-mesh.intoto.jsonl')]
}
const good = archive()

const disk = at('opt')
const install = (path: string, content: string): void => {
  mkdirSync(join(disk, path, '..'), { recursive: true })
  writeFileSync(join(disk, path), content)
}
beforeEach(() => {
  rmSync(disk, { recursive: true, force: true })
  for (const program of programs) install(`bin/${program}`, `the real ${program}`)
})

const common = ['--trusted-root', at('root.json'), '--at', '2026-01-15T13:00:00Z', '--offline']
const verify = (
  from: readonly string[] = good,
  what = disk,
  output: readonly string[] = ['-o', 'json'],
): Promise<Ran> => meshproof(['verify', 'install', what, ...from, ...common, ...output])

/** `outcome code` of the programs, in their order. */
const told = ({ answers, stdout }: Ran): readonly string[] => {
  const [subject] = answers[0]?.subjects ?? []
  if (subject === undefined) throw new Error(stdout)
  return subject.findings
    .filter(({ check, demand }) => check === 'SC-11' && demand !== undefined)
    .sort((a, b) => ((a.demand ?? '') < (b.demand ?? '') ? -1 : 1))
    .map(({ outcome, code }) => `${outcome} ${code}`)
}
const equal = 'pass install.equal'
const none = 'not-applicable install.not-installed'

test('every program is the one of the archive: trusted, and the archive is by its provenance', async () => {
  const ran = await verify()
  expect(ran.code, ran.stdout).toBe(0)
  expect(told(ran)).toEqual([equal, equal, equal, equal])
  const [subject] = ran.answers[0]?.subjects ?? []
  const found = subject?.findings.find(({ code }) => code === 'install.equal')
  expect(found).toMatchObject({ basis: 'measured', expected: 'kong-mesh-2.14.3/bin/kuma-cp' })
  expect(JSON.stringify(subject?.findings)).not.toContain(room.path)
  const { stdout } = await verify(good, disk, [])
  expect(stdout.replace(/\s+/g, ' ')).toContain('Installed from it: bin/kuma-cp, bin/kuma-dp, bin/kumactl, bin/envoy.')
})

test('one byte more is another program: rejected, with both digests', async () => {
  install('bin/kuma-dp', 'the real kuma-dp!')
  const ran = await verify()
  expect([ran.code, told(ran)]).toEqual([1, [equal, 'fail install.differs', equal, equal]])
  const finding = ran.answers[0]?.subjects?.[0]?.findings.find(({ code }) => code === 'install.differs')
  expect(finding).toMatchObject({
    basis: 'measured',
    expected: `kong-mesh-2.14.3/bin/kuma-dp (${digestOf('the real kuma-dp')})`,
    found: `bin/kuma-dp (${digestOf('the real kuma-dp!')})`,
  })
})

test('each program that differs is shown, not only the first', async () => {
  for (const program of ['kuma-cp', 'kuma-dp', 'envoy']) install(`bin/${program}`, `another ${program}`)
  const { code, stdout } = await verify(good, disk, [])
  expect(code).toBe(1)
  for (const program of ['kuma-cp', 'kuma-dp', 'envoy'])
    expect(stdout.replace(/\s+/g, ' '), stdout).toContain(`Installed is bin/${program} (sha256:`)
  expect(stdout).not.toContain('bin/kumactl')
})

test('what is not installed is no fault; what the archive does not have is', async () => {
  rmSync(join(disk, 'bin/kumactl'))
  expect(told(await verify())).toEqual([equal, equal, none, equal])
  const ran = await verify(archive(release.filter(({ name: entry }) => !entry.endsWith('envoy'))))
  expect([ran.code, told(ran)]).toEqual([1, [equal, equal, none, 'fail install.not-in-archive']])
})

test('one program, named by itself', async () => {
  const ran = await verify(good, join(disk, 'bin/kuma-cp'))
  expect([ran.code, told(ran)]).toEqual([0, [equal, none, none, none]])
})

test('programs are found beside each other, in bin and in a system; each copy is compared', async () => {
  install('kuma-cp', 'another kuma-cp')
  install('usr/local/bin/kuma-dp', 'the real kuma-dp')
  const ran = await verify()
  expect(ran.code).toBe(1)
  expect([...told(ran)].sort()).toEqual([...Array(5).fill(equal), 'fail install.differs'].sort())
})

test('nothing there: inconclusive, never trusted', async () => {
  rmSync(join(disk, 'bin'), { recursive: true })
  const ran = await verify()
  expect([ran.code, new Set(told(ran))]).toEqual([3, new Set(['error install.nothing-found'])])
  const other = await verify(good, at('root.json'))
  expect([other.code, told(other)[0]]).toEqual([3, 'error install.nothing-found'])
})

test('to be equal to an archive of which nothing is shown shows nothing', async () => {
  const old = archive(release, 'kong-mesh-2.7.9-linux-amd64.tar.gz')
  const ran = await verify(old)
  expect([ran.code, told(ran)]).toEqual([3, [equal, equal, equal, equal]])
})

test('an archive that is not what was built is rejected, however equal its programs are', async () => {
  const [, , ...provenanceOfAnother] = archive([...release, { name: 'more', content: 'more' }])
  const ran = await verify([...good.slice(0, 2), ...provenanceOfAnother])
  expect([ran.code, told(ran)]).toEqual([1, [equal, equal, equal, equal]])
})

test('an archive that cannot be unpacked: what is installed cannot be told', async () => {
  const ran = await verify(archive(Buffer.from('no archive')))
  expect([ran.code, new Set(told(ran))]).toEqual([3, new Set(['error archive.malformed'])])
})

describe('T65 what is odd in the archive', () => {
  test('stands beside the programs as a note', async () => {
    const ran = await verify(
      archive([...release, { name: '../../x', content: 'x' }, { name: 'l', type: '2', link: 'x' }]),
    )
    expect(ran.code, ran.stdout).toBe(0)
    const codes = ran.answers[0]?.subjects?.[0]?.findings
      .filter(({ check }) => check === 'archive')
      .map(({ code }) => code)
    expect(codes).toEqual(['archive.entry-unsafe', 'archive.path-unsafe'])
  })

  test('leaves open what was installed, where it has the name of a program', async () => {
    const twice = await verify(archive([...release, member('kuma-cp', { name: 'kong-mesh-2.14.3/bin/kuma-cp' })]))
    expect([twice.code, told(twice)]).toEqual([3, ['error archive.name-twice', equal, equal, equal]])
    const linked = await verify(
      archive([...release.slice(2), member('kuma-cp', { type: '2', link: 'kuma-dp', content: '' })]),
    )
    expect([linked.code, told(linked)[0]]).toEqual([3, 'error archive.entry-unsafe'])
  })

  test('different programs of one name in several folders are not guessed among', async () => {
    const more = { name: './kong-mesh-2.14.3/other/bin/envoy', content: 'another envoy' }
    const ran = await verify(archive([...release, more]))
    expect([ran.code, told(ran)[3]]).toEqual([3, 'error install.member-ambiguous'])
  })
})

test('a policy may name its own programs', async () => {
  const policy = {
    schema: 'urn:meshproof:policy:v1',
    name: 'own',
    installed: [{ id: 'SC-11', program: 'kuma-cp' }],
    requirements: [{ id: 'SC-10', candidate: 'attestation', signer: { builder: 'trusted' } }],
  }
  writeFileSync(at('policy.json'), JSON.stringify(policy))
  install('bin/kuma-dp', 'changed')
  const ran = await verify([...good, '--policy', at('policy.json')])
  expect([ran.code, told(ran)]).toEqual([0, [equal]])
  const binary = await meshproof([
    'verify',
    'binary',
    ...good.slice(1),
    '--policy',
    at('policy.json'),
    ...common,
    '-o',
    'json',
  ])
  expect([binary.code, told(binary)]).toEqual([0, ['not-applicable demand.not-evaluated']])
})

test('a pack holds the list of the archive, and judges the installation again', async () => {
  install('bin/envoy', 'changed')
  const ran = await verify([...good, '--save-pack', at('pack')])
  expect(ran.code).toBe(1)
  const again = await meshproof(['replay', at('pack'), '-o', 'json'])
  expect([again.code, told(again)]).toEqual([1, told(ran)])
  const ids = [ran, again].map(({ answers }) => answers[0]?.subjects?.[0]?.verdictId)
  expect(ids[0]).toBe(ids[1])
})

test('through a batch: paths stay beneath the root, links too', async () => {
  const [, file = '', , bundle = ''] = good
  const line = (installed: string) => ({
    subject: { file: file.slice(room.path.length + 1) },
    given: [{ bundle: { path: bundle.slice(room.path.length + 1) } }],
    policy: { profile: 'auto' },
    trust: { root: { path: 'root.json' } },
    at: '2026-01-15T13:00:00Z',
    offline: true,
    installed,
  })
  rmSync(join(disk, 'bin/envoy'))
  const batch = async (installed: string) => {
    const { answers } = await meshproof(['verify', 'batch', '--root', room.path, '-'], {
      input: JSON.stringify(line(installed)),
    })
    return answers[0]?.verdict ?? answers[0]?.problem?.code
  }
  expect(await batch('opt')).toBe('trusted')
  expect(await batch('/usr')).toBe('request.path-not-allowed')
  symlinkSync('/etc/hostname', join(disk, 'bin/envoy'))
  expect(await batch('opt')).toBe('request.path-not-allowed')
})

test.each([
  [['verify', 'install'], 'Which installation?'],
  [['verify', 'install', '.'], 'Which archive'],
  [['verify', 'install', '.', '--archive', name], 'provenance.not-given'],
])('%j is a mistake of usage', async (args, says) => {
  const { code, stderr } = await meshproof(args)
  expect([code, stderr.replace(/\s+/g, ' ')]).toEqual([2, expect.stringContaining(says)])
})

test.runIf(hasCorpus)("an archive in the shape of Kong's, unpacked by tar", async () => {
  const { spawnSync } = await import('node:child_process')
  const folder = caseFolder('bundle-good')
  mkdirSync(at('unpacked'), { recursive: true })
  spawnSync('tar', ['xzf', join(folder, name), '-C', at('unpacked')])
  const ran = await meshproof([
    ...['verify', 'install', at('unpacked/kong-mesh-2.14.3'), '--archive', join(folder, name)],
    ...['--security-assets', join(folder, 'security-assets.tar.gz'), '--trusted-root', recordedRoot()],
    ...['--at', '2027-01-01T00:00:00Z', '--offline', '-o', 'json'],
  ])
  expect(ran.code, ran.stdout).toBe(0)
  expect(told(ran)).toContain(equal)
})
