import { expect, test } from 'vitest'
import { canonicalJson, type Json } from '../../../src/core/json.ts'
import { limits } from '../../../src/core/limits.ts'
import { memoryLookups } from '../../../src/evidence/lookups.ts'
import { memoryStore } from '../../../src/evidence/store/memory.ts'
import {
  artifact,
  asker,
  digest,
  entry,
  envelope,
  index,
  quick,
  rekor,
  search,
  stranger,
  uuidsIn,
  word,
} from './setup.ts'

const json = { 'content-type': 'application/json' }

test('an entry is found by the envelope in one request, as cosign and slsa-verifier ask', async () => {
  const log = await rekor()
  log.addEnvelope(envelope.text, [envelope.answer])
  const { ask, store } = await asker(log)
  const asked = await ask()
  expect(await uuidsIn(store, asked)).toEqual([envelope.uuid])
  expect(asked.outcome).toMatchObject({ mediaType: 'application/vnd.meshproof.rekor-entry.v1+json' })
  expect(asked.beside.from).toBe(new URL(log.url).host)
  expect(log.lines).toEqual([search])
  const spec = {
    content: { envelope: envelope.text },
    publicKey: Buffer.from(envelope.signer.pem).toString('base64'),
  }
  expect(log.bodies).toEqual([{ entries: [{ kind: 'intoto', apiVersion: '0.0.1', spec }] }])
})

test('what the log sent is kept as evidence in one order and in canonical form', async () => {
  const log = await rekor()
  log.addEnvelope(
    envelope.text,
    [stranger.answer, envelope.answer].sort(() => -1),
  )
  const { ask, store } = await asker(log)
  const { outcome } = await ask()
  if (!('found' in outcome)) throw new Error('not found')
  const sorted = [envelope, stranger].sort((a, b) => (a.uuid < b.uuid ? -1 : 1)).map(({ answer }) => answer)
  const text = canonicalJson(sorted as unknown as Json)
  expect(Buffer.from((await store.get(outcome.found)) ?? '').toString('utf8')).toBe(text)
  expect(outcome.found).toBe(digest(text))
})

test('where the envelope is not found, the artifact is searched and every entry read', async () => {
  const log = await rekor()
  log.addIndex(artifact, [stranger.uuid, envelope.uuid])
  log.addEntry(envelope.uuid, envelope.answer)
  log.addEntry(stranger.uuid, stranger.answer)
  const { ask, store } = await asker(log)
  expect(await uuidsIn(store, await ask())).toEqual([envelope.uuid, stranger.uuid].sort())
  expect(log.lines.slice(0, 2)).toEqual([search, index])
  expect(log.lines.slice(2).sort()).toEqual([entry(envelope.uuid), entry(stranger.uuid)].sort())
  expect(log.bodies[1]).toEqual({ hash: artifact })
})

test('an entry that the index names and that is gone is passed over', async () => {
  const log = await rekor()
  log.addIndex(artifact, [envelope.uuid, stranger.uuid])
  log.addEntry(envelope.uuid, envelope.answer)
  const { ask, store } = await asker(log)
  expect(await uuidsIn(store, await ask())).toEqual([envelope.uuid])
})

test('an envelope of which the log can make no entry has none by this way, and the artifact is searched', async () => {
  const log = await rekor()
  log.setFault((_, response) => {
    if (log.lines.length > 1) return false
    response.writeHead(400, json).end('{"code":400,"message":"invalid proposed entry"}')
    return true
  })
  const { ask } = await asker(log)
  expect(word(await ask())).toBe('absent')
  expect(log.lines).toEqual([search, index])
})

test('absence is final, and remembered for a short while only', async () => {
  const log = await rekor()
  let now = 1_000_000
  const { ask } = await asker(log, { now: () => now })
  expect(word(await ask())).toBe('absent')
  expect(log.lines).toEqual([search, index])
  const again = await ask()
  expect([word(again), again.beside.from, log.lines.length]).toEqual(['absent', 'cache of 1970-01-01T00:16:40.000Z', 2])
  now += limits.rememberAbsentMs + 1
  log.addEnvelope(envelope.text, [envelope.answer])
  expect(word(await ask())).toBe('found')
})

test('what was found is remembered for ever, between processes and for other artifacts of the envelope', async () => {
  const log = await rekor()
  log.addEnvelope(envelope.text, [envelope.answer])
  const [store, lookups] = [memoryStore(), memoryLookups()]
  const first = await (await asker(log, { store, lookups, now: () => 1_000_000 })).ask()
  log.lines.length = 0
  log.setFault((_, response) => response.destroy() !== undefined)
  const later = await asker(log, { store, lookups, now: () => 1_000_000_000_000 })
  const second = await later.ask()
  expect(second.outcome).toEqual(first.outcome)
  expect(second.beside).toMatchObject({ from: 'cache of 1970-01-01T00:16:40.000Z', at: 1_000_000 })
  expect((await later.ask({ artifact: digest('another archive') })).outcome).toEqual(first.outcome)
  expect((await later.answerer.recall(second.question))?.outcome).toEqual(first.outcome)
  expect(log.lines).toEqual([])
})

test('strangers that stand there are remembered for a while only: the right entry may come', async () => {
  const log = await rekor()
  log.addIndex(artifact, [stranger.uuid])
  log.addEntry(stranger.uuid, stranger.answer)
  let now = 1_000_000
  const { ask, store } = await asker(log, { now: () => now })
  expect(await uuidsIn(store, await ask())).toEqual([stranger.uuid])
  now += limits.rememberFoundMs + 1
  log.addEnvelope(envelope.text, [envelope.answer])
  expect(await uuidsIn(store, await ask())).toEqual([envelope.uuid])
})

test('T37 a crowd of entries is read as far as the limit goes', async () => {
  const log = await rekor()
  const crowd = Array.from({ length: 20 }, (_, i) => `${String(i).padStart(16, '0')}${'ab'.repeat(32)}`)
  log.addIndex(artifact, crowd)
  for (const uuid of crowd) log.addEntry(uuid, { [uuid]: Object.values(stranger.answer)[0] })
  const { ask, store } = await asker(log, { limits: { ...quick, referrers: 3 } })
  expect(await uuidsIn(store, await ask())).toEqual(crowd.slice(0, 3))
  expect(log.lines).toHaveLength(5)
})

test.each([
  ['no list', '{}'],
  ['no JSON', '<html>'],
  ['a key twice', `[{"${envelope.uuid}":{"body":"a","body":"b"}}]`],
  ['no UUID', '[{"../../etc/passwd":{"body":"a"}}]'],
  ['a number that has no one form', `[{"${envelope.uuid}":{"body":"a","logIndex":1.5}}]`],
  ['too deep', `[{"${envelope.uuid}":{"body":"a","x":${'['.repeat(100)}${']'.repeat(100)}}}]`],
])('a malformed answer is log.failed: %s', async (_, text) => {
  const log = await rekor()
  log.setFault((_request, response) => Boolean(response.writeHead(200, json).end(text)))
  const { ask } = await asker(log)
  const { outcome, beside } = await ask()
  expect(outcome).toEqual({ failed: 'log.failed' })
  expect(beside.detail).toEqual({ found: `${new URL(log.url).host}: malformed` })
})

test('T88 an answer under another UUID than was asked for is none', async () => {
  const log = await rekor()
  log.addIndex(artifact, [envelope.uuid])
  log.addEntry(envelope.uuid, stranger.answer)
  expect(word(await (await asker(log)).ask())).toBe('log.failed')
})

test('T41 the index may not name addresses', async () => {
  const log = await rekor()
  log.addIndex(artifact, ['../../../admin'])
  expect(word(await (await asker(log)).ask())).toBe('log.failed')
  expect(log.lines).toEqual([search, index])
})

test('T38 an endless answer is cut', async () => {
  const log = await rekor()
  log.setFault((_, response) => {
    response.writeHead(200, json)
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 0x20)));
    }
    response.on('drain', more)
    more()
    return true
  })
  const { ask } = await asker(log, { limits: { ...quick, logAnswerBytes: 1024 * 1024 } })
  const { outcome, beside } = await ask()
  expect(outcome).toEqual({ failed: 'log.failed' })
  expect(beside.detail).toEqual({ found: `${new URL(log.url).host}: too-large` })
})

test('all entries together may be no larger than their limit', async () => {
  const log = await rekor()
  log.addIndex(artifact, [envelope.uuid])
  log.addEntry(envelope.uuid, envelope.answer)
  expect(word(await (await asker(log, { limits: { ...quick, logEntriesBytes: 100 } })).ask())).toBe('log.failed')
})

test('429 is log.rate-limited with its time, and nobody asks again before', async () => {
  const log = await rekor()
  log.setFault((_, response) => Boolean(response.writeHead(429, { 'retry-after': '600' }).end()))
  const now = Date.parse('2026-01-15T12:00:00Z')
  const { ask } = await asker(log, { now: () => now })
  const first = await ask()
  expect([word(first), first.beside.retryAfter]).toEqual(['log.rate-limited', '2026-01-15T12:10:00.000Z'])
  expect(word(await ask())).toBe('log.rate-limited')
  expect(log.lines).toHaveLength(1)
})

test('T86 no redirect is followed: nothing guards the answer', async () => {
  const [log, elsewhere] = [await rekor(), await rekor()]
  log.setFault((_, response) => Boolean(response.writeHead(307, { location: `${elsewhere.url}/api` }).end()))
  const { outcome, beside } = await (await asker(log)).ask()
  expect(outcome).toEqual({ failed: 'log.failed' })
  expect(beside.detail).toEqual({ found: `${new URL(log.url).host}: status 307` })
  expect(elsewhere.lines).toEqual([])
})

test('a server that fails once is asked again, one that fails twice is log.failed', async () => {
  const log = await rekor()
  log.addEnvelope(envelope.text, [envelope.answer])
  log.setFault((_, response) => log.lines.length === 1 && Boolean(response.writeHead(502).end()))
  expect(word(await (await asker(log)).ask())).toBe('found')
  log.setFault((_, response) => Boolean(response.writeHead(502).end()))
  expect(word(await (await asker(log)).ask())).toBe('log.failed')
})

test('a log that nobody answers for is log.unreachable, and is asked anew the next time', async () => {
  const log = await rekor()
  log.addEnvelope(envelope.text, [envelope.answer])
  log.setFault((_, response) => response.destroy() !== undefined)
  const { ask } = await asker(log)
  expect(word(await ask())).toBe('log.unreachable')
  log.setFault(undefined)
  expect(word(await ask())).toBe('found')
})

test('T42 the public log is never looked for at a private address', async () => {
  const log = await rekor()
  const lookup = (_: string, __: object, done: (error: null, found: { address: string; family: 4 }[]) => void) =>
    done(null, [{ address: '127.0.0.1', family: 4 }])
  const { ask } = await asker('https://rekor.sigstore.dev', { registered: false, lookup })
  const { outcome, beside } = await ask()
  expect(outcome).toEqual({ failed: 'log.failed' })
  expect(beside.detail).toEqual({ found: 'rekor.sigstore.dev: address-refused' })
  expect(log.lines).toEqual([])
})

test('an envelope that the store does not hold, or that is none, is not asked about', async () => {
  const log = await rekor()
  const { ask, store } = await asker(log)
  expect(word(await ask({ envelope: digest('unknown') }))).toBe('evidence.missing')
  const none = await store.put(Buffer.from('{"payload":"!"}'), 'application/json')
  expect(word(await ask({ envelope: none }))).toBe('evidence.missing')
  expect(log.lines).toEqual([])
})

test('other questions are not for a log; the caller’s deadline holds', async () => {
  const log = await rekor()
  log.setFault(() => true)
  const { answerer, ask } = await asker(log)
  const signal = AbortSignal.timeout(50)
  expect(await answerer.tryAnswer({ ask: 'given', kind: 'bundle' }, signal)).toBeUndefined()
  expect(word(await ask({}, signal))).toBe('limit.time')
})

test('several artifacts of one envelope at once are one search', async () => {
  const log = await rekor()
  log.addEnvelope(envelope.text, [envelope.answer])
  const { ask } = await asker(log)
  const all = await Promise.all(['a', 'b', 'c'].map((name) => ask({ artifact: digest(name) })))
  expect(new Set(all.map(word))).toEqual(new Set(['found']))
  expect(log.lines).toEqual([search])
})
