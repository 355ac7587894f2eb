import type { Code } from '../core/codes.ts'
import { partsOf } from '../core/reference.ts'
import type { Config } from './config.ts'
import type { Examination } from './examination.ts'

/** The operator's list, with the mirrors that the operator named and what they mirror. */
export function allowedRegistries({ allowed, mirrors }: Pick<Config, 'allowed' | 'mirrors'>): ReadonlySet<string> {
  const named = mirrors.flat().map((name) => name.split('/')[0] ?? '')
  return new Set([...allowed, ...named])
}

/** The first registry that this request names and the list lacks, whatever it names it for (T42). */
export function refusedRegistry(
  { subject, policy, signatureRepository }: Examination,
  allows: (host: string) => boolean,
): { readonly code: Code; readonly found: string } | undefined {
  const places = [
    ...('image' in subject ? [subject.image] : []),
    ...(signatureRepository === undefined ? [] : [signatureRepository]),
    ...(policy.policy.images ?? []).flatMap(({ signatures }) => signatures ?? []),
  ]
  const found = places.map((place) => partsOf(place).host).find((host) => !allows(host))
  return found === undefined ? undefined : { code: 'registry.not-allowed', found }
}
