/** A file of a release by its address: downloaded, measured, judged with its provenance, kept, and replayed without a network. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/core/digest.ts'
import { createAuthority } from '../authority/authority.ts'
import { generatorCertificate, type ProvenanceOptions, provenance } from '../authority/provenance.ts'
import { tar } from '../authority/tar.ts'
import { type Running, start } from './service.ts'

const authority = createAuthority()
const archive = Buffer.alloc(3_000_000, 'an archive of programs ')
const name = 'kong-mesh-2.14.3-linux-amd64.tar.gz'
const options: ProvenanceOptions = {
  generator: 'generic',
  github: { ref: 'refs/tags/2.14.3' },
  subjects: [{ name, digest: { sha256: digestOf(archive).slice('sha256:'.length) } }],
}
const signed = authority.sign({ payload: provenance(options), github: generatorCertificate(options) }).bundle
const bundle = Buffer.from(JSON.stringify(signed))
const assets = gzipSync(tar([{ name: './kong-mesh.intoto.jsonl', content: bundle }]))

let server: Server
let elsewhere: Server
let one: Running
let fault: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
const asked: string[] = []
const files: Readonly<Record<string, Buffer>> = {
  [`/v2.14.3/${name}`]: archive,
  '/v2.14.3/kong-mesh.intoto.jsonl': bundle,
  '/v2.14.3/security-assets.tar.gz': assets,
}
const hostOf = (of: Server): string => `127.0.0.1:${(of.address() as AddressInfo).port}`
const at = (path: string): string => `http://${hostOf(server)}${path}`

const listening = async (): Promise<Server> => {
  const made = createServer((request, response) => {
    asked.push(`${request.headers.host}${request.url}`)
    if (fault?.(request, response) === true) return
    const file = files[request.url ?? '']
    response.writeHead(file === undefined ? 404 : 200, file && { 'content-length': file.length }).end(file)
  })
  await new Promise<void>((done) => made.listen(0, '127.0.0.1', done))
  return made
}

beforeAll(async () => {
  server = await listening()
  elsewhere = await listening()
  one = await start({
    env: {
      MESHPROOF_REGISTRY_INSECURE: `${hostOf(server)} ${hostOf(elsewhere)}`,
      MESHPROOF_RELEASE_ALLOWED: hostOf(server),
    },
    limits: { requestBackoffMs: 1, sweepMs: 100 },
    report: () => {}, // a server that fails is told of
  })
})
afterAll(async () => {
  await one.close()
  for (const each of [server, elsewhere]) await new Promise((done) => each.close(done))
})
beforeEach(() => {
  fault = undefined
  asked.length = 0
})

const policy = {
  schema: 'urn:meshproof:policy:v1',
  name: 'released',
  requirements: [
    {
      id: 'built',
      candidate: 'attestation',
      signer: { builder: 'trusted' },
      provenance: { source: { uri: 'github.com/Kong/kong-mesh', tag: '2.14.3' }, fileName: 'demanded' },
    },
  ],
}
const trust = { root: { base64: Buffer.from(JSON.stringify(authority.trustedRoot())).toString('base64') } }
const request = (more: object = {}) => ({
  subject: { url: at(`/v2.14.3/${name}`) },
  given: [{ bundle: { url: at('/v2.14.3/kong-mesh.intoto.jsonl') } }],
  policy,
  trust,
  ...more,
})
const refused = async (more: object) =>
  (await one.ask('POST', '/api/v1/verifications', { body: request(more) })).problem

describe('a file of a release by its address', () => {
  test('is trusted by its provenance, by its digest and name, and replayed when its server is gone', async () => {
    const done = await one.verify(request())
    expect([done.outcome, done.answer?.subjects[0]?.subject]).toEqual(['trusted', digestOf(archive)])
    expect(done.answer?.subjects[0]?.inputs.asked).toMatchObject({ name, version: '2.14.3' })
    expect(asked.sort()).toEqual([
      `${hostOf(server)}/v2.14.3/${name}`,
      `${hostOf(server)}/v2.14.3/kong-mesh.intoto.jsonl`,
    ])
    fault = (_, response) => response.destroy() !== undefined
    const digest = done.answer?.subjects[0]?.verdictId
    const replayed = await one.ask('POST', `/api/v1/verdicts/${digest}/replays`, { body: {} })
    expect(replayed.json<{ readonly same: boolean }>().same).toBe(true)
    // The archive itself is not kept.
    expect((await one.ask('GET', `/api/v1/evidence/${digestOf(archive)}`)).status).toBe(404)
  })

  test('with what Kong packs beside it; another file under its name is rejected', async () => {
    const given = [{ securityAssets: { url: at('/v2.14.3/security-assets.tar.gz') } }]
    expect((await one.verify(request({ given }))).outcome).toBe('trusted')
    fault = (got, response) => {
      if (!got.url?.endsWith(name)) return false
      response.end('something else')
      return true
    }
    expect((await one.verify(request({ given }))).outcome).toBe('rejected')
  })

  test.each<readonly [string, () => object, string]>([
    ['a host that is not on the list', () => ({ subject: { url: 'https://evil.example/x.tar.gz' } }), 'evil.example'],
    ['its provenance from there', () => ({ given: [{ bundle: { url: `http://${hostOf(elsewhere)}/x` } }] }), '127.0'],
    ['an address of the cloud', () => ({ subject: { url: 'http://169.254.169.254/latest/meta-data' } }), '169.254'],
    ['what is no address of the web', () => ({ subject: { url: 'file:///etc/passwd' } }), ''],
  ])('T42: %s is refused at the door', async (_, more, found) => {
    const problem = await refused(more())
    expect([problem.code, problem.status]).toEqual(['release.not-allowed', 422])
    expect(String(problem.parameters?.['found'])).toContain(found)
    expect(asked).toEqual([])
  })

  test('T42: a redirect may not leave the list, and may lead on within it', async () => {
    const redirect = (to: string) => {
      fault = (got, response) => {
        if (!got.url?.endsWith('.tar.gz') || got.url.startsWith('/moved')) return false
        response.writeHead(302, { location: to }).end()
        return true
      }
    }
    redirect(`http://${hostOf(elsewhere)}/v2.14.3/${name}`)
    const away = await one.verify(request())
    expect([away.state, away.error?.code]).toEqual(['done', 'release.not-allowed'])
    expect(asked.filter((line) => line.startsWith(hostOf(elsewhere)))).toEqual([])
    redirect(at(`/v2.14.3/${name}`).replace('/v2.14.3/', '/moved/'))
    const within = await one.verify(request())
    expect([within.state, within.error?.code]).toEqual(['done', 'release.not-found'])
    fault = (got, response) => {
      if (got.url !== '/latest/x') return false
      response.writeHead(302, { location: `/v2.14.3/${name}` }).end()
      return true
    }
    expect((await one.verify(request({ subject: { url: at('/latest/x') } }))).outcome).toBe('rejected') // another name
  })

  test('a server that fails is tried again and then said; one that is slow to be well again does not lose the request', async () => {
    let failures = 2
    fault = (got, response) => {
      if (!got.url?.endsWith(name) || failures-- <= 0) return false
      response.writeHead(503).end()
      return true
    }
    expect((await one.verify(request())).outcome).toBe('trusted')
    fault = (_, response) => response.writeHead(500).end() !== undefined
    const parked = await one.verify(request())
    expect([parked.state, parked.error?.code]).toEqual(['parked', 'release.unavailable'])
  })

  test('R13: half a file is none', async () => {
    fault = (got, response) => {
      if (!got.url?.endsWith(name)) return false
      response.writeHead(200, { 'content-length': archive.length })
      response.write(archive.subarray(0, 1_000_000), () => response.destroy())
      return true
    }
    expect((await one.verify(request())).error?.code).toBe('release.unavailable')
  })

  test('offline, nothing is downloaded', async () => {
    expect((await refused({ offline: true })).code).toBe('evidence.offline')
    expect(asked).toEqual([])
  })
})
