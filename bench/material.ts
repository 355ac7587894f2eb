import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../src/core/digest.ts'
import { createAuthority } from '../test/authority/authority.ts'
import { parsePolicy } from './policy.ts'

/** One keyless v0.3 bundle of each content, made by a throw-away authority shaped like the public one (P-384 CA, P-256 rest). */
const authority = createAuthority()
export const root = Buffer.from(JSON.stringify(authority.trustedRoot()))
export const artifact = Buffer.from('an artifact of a few bytes\n')
export const sha256 = `sha256:${createHash('sha256').update(artifact).digest('hex')}` as Digest
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'artifact', digest: { sha256: sha256.slice(7) } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {},
}
export const bundles = {
  dsse: Buffer.from(JSON.stringify(authority.sign({ payload: statement }).bundle)),
  message: Buffer.from(JSON.stringify(authority.sign({ message: artifact }).bundle)),
}
export const san = 'https://github.com/Kong/kong-mesh/.github/workflows/kuma-_build_publish.yaml@refs/tags/2.14.3'
export const issuer = 'https://token.actions.githubusercontent.com'
export const policy = parsePolicy({ id: 'bench', candidate: 'signature', signer: { issuer, identity: { is: san } } })

export { authority }

/** The artifact, a bundle over it and the trusted root as files, and the flags that name them, in cosign's spelling. */
export function asFiles(
  folder: string,
  bundle: keyof typeof bundles,
): { readonly file: string; readonly flags: readonly string[] } {
  const place = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const flags = [
    '--bundle',
    place('bundle.json', bundles[bundle]),
    '--trusted-root',
    place('root.json', root),
    '--certificate-identity',
    san,
    '--certificate-oidc-issuer',
    issuer,
  ]
  return { file: place('artifact', artifact), flags }
}
