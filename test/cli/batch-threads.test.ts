/** Many lines are answered in threads, and the same as one by one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lineThreads } from '../../src/cli/batch-threads.ts'
import { meshproof, scratch } from './process.ts'
import { authority, key, policyWith, stranger } from './scene.ts'

const { path: folder, remove } = scratch()
afterAll(remove)
writeFileSync(join(folder, 'hello.txt'), 'hello')
const bundleBy = (signer: typeof key) => ({
  bundle: {
    base64: Buffer.from(
      JSON.stringify(authority.sign({ signer, message: 'hello', log: 'none', timestamp: false }).bundle),
    ).toString('base64'),
  },
})
const [good, bad] = [bundleBy(key), bundleBy(stranger)]
const at = '2026-01-15T13:00:00.000Z'
const line = (id: number, more: object) =>
  JSON.stringify({ id: String(id), subject: { file: 'hello.txt' }, given: [good], policy: policyWith(), at, ...more })
const kinds: readonly (readonly [string, (id: number) => string])[] = [
  ['trusted', (id) => line(id, { offline: true })],
  ['rejected', (id) => line(id, { offline: true, given: [bad] })],
  ['request.path-not-found', (id) => line(id, { offline: true, subject: { file: 'gone' } })],
  ['trusted', (id) => line(id, {})],
  ['request.malformed', () => '{'],
]
const count = 200
const lines = Array.from({ length: count }, (_, i) => kinds[i % kinds.length]?.[1](i) ?? '').join('\n')
const batch = (...flags: readonly string[]) =>
  meshproof(['verify', 'batch', '--root', folder, ...flags, '-'], { input: lines })

test('each line has its answer, in order, whoever gave it', async () => {
  const [threads, alone] = [await batch('-j', '16'), await batch('-j', '1')]
  const withoutClock = (text: string) => text.replace(/"at":"[^"]*"/g, '')
  expect(withoutClock(threads.stdout)).toBe(withoutClock(alone.stdout))
  expect(threads.code).toBe(2)
  const told = threads.answers.map(({ verdict, problem }) => verdict ?? problem?.code)
  expect(told).toEqual(Array.from({ length: count }, (_, i) => kinds[i % kinds.length]?.[0]))
})

test('a line that may ask the network, and one whose thread has died, is for somebody else', async () => {
  const threads = lineThreads(folder, 1)
  const offer = (more: object) => threads.offer(Buffer.from(line(1, more)))
  // The first ones are sooner done than a thread is started.
  for (let i = 0; i < 8; i++) expect(offer({ offline: true })).toBeUndefined()
  let first: ReturnType<typeof offer>
  await expect.poll(() => (first ??= offer({ offline: true }))).toBeDefined()
  expect(await first).toMatchObject({ exit: 0 })
  expect(await offer({})).toBeUndefined()
  // It holds four, and a fifth is for whoever offers it.
  const held = Array.from({ length: 5 }, () => offer({ offline: true }))
  expect(held.map((one) => one !== undefined)).toEqual([true, true, true, true, false])
  await threads.close()
  for (const one of held.slice(0, 4)) expect([undefined, 0]).toContain((await one)?.exit)
  expect(offer({ offline: true })).toBeUndefined()
})
