import { readFileSync } from 'node:fs'
import { Fault } from '../core/fault.ts'
import { isProblem, parseReference } from '../core/reference.ts'
import type { Request } from '../core/request.ts'
import { emitFlags, takeEmitter } from './emit-flags.ts'
import { commonFlags, readFlags, takeExplain, usage } from './flags.ts'
import { givenOf } from './given-of.ts'
import { printing } from './print-provenance.ts'
import type { ExitCode } from './problem.ts'
import { policyOfAllFlags, slsaFlags } from './slsa-flags.ts'
import { type Task, verifyTasks } from './verify.ts'

export async function run(given: readonly string[]): Promise<ExitCode> {
  const { args, cosign } = takeExplain(given)
  const { values, positionals } = readFlags(args, {
    ...commonFlags,
    ...emitFlags,
    file: { type: 'string', short: 'f', multiple: true },
    platform: { type: 'string' },
    'signature-repository': { type: 'string' },
    ...slsaFlags,
    'provenance-repository': { type: 'string' },
    'print-provenance': { type: 'boolean' },
  })
  const images = [...positionals, ...(await imagesOf(values.file ?? []))]
  if (images.length === 0)
    throw usage(
      values.file === undefined
        ? 'Which image? meshproof verify image REF, or -f FILE.'
        : `There is no image in ${values.file.join(', ')}.`,
    )
  const { flags, emit } = await takeEmitter(values, images.length, true)
  const policy = await policyOfAllFlags(flags)
  return verifyTasks(
    (config) => {
      const repository = repositoryOf(values) ?? config.signatureRepository
      return images.map((image): Task => {
        const request: Request = {
          id: image,
          subject: { image },
          given: (values.given ?? []).map(givenOf),
          policy: policy as Request['policy'],
          ...(values['trusted-root'] !== undefined && { trust: { root: { path: values['trusted-root'] } } }),
          ...(repository !== undefined && { signatureRepository: repository }),
          ...(values.platform !== undefined && { platform: values.platform }),
          ...(values.at !== undefined && { at: values.at }),
          ...(values.offline === true && { offline: true }),
        }
        return { request, typed: hostsOf([image, repository]) }
      })
    },
    values,
    cosign,
    { ...printing(values), ...(emit !== undefined && { emit }) },
  )
}

/** Where cosign and slsa-verifier say that signatures and provenance are kept: one place, by two names. */
function repositoryOf(values: { readonly [K in Place]?: string | undefined }): string | undefined {
  const [signatures, provenance] = [values['signature-repository'], values['provenance-repository']]
  if (signatures !== undefined && provenance !== undefined && signatures !== provenance)
    throw usage('Give one of --signature-repository and --provenance-repository: both are looked at in one place.')
  return provenance ?? signatures
}
type Place = 'signature-repository' | 'provenance-repository'

/** T42: a host that a person typed may be private. */
export const hostsOf = (texts: readonly (string | undefined)[]): readonly string[] =>
  texts.flatMap((text) => {
    const parts = text === undefined ? undefined : parseReference(text)
    return parts === undefined || isProblem(parts) ? [] : [parts.host]
  })

async function imagesOf(files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return []
  const { imagesIn } = await import('./images-in.ts')
  return files.flatMap((file) => {
    let text: string
    try {
      text = readFileSync(file === '-' ? 0 : file, 'utf8')
    } catch (cause) {
      throw new Fault('request.path-not-found', { parameters: { found: file }, cause })
    }
    try {
      return imagesIn(text)
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause
      throw new Fault(cause.code, { cause, parameters: { found: `${file}: ${String(cause.parameters['found'])}` } })
    }
  })
}
