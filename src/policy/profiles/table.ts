import { archiveVersionOf } from '../../core/archive-name.ts'
import type { Name } from '../../core/reference.ts'
import { type LoadedPolicy, loadPolicy } from '../read.ts'
import { kongMesh, kongMeshAsDocumented } from './kong-mesh.ts'
import { kongMeshArchives } from './kong-mesh-archives.ts'
import { kuma } from './kuma.ts'

const documents: readonly { readonly name: string; readonly automatic: boolean }[] = [
  { ...kongMesh, automatic: true },
  { ...kuma, automatic: true },
  { ...kongMeshArchives, automatic: false },
  { ...kongMeshAsDocumented, automatic: false },
]
const loaded = new Map<string, LoadedPolicy>()

/** Names of the policies that ship with us. */
export const profileNames: readonly string[] = documents.map(({ name }) => name)

/** Docker Hub, and where the images of our profiles and their signatures are kept. */
export const registriesOfProfiles = (): readonly string[] => [
  ...new Set([
    'docker.io',
    ...profileNames.flatMap((name) =>
      (profileNamed(name)?.policy.images ?? []).flatMap(({ name: image, signatures = image }) =>
        [image, signatures].map((one) => one.slice(0, one.indexOf('/'))),
      ),
    ),
  ]),
]

export function profileNamed(name: string): LoadedPolicy | undefined {
  const known = loaded.get(name)
  const document = documents.find((one) => one.name === name)
  if (known !== undefined || document === undefined) return known
  const { automatic: _, ...plain } = document
  const policy = loadPolicy(plain)
  if ('problems' in policy) throw new Error(`profile ${name}: ${JSON.stringify(policy.problems)}`)
  loaded.set(name, policy)
  return policy
}

/** The profile that speaks of an image without being asked for; the documented one never is. */
export function profileFor(image: Name): LoadedPolicy | undefined {
  for (const { name, automatic } of documents) {
    const profile = automatic ? profileNamed(name) : undefined
    if (profile?.policy.images?.some((one) => one.name === image) === true) return profile
  }
  return undefined
}

/** The profile that speaks of a file by its name. */
export const profileForFile = (name: string): LoadedPolicy | undefined =>
  archiveVersionOf(name) === undefined ? undefined : profileNamed(kongMeshArchives.name)
