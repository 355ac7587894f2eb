/** Traces of a verification, as an OTLP collector gets them. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig } from '../../src/examine/config.ts'
import { openTracing } from '../../src/jobs/open-tracing.ts'
import { untraced } from '../../src/jobs/tracing.ts'
import { filesIn, read } from '../repository/files.ts'
import { allowing, asking, otherRegistry, signed } from './scene.ts'
import { start } from './service.ts'

type Value = { readonly stringValue?: string; readonly intValue?: number | string }
type Attribute = { readonly key: string; readonly value: Value }
type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly Attribute[]
}
type Sent = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[]
  }[]
}

let url = ''
let status = 200
const bodies: string[] = []
const headers: unknown[] = []
const collector = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    bodies.push(Buffer.concat(parts).toString())
    headers.push([request.url, request.headers['content-type'], request.headers['x-key']])
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
})
beforeEach(async () => {
  await new Promise<void>((listening) => collector.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  status = 200
  bodies.length = 0
  headers.length = 0
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await new Promise((closed) => {
    collector.close(closed)
    collector.closeAllConnections()
  })
})

const traceId = '0af7651916cd43dd8448eb211c80319c'
const caller = 'b7ad6b7169203331'
const text = ({ attributes }: Pick<Span, 'attributes'>, key: string) =>
  attributes.find((one) => one.key === key)?.value.stringValue

async function verified(): Promise<{
  readonly id: string
  readonly state: string
  readonly secrets: readonly string[]
}> {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url)
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=canary-header')
  vi.stubEnv('OTEL_SERVICE_NAME', 'mesh-checks')
  const registry = await otherRegistry()
  const tracing = await openTracing(url, (error) => told.push(error))
  const running = await start({ env: allowing(registry), tracing })
  const token = await running.token()
  const cookie = await running.session()
  const image = signed(registry, 'traces/secret-name')
  const got = await running.ask('POST', '/api/v1/verifications?canary=query', {
    token,
    body: asking(image),
    headers: { prefer: 'wait=50', traceparent: `00-${traceId}-${caller}-01`, 'x-secret': 'canary-own' },
  })
  await running.ask('GET', '/verifications', { cookie })
  await running.ask('GET', '/readyz', { token: null })
  const { id, state } = got.json()
  await running.close()
  return {
    id,
    state,
    secrets: [token, cookie.split('=')[1] ?? '', 'canary', 'secret-name', registry.host, '?', 'sha256:'],
  }
}
const told: unknown[] = []

test('a posted verification is one trace from its caller to the last question, and says nothing of what it is about', async () => {
  const { id, state, secrets } = await verified()
  expect(state).toBe('done')
  for (const secret of secrets) expect([secret, bodies.join('').includes(secret)]).toEqual([secret, false])
  expect(headers[0]).toEqual(['/v1/traces', 'application/json', 'canary-header'])
  const sent = bodies.map((body) => JSON.parse(body) as Sent).flatMap(({ resourceSpans }) => resourceSpans)
  expect(text(sent[0]?.resource ?? { attributes: [] }, 'service.name')).toBe('mesh-checks')
  const all = sent.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans)
  const spans = all.filter((span) => span.traceId === traceId)
  const named = (name: string) => spans.filter((span) => span.name === name)
  const [posted] = named('POST /api/v1/verifications')
  const [job] = named('verification')
  expect([posted?.parentSpanId, job?.parentSpanId]).toEqual([caller, posted?.spanId])
  expect(job).toMatchObject({
    attributes: expect.arrayContaining([{ key: 'meshproof.outcome', value: { stringValue: 'trusted' } }]),
  })
  expect(job === undefined ? undefined : text(job, 'meshproof.request')).toBe(id)
  const questions = spans.filter((span) => span.name.startsWith('registry '))
  expect(named('registry resolve').map((span) => text(span, 'meshproof.answer'))).toEqual(['found'])
  expect(named('registry tag').map((span) => text(span, 'meshproof.answer'))).toEqual(
    expect.arrayContaining(['found', 'absent']),
  )
  for (const { parentSpanId } of questions) expect(parentSpanId).toBe(job?.spanId)
  expect(spans).toHaveLength(2 + questions.length)
  expect(all.map(({ name }) => name)).toContain('GET /verifications')
  expect(all.map(({ name }) => name).join()).not.toContain('readyz')
  expect(told).toEqual([])
})

test('a collector that is away keeps nobody from ending', async () => {
  onTestFinished(() => {
    told.length = 0
  })
  await new Promise((closed) => {
    collector.close(closed)
  })
  expect((await verified()).state).toBe('done')
})

test('a collector that refuses is a line in the log, and changes nothing else', async () => {
  status = 400
  onTestFinished(() => {
    told.length = 0
  })
  expect((await verified()).state).toBe('done')
  expect(told.length).toBeGreaterThan(0)
  for (const error of told) expect(error).toMatchObject({ code: 'traces.not-sent' })
  expect(told.map((error) => String((error as Error).cause)).join()).not.toContain('canary')
})

test.each([
  [{}, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, 'http://c:4318'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }, 'http://t/x'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'true' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, undefined],
])('where they go: %o', async (env, expected) => {
  expect(loadConfig(env).traces).toBe(expected)
  if (expected === undefined) expect(await openTracing(loadConfig(env).traces, () => {})).toBe(untraced)
})

test('OpenTelemetry is loaded by one file, and that one only where traces go somewhere', () => {
  const sources = [...filesIn('src'), ...filesIn('workers')].filter((path) => path.endsWith('.ts'))
  const naming = (words: RegExp) => sources.filter((path) => words.test(read(path)))
  expect(naming(/from '@opentelemetry\//)).toEqual(['src/jobs/otlp.ts'])
  expect(naming(/otlp\.ts'/)).toEqual(['src/jobs/open-tracing.ts'])
  expect(read('src/jobs/open-tracing.ts')).toContain("await import('./otlp.ts')")
})
