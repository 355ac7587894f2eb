/** Small signed images in a registry of the tests, and the policy that trusts their key. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthority } from '../authority/authority.ts'
import { cosign3Signature } from '../authority/cosign-bundle.ts'
import { cosignTag, signatureManifest, simpleSigning } from '../authority/cosign-legacy.ts'
import { newKey } from '../authority/keys.ts'
import { type Artifact, image, index, reachable } from '../authority/oci.ts'
import type { TestRegistry } from '../registry/registry.ts'

export const authority = createAuthority()
export const key = newKey()
/** Signed, but by nobody that the policy trusts. */
export const stranger = newKey()
export const keyBase64 = Buffer.from(key.pem).toString('base64')

/** Whoever holds the key may sign; no log, no time. `images` say where signatures are kept. */
export const policyWith = (more: object = {}, requirement: object = {}): object => ({
  schema: 'urn:meshproof:policy:v1',
  name: 'own-key',
  requirements: [
    {
      id: 'own',
      candidate: 'signature',
      signer: { keys: [{ key: { base64: keyBase64 } }] },
      transparency: { log: 0, sct: 0, time: 0 },
      ...requirement,
    },
  ],
  ...more,
})

/** A policy, a strict one under which platforms inherit nothing, and the key, as files of a folder. */
export function policyFiles(folder: string): { readonly policy: string; readonly key: string } {
  const policy = join(folder, 'policy.json')
  writeFileSync(policy, JSON.stringify(policyWith()))
  writeFileSync(join(folder, 'key.pub'), key.pem)
  return { policy, key: join(folder, 'key.pub') }
}

export type Small = { readonly index: Artifact; readonly amd64: Artifact; readonly arm64: Artifact }

export function smallImage(content: string): Small {
  const of = (platform: string) => image({ platform, content: `${content} ${platform}` })
  const [amd64, arm64] = [of('linux/amd64'), of('linux/arm64')]
  return { index: index([amd64, arm64]), amd64, arm64 }
}

export function hold(registry: TestRegistry, repository: string, artifact: Artifact, tag?: string): void {
  for (const [digest, bytes] of reachable(artifact)) {
    if (digest === artifact.digest) continue
    // Manifests lie among the blobs of an index; a registry keeps both kinds apart.
    registry.addBlob(repository, bytes)
    if (bytes.includes('"schemaVersion"')) registry.addManifest(repository, undefined, bytes)
  }
  registry.addManifest(repository, tag, artifact.bytes, artifact.mediaType)
}

export type Signing = { readonly by?: typeof key; readonly form?: 'legacy' | 'bundle'; readonly reference?: string }

/** Puts a signature of `of` where cosign 2 (`.sig`) or cosign 3 (a referrer) puts it. */
export function sign(registry: TestRegistry, repository: string, of: Artifact, how: Signing = {}): void {
  const { by = key, form = 'legacy', reference = `registry.example/${repository}` } = how
  if (form === 'bundle') {
    hold(registry, repository, cosign3Signature(authority, { of, signer: by, log: 'none' }).artifact)
    return
  }
  const made = simpleSigning(authority, { digest: of.digest, signer: by, log: false, reference })
  hold(registry, repository, signatureManifest([made]), cosignTag(of.digest))
}
