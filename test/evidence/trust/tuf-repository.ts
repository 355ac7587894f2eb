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
  publish(target: string, ends?: { readonly expires?: string }): void
  /** From the next publication on, another key signs; the root says so. */
  rotate(): void
  close(): Promise<void>
}

const expires = '2999-01-01T00:00:00Z'
const later = { spec_version: '1.0.31', expires }
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

/** One that publishes again and again: each time newer metadata, and where asked a root of another key. */
export async function tufRepository(target: string, changes: { readonly expires?: string } = {}): Promise<Repository> {
  let key = newKey('ed25519')
  let version = 0
  let rootVersion = 1
  const files = new Map<string, Buffer>()
  const publicOf = (one: typeof key) => one.spki.subarray(-32).toString('hex')
  const idOf = (one: typeof key) => createHash('sha256').update(publicOf(one)).digest('hex')
  const signed = (body: object, by: readonly (typeof key)[] = [key]): Buffer => {
    const text = JSON.stringify(sorted({ ...later, version, ...body }))
    const signatures = by.map((one) => ({
      keyid: idOf(one),
      sig: sign(null, Buffer.from(text), one.privateKey).toString('hex'),
    }))
    return Buffer.from(`{"signatures":${JSON.stringify(signatures)},"signed":${text}}`)
  }
  const rootOf = (by: readonly (typeof key)[]) => {
    const role = { keyids: [idOf(key)], threshold: 1 }
    const keyval = { public: publicOf(key) }
    return signed(
      {
        _type: 'root',
        version: rootVersion,
        consistent_snapshot: false,
        keys: { [idOf(key)]: { keytype: 'ed25519', scheme: 'ed25519', keyval } },
        roles: { root: role, timestamp: role, snapshot: role, targets: role },
      },
      by,
    )
  }
  const publish = (target: string, ends: { readonly expires?: string } = {}) => {
    version++
    const sha256 = createHash('sha256').update(target).digest('hex')
    const length = Buffer.byteLength(target)
    for (const [name, bytes] of [
      ['/timestamp.json', signed({ _type: 'timestamp', ...ends, meta: { 'snapshot.json': { version } } })],
      ['/snapshot.json', signed({ _type: 'snapshot', meta: { 'targets.json': { version } } })],
      ['/targets.json', signed({ _type: 'targets', targets: { 'trusted_root.json': { length, hashes: { sha256 } } } })],
      ['/targets/trusted_root.json', Buffer.from(target)],
    ] as const)
      files.set(name, bytes)
  }
  const root = rootOf([key])
  publish(target, changes)
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
    publish,
    rotate: () => {
      const before = key
      key = newKey('ed25519')
      rootVersion++
      files.set(`/${rootVersion}.root.json`, rootOf([before, key]))
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}
