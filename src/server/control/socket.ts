import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { Fault } from '../../core/fault.ts'
import { type Json, parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import type { Problem } from '../../core/request.ts'
import type { Serving } from '../../jobs/stored-replay.ts'
import { faultOf, sentProblem } from '../problems.ts'
import { type Command, commandShape, perform } from './commands.ts'

/**
 * The data folder is one process's, so another that shall make a link or a token asks it, through a socket in that folder:
 * 0600 within 0700, so whoever can open it could read the database as well.
 */
const socketIn = (folder: string): string => join(folder, 'control.sock')
/** What a system takes as the path of a socket. */
const longest = 103

export type Control = { readonly close: () => Promise<void> }

export async function openControl(service: Serving, folder: string, origin: string): Promise<Control | undefined> {
  const path = socketIn(folder)
  if (Buffer.byteLength(path) > longest) return undefined
  const server = createServer((incoming, outgoing) => {
    read(incoming, mostOf(service.limits))
      .then((text) => performText(service, text, origin))
      .then(
        (result) => ({ status: 200, body: result }),
        (error: unknown) => {
          const problem = sentProblem(faultOf(error))
          if (problem.code === 'internal.crash') service.report(error)
          return { status: problem.status, body: problem as unknown as Json }
        },
      )
      .then(({ status, body }) => {
        outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
        outgoing.end(JSON.stringify(body))
      })
      .catch(service.report)
  })
  rmSync(path, { force: true }) // of a process that was killed: the lock says that we are alone
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(path, listening)
  })
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function performText(service: Serving, text: string, origin: string): Promise<Json> {
  const json = parseJson(text, service.limits.jsonDepth)
  const command = commandShape.safeParse('value' in json ? json.value : undefined)
  if (command.success) return perform(service, command.data, origin)
  const { path = [], message = '' } = command.error.issues[0] ?? {}
  throw new Fault('request.malformed', { parameters: { found: `${path.join('.')}: ${message}` } })
}

/** Asks the process that has the data folder; undefined where none listens there. */
export function askControl(folder: string, command: Command): Promise<Json | undefined> {
  return new Promise((done, failed) => {
    const path = socketIn(folder)
    if (Buffer.byteLength(path) > longest) return done(undefined)
    const asked = request({ socketPath: path, method: 'POST', path: '/', timeout: 120_000 }, (answer) => {
      read(answer, 64 * 1024 * 1024).then((text) => {
        const body = JSON.parse(text) as Json
        if (answer.statusCode === 200) return done(body)
        const { code, status, parameters = {} } = body as unknown as Problem
        failed(new Fault(code, { status, parameters }))
      }, failed)
    })
    asked.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? done(undefined) : failed(error),
    )
    asked.end(JSON.stringify(command))
  })
}

/** A policy and a trusted root may come along, the latter in base64. */
const mostOf = ({ policyBytes, trustedRootBytes }: Limits): number => policyBytes + 2 * trustedRootBytes

async function read(stream: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > most) throw new Fault('request.too-large', { status: 413, parameters: { expected: String(most) } })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
