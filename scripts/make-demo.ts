/**
 * Makes `demo/`: a small release shaped like Kong Mesh's, signed by a throw-away authority, one good image and three
 * attacked ones, and the evidence pack of their verdicts. Run once, by hand; what it writes is committed. The authority's
 * keys are gone when it ends.
 *
 *   node scripts/make-demo.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Digest } from '../src/core/digest.ts'
import type { PackedRequest } from '../src/evidence/pack/format.ts'
import { writePack } from '../src/evidence/pack/write.ts'
import { memoryStore } from '../src/evidence/store/memory.ts'
import { packed } from '../src/examine/pack.ts'
import { examineRequest } from '../src/examine/shop.ts'
import { createAuthority } from '../test/authority/authority.ts'
import { cosignTag, legacyAttestation, signatureManifest, simpleSigning } from '../test/authority/cosign-legacy.ts'
import { type GithubOptions, githubDefaults } from '../test/authority/github.ts'
import { type Artifact, image, index, type LayoutEntry, layout } from '../test/authority/oci.ts'
import { generatorCertificate, provenance } from '../test/authority/provenance.ts'

const demo = fileURLToPath(new URL('../demo/', import.meta.url))
const signedAt = '2026-09-01T09:00:00.000Z'
const judgedAt = '2026-09-01T10:00:00.000Z'
const version = '2.14.3'
const rootFile = 'demonstration-root.json'

const authority = createAuthority({ at: signedAt })

/** An index over two platforms, the whole of it made of one small script. */
const imageOf = (component: string): Artifact =>
  index(
    ['linux/amd64', 'linux/arm64'].map((platform) =>
      image({ platform, path: `usr/bin/${component}`, content: `#!/bin/sh\necho ${component} ${platform}\n` }),
    ),
  )

/** Signatures as Kong's workflow makes them: of the index and of each platform, in the notary repository. */
function signatures(of: Artifact, component: string, github: GithubOptions): readonly LayoutEntry[] {
  const { manifests } = JSON.parse(of.bytes.toString('utf8')) as { readonly manifests: readonly { digest: string }[] }
  return [of.digest, ...manifests.map(({ digest }) => digest)].map((digest) => ({
    reference: `docker.io/kong/notary:${cosignTag(digest)}`,
    artifact: signatureManifest([
      simpleSigning(authority, {
        digest,
        reference: `index.docker.io/kong/${component}`,
        optional: { repo: 'Kong/kong-mesh', workflow: 'build-test-distribute', sha: githubDefaults.sha },
        github,
      }),
    ]),
  }))
}

/** Provenance as the generator writes it: of the index only, beside its signature. */
function attested(of: Artifact, component: string): LayoutEntry {
  const subjects = [
    { name: `index.docker.io/kong/${component}`, digest: { sha256: of.digest.slice('sha256:'.length) } },
  ]
  const attestation = legacyAttestation(authority, {
    statement: provenance({ subjects }),
    github: generatorCertificate(),
  })
  return {
    reference: `docker.io/kong/notary:${cosignTag(of.digest, 'att')}`,
    artifact: signatureManifest([attestation]),
  }
}

/** What stands under a name, what it really is, and how that was signed. */
const cases: readonly { readonly name: string; readonly really: string; readonly github: GithubOptions }[] = [
  { name: 'kuma-cp', really: 'kuma-cp', github: {} },
  { name: 'kuma-dp', really: 'kumactl', github: {} },
  { name: 'kuma-init', really: 'kuma-init', github: { ref: 'refs/pull/4711/merge', trigger: 'pull_request' } },
  { name: 'kuma-cni', really: 'kuma-cni', github: { runner: 'self-hosted' } },
]

const folder = mkdtempSync(join(tmpdir(), 'meshproof-make-demo-'))
try {
  writeFileSync(join(folder, rootFile), JSON.stringify(authority.trustedRoot()))
  layout(
    join(folder, 'release'),
    cases.flatMap(({ name, really, github }) => {
      const artifact = imageOf(really)
      return [
        { artifact, reference: `docker.io/kong/${name}:${version}` },
        ...signatures(artifact, really, github),
        attested(artifact, really),
      ]
    }),
  )
  const requests: PackedRequest[] = []
  const documents = new Map<Digest, Uint8Array>()
  for (const { name } of cases) {
    const reference = `docker.io/kong/${name}:${version}`
    const { examination, examined } = await examineRequest(
      {
        id: reference,
        subject: { image: reference },
        given: [{ layout: 'release' }],
        policy: { profile: 'kong-mesh' },
        trust: { root: { path: rootFile } },
        at: judgedAt,
        offline: true,
      },
      { root: folder, confined: true },
      {
        now: () => Date.parse(judgedAt),
        publicGood: () => Promise.resolve(undefined),
        network: () => Promise.reject(new Error('offline')),
        store: memoryStore,
        report: console.error,
      },
    )
    const one = packed(examination, examined)
    requests.push(one.request)
    for (const [digest, bytes] of one.documents) documents.set(digest, bytes)
    console.log(`${reference} ${examined.answer.verdict}`)
  }
  rmSync(demo, { recursive: true, force: true })
  await writePack(join(demo, 'pack'), requests, documents)
  writeFileSync(join(demo, rootFile), `${JSON.stringify(authority.trustedRoot(), undefined, 1)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}
