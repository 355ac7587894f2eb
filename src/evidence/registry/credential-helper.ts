import { spawn } from 'node:child_process'
import { z } from 'zod'
import { parseJson } from '../../core/json.ts'
import type { Limits } from '../../core/limits.ts'
import type { Credential } from './credentials.ts'
import type { Helper } from './docker-config.ts'

const answer = z.object({ Username: z.string(), Secret: z.string().min(1) })

/** A name becomes the name of a program, so it may not be a path (T41). */
const namePattern = /^[a-z0-9][a-z0-9-]*$/

/**
 * Docker's credential helpers: a program on the PATH, no shell, the server on its standard input, JSON back. One that is
 * missing, fails, hangs or babbles knows nothing; the registry's 401 then says what a person has to do.
 */
export function processHelper(limits: Limits, env: NodeJS.ProcessEnv = process.env): Helper {
  return async (name, server, signal) => {
    if (!namePattern.test(name)) return undefined
    const output = await run(
      `docker-credential-${name}`,
      server,
      AbortSignal.any([signal, AbortSignal.timeout(limits.helperMs)]),
      limits.tokenBytes,
      env,
    )
    const parsed = output === undefined ? undefined : parseJson(output, 8)
    const read = answer.safeParse(parsed !== undefined && 'value' in parsed ? parsed.value : undefined)
    return read.success ? credentialOf(read.data.Username, read.data.Secret) : undefined
  }
}

const credentialOf = (username: string, secret: string): Credential =>
  username === '<token>' ? { kind: 'identity-token', token: secret } : { kind: 'password', username, password: secret }

function run(
  program: string,
  input: string,
  signal: AbortSignal,
  limit: number,
  env: NodeJS.ProcessEnv,
): Promise<Uint8Array | undefined> {
  return new Promise((done) => {
    const child = spawn(program, ['get'], {
      signal,
      env,
      shell: false,
      killSignal: 'SIGKILL',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const chunks: Uint8Array[] = []
    let length = 0
    const giveUp = (): void => {
      child.kill('SIGKILL')
      child.stdout.destroy() // what it started may still hold the pipe
      done(undefined)
    }
    child.stdout.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      if (length > limit) giveUp()
      else chunks.push(chunk)
    })
    child.on('error', giveUp)
    child.on('close', (status) => done(status === 0 ? Buffer.concat(chunks) : undefined))
    child.stdin.on('error', () => {}) // a helper that does not read its input is told by its status
    child.stdin.end(input)
  })
}
