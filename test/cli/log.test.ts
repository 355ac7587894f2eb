/** A bare envelope is complete only with the log's entry, which is looked up once and then kept for ever. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { hasCorpus } from '../attacks/corpus.ts'
import { createAuthority } from '../authority/authority.ts'
import { bareEnvelope } from '../authority/bare-envelope.ts'
import { caseFolder, recordedRoot, serveRecorded } from '../rekor/recorded.ts'
import { startRekor, type TestRekor } from '../rekor/rekor.ts'
import { type How, meshproof, type Ran, scratch } from './process.ts'

const room = scratch()
const write = (name: string, content: string | Uint8Array | object): string => {
  const path = join(room.path, name)
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content))
  return path
}
const generic = 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml'
const policyOf = (tag: string) => ({
  schema: 'urn:meshproof:policy:v1',
  name: 'archives',
  requirements: [
    {
      id: 'SC-10',
      candidate: 'attestation',
      signer: { builder: generic },
      provenance: { source: { uri: 'github.com/Kong/kong-mesh', tag } },
    },
  ],
})

const authority = createAuthority()
const artifact = digestOf('an archive')
const of = (text: string) => [{ name: 'archive.tar.gz', digest: { sha256: digestOf(text).slice('sha256:'.length) } }]
const good = bareEnvelope(authority, { subjects: of('an archive') })
/** Another build of the same artifact, logged all the same. */
const other = bareEnvelope(authority, { subjects: of('an archive'), github: { runId: '1' } })
const branch = bareEnvelope(authority, { subjects: of('an archive'), github: { ref: 'refs/heads/main' } })
const files = {
  archive: write('archive.tar.gz', 'an archive'),
  envelope: write('good.intoto.jsonl', good.text),
  lines: write('lines.intoto.jsonl', `${bareEnvelope(authority, { subjects: of('another') }).text}\n${good.text}\n`),
  branch: write('branch.intoto.jsonl', branch.text),
  root: write('root.json', authority.trustedRoot()),
  policy: write('policy.json', policyOf('2.14.3')),
}

let log: TestRekor
let caches = 0
const newCache = (): string => {
  const path = join(room.path, `cache-${caches++}`)
  mkdirSync(path)
  return path
}

const verify = (more: readonly string[] = [], { env, ...how }: How = {}, bundle = files.envelope): Promise<Ran> =>
  meshproof(
    [
      ...['verify', 'bundle', '--bundle', bundle, '--policy', files.policy, '--trusted-root', files.root],
      ...['--at', '2026-01-15T13:00:00Z', '-o', 'json', files.archive, ...more],
    ],
    { ...how, env: { MESHPROOF_LOG_URL: log.url, ...env } },
  )

const subjectOf = ({ answers, stdout }: Ran) => {
  const [subject] = answers[0]?.subjects ?? []
  if (subject === undefined) throw new Error(stdout)
  return subject
}
/** Codes of what failed or could not be told. */
const failing = (ran: Ran): readonly string[] => [
  ...new Set(
    subjectOf(ran)
      .findings.filter(({ outcome }) => outcome === 'fail' || outcome === 'error')
      .map(({ code }) => code),
  ),
]
const decisive = (ran: Ran) =>
  subjectOf(ran).findings.find(({ demand, candidate }) => demand === '/requirements/0' && candidate === undefined)?.code

beforeAll(async () => {
  log = await startRekor()
})
afterEach(async () => {
  await log.close()
  log = await startRekor()
})
afterAll(async () => {
  await log.close()
  room.remove()
})

test('the entry is looked up, and the second verification asks nobody and gives the same bytes, for ever', async () => {
  log.addEnvelope(good.text, [good.answer])
  const env = { MESHPROOF_CACHE_PATH: newCache() }
  const first = await verify([], { env })
  expect(first.code, first.stdout + first.stderr).toBe(0)
  expect(log.lines).toEqual(['POST /api/v1/log/entries/retrieve'])
  log.lines.length = 0
  const second = await verify([], { env })
  const closed = await verify(['--offline'], { env })
  expect([second.code, closed.code]).toEqual([0, 0])
  const ids = [first, second, closed].map((ran) => subjectOf(ran).verdictId)
  expect(new Set(ids).size).toBe(1)
  expect(log.lines).toEqual([])
})

const canUnshare = spawnSync('unshare', ['-rn', 'true']).status === 0
if (!canUnshare) console.log('An empty network namespace is not permitted here (unshare -rn): a guard alone is tested.')

/** Whatever opens a connection or asks for a name ends the program by this signal. */
const guard = write(
  'guard.mjs',
  `import net from 'node:net'; import dns from 'node:dns'; import dgram from 'node:dgram'
   const end = () => process.kill(process.pid, 'SIGKILL')
   net.Socket.prototype.connect = end; dns.lookup = end; dns.promises.lookup = end; dgram.createSocket = end`,
)
const nowhere: readonly (readonly [string, How])[] = [
  ['under a guard that ends whoever connects', { node: ['--import', guard] }],
  ...(canUnshare ? ([['in an empty network namespace', { within: ['unshare', '-rn'] }]] as const) : []),
]

test.each(nowhere)('kept once, it is offline for ever %s: the same verdict to the byte', async (_, how) => {
  log.addEnvelope(good.text, [good.answer])
  const env = { MESHPROOF_CACHE_PATH: newCache() }
  const first = await verify([], { env })
  expect(first.code, first.stdout + first.stderr).toBe(0)
  const second = await verify([], { ...how, env })
  expect([second.code, second.signal], second.stderr).toEqual([0, null])
  const told = [first, second].map((ran) => {
    const { verdictId, inputs, findings, outcome, holds } = subjectOf(ran)
    return JSON.stringify({ verdictId, inputs, findings, outcome, holds })
  })
  expect(told[1]).toBe(told[0])
  // What was not kept is asked for, and that is noticed.
  const asked = await verify([], { ...how, env: { MESHPROOF_CACHE_PATH: newCache() } })
  expect('node' in how ? asked.signal : asked.code).toBe('node' in how ? 'SIGKILL' : 3)
})

test('offline without it: inconclusive, and the missing entry is the only thing that is told', async () => {
  const ran = await verify(['--offline'])
  expect(ran.code).toBe(3)
  expect(failing(ran)).toEqual(['log.inclusion-not-shown'])
  expect(decisive(ran)).toBe('log.inclusion-not-shown')
  expect(log.lines).toEqual([])
})

test('T14 a log that knows no entry has spoken: the envelope is rejected as log.absent', async () => {
  const ran = await verify()
  expect([ran.code, decisive(ran)]).toEqual([1, 'log.absent'])
})

test('T16 an entry of another envelope lends nothing', async () => {
  log.addEnvelope(good.text, [other.answer])
  const ran = await verify()
  expect([ran.code, decisive(ran)]).toEqual([3, 'log.inclusion-not-shown'])
  expect(failing(ran)).toEqual(['log.inclusion-not-shown'])
})

test('T36 a crowd at the artifact changes nothing: the one about the envelope is found among them', async () => {
  log.addIndex(artifact, [other.uuid, branch.uuid, good.uuid])
  for (const one of [other, branch, good]) log.addEntry(one.uuid, one.answer)
  const ran = await verify()
  expect(ran.code, ran.stdout).toBe(0)
  expect(log.lines).toHaveLength(5)
})

test('an entry does not heal a wrong build', async () => {
  log.addEnvelope(branch.text, [branch.answer])
  const ran = await verify([], {}, files.branch)
  expect([ran.code, decisive(ran)]).toEqual([1, 'provenance.source'])
})

test('a wrong build is rejected although the log cannot be asked', async () => {
  log.setFault((_, response) => Boolean(response.writeHead(503).end()))
  const ran = await verify([], {}, files.branch)
  expect([ran.code, decisive(ran)]).toEqual([1, 'provenance.source'])
})

test.each([
  ['log.rate-limited', 429, { 'retry-after': '3600' }],
  ['log.failed', 500, {}],
  ['log.failed', 302, { location: 'https://elsewhere.example' }],
] as const)('a look-up without answer is a note beside what is missing: %s (%i)', async (code, status, headers) => {
  log.setFault((_, response) => Boolean(response.writeHead(status, headers).end()))
  const ran = await verify()
  expect([ran.code, decisive(ran)]).toEqual([3, 'log.inclusion-not-shown'])
  const notes = subjectOf(ran).findings.filter(({ demand }) => demand === undefined)
  expect(notes.map((one) => one.code)).toContain(code)
  expect([...failing(ran)].sort()).toEqual([code, 'log.inclusion-not-shown'].sort())
  const words = await verify(['-o', 'table'])
  expect(words.stdout).toMatch(
    /SC-10: No log entry of this signature is at hand\.[\s\S]*note {2}The transparency log .*127\.0\.0\.1/,
  )
})

test('a log that nobody answers for: log.unreachable is told, and its address', async () => {
  const url = 'http://127.0.0.1:9'
  const ran = await verify([], { env: { MESHPROOF_LOG_URL: url } })
  expect([ran.code, decisive(ran)]).toEqual([3, 'log.inclusion-not-shown'])
  expect(failing(ran)).toContain('log.unreachable')
  const { beside } = subjectOf(ran)
  expect(beside.asked.find(({ question }) => question.ask === 'log-entry')?.from).toBe('127.0.0.1:9')
})

test('of several envelopes in one file, only those that speak of the artifact are asked about', async () => {
  log.addEnvelope(good.text, [good.answer])
  const ran = await verify([], {}, files.lines)
  expect(ran.code, ran.stdout).toBe(0)
  expect(log.lines).toHaveLength(1)
})

test('a pack holds the envelope and the entry: it is judged again, the same, without network', async () => {
  log.addEnvelope(good.text, [good.answer])
  const pack = join(room.path, 'pack')
  const ran = await verify(['--save-pack', pack], {}, files.lines)
  expect(ran.code, ran.stderr).toBe(0)
  log.lines.length = 0
  const again = await meshproof(['replay', pack, '-o', 'json'])
  expect(again.code, again.stdout + again.stderr).toBe(0)
  expect(subjectOf(again).verdictId).toBe(subjectOf(ran).verdictId)
  expect(readFileSync(join(pack, 'blobs/sha256', digestOf(good.text).slice(7)), 'utf8')).toBe(good.text)
  expect(log.lines).toEqual([])
})

test('an entry that was brought along closes the look-up', async () => {
  const line = {
    subject: { digest: artifact },
    given: [
      { bundle: { path: 'good.intoto.jsonl' } },
      { logEntry: { base64: Buffer.from(JSON.stringify(good.answer)).toString('base64') } },
    ],
    policy: policyOf('2.14.3'),
    trust: { root: { path: 'root.json' } },
    at: '2026-01-15T13:00:00Z',
  }
  const ran = await meshproof(['verify', 'batch', '--root', room.path, '-'], {
    input: JSON.stringify(line),
    env: { MESHPROOF_LOG_URL: log.url },
  })
  expect(ran.code, ran.stdout).toBe(0)
  expect(log.lines).toEqual([])
})

test('an entry as a file goes with --given', async () => {
  const ran = await verify(['--offline', '--given', write('entry.json', good.answer)])
  expect(ran.code, ran.stdout).toBe(0)
})

test('a policy that does not count on the log asks none', async () => {
  const [requirement] = policyOf('2.14.3').requirements
  const quiet = { ...policyOf('2.14.3'), requirements: [{ ...requirement, transparency: { log: 0, sct: 0, time: 0 } }] }
  await verify(['--policy', write('quiet.json', quiet)])
  expect(log.lines).toEqual([])
})

test('the address of the log is a setting of the installation', async () => {
  const { stdout } = await meshproof(['config', 'print'], { env: { MESHPROOF_LOG_URL: 'https://log.example' } })
  expect(stdout).toMatch(/^log\.url\s+"https:\/\/log\.example" +\(environment MESHPROOF_LOG_URL; MESHPROOF_LOG_URL\)$/m)
  expect((await meshproof(['config', 'print'])).stdout).toContain('"https://rekor.sigstore.dev"')
  const wrong = await meshproof(['config', 'print'], { env: { MESHPROOF_LOG_URL: 'log.example' } })
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('config.malformed')])
})

describe.runIf(hasCorpus)('recorded answers of a real log', () => {
  const recorded = (id: string): Promise<Ran> =>
    meshproof(
      [
        ...['verify', 'bundle', '--bundle', join(caseFolder(id), 'kong-mesh.intoto.jsonl')],
        ...['--policy', files.policy, '--trusted-root', recordedRoot(), '--at', '2027-01-01T00:00:00Z', '-o', 'json'],
        join(caseFolder(id), 'kong-mesh-2.14.3-linux-amd64.tar.gz'),
      ],
      { env: { MESHPROOF_LOG_URL: log.url } },
    )

  test.each(['bare-good', 'bare-good-crowded-log'])('%s is trusted, by the envelope', async (id) => {
    serveRecorded(log, id)
    const ran = await recorded(id)
    expect(ran.code, ran.stdout).toBe(0)
    expect(log.lines).toEqual(['POST /api/v1/log/entries/retrieve'])
  })

  test('bare-good-crowded-log is trusted by the artifact alone, with five strangers beside', async () => {
    serveRecorded(log, 'bare-good-crowded-log', 'by-artifact')
    const ran = await recorded('bare-good-crowded-log')
    expect(ran.code, ran.stdout).toBe(0)
    expect(log.lines).toHaveLength(8)
  })
})
