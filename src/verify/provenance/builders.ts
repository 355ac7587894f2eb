/**
 * Builders whose provenance is understood, as data: the workflow that signs, and what its statements may name as builder.
 * `byDefault`: what `builder: trusted` means. `delegates`: the statement names the workflow that called the delegator
 * (slsa-github-generator, BYOB), the certificate the delegator. `level`: the SLSA build level that its makers document.
 */
export type BuilderRow = {
  readonly id: string
  readonly byDefault: boolean
  readonly signedBy: readonly string[]
  /** slsa-verifier has a list of its own for images. */
  readonly makes?: 'files' | 'images'
  /** Of SLSA's build track, as slsa-framework states it. */
  readonly level?: 1 | 2 | 3
}

const generator = 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows'
const own = (id: string, makes: 'files' | 'images', signedBy: readonly string[] = [id]): BuilderRow => ({
  id,
  byDefault: true,
  signedBy,
  makes,
  level: 3,
})
const delegators = [`${generator}/delegator_generic_slsa3.yml`, `${generator}/delegator_lowperms-generic_slsa3.yml`]

const rows: readonly BuilderRow[] = [
  own(`${generator}/builder_go_slsa3.yml`, 'files'),
  own(`${generator}/generator_generic_slsa3.yml`, 'files'),
  own(`${generator}/generator_container_slsa3.yml`, 'images'),
  own(`${generator}/builder_container-based_slsa3.yml`, 'files'),
  own(`${generator}/builder_maven_slsa3.yml`, 'files', delegators),
  own(`${generator}/builder_gradle_slsa3.yml`, 'files', delegators),
]

/** What `builder: trusted` means for an artifact of this kind; of a bare digest nobody knows which it is. */
export const defaultBuilders = (of: 'files' | 'images' | undefined): readonly BuilderRow[] =>
  rows.filter(({ byDefault, makes }) => byDefault && (of === undefined || makes === of))

/** A builder that a policy names: `ID`, `ID@v1.2.3` or `ID@refs/tags/v1.2.3`. */
export type WantedBuilder = { readonly id: string; readonly ref: string | undefined; readonly row: BuilderRow }

export function parseBuilder(text: string): WantedBuilder | undefined {
  const at = text.indexOf('@')
  const id = at < 0 ? text : text.slice(0, at)
  const ref = at < 0 ? undefined : text.slice(at + 1)
  if (!/^https:\/\/[a-z0-9.-]+\/\S+$/.test(id) || ref === '') return undefined
  const row = rows.find((one) => one.id === id) ?? { id, byDefault: false, signedBy: [id, ...delegators] }
  return { id, ref: ref === undefined || ref.startsWith('refs/') ? ref : `refs/tags/${ref}`, row }
}

/** Release tags of builders: `refs/tags/vX.Y.Z`, nothing before, nothing after, no pre-release either (T57). */
export const isReleaseRef = (ref: string): boolean => /^refs\/tags\/v\d{1,6}\.\d{1,6}\.\d{1,6}$/.test(ref)

export function splitBuilder(text: string): { readonly id: string; readonly ref: string } {
  const at = text.lastIndexOf('@')
  return at < 0 ? { id: text, ref: '' } : { id: text.slice(0, at), ref: text.slice(at + 1) }
}

/** The level of a builder that a verified statement names, at a release of it; of one that is not in the table nobody knows. */
export function levelOfBuilder(text: string): number | undefined {
  const { id, ref } = splitBuilder(text)
  return isReleaseRef(ref) ? rows.find((row) => row.id === id)?.level : undefined
}
