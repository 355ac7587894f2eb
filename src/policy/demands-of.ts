import { pointerToken } from '../core/pointer.ts'
import { isKeyless, isKeys, type Requirement, summaryPlaces, transparencyOf } from '../core/policy.ts'

/** Pointers of all demands of one requirement: rule 2 of the threats holds the findings against this list. */
export function demandsOf(requirement: Requirement, at: string): readonly string[] {
  const { log, sct, time, proof } = transparencyOf(requirement)
  const { signer } = requirement
  return [
    ...(isKeys(signer) ? [`${at}/signer/keys`] : [`${at}/signer`]),
    ...(isKeyless(signer)
      ? [
          `${at}/signer/issuer`,
          `${at}/signer/identity`,
          ...Object.keys(signer.certificate ?? {}).map((name) => `${at}/signer/certificate/${name}`),
        ]
      : []),
    ...('builder' in signer ? [`${at}/signer/builder`] : []),
    `${at}/candidate`,
    ...(log > 0 ? [`${at}/transparency/log`] : []),
    ...(sct > 0 ? [`${at}/transparency/sct`] : []),
    ...(time > 0 ? [`${at}/transparency/time`] : []),
    ...(proof ? [`${at}/transparency/proof`] : []),
    ...Object.keys(requirement.annotations ?? {}).map((key) => `${at}/annotations/${pointerToken(key)}`),
    ...(requirement.reference === undefined ? [] : [`${at}/reference`]),
    ...(requirement.predicateType === undefined ? [] : [`${at}/predicateType`]),
    ...provenanceDemands(requirement).map((place) => `${at}${place}`),
    ...(requirement.vsa === undefined ? [] : summaryPlaces(requirement.vsa)).map((place) => `${at}${place}`),
  ]
}

/** A builder is asked of provenance, so it demands one as well. */
function provenanceDemands({
  signer,
  provenance = 'builder' in signer ? {} : undefined,
}: Requirement): readonly string[] {
  if (provenance === undefined) return []
  const { source, trigger, workflow, inputs, fileName } = provenance
  const parts =
    source === undefined
      ? []
      : (['uri', 'tag', 'versionedTag', 'branch'] as const).filter((key) => source[key] !== undefined)
  const named = Object.entries({ trigger, workflow, inputs, fileName }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  )
  return [
    '/provenance',
    ...parts.map((part) => `/provenance/source/${part}`),
    ...named.map((name) => `/provenance/${name}`),
  ]
}
