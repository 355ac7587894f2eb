/** A full release version, `2.14.3`, without the `v` that some tags carry. */
export type Version = { readonly major: number; readonly minor: number; readonly patch: number; readonly pre?: string }

// `2.14.3-arm64` is the same release for one architecture (kumahq/kuma, mk/docker.mk), no pre-release of it.
const pattern = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-(?!(?:amd64|arm64)$)([0-9A-Za-z.-]{1,64})|-amd64|-arm64)?$/

/** The version that a tag claims; undefined for `latest`, `2.14`, and whatever else is no full version. */
export function versionOf(tag: string): Version | undefined {
  const found = pattern.exec(tag)
  if (found === null) return undefined
  const [, major, minor, patch, pre] = found
  return { major: Number(major), minor: Number(minor), patch: Number(patch), ...(pre !== undefined && { pre }) }
}

export const formatVersion = (version: Version): string =>
  `${version.major}.${version.minor}.${version.patch}${version.pre === undefined ? '' : `-${version.pre}`}`

/** Order of semver 2.0.0 clause 11, as far as releases and "some pre-release of it" go. */
export function compareVersions(a: Version, b: Version): number {
  const byNumber = a.major - b.major || a.minor - b.minor || a.patch - b.patch
  if (byNumber !== 0) return byNumber
  if (a.pre === b.pre) return 0
  if (a.pre === undefined) return 1
  if (b.pre === undefined) return -1
  return a.pre < b.pre ? -1 : 1
}
