import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Fault } from '../core/fault.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** Flags of a verb; what is not known is refused with its name. Pasted flags of cosign keep their spelling. */
export function readFlags<T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (cause) {
    const text = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : ''
    throw new Fault('usage.unknown', { cause, parameters: { found: `${text.replaceAll("'", '"')}.` } })
  }
}

/** Flags that every verb of verification knows. */
export const judgingFlags = {
  policy: { type: 'string' },
  profile: { type: 'string' },
  'trusted-root': { type: 'string' },
  given: { type: 'string', multiple: true },
  at: { type: 'string' },
  offline: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  explain: { type: 'boolean' },
  'save-pack': { type: 'string' },
  'exit-zero': { type: 'boolean' },
} as const satisfies Options

/** With a signer in cosign's spelling. */
export const commonFlags = {
  ...judgingFlags,
  key: { type: 'string', multiple: true },
  'certificate-identity': { type: 'string' },
  'certificate-identity-regexp': { type: 'string' },
  'certificate-oidc-issuer': { type: 'string' },
  annotations: { type: 'string', short: 'a', multiple: true },
  'insecure-ignore-tlog': { type: 'boolean' },
  'private-infrastructure': { type: 'boolean' },
} as const satisfies Options

export const usage = (found: string): Fault => new Fault('usage.unknown', { parameters: { found } })

/** `--explain cosign` is the only value that `--explain` takes. */
export function takeExplain(args: readonly string[]): { readonly args: readonly string[]; readonly cosign: boolean } {
  const at = args.indexOf('--explain')
  if (at >= 0 && args[at + 1] === 'cosign') return { args: [...args.slice(0, at), ...args.slice(at + 2)], cosign: true }
  return { args: args.filter((arg) => arg !== '--explain=cosign'), cosign: args.includes('--explain=cosign') }
}
