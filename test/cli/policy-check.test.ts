/** `policy check`: line and column of what is wrong, and words for what may not mean what its author thinks (T93). */
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { meshproof, type Ran, scratch } from './process.ts'
import { key, policyFiles, policyWith, stranger } from './scene.ts'

const room = scratch()
afterAll(() => room.remove())

const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
const foreign = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const spki = { type: 'spki', format: 'pem' } as const
const pems: Readonly<Record<string, string>> = {
  'two.pem': key.pem + stranger.pem,
  'private.pem': String(key.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  'small.pem': String(small.publicKey.export(spki)),
  'curve.pem': String(foreign.publicKey.export(spki)),
  'text.pem': 'no key at all',
}
const head = 'schema: urn:meshproof:policy:v1\nname: x\nrequirements:\n'
const requirement = (...lines: readonly string[]): string =>
  `${head}  - id: a\n    candidate: signature\n${lines.map((line) => `    ${line}\n`).join('')}`
const keyed = (file: string): string =>
  requirement('signer:', '  keys:', '    - key:', `        path: ${file}`, 'transparency: { log: 0 }')
const keyless = (more = ''): string => requirement('signer: { issuer: "https://i.example", identity: { is: x } }', more)

/** Name, text, and what is said; `L:C` of the first is its place. */
const wrong: readonly (readonly [string, string, string])[] = [
  ['no-yaml.yaml', 'name: [\n', '2:1: '],
  ['key-twice.yaml', `name: x\n${head}`, '3:1: Map keys must be unique'],
  ['key-twice.json', '{\n "name": "x",\n "name": "y"\n}', '3:2: Map keys must be unique'],
  ['unknown-key.yaml', keyless('colour: red'), '7:13: /requirements/0/colour: unknown key'],
  [
    'unknown-key.json',
    `{\n "schema": "urn:meshproof:policy:v1", "name": "x", "requirements": [],\n "weaker": true\n}`,
    '3:12: /weaker: unknown key',
  ],
  ['no-requirements.yaml', 'schema: urn:meshproof:policy:v1\nname: x\nrequirements: []\n', '3:15: /requirements: '],
  ['no-issuer.yaml', requirement('signer: { identity: { is: x } }'), '6:13: /requirements/0/signer'],
  ['threshold.yaml', keyless('threshold: 0'), '7:16: /requirements/0/threshold: '],
  ['id-twice.yaml', `${keyless()}${keyless().slice(head.length)}`, '4:3: /requirements: two requirements with one id'],
  ['alias.yaml', `${head}  - &r { id: a }\n  - *r\n`, '5:5: an alias (*r)'],
  ['two-keys.yaml', keyed('two.pem'), '9:13: /requirements/0/signer/keys/0/key: two keys in one value'],
  ['private.yaml', keyed('private.pem'), '9:13: /requirements/0/signer/keys/0/key: this is a private key'],
  ['small.yaml', keyed('small.pem'), 'RSA of 1024 bits is not allowed'],
  ['curve.yaml', keyed('curve.pem'), 'curve secp256k1 is not allowed'],
  ['text.yaml', keyed('text.pem'), 'not a public key'],
  ['absent.yaml', keyed('absent.pem'), '9:19: /requirements/0/signer/keys/0/key/path: There is no file absent.pem.'],
]

describe('what is wrong', () => {
  let ran: Ran | undefined
  beforeAll(async () => {
    for (const [name, text] of [...wrong, ...Object.entries(pems)]) writeFileSync(join(room.path, name), text)
    ran = await meshproof(['policy', 'check', ...wrong.map(([name]) => name)], { cwd: room.path })
  })
  test.for(wrong)('%s', ([name, , says]) => {
    const lines = (ran?.stderr ?? '').split('\n').filter((line) => line.startsWith(`${name}:`))
    expect(
      lines.some((line) => line.includes(says)),
      lines.join('\n'),
    ).toBe(true)
    expect(lines.every((line) => /^[\w.-]+:\d+:\d+: /.test(line))).toBe(true)
  })
  test('exit 2, and nothing of a private key is repeated', () => {
    expect({ code: ran?.code, stdout: ran?.stdout }).toEqual({ code: 2, stdout: '' })
    expect(ran?.stderr).not.toContain(pems['private.pem']?.split('\n')[1])
  })
  test('a verb that needs the policy says the same, and does nothing', async () => {
    const { code, stderr } = await meshproof(['verify', 'image', 'a/b', '--policy', join(room.path, 'two-keys.yaml')])
    expect(code).toBe(2)
    expect(stderr).toContain('two-keys.yaml:9:13: /requirements/0/signer/keys/0/key: two keys in')
  })
})

test('what loads but may not mean what its author thinks', async () => {
  const { key: file } = policyFiles(room.path)
  const keys = [key, stranger].map(({ pem }) => ({ key: { base64: Buffer.from(pem).toString('base64') } }))
  const types = ['https://slsa.dev/provenance/v1', 'https://spdx.dev/Document']
  const policies: Readonly<Record<string, object>> = {
    'either-key.json': policyWith({}, { signer: { keys } }),
    'types.json': policyWith({}, { candidate: 'attestation', predicateType: types }),
    'loose.json': policyWith({}, { signer: { issuer: 'https://i.example', identity: { matches: 'x', loose: true } } }),
    'plain.json': policyWith(),
  }
  for (const [name, one] of Object.entries(policies)) writeFileSync(join(room.path, name), JSON.stringify(one))
  const { code, stdout, stderr } = await meshproof(['policy', 'check', ...Object.keys(policies)], { cwd: room.path })
  expect(code).toBe(0)
  expect(stderr).toMatch(
    /^either-key\.json:1:\d+: \/requirements\/0\/signer\/keys: one of these is enough \(warning\)$/m,
  )
  expect(stderr).toMatch(/^types\.json:1:\d+: .*one of these types is enough \(warning\)$/m)
  expect(stderr).toMatch(/^loose\.json:1:\d+: .*searched anywhere.* \(warning\)$/m)
  expect(stderr).not.toContain('plain.json')
  expect(stdout.match(/, 1 requirement, sha256:[0-9a-f]{64}$/gm)).toHaveLength(4)
  expect(file).not.toBe('')
})

test('the policies of the documentation load', async () => {
  const folder = fileURLToPath(new URL('../../docs/policies', import.meta.url))
  const policies = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  expect(policies.length).toBeGreaterThanOrEqual(3)
  const { code, stderr } = await meshproof(['policy', 'check', ...policies], { cwd: folder })
  expect(code, stderr).toBe(0)
})
