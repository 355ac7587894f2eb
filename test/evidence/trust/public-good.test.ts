/** The public-good root: by TUF, else the last good copy, else the seed; never a wait without end. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { limits } from '../../../src/core/limits.ts'
import { type PublicGoodOptions, publicGoodRoot } from '../../../src/evidence/trust/public-good.ts'
import { fetchTrustedRoot } from '../../../src/evidence/trust/tuf.ts'
import { openWay } from '../../../src/evidence/trust/way.ts'
import { type Repository, tufRepository } from './tuf-repository.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshproof-trust-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const trusted = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
const wayTo = (url: string | undefined) =>
  openWay({
    registered: url === undefined ? undefined : new URL(url),
    proxyEnv: {},
    authorities: [],
    connectMs: limits.connectMs,
  })

async function repository(changes = {}): Promise<Repository> {
  const made = await tufRepository(trusted, changes)
  onTestFinished(() => made.close())
  return made
}
const fetchFrom = ({ url, root }: Repository, way = wayTo(url)) =>
  fetchTrustedRoot({ mirror: url, root, folder, way, deadlineMs: 5_000 })

describe('by TUF', () => {
  test('the target, and metadata that the next run starts from', async () => {
    const made = await repository()
    expect(String(await fetchFrom(made))).toBe(trusted)
    expect(readdirSync(folder, { recursive: true }).join(' ')).toContain('timestamp.json')
    made.seen.length = 0
    expect(String(await fetchFrom(made))).toBe(trusted)
    expect(made.seen).not.toContain('/targets/trusted_root.json')
  })

  test.for([
    ['T68 metadata that has ended', { expires: '2020-01-01T00:00:00Z' }, undefined],
    ['T68 metadata of another key', {}, '/timestamp.json'],
    ['a target of other bytes', {}, '/targets/trusted_root.json'],
    ['no target', {}, '-/targets/trusted_root.json'],
  ] as const)('%s is refused', async ([, changes, altered]) => {
    const made = await repository(changes)
    const other = await repository()
    if (altered?.startsWith('-') === true) made.files.delete(altered.slice(1))
    else if (altered === '/timestamp.json') made.files.set(altered, other.files.get(altered) ?? Buffer.alloc(0))
    else if (altered !== undefined) made.files.set(altered, Buffer.from(trusted.toUpperCase()))
    await expect(fetchFrom(made)).rejects.toThrow()
  })

  test('T42 only a registered mirror may be private', async () => {
    const made = await repository()
    await expect(fetchFrom(made, wayTo(undefined))).rejects.toThrow()
    expect(made.seen).toEqual([])
  })

  test('a folder that may not be written, or none: a folder of this run, gone afterwards', async () => {
    const made = await repository()
    writeFileSync(join(folder, 'file'), '')
    const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('meshproof-tuf-'))
    const before = left()
    for (const place of [join(folder, 'file', 'below'), undefined]) {
      const options = { mirror: made.url, root: made.root, folder: place, way: wayTo(made.url), deadlineMs: 5_000 }
      expect(String(await fetchTrustedRoot(options))).toBe(trusted)
    }
    expect(left()).toEqual(before)
  })
})

test('what was fetched is kept with its time, and is what the next run starts with', async () => {
  const { url: mirror, root, seen } = await repository()
  const now = () => Date.parse('2026-02-03T04:05:06Z')
  const options = { folder, offline: false, now, mirror, root, way: async () => wayTo(mirror) }
  const expected = { asOf: '2026-02-03T04:05:06.000Z', bytes: Buffer.from(trusted), name: 'public-good' }
  expect(await publicGoodRoot(options)).toMatchObject(expected)
  seen.length = 0
  expect(await publicGoodRoot(options)).toMatchObject(expected)
  expect(seen).toEqual([])
})

describe('where that is not to be had', () => {
  const seeded = publicGoodRoot({ folder: undefined, offline: true, now: Date.now, way: () => Promise.reject() })
  const unreachable = 'http://127.0.0.1:1'
  const ask = (more: Partial<PublicGoodOptions> = {}) => {
    const { mirror = unreachable } = more
    return publicGoodRoot({ folder, offline: false, now: Date.now, mirror, way: async () => wayTo(mirror), ...more })
  }

  test('the seed that the package brings; nobody knows its age', async () => {
    const root = await ask()
    expect(root).toEqual(await seeded)
    expect(root).toMatchObject({ name: 'public-good' })
    expect(root).not.toHaveProperty('asOf')
    expect(JSON.parse(String(Buffer.from(root?.bytes ?? '')))).toHaveProperty('certificateAuthorities')
  })

  test('a try that failed is not made again at once, and is after a while', async () => {
    let ways = 0
    let now = Date.parse('2026-01-01T00:00:00Z')
    const way = async () => {
      ways++
      return wayTo(unreachable)
    }
    for (const minutes of [0, 5, 11]) {
      now = Date.parse('2026-01-01T00:00:00Z') + minutes * 60_000
      await ask({ way, now: () => now })
    }
    expect(ways).toBe(2)
  })

  test('the last good copy, with the time it is from; a fresh one asks nobody', async () => {
    const asOf = '2026-01-01T00:00:00.000Z'
    writeFileSync(
      join(folder, 'public-good.json'),
      JSON.stringify({ asOf, root: Buffer.from(trusted).toString('base64') }),
    )
    const never = () => Promise.reject(new Error('asked'))
    const fresh = await ask({ now: () => Date.parse(asOf) + 3_600_000, way: never })
    const old = await ask({ now: () => Date.parse(asOf) + 30 * 86_400_000 })
    for (const root of [fresh, old]) expect(root).toMatchObject({ asOf, bytes: Buffer.from(trusted) })
  })

  test.for(['{', '{"asOf":"yesterday","root":"e30="}', '{"asOf":"2026-01-01T00:00:00Z","root":"%"}'])(
    'a copy that does not read is none: %s',
    async (text) => {
      writeFileSync(join(folder, 'public-good.json'), text)
      expect(await ask({ offline: true })).toEqual(await seeded)
    },
  )

  test('somebody who takes connections and says nothing is waited for only so long', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    onTestFinished(() => {
      silent.close()
    })
    const mirror = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const causes: unknown[] = []
    const bounded = { ...limits, trustRefreshMs: 200 }
    const root = await ask({ mirror, limits: bounded, report: (cause) => causes.push(cause) })
    expect(root).toEqual(await seeded)
    expect(String(causes[0])).toContain('within 200 ms')
  })
})
