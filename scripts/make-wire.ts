/**
 * Makes `test/fixtures/wire/`: a small signed image with its trusted root and the request about it. Run once, by hand;
 * what it writes is committed, and the documents that test/golden holds are made of it. The authority's keys are gone when
 * it ends.
 *
 *   node scripts/make-wire.ts && npx vitest run test/golden -u
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAuthority } from '../test/authority/authority.ts'
import { cosignTag, signatureManifest, simpleSigning } from '../test/authority/cosign-legacy.ts'
import { githubIssuer } from '../test/authority/github.ts'
import { image, index, layout } from '../test/authority/oci.ts'

const folder = fileURLToPath(new URL('../test/fixtures/wire/', import.meta.url))
const repository = 'docker.io/kong/kuma-cp'
const authority = createAuthority()
const [amd64, arm64] = [image({ platform: 'linux/amd64' }), image({ platform: 'linux/arm64' })]
const whole = index([amd64, arm64])

// The index and one of its two platforms are signed: something passes, something fails.
const signatures = [whole, amd64].map(({ digest }) => ({
  reference: `${repository}:${cosignTag(digest)}`,
  artifact: signatureManifest([simpleSigning(authority, { digest, optional: { repo: 'Kong/kong-mesh' } })]),
}))
mkdirSync(folder, { recursive: true })
layout(join(folder, 'layout'), [{ reference: `${repository}:2.14.3`, artifact: whole }, ...signatures])

const write = (name: string, value: object) =>
  writeFileSync(join(folder, name), `${JSON.stringify(value, undefined, 2)}\n`)
write('trusted_root.json', authority.trustedRoot())
write('request.json', {
  id: 'wire',
  subject: { image: 'kong/kuma-cp:2.14.3' },
  given: [{ layout: 'layout' }],
  policy: {
    schema: 'urn:meshproof:policy:v1',
    name: 'wire',
    confirmed: 'unconfirmed',
    inherit: ['attestation'],
    requirements: [
      {
        id: 'SC-03',
        candidate: 'signature',
        from: '2.7.4',
        signer: {
          issuer: githubIssuer,
          identity: {
            host: 'github.com',
            owner: 'Kong',
            repository: 'kong-mesh',
            workflow: '.github/workflows/kuma-_build_publish.yaml',
            ref: 'release-tag',
          },
          certificate: { buildTrigger: 'push' },
        },
        transparency: { log: 1, sct: 1, time: 1 },
        annotations: { repo: 'Kong/kong-mesh' },
        reference: 'asked',
      },
    ],
  },
  trust: { root: { path: 'trusted_root.json' } },
  at: '2026-01-15T13:00:00.000Z',
  offline: true,
})
