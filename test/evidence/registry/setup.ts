import { onTestFinished } from 'vitest'
import type { Digest } from '../../../src/core/digest.ts'
import { type Limits, limits } from '../../../src/core/limits.ts'
import type { Asked, Outcome3, Question } from '../../../src/core/observation.ts'
import type { Name, Reference } from '../../../src/core/reference.ts'
import {
  type RegistryAnswerer,
  type RegistryOptions,
  registryAnswerer,
} from '../../../src/evidence/registry/answerer.ts'
import { memoryStore } from '../../../src/evidence/store/memory.ts'
import { type RegistryOptions as ServerOptions, startRegistry, type TestRegistry } from '../../registry/registry.ts'

export { limits }

export async function registry(options: ServerOptions = {}): Promise<TestRegistry> {
  const started = await startRegistry(options)
  onTestFinished(() => started.close())
  return started
}

/** As in production, but a second attempt comes at once. */
export const quick: Limits = { ...limits, retryPauseMs: 1 }

/** A client for which every given host was typed by a person; options as in production otherwise. */
export function client(
  typed: readonly (TestRegistry | string)[],
  options: Partial<RegistryOptions> = {},
): RegistryAnswerer {
  const hosts = typed.map((one) => (typeof one === 'string' ? one : one.host))
  const made = registryAnswerer({ store: memoryStore(), typed: hosts, limits: quick, ...options })
  onTestFinished(() => made.close())
  return made
}

export const ask = (
  answerer: RegistryAnswerer,
  question: Question,
  signal = AbortSignal.timeout(limits.requestMs),
): Promise<Asked> => answerer.answer(question, signal)

export const name = (host: TestRegistry | string, path = 'team/app'): Name =>
  `${typeof host === 'string' ? host : host.host}/${path}` as Name
export const resolve = (host: TestRegistry | string, ref = ':1', path?: string): Question => ({
  ask: 'resolve',
  image: `${name(host, path)}${ref}` as Reference,
})
export const manifest = (host: TestRegistry | string, digest: string, path?: string): Question => ({
  ask: 'manifest',
  image: name(host, path),
  digest: digest as Digest,
})
export const blob = (
  host: TestRegistry | string,
  digest: string,
  limit: number = limits.payloadBytes,
  path?: string,
): Question => ({ ask: 'blob', image: name(host, path), digest: digest as Digest, limit })
export const tag = (host: TestRegistry | string, text: string, path?: string): Question => ({
  ask: 'tag',
  image: name(host, path),
  tag: text,
})
export const referrers = (host: TestRegistry | string, digest: string, path?: string): Question => ({
  ask: 'referrers',
  image: name(host, path),
  digest: digest as Digest,
})

/** In one word: the digest found, `absent`, or the code. */
export const word = (outcome: Outcome3): string =>
  'found' in outcome ? outcome.found : 'absent' in outcome ? 'absent' : outcome.failed

export const image = (more: object = {}): object => ({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 2 },
  layers: [],
  ...more,
})
