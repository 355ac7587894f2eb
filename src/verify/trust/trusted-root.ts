import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { TrustMaterial } from '@sigstore/verify'
import { z } from 'zod'
import { base64Field, timeField } from '../../core/fields.ts'
import { parseJson } from '../../core/json.ts'
import { foreignKey } from '../../core/keys.ts'
import { firstPlace } from '../../core/pointer.ts'
import { KeptCertificate } from '../certificate/kept-certificate.ts'
import { authorityRoleProblem, isTimestamper } from '../certificate/leaf.ts'

/**
 * A trusted root (sigstore_trustroot.proto, JSON form) as data: what `verify` believes. Parsed once per digest.
 * Parts that cannot be used are left out and named in `unused`; a root of which an authority is unusable is malformed.
 */
export type Trust = {
  readonly material: TrustMaterial
  readonly logs: readonly TrustedLog[]
  readonly ctlogs: readonly TrustedLog[]
  readonly authorities: readonly TrustedAuthority[]
  readonly timestampers: readonly TrustedAuthority[]
  readonly unused: readonly string[]
}

export type Window = { readonly start: number; readonly end: number }
export type TrustedLog = {
  readonly id: Buffer
  readonly hint: Buffer
  readonly host: string
  readonly key: KeyObject
  readonly window: Window
  readonly operator: string
}
export type TrustedAuthority = {
  readonly chain: readonly KeptCertificate[]
  readonly window: Window
  readonly operator: string
}

export const within = (window: Window, time: number): boolean => window.start <= time && time <= window.end

const window = z.object({ start: timeField.optional(), end: timeField.optional() }).optional()
const log = z.object({
  baseUrl: z.string().default(''),
  hashAlgorithm: z.union([z.literal('SHA2_256'), z.literal(1)]).optional(),
  publicKey: z.object({
    rawBytes: base64Field,
    keyDetails: z.union([z.string(), z.number()]).optional(),
    validFor: window,
  }),
  logId: z.object({ keyId: base64Field }).optional(),
  checkpointKeyId: z.object({ keyId: base64Field }).optional(),
  operator: z.string().optional(),
})
const authority = z.object({
  uri: z.string().optional(),
  certChain: z.object({
    certificates: z
      .array(z.object({ rawBytes: base64Field }))
      .min(1)
      .max(16),
  }),
  validFor: window,
  operator: z.string().optional(),
})
const document = z.object({
  mediaType: z.string().regex(/^application\/vnd\.dev\.sigstore\.trustedroot(\+json;version=0\.1|\.v0\.[12]\+json)$/),
  tlogs: z.array(log).max(256).default([]),
  ctlogs: z.array(log).max(256).default([]),
  certificateAuthorities: z.array(authority).max(256).default([]),
  timestampAuthorities: z.array(authority).max(256).default([]),
})

export const endOfTime = 8_640_000_000_000_000

export function parseTrustedRoot(bytes: Uint8Array, maxDepth: number): Trust | { readonly problem: string } {
  const parsed = parseJson(bytes, maxDepth)
  if ('problem' in parsed) return { problem: parsed.problem }
  const checked = document.safeParse(parsed.value)
  if (!checked.success) return { problem: firstPlace(checked.error) || 'mediaType' }
  const unused: string[] = []
  try {
    const { data } = checked
    const logs = data.tlogs.flatMap((entry, i) => readLog(entry, `tlogs[${i}]`, unused))
    const ctlogs = data.ctlogs.flatMap((entry, i) => readLog(entry, `ctlogs[${i}]`, unused))
    const authorities = data.certificateAuthorities.map((entry, i) =>
      readAuthority(entry, `certificateAuthorities[${i}]`, 'all'),
    )
    const timestampers = data.timestampAuthorities.flatMap((entry, i) => {
      const read = readAuthority(entry, `timestampAuthorities[${i}]`, 'but-first')
      // T20: the certificate that signs times must be one for signing times; the rule is checked on that very certificate.
      if (read.chain[0] !== undefined && isTimestamper(read.chain[0])) return [read]
      unused.push(`timestampAuthorities[${i}]: no timeStamping usage`)
      return []
    })
    return {
      logs,
      ctlogs,
      authorities,
      timestampers,
      unused,
      material: toMaterial({ logs, ctlogs, authorities, timestampers }),
    }
  } catch (error) {
    return { problem: error instanceof RootProblem ? error.message : 'a key or certificate in it cannot be read' }
  }
}

class RootProblem extends Error {}

function readLog(entry: z.output<typeof log>, place: string, unused: string[]): TrustedLog[] {
  const { rawBytes, keyDetails, validFor } = entry.publicKey
  const start = validFor?.start
  if (start === undefined) {
    // L7: a key without a beginning would be good for every time.
    unused.push(`${place}: no start of validity`)
    return []
  }
  const key = createPublicKey({
    key: rawBytes,
    format: 'der',
    type: /PKCS1_RSA/.test(String(keyDetails)) ? 'pkcs1' : 'spki',
  })
  const foreign = foreignKey(key)
  if (foreign !== undefined) throw new RootProblem(`${place}: ${foreign}`)
  const id = entry.checkpointKeyId?.keyId ?? entry.logId?.keyId ?? createHash('sha256').update(rawBytes).digest()
  return [
    {
      id,
      hint: id.subarray(0, 4),
      host: hostOf(entry.baseUrl),
      key,
      window: { start, end: validFor?.end ?? endOfTime },
      operator: entry.operator || 'the trusted root',
    },
  ]
}

/** `https://rekor.sigstore.dev` and scheme-less URLs name a log by host, port and path. */
const hostOf = (url: string): string => url.replace(/^https?:\/\//, '').replace(/\/+$/, '')

function readAuthority(
  entry: z.output<typeof authority>,
  place: string,
  authorities: 'all' | 'but-first',
): TrustedAuthority {
  const chain = entry.certChain.certificates.map(({ rawBytes }) => new KeptCertificate(rawBytes))
  for (const certificate of authorities === 'all' ? chain : chain.slice(1)) {
    const problem = authorityRoleProblem(certificate) // F-028: a leaf as anchor would vouch for itself
    if (problem !== undefined) throw new RootProblem(`${place}: ${problem}`)
  }
  return {
    chain,
    window: { start: entry.validFor?.start ?? 0, end: entry.validFor?.end ?? endOfTime },
    operator: entry.operator || 'the trusted root',
  }
}

const dates = ({ start, end }: Window) => ({ start: new Date(start), end: new Date(end) })

function toMaterial(trust: Pick<Trust, 'logs' | 'ctlogs' | 'authorities' | 'timestampers'>): TrustMaterial {
  const logs = (list: readonly TrustedLog[]) =>
    list.map((entry) => ({
      baseURL: `https://${entry.host}`,
      logID: entry.id,
      publicKey: entry.key,
      validFor: dates(entry.window),
    }))
  const chains = (list: readonly TrustedAuthority[]) =>
    list.map((entry) => ({ certChain: [...entry.chain], validFor: dates(entry.window) }))
  return {
    certificateAuthorities: chains(trust.authorities),
    timestampAuthorities: chains(trust.timestampers),
    tlogs: logs(trust.logs),
    ctlogs: logs(trust.ctlogs),
    publicKey: () => {
      throw new Error('keys come from the policy, never from a hint') // L12
    },
  }
}

/** Trust for a policy of own keys without log and times: nobody else is believed. */
export const noTrust: Trust = {
  logs: [],
  ctlogs: [],
  authorities: [],
  timestampers: [],
  unused: [],
  material: toMaterial({ logs: [], ctlogs: [], authorities: [], timestampers: [] }),
}
