import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { givenTypes } from '../core/given-types.ts'
import type { Limits } from '../core/limits.ts'
import type { Asked, EvidenceStore } from '../core/observation.ts'
import type { InstalledFile } from '../core/verdict.ts'
import { listMembers } from '../evidence/archive/members.ts'
import { type HashFile, hashFile, measureFile, type Paths } from '../evidence/given/files.ts'
import { findInstalled, type InstalledPlace } from '../evidence/given/installed.ts'
import { kongPrograms } from '../policy/profiles/kong-mesh-archives.ts'
import { type LoadedPolicy, loadPolicy } from '../policy/read.ts'

/** Who compares an installation without naming its programs means those that Kong installs: then the policy says so. */
export function withPrograms(loaded: LoadedPolicy): LoadedPolicy {
  if (loaded.policy.installed !== undefined) return loaded
  const document: unknown = JSON.parse(Buffer.from(loaded.sealed.bytes).toString('utf8'))
  const extended = loadPolicy({ ...(document as object), installed: kongPrograms })
  if ('problems' in extended) throw new Error('a policy that loaded does not load with programs')
  return extended
}

/** What of the shell is needed here. */
type Tools = {
  readonly paths: Paths
  readonly store: EvidenceStore
  readonly limits: Limits
  readonly now: () => number
  readonly hash?: HashFile
}

export type Installation = { readonly files: readonly InstalledFile[]; readonly members: Asked }

/** The programs on disk, and what the archive at `place` holds: both measured now, each file once. */
export async function measureInstallation(
  path: string,
  archive: { readonly place: string; readonly digest: Digest },
  { policy }: LoadedPolicy,
  tools: Tools,
): Promise<Installation> {
  const programs = (policy.installed ?? []).map(({ program }) => program)
  const places = findInstalled(path, programs, tools.paths)
  const [files, members] = await Promise.all([
    Promise.all(places.map((one) => measured(one, tools))),
    listMembers(archive.place, archive.digest, tools.limits),
  ])
  const question = { ask: 'given', kind: 'members' } as const
  const beside = { from: 'given', at: tools.now() }
  if ('failed' in members) {
    const { failed, found } = members
    return { files, members: { question, outcome: { failed }, beside: { ...beside, detail: { found } } } }
  }
  const mediaType = givenTypes.members
  const found = await tools.store.put(members.bytes, mediaType)
  return { files, members: { question, outcome: { found, mediaType }, beside } }
}

async function measured({ program, at, place }: InstalledPlace, tools: Tools): Promise<InstalledFile> {
  try {
    return { program, at, digest: (await measureFile(place, ['sha256'], tools.hash ?? hashFile)).sha256 }
  } catch (cause) {
    throw new Fault('request.path-not-found', { parameters: { found: at }, cause })
  }
}
