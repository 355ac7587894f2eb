/** `verify bundle`: a Sigstore bundle over a file of any size, or over a bare digest. */

import { createHash } from 'node:crypto'
import { closeSync, createReadStream, ftruncateSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { statement } from '../authority/cosign-bundle.ts'
import { meshproof, scratch } from './process.ts'
import { authority, key, policyFiles } from './scene.ts'

const room = scratch()
const files = policyFiles(room.path)
afterAll(() => room.remove())

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`
const unlogged = { signer: key, log: 'none', timestamp: false } as const

/** A signed statement about a digest, so that a bare digest is enough to check it. */
function bundleFor(digest: string, name: string): string {
  const path = join(room.path, `${name}.sigstore.json`)
  const payload = statement({ digest, predicateType: 'https://example.org/release/v1' })
  writeFileSync(path, JSON.stringify(authority.sign({ payload, ...unlogged }).bundle))
  return path
}
function put(name: string, text: string): string {
  writeFileSync(join(room.path, name), text)
  return join(room.path, name)
}

const app = put('app', 'hello')
const other = put('other', 'not hello')
const bundle = bundleFor(sha256('hello'), 'app')

test.for([
  ['the file', app, 0, 'requirement.met'],
  ['its digest', sha256('hello'), 0, 'requirement.met'],
  ['another file', other, 1, 'payload.digest-mismatch'],
  ['another digest', sha256('not hello'), 1, 'payload.digest-mismatch'],
] as const)('over %s', async ([, artifact, code, finding]) => {
  const ran = await meshproof([
    'verify',
    'bundle',
    '--bundle',
    bundle,
    '--policy',
    files.policy,
    '-o',
    'json',
    artifact,
  ])
  expect(ran.code, ran.stdout).toBe(code)
  expect(ran.answers[0]?.subjects?.[0]?.findings.map((one) => one.code)).toContain(finding)
})

test('several bundles, given one by one or as lines of one file: one that is good suffices', async () => {
  const wrong = bundleFor(sha256('not hello'), 'wrong')
  const one = ['verify', 'bundle', '--policy', files.policy, app]
  expect((await meshproof([...one, '--bundle', wrong, '--bundle', bundle])).code).toBe(0)
  const read = (path: string) => createReadStream(path).setEncoding('utf8').toArray()
  const lines = put('lines.jsonl', `${(await read(wrong)).join('')}\n${(await read(bundle)).join('')}\n`)
  expect((await meshproof([...one, '--given', lines])).code).toBe(0)
})

test("cosign's flags in place of a policy", async () => {
  const args = ['verify', 'bundle', '--bundle', bundle, '--key', files.key, '--insecure-ignore-tlog', '-o', 'json', app]
  const { code, answers } = await meshproof(args)
  expect(code).toBe(0)
  expect(answers[0]?.subjects?.[0]?.beside.policy.name).toBe('flags')
})

test('300 MB are read in pieces, not into memory', async () => {
  const huge = join(room.path, 'huge')
  const bytes = 300 * 1024 * 1024
  const file = openSync(huge, 'w')
  ftruncateSync(file, bytes)
  closeSync(file)
  const hash = createHash('sha256')
  const piece = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < 300; i++) hash.update(piece)
  const signed = bundleFor(`sha256:${hash.digest('hex')}`, 'huge')
  const node = [
    '--import',
    'data:text/javascript,process.on("exit",()=>process.stderr.write("rss "+process.resourceUsage().maxRSS+"\\n"))',
  ]
  const run = (artifact: string, by: string) =>
    meshproof(['verify', 'bundle', '--bundle', by, '--policy', files.policy, artifact], { node })
  const small = await run(app, bundle)
  const large = await run(huge, signed)
  expect([small.code, large.code]).toEqual([0, 0])
  const kilobytes = ({ stderr }: { stderr: string }) => Number(/rss (\d+)/.exec(stderr)?.[1])
  expect(kilobytes(large) - kilobytes(small)).toBeLessThan(32 * 1024)
})
