/** A TUF repository (theupdateframework.github.io/specification) of one target, signed by one key, served on loopback. */
import { createHash, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newKey } from '../../authority/keys.ts'

export type Repository = {
  readonly url: string
  readonly root: Buffer
  readonly files: Map<string, Buffer>
  readonly seen: string[]
  close(): Promise<void>
}

const expires = '2999-01-01T00:00:00Z'
const later = { spec_version: '1.0.31', version: 1, expires }
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        )
      : value

export async function tufRepository(target: string, changes: { readonly expires?: string } = {}): Promise<Repository> {
  const key = newKey('ed25519')
  const public_ = key.spki.subarray(-32).toString('hex')
  const keyid = createHash('sha256').update(public_).digest('hex')
  const signed = (body: object): Buffer => {
    const text = JSON.stringify(sorted({ ...later, ...body }))
    const sig = sign(null, Buffer.from(text), key.privateKey).toString('hex')
    return Buffer.from(`{"signatures":[{"keyid":"${keyid}","sig":"${sig}"}],"signed":${text}}`)
  }
  const role = { keyids: [keyid], threshold: 1 }
  const root = signed({
    _type: 'root',
    consistent_snapshot: false,
    keys: { [keyid]: { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: public_ } } },
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
  })
  const sha256 = createHash('sha256').update(target).digest('hex')
  const files = new Map<string, Buffer>([
    ['/timestamp.json', signed({ _type: 'timestamp', ...changes, meta: { 'snapshot.json': { version: 1 } } })],
    ['/snapshot.json', signed({ _type: 'snapshot', meta: { 'targets.json': { version: 1 } } })],
    [
      '/targets.json',
      signed({ _type: 'targets', targets: { 'trusted_root.json': { length: target.length, hashes: { sha256 } } } }),
    ],
    ['/targets/trusted_root.json', Buffer.from(target)],
  ])
  const seen: string[] = []
  const server: Server = createServer((request, response) => {
    seen.push(request.url ?? '')
    const bytes = files.get(request.url ?? '')
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    root,
    files,
    seen,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}
