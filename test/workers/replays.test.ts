/** What is judged again is judged in threads: whatever a document does there, it does to its own replay alone. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import type { Json } from '../../src/core/json.ts'
import type { ReplayedPage } from '../../src/jobs/replay-all.ts'
import { perform } from '../../src/server/control/commands.ts'
import { asking } from '../server/scene.ts'
import { type Running, start } from '../server/service.ts'

const poisons = {
  loops: 'limit.time',
  hogs: 'limit.memory',
  throws: 'internal.crash',
  exits: 'internal.crash',
} as const
const verdicts = new Map<string, Digest>()
const reported: unknown[] = []
let running: Running
beforeAll(async () => {
  running = await start({
    replays: new URL('./poisoned-replay.ts', import.meta.url),
    limits: { requestMs: 5_000, judgeMs: 1_000, threadHeapMiB: 64, replayQueue: 6 },
    report: (error) => reported.push(error),
  })
  for (const name of ['good', ...Object.keys(poisons)]) {
    const { answer } = await running.verify(asking(`registry.example/team/${name}:1.0.0`, { offline: true }))
    verdicts.set(name, answer?.subjects[0]?.verdictId ?? ('' as Digest))
  }
})
afterAll(() => running.close())

const again = (name: string) => running.ask('POST', `/api/v1/verdicts/${verdicts.get(name)}/replays`, { body: {} })

test('poison ends its own replay with what it met; others go on meanwhile, and so does the service', async () => {
  const poisoned = Object.keys(poisons).map((name) => again(name))
  expect((await running.ask('GET', '/livez')).status).toBe(200)
  expect((await again('good')).json()).toMatchObject({ same: true })
  const codes = (await Promise.all(poisoned)).map(({ status, problem }) => [status, problem.code])
  expect(codes).toEqual(Object.values(poisons).map((code) => [500, code]))
  expect((await again('good')).json()).toMatchObject({ same: true })
})

test('all at once: each that is poisoned is named, the rest is the same', async () => {
  const page = (await perform(
    running.service,
    { do: 'replay all', restore: false },
    '',
  )) as Json as unknown as ReplayedPage
  expect(page).toMatchObject({ requests: 5, verdicts: 1, same: 1, differ: [], next: null })
  expect(page.broken.map(({ subject, code }) => [/team\/(\w+)/.exec(subject)?.[1], code])).toEqual(
    Object.entries(poisons),
  )
  expect(reported.length).toBeGreaterThan(0)
})

test('more than wait for their turn are told to come back', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => again('good')))
  const busy = all.filter(({ status }) => status === 503)
  expect(busy.length).toBeGreaterThan(0)
  expect(busy[0]?.problem.code).toBe('service.busy')
  expect(busy[0]?.headers['retry-after']).toBe('5')
  expect(all.filter(({ status }) => status === 200).length).toBe(12 - busy.length)
})
