/** `verify batch`: one line in, one line out, in the same order, whatever happens to a single line. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AnyAnswer, meshproof, scratch } from './process.ts'
import { authority, key, policyWith } from './scene.ts'

const room = scratch()
const root = join(room.path, 'lines')
afterAll(() => room.remove())

const bundleOf = (message: string): string =>
  JSON.stringify(authority.sign({ message, signer: key, log: 'none', timestamp: false }).bundle)

beforeAll(() => {
  mkdirSync(join(root, 'inner'), { recursive: true })
  writeFileSync(join(root, 'app'), 'hello')
  writeFileSync(join(root, 'other'), 'not hello')
  writeFileSync(join(root, 'app.sigstore.json'), bundleOf('hello'))
  writeFileSync(join(room.path, 'outside'), 'hello')
  symlinkSync(join(room.path, 'outside'), join(root, 'link'))
  symlinkSync('app', join(root, 'inner-link'))
})

const given = [{ bundle: { path: 'app.sigstore.json' } }]
const line = (file: string, more: object = {}): object => ({
  subject: { file },
  given,
  policy: policyWith(),
  offline: true,
  ...more,
})

const short = ({ verdict, problem, id }: AnyAnswer): string =>
  `${id === undefined ? '' : `${id} `}${verdict ?? problem?.code}`

async function batch(lines: readonly (object | string)[], args: readonly string[] = []) {
  const input = lines.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')
  return meshproof(['verify', 'batch', ...args], { input, cwd: root })
}

describe('a bad line stops no other', () => {
  const rows: readonly (readonly [string, object | string, string])[] = [
    ['a good one', line('app'), 'trusted'],
    ['no JSON', '{"subject": ', 'request.malformed'],
    ['a list', '[]', 'request.malformed'],
    ['text', 'docker.io/kong/kuma-cp:2.14.3', 'request.malformed'],
    ['a key twice', '{"id":"a","id":"b"}', 'request.malformed'],
    ['a key that nobody knows', line('app', { insecure: true }), 'request.malformed'],
    ['no policy', { subject: { file: 'app' } }, 'request.malformed'],
    ['a policy that does not load', line('app', { policy: { requirements: [] } }), 'policy.malformed'],
    ['a profile that is not there', line('app', { policy: { profile: 'nobody' } }), 'policy.unknown-profile'],
    ['no profile that knows it', line('app', { policy: { profile: 'auto' } }), 'policy.missing'],
    ['no reference', line('app', { subject: { image: 'No/Reference' } }), 'reference.malformed'],
    ['no time', line('app', { at: 'yesterday' }), 'request.malformed'],
    ['a file that is not there', line('none'), 'request.path-not-found'],
    ['evidence that is not there', line('app', { given: [{ bundle: { path: 'none' } }] }), 'request.path-not-found'],
    ['a path out of the root', line('../outside'), 'request.path-not-allowed'],
    ['a path out and in again', line('../lines/app'), 'request.path-not-allowed'],
    ['a whole path, even to the root', line(join(root, 'app')), 'request.path-not-allowed'],
    ['a link out of the root', line('link'), 'request.path-not-allowed'],
    ['a link within', line('inner-link'), 'trusted'],
    [
      'evidence out of the root',
      line('app', { given: [{ bundle: { path: '../outside' } }] }),
      'request.path-not-allowed',
    ],
    ['a layout out of the root', line('app', { given: [{ layout: '..' }] }), 'request.path-not-allowed'],
    [
      'a key out of the root',
      line('app', { policy: policyWith({}, { signer: { keys: [{ key: { path: '../outside' } }] } }) }),
      'request.path-not-allowed',
    ],
    [
      'a trusted root out of the root',
      line('app', { policy: logged(), trust: { root: { path: '/etc/passwd' } } }),
      'request.path-not-allowed',
    ],
    ['a folder for a file', line('inner'), 'request.path-not-file'],
    ['a file that was altered', line('other'), 'rejected'],
    ['contents that do not read', line('app', { given: [{ bundle: { base64: 'e30=' } }] }), 'inconclusive'],
    ['base64 that is none', line('app', { given: [{ bundle: { base64: '%' } }] }), 'request.malformed'],
    ['the last good one', line('app'), 'trusted'],
  ]
  let answers: readonly AnyAnswer[] = []
  let code: number | null = null
  beforeAll(async () => {
    const lines = rows.map(([, one], i) => (typeof one === 'string' ? one : { id: String(i), ...one }))
    const ran = await batch(lines, ['-', '-j', '3'])
    answers = ran.answers
    code = ran.code
  })
  function logged(): object {
    return policyWith({}, { transparency: { log: 1, sct: 0, time: 0 } })
  }

  test.for(rows.map(([what, one, expected], i) => [what, expected, i, typeof one] as const))(
    '%s: %s',
    ([, expected, i, kind]) => {
      const answer = answers[i]
      expect(answer?.verdict ?? answer?.problem?.code, JSON.stringify(answer)).toBe(expected)
      if (kind === 'object') expect(answer?.id).toBe(String(i))
    },
  )
  test('as many answers as lines, and the worst exit', () => {
    expect(answers).toHaveLength(rows.length)
    expect(code).toBe(2)
  })
})

test('ids may be the same, be missing, and stand on a line that is wrong otherwise', async () => {
  const lines = [line('app', { id: 'a' }), line('other', { id: 'a' }), line('app'), { id: 'b', subject: 1 }]
  const { answers } = await batch(lines, ['-'])
  expect(answers.map(short)).toEqual(['a trusted', 'a rejected', 'trusted', 'b request.malformed'])
})

test('the same answers in the same order, however many at a time; blank lines are none', async () => {
  const lines = Array.from({ length: 24 }, (_, i) => line(i % 3 === 0 ? 'other' : 'app', { id: `${i}` }))
  const one = await batch(lines, ['-', '-j', '1'])
  const many = await batch(
    lines.flatMap((each) => ['', each, ' \r']),
    ['-', '-j', '64'],
  )
  expect(one.answers.map(short)).toEqual(lines.map((_, i) => `${i} ${i % 3 === 0 ? 'rejected' : 'trusted'}`))
  const ids = (answers: readonly AnyAnswer[]) => answers.map(({ subjects }) => subjects?.[0]?.verdictId)
  expect(ids(many.answers)).toEqual(ids(one.answers))
  expect([one.code, many.code]).toEqual([1, 1])
})

test('a line that is too large is told, and neither kept nor confused with its neighbours', async () => {
  const large = `{"id":"large","subject":{"image":"${'a'.repeat(65 * 1024 * 1024)}"}}`
  const { answers } = await batch([line('app', { id: 'before' }), large, line('app', { id: 'after' })], ['-'])
  expect(answers.map(short)).toEqual(['before trusted', 'request.too-large', 'after trusted'])
})

describe('paths are relative to', () => {
  const request = line('app')
  test('the file of lines', async () => {
    writeFileSync(join(root, 'requests.ndjson'), JSON.stringify(request))
    const { answers, code } = await meshproof(['verify', 'batch', join(root, 'requests.ndjson')])
    expect({ code, answers: answers.map(short) }).toEqual({ code: 0, answers: ['trusted'] })
  })
  test('--root, wherever the file lies', async () => {
    writeFileSync(join(room.path, 'elsewhere.ndjson'), `${JSON.stringify(request)}\n`)
    const { answers } = await meshproof(['verify', 'batch', join(room.path, 'elsewhere.ndjson'), '--root', root])
    expect(answers.map(short)).toEqual(['trusted'])
  })
  test('the folder it is started in, where lines are piped in', async () => {
    expect((await batch([request])).answers.map(short)).toEqual(['trusted'])
  })
})

test('an empty file is no answer and no failure', async () => {
  const { code, stdout } = await batch([''], ['-'])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
})
