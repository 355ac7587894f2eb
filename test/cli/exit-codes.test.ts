/** Exit codes: 0 all trusted, 1 rejected, 2 usage or configuration, 3 inconclusive; of several the worst: 2, 1, 3, 0. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRegistry, type TestRegistry } from '../registry/registry.ts'
import { meshproof, scratch } from './process.ts'
import { hold, policyFiles, sign, smallImage } from './scene.ts'

const room = scratch()
const { policy, key } = policyFiles(room.path)
let registry: TestRegistry
let good = ''
let unsigned = ''
/** Nothing listens there. */
const unreachable = '127.0.0.1:1/team/app:1'

beforeAll(async () => {
  registry = await startRegistry()
  const signed = smallImage('signed')
  hold(registry, 'team/good', signed.index, '1')
  sign(registry, 'team/good', signed.index)
  hold(registry, 'team/unsigned', smallImage('unsigned').index, '1')
  good = `${registry.host}/team/good:1`
  unsigned = `${registry.host}/team/unsigned:1`
  writeFileSync(join(room.path, 'broken.yaml'), 'requirements: [')
})
afterAll(async () => {
  await registry.close()
  room.remove()
})

const verify = (images: readonly string[], ...more: readonly string[]) =>
  meshproof(['verify', 'image', ...images, '--policy', policy, ...more])

test.for([
  ['a good image', () => [good], 0],
  ['an unsigned image', () => [unsigned], 1],
  ['a registry that cannot be reached', () => [unreachable], 3],
  ['what is no reference', () => ['No/Reference'], 2],
  ['good and unreachable', () => [good, unreachable], 3],
  ['unreachable and unsigned', () => [unreachable, unsigned], 1],
  ['unsigned and no reference', () => [unsigned, 'No/Reference', good], 2],
] as const)('%s', async ([, images, code]) => {
  const ran = await verify(images())
  expect(ran.code, ran.stdout + ran.stderr).toBe(code)
})

describe('--exit-zero waives verdicts and nothing else', () => {
  test.for([
    ['rejected', () => [unsigned, unreachable], 0],
    ['no reference', () => [good, 'No/Reference'], 2],
  ] as const)('%s', async ([, images, code]) => {
    const ran = await verify(images(), '--exit-zero', '-o', 'json')
    expect(ran.code).toBe(code)
    expect(ran.answers).toHaveLength(2)
  })
})

test.for([
  [['verify'], /no verb "verify"/],
  [['frobnicate', 'x'], /no verb "frobnicate x"/],
  [['verify', 'image'], /Which image/],
  [['verify', 'image', 'a/b', '--insecure'], /--insecure/],
  [['verify', 'image', 'a/b', '-o', 'yaml', '--key', key], /-o takes json or table/],
  [['verify', 'image', 'a/b', '--policy', policy, '--profile', 'kong-mesh'], /--policy and --profile/],
  [['verify', 'image', 'a/b', '--policy', join(room.path, 'broken.yaml')], /broken\.yaml:1:/],
  [['verify', 'image', 'a/b', '--policy', join(room.path, 'none.yaml')], /There is no file/],
  [['verify', 'image', 'a/b', '--profile', 'nobody'], /no profile nobody/],
  [['verify', 'image', 'a/b', '--key', key, '--certificate-identity', 'x'], /either --key or/],
  [['verify', 'image', 'a/b', '-a', 'x=y'], /belong to --key/],
  [['verify', 'image', 'a/b', '--key', key, '--at', 'yesterday'], /yesterday/],
  [['verify', 'image', 'a/b', '--key', key, '--given', join(room.path, 'none')], /There is no file/],
  [['verify', 'bundle', 'app.tar.gz', '--key', key], /Which bundle/],
  [['verify', 'batch', 'none.ndjson'], /There is no file none.ndjson/],
  [['verify', 'batch', '-', '-j', '0'], /-j takes/],
  [['verify', 'batch', room.path], /There is no file/],
  [['verify', 'batch', '-', '--root', join(room.path, 'none')], /There is no file/],
  [['replay', room.path], /no evidence pack/],
  [['policy', 'check', 'none.yaml'], /There is no file none.yaml/],
] as const)('usage: %j', async ([args, says]) => {
  const { code, stdout, stderr } = await meshproof(args)
  expect(stderr).toMatch(says)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  // A person's error is three lines: what, where, what to do next.
  expect(stderr).toMatch(/^error: .+\nwhere: .+\nnext: /s)
})
