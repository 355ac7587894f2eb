/** Registries that fail in every way: who asks for their images hears what it was, in bounded time, and nobody else suffers. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault, TestRegistry } from '../registry/registry.ts'
import { allowing, asking, registryForFile, signed } from './scene.ts'
import { type Running, start, type Verification } from './service.ts'

let running: Running
let registry: TestRegistry
const bounds = { answerMs: 500, connectMs: 500, retryPauseMs: 5, requestMs: 20_000, workerParallel: 2 }
beforeAll(async () => {
  registry = await registryForFile()
  running = await start({ env: allowing(registry), limits: bounds })
})
afterAll(async () => {
  await running.close()
  await registry.close()
})

/** The fault meets one repository only; how often it was asked for the tag is counted. */
function breaking(path: string, fault: Fault): { readonly image: string; readonly asked: () => number } {
  const image = signed(registry, path)
  const before = registry.requests.length
  registry.setFault((request, ...more) => request.url?.startsWith(`/v2/${path}/`) === true && fault(request, ...more))
  const asked = () =>
    registry.requests.slice(before).filter((seen) => seen.path === `/v2/${path}/manifests/1.0.0`).length
  return { image, asked }
}
const codesOf = ({ answer }: Verification): readonly string[] =>
  (answer?.subjects ?? []).flatMap(({ findings }) => findings.map(({ code }) => code))

/** Nothing about it is remembered, so that it is as good as any once its registry is. */
async function isForgotten(path: string, image: string): Promise<void> {
  const { rows } = await running.service.database.pool.query(
    'SELECT (SELECT count(*) FROM meshproof.lookup WHERE position($1 IN key) > 0) AS known, (SELECT count(*) FROM meshproof.evidence WHERE position($2 IN bytes) > 0) AS kept',
    [path, Buffer.from('half a manifest')],
  )
  expect(rows).toEqual([{ known: '0', kept: '0' }])
  registry.setFault(undefined)
  expect((await running.verify(asking(image))).outcome).toBe('trusted')
}

const half = Buffer.from('{"schemaVersion":2,"half a manifest":')
const trickle =
  (head: (response: Parameters<Fault>[1]) => void): Fault =>
  (_, response) => {
    head(response)
    const drop = setInterval(() => response.socket?.write('x'), 20)
    response.on('close', () => clearInterval(drop))
    return true
  }
const status =
  (code: number): Fault =>
  (_, response) => {
    response.writeHead(code).end()
    return true
  }

describe('R11 a registry that fails', () => {
  test.for<[string, Fault, string]>([
    ['500', status(500), 'registry.failed'],
    ['502', status(502), 'registry.failed'],
    ['503', status(503), 'registry.failed'],
    [
      'reset',
      (request) => {
        request.socket.resetAndDestroy()
        return true
      },
      'registry.unreachable',
    ],
    ['silence', () => true, 'registry.unreachable'],
  ])('%s: four times at most, then what it was, and nothing stays of it', async ([name, fault, code]) => {
    const path = `broken/${name}`
    const { image, asked } = breaking(path, fault)
    const done = await running.verify(asking(image))
    expect([done.outcome, codesOf(done)]).toEqual(['inconclusive', expect.arrayContaining([code])])
    expect(asked()).toBeGreaterThan(0)
    expect(asked()).toBeLessThanOrEqual(4)
    await isForgotten(path, image)
  })

  test('once, and then no more: the verdict is that of its twin', async () => {
    let failed = false
    const { image } = breaking('broken/once', (...all) => {
      if (failed) return false
      failed = true
      return status(500)(...all)
    })
    expect((await running.verify(asking(image))).outcome).toBe('trusted')
    expect(failed).toBe(true)
  })

  test('holds up its own request only', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const { image } = breaking('broken/held', async () => {
      await released
      return false
    })
    const stuck = (await running.ask('POST', '/api/v1/verifications', { body: asking(image) })).json()
    const good = Array.from({ length: 5 }, (_, i) => signed(registry, `broken/beside-${i}`))
    for (const one of good) expect((await running.verify(asking(one))).outcome).toBe('trusted')
    release()
    const url = `/api/v1/verifications/${stuck.id}`
    await expect.poll(async () => (await running.ask('GET', url)).json().state, { timeout: 30_000 }).toBe('done')
  })
})

describe('R12 a registry that sends a byte now and then', () => {
  test.for<[string, Fault]>([
    ['headers', trickle((response) => response.socket?.write('HTTP/1.1 200 OK\r\nx-slow: '))],
    ['body', trickle((response) => response.writeHead(200, { 'content-length': 1_000_000 }).flushHeaders())],
  ])('%s: it is left, its socket closed, and nothing stays of it', async ([name, slow]) => {
    const path = `slow/${name}`
    const closed: Promise<unknown>[] = []
    const { image } = breaking(path, (request, ...more) => {
      closed.push(new Promise((resolve) => request.socket.once('close', resolve)))
      return slow(request, ...more)
    })
    const done = await running.verify(asking(image))
    expect([done.outcome, codesOf(done)]).toEqual(['inconclusive', expect.arrayContaining(['registry.unreachable'])])
    expect(closed.length).toBeGreaterThan(0)
    await Promise.all(closed)
    await isForgotten(path, image)
  })
})

describe('R13 a body that is not what was announced', () => {
  test.for<[string, Fault, string]>([
    [
      'half of it',
      (_, response) => {
        response.writeHead(200, { 'content-length': half.length + 100 })
        response.write(half, () => response.socket?.end())
        return true
      },
      'registry.unreachable',
    ],
    [
      'a chunk without its end',
      (_, response) => {
        response.writeHead(200, { 'transfer-encoding': 'chunked' })
        response.write(half, () => response.socket?.end())
        return true
      },
      'registry.unreachable',
    ],
    [
      'bad gzip',
      (_, response) => {
        const packed = gzipSync(half)
        packed.fill(0xff, 12)
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
        return true
      },
      'registry.malformed',
    ],
    [
      'gzip that ends too early',
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(half).subarray(0, 24))
        return true
      },
      'registry.malformed',
    ],
  ])('%s: asked for once more, an error, and nothing of it is kept', async ([name, fault, code]) => {
    const path = `body/${name.replaceAll(' ', '-')}`
    const { image, asked } = breaking(path, fault)
    const done = await running.verify(asking(image))
    expect([done.outcome, codesOf(done)]).toEqual(['inconclusive', expect.arrayContaining([code])])
    expect(asked()).toBe(2)
    await isForgotten(path, image)
  })

  test('longer than announced: what is beyond is not read, and the rest is no manifest', async () => {
    const { image } = breaking('body/longer', (_, response) => {
      response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: ${half.length}\r\n\r\n${half} and more`)
      return true
    })
    const done = await running.verify(asking(image))
    expect([done.outcome, codesOf(done)]).toEqual(['inconclusive', expect.arrayContaining(['registry.malformed'])])
    await isForgotten('body/longer', image)
  })
})
