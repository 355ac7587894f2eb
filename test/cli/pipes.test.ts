/** What is no regular file, what nobody can write, and who waits for whom. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { afterAll, expect, test } from 'vitest'
import { ended, meshproof, scratch, start } from './process.ts'
import { authority, key, policyWith } from './scene.ts'

const { path: folder, remove } = scratch()
afterAll(remove)
const place = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const { bundle } = authority.sign({ signer: key, message: 'hello', log: 'none', timestamp: false })
const good = {
  bundle: place('good.json', JSON.stringify(bundle)),
  file: place('hello.txt', 'hello'),
  key: place('key.pub', key.pem),
}
const pipe = join(folder, 'pipe')
execFileSync('mkfifo', [pipe])
mkdirSync(join(folder, 'folder'))
const verify = (of: Partial<typeof good>, ...more: readonly string[]) => {
  const { bundle: path, file, key: by } = { ...good, ...of }
  const flags = ['--bundle', path, '--key', by, '--insecure-ignore-tlog', '--offline']
  return meshproof(['verify', 'bundle', ...flags, ...more, file])
}

test('the twin is trusted', async () => {
  expect((await verify({})).code).toBe(0)
})

test.each([
  ['a pipe without a writer as bundle', { bundle: pipe }, 'is a pipe or a device'],
  ['a pipe without a writer as file', { file: pipe }, 'is a pipe or a device'],
  ['a folder as bundle', { bundle: join(folder, 'folder') }, 'is a folder'],
  ['a folder as file', { file: join(folder, 'folder') }, 'is a folder'],
])('%s: exit 2, and what it is', async (_, of, words) => {
  const { code, stderr, stdout } = await verify(of)
  expect(stderr + stdout).toContain(words)
  expect(code).toBe(2)
})

test('a file that is no key is named', async () => {
  const { code, stderr } = await verify({ key: good.file })
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`--key ${good.file}: not a public key`),
  })
})

test.each(['/proc/meshproof', join(good.file, 'pack')])(
  'a pack that cannot be written: the verdict, then exit 2: %s',
  async (to) => {
    const { code, stdout, stderr } = await verify({}, '--save-pack', to)
    expect(stdout).toContain('trusted')
    expect(stderr).toContain(`${to} cannot be written`)
    expect(code).toBe(2)
  },
)

test('a pipe in a batch is the problem of its own line', async () => {
  const policy = policyWith()
  const line = (file: string) =>
    JSON.stringify({ subject: { file }, given: [{ bundle: { path: 'good.json' } }], policy })
  const input = [
    line('hello.txt'),
    line('pipe'),
    JSON.stringify({ subject: { file: 'hello.txt' }, given: [{ bundle: { path: 'pipe' } }], policy }),
  ]
  const { answers } = await meshproof(['verify', 'batch', '--root', folder, '-'], { input: input.join('\n') })
  expect(answers.map(({ verdict, problem }) => verdict ?? problem?.code)).toEqual([
    'trusted',
    'request.path-not-file',
    'request.path-not-file',
  ])
})

test('a line of a batch is answered before the next one is written', async () => {
  const child = start(['verify', 'batch', '--root', folder, '-'], { stdin: 'open' })
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('no pipes')
  const lines = createInterface({ input: stdout })
  for (const id of ['one', 'two']) {
    const next = once(lines, 'line')
    stdin.write(
      `${JSON.stringify({ id, subject: { file: 'hello.txt' }, given: [{ bundle: { path: 'good.json' } }], policy: policyWith() })}\n`,
    )
    const [line] = (await next) as [string]
    expect(JSON.parse(line)).toMatchObject({ id, verdict: 'trusted' })
  }
  const end = ended(child)
  stdin.end()
  expect((await end).code).toBe(0)
})
