import { formatVersion, versionOf } from './version.ts'

/** A release archive of Kong Mesh by its name: `kong-mesh-2.14.3-linux-amd64.tar.gz` (Kong, mk/distribution.mk). */
const pattern = /^kong-mesh-(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)-([a-z]{1,16})-(amd64|arm64)\.tar\.gz$/

/** The version that the name claims; undefined where it is no such name. */
export function archiveVersionOf(name: string): string | undefined {
  const version = versionOf(pattern.exec(name)?.[1] ?? '')
  return version === undefined ? undefined : formatVersion(version)
}
