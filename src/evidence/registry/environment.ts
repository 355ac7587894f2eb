import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../core/fault.ts'
import { limits as defaultLimits, type Limits } from '../../core/limits.ts'
import type { RegistryOptions } from './answerer.ts'
import { processHelper } from './credential-helper.ts'
import { anonymous, type Credentials } from './credentials.ts'
import { dockerCredentials } from './docker-config.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * What the environment says about registries: MESHPROOF_REGISTRY_INSECURE, MESHPROOF_REGISTRY_CA, and the variables of
 * other tools (DOCKER_CONFIG, SSL_CERT_FILE, proxies). None of them lowers a demand (T72).
 */
export async function registryEnvironment(
  env: Environment,
  limits: Limits = defaultLimits,
): Promise<Required<Pick<RegistryOptions, 'insecure' | 'credentials' | 'authorities' | 'proxyEnv'>>> {
  return {
    insecure: listOf(env['MESHPROOF_REGISTRY_INSECURE']),
    credentials: await credentialsOf(env, limits),
    authorities: await authoritiesOf(env),
    proxyEnv: env,
  }
}

const listOf = (text = ''): readonly string[] => text.split(/[\s,]+/).filter((entry) => entry !== '')

/** No HOME, no file, or one that cannot be read: nobody is logged in (T104). */
async function credentialsOf(env: Environment, limits: Limits): Promise<Credentials> {
  const folder = env['DOCKER_CONFIG'] || (env['HOME'] && join(env['HOME'], '.docker'))
  const text = folder ? await readFile(join(folder, 'config.json'), 'utf8').catch(() => undefined) : undefined
  return (text === undefined ? undefined : dockerCredentials(text, processHelper(limits, env))) ?? anonymous
}

/** A CA that was named for us must be there; SSL_CERT_FILE is everybody's, and as with OpenSSL may lead nowhere. */
async function authoritiesOf(env: Environment): Promise<readonly string[]> {
  const own = env['MESHPROOF_REGISTRY_CA']
  const shared = env['SSL_CERT_FILE'] ? await readFile(env['SSL_CERT_FILE'], 'utf8').catch(() => '') : ''
  const kept = isAuthority(shared) ? [shared] : []
  if (!own) return kept
  const named = await readFile(own, 'utf8').catch((cause: unknown) => unusable(cause))
  return isAuthority(named) ? [named, ...kept] : unusable(undefined)
}

const unusable = (cause: unknown): never => {
  throw new Fault('config.malformed', { cause, parameters: { found: 'MESHPROOF_REGISTRY_CA is no readable PEM file' } })
}

/** Node takes a damaged CA without a word and then trusts nothing by it. */
function isAuthority(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  try {
    return blocks.map((block) => new X509Certificate(block)).length > 0
  } catch {
    return false
  }
}
