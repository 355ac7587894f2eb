/** What goes wrong in jobs, threads and connections: a line each in the log, under a stable code, without a secret. */
import { expect, onTestFinished, test } from 'vitest'
import { causeOf, errorOf } from '../../src/core/cause.ts'
import { Fault } from '../../src/core/fault.ts'
import { bullQueue } from '../../src/jobs/bullmq.ts'
import { loggerOf, reportTo } from '../../src/server/log.ts'
import { request, startService, stateOf } from '../jobs/service.ts'
import { preparedFolder } from '../store/prepared.ts'

type Line = {
  readonly level: number
  readonly code: string
  readonly request?: string
  readonly err: {
    readonly type: string
    readonly message: string
    readonly stack: string
    readonly cause?: Line['err']
  }
}
function logged(): {
  readonly report: ReturnType<typeof reportTo>
  readonly text: string[]
  readonly lines: () => Line[]
} {
  const text: string[] = []
  const report = reportTo(loggerOf({ stream: { write: (line) => text.push(line) } }))
  return { report, text, lines: () => text.map((line) => JSON.parse(line) as Line) }
}
const [warning, error] = [40, 50]

test('what was foreseen is a warning under its code, anything else an error; with stack and cause', () => {
  const { report, lines } = logged()
  report(new Fault('trust.refresh-failed', { cause: new TypeError('fetch failed') }))
  report(new Error('odd'), { request: 'an id' })
  report('no error at all')
  expect(lines()).toMatchObject([
    { level: warning, code: 'trust.refresh-failed', err: { type: 'Error', cause: { message: 'fetch failed' } } },
    { level: error, code: 'internal.crash', request: 'an id', err: { message: 'odd' } },
    { level: error, code: 'internal.crash', err: { type: 'string' } },
  ])
  expect(lines()[0]?.err.cause?.stack).toContain('causes.test.ts')
})

test('T80 no secret and no broken line, however deep the cause', () => {
  const { report, text } = logged()
  const secrets = ['canary-1', 'canary-2', 'A'.repeat(43), 'canary-4']
  const [password, bearer, token, link] = secrets
  const deep = new Error(`mp_${token}\n{"level":60}`, { cause: new Error(`/sign-in?link=${link}`) })
  const middle = Object.assign(new Error(`Bearer ${bearer}`, { cause: deep }), { options: { password } })
  report(new Error(`postgres://me:${password}@db/x`, { cause: middle }))
  expect(text).toHaveLength(1)
  expect(text[0]?.slice(0, -1)).not.toContain('\n')
  for (const secret of secrets) expect(text.join('')).not.toContain(secret)
})

test('causes go round no circle, and through a thread as they are', () => {
  const circle = new Error('round')
  circle.cause = circle
  expect(JSON.stringify(causeOf(circle)).match(/"round"/g)).toHaveLength(8)
  const cause = new Fault('limit.time', { cause: new RangeError('late') })
  expect(causeOf(errorOf(structuredClone(causeOf(cause))))).toEqual(causeOf(cause))
})

test('a job whose thread fails: who asked, what failed, and where in the code', async () => {
  const { report, lines } = logged()
  const one = await startService(await preparedFolder(), {
    report,
    file: new URL('../workers/poisoned.ts', import.meta.url),
  })
  onTestFinished(() => one.stop())
  const id = await request(one, 'registry.example/team/throws:1.0.0')
  await expect.poll(() => stateOf(one, id), { timeout: 25_000 }).toBe('parked')
  const mine = lines().filter((line) => line.request === id)
  expect(mine.map(({ level, code }) => [level, code])).toEqual(
    Array.from({ length: 3 }, () => [error, 'internal.crash']),
  )
  expect(mine[0]?.err.stack).toContain('poisoned.ts')
})

test('a queue that is away is said to be away, and nothing more of it', async () => {
  const { report, lines } = logged()
  const queue = bullQueue({ redis: 'redis://:canary@127.0.0.1:1' }, (cause) =>
    report(new Fault('queue.unreachable', { cause })),
  )
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBeGreaterThan(0)
  await queue.close()
  for (const line of lines()) expect([line.level, line.code]).toEqual([warning, 'queue.unreachable'])
  expect(JSON.stringify(lines())).not.toContain('canary')
})
