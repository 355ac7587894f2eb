/** A Rekor v1 log on loopback: answers searches from what a test put in, recorded or made, and keeps an exact list of requests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Fault = (request: IncomingMessage, response: ServerResponse, body: string) => boolean

export type TestRekor = {
  readonly url: string
  /** `POST /api/v1/index/retrieve`, one a request. */
  readonly lines: string[]
  readonly bodies: unknown[]
  /** What the search by envelope answers for these very bytes. */
  addEnvelope(text: string, answer: unknown): void
  /** What the search by artifact answers: UUIDs. */
  addIndex(artifact: string, uuids: readonly string[]): void
  /** What is answered for a UUID. */
  addEntry(uuid: string, answer: unknown): void
  setFault(fault: Fault | undefined): void
  close(): Promise<void>
}

export async function startRekor(): Promise<TestRekor> {
  const envelopes = new Map<string, unknown>()
  const indexed = new Map<string, readonly string[]>()
  const entries = new Map<string, unknown>()
  const lines: string[] = []
  const bodies: unknown[] = []
  let fault: Fault | undefined

  const answerTo = (path: string, body: string): unknown => {
    if (path === '/api/v1/log/entries/retrieve') {
      const [proposed] = (JSON.parse(body) as { entries: { spec: { content: { envelope: string } } }[] }).entries
      return envelopes.get(proposed?.spec.content.envelope ?? '') ?? []
    }
    if (path === '/api/v1/index/retrieve') return indexed.get((JSON.parse(body) as { hash: string }).hash) ?? []
    return entries.get(path.slice('/api/v1/log/entries/'.length))
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      const path = request.url ?? ''
      lines.push(`${request.method} ${path}`)
      bodies.push(body === '' ? undefined : JSON.parse(body))
      if (fault?.(request, response, body) === true) return
      const answer = answerTo(path, body)
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer ?? { code: 404, message: 'there is no such entry' }))
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lines,
    bodies,
    addEnvelope: (text, answer) => void envelopes.set(text, answer),
    addIndex: (artifact, uuids) => void indexed.set(artifact, uuids),
    addEntry: (uuid, answer) => void entries.set(uuid, answer),
    setFault: (next) => {
      fault = next
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}
