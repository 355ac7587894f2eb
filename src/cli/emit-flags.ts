import { existsSync, readFileSync } from 'node:fs'
import type { Emitter } from './emit.ts'
import { usage } from './flags.ts'

/** Flags of the verbs whose verdict can be signed and handed on. */
export const emitFlags = {
  'emit-vsa': { type: 'string' },
  'emit-svr': { type: 'string' },
  'emit-as': { type: 'string' },
  'signing-key': { type: 'string' },
  'verifier-id': { type: 'string' },
  'resource-uri': { type: 'string' },
} as const

export type EmitFlags = { readonly [K in keyof typeof emitFlags]?: string | undefined }

/**
 * The emitter that these flags ask for. `--key` names a public key that is demanded; a private one among them, where a
 * summary is to be signed, is what signs it, and leaves the list.
 */
export async function takeEmitter<F extends EmitFlags & { readonly key?: readonly string[] | undefined }>(
  flags: F,
  artifacts: number,
  named: boolean,
): Promise<{ readonly flags: F; readonly emit?: Emitter }> {
  const { 'emit-vsa': vsa, 'emit-as': form } = flags
  if (vsa === undefined) {
    const stray = (Object.keys(emitFlags) as (keyof EmitFlags)[]).find((name) => flags[name] !== undefined)
    if (stray !== undefined) throw usage(`--${stray} belongs to --emit-vsa FILE.`)
    return { flags }
  }
  if (artifacts !== 1) throw usage('--emit-vsa speaks of one artifact: name one.')
  if (form !== undefined && form !== 'bundle' && form !== 'envelope')
    throw usage(`--emit-as takes bundle or envelope, not ${form}.`)
  if (!named && flags['resource-uri'] === undefined)
    throw usage('--emit-vsa of a file needs --resource-uri URI: where those who read the summary fetch it from.')
  const { key = [] } = flags
  const own = key.filter(isPrivate)
  const [signing, second] = [...(flags['signing-key'] === undefined ? [] : [flags['signing-key']]), ...own]
  if (signing === undefined) throw usage('Who signs the summary? Give its private key with --signing-key FILE.')
  if (second !== undefined) throw usage(`One key signs the summary, not ${signing} and ${second}.`)
  const demanded = key.filter((file) => !own.includes(file))
  const { emitterOf } = await import('./emit.ts')
  return {
    flags: { ...flags, key: demanded.length === 0 ? undefined : demanded },
    emit: emitterOf({
      vsa,
      svr: flags['emit-svr'],
      envelope: form === 'envelope',
      keyFile: signing,
      verifier: flags['verifier-id'],
      resource: flags['resource-uri'],
    }),
  }
}

const isPrivate = (file: string): boolean =>
  existsSync(file) && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(readFileSync(file, 'latin1'))
