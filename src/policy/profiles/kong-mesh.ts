/**
 * Kong Mesh as Kong releases it. Facts: developer.konghq.com, app/mesh/signed-images.md and
 * provenance-verification-images.md (2026-08-21); Kong/public-shared-actions, sign-docker-image. No real signature of Kong
 * could be seen yet, hence `unconfirmed`. A plain document: the same schema reads it as a user's.
 */
const components = ['kuma-cp', 'kuma-dp', 'kuma-init', 'kumactl', 'kuma-cni']
const notary = 'docker.io/kong/notary'

export const kongImages = [
  ...components.map((component) => ({ name: `docker.io/kong/${component}`, signatures: notary })),
  // UBI twins are built by the same workflow; the documentation never says that they are signed.
  ...components.map((component) => ({
    name: `docker.io/kong/ubi-${component}`,
    signatures: notary,
    twinOf: `docker.io/kong/${component}`,
  })),
  // Third party: Kong ships it in the chart until 3.0 and signs it nowhere.
  { name: 'docker.io/envoyproxy/ratelimit', signed: 'no' },
]

const issuer = 'https://token.actions.githubusercontent.com'

export const kongMesh = {
  schema: 'urn:meshproof:policy:v1',
  name: 'kong-mesh',
  confirmed: 'unconfirmed',
  images: kongImages,
  // Kong signs the index and every platform; provenance exists for the index only.
  inherit: ['attestation'],
  requirements: [
    {
      id: 'SC-03',
      candidate: 'signature',
      from: '2.7.4',
      signer: {
        issuer,
        identity: {
          host: 'github.com',
          owner: 'Kong',
          repository: 'kong-mesh',
          workflow: '.github/workflows/kuma-_build_publish.yaml',
          ref: 'release-tag',
        },
        certificate: {
          sourceRepositoryURI: 'https://github.com/Kong/kong-mesh',
          buildTrigger: 'push',
          runnerEnvironment: 'github-hosted',
        },
      },
      transparency: { log: 1, sct: 1, time: 1 },
      annotations: {
        repo: 'Kong/kong-mesh',
        workflow: 'build-test-distribute',
        sha: { certificate: 'sourceRepositoryDigest', optional: true },
      },
      // docker.io/kong/notary is shared by all of Kong's images, so a signature must name the one that was asked.
      reference: 'asked',
    },
    {
      id: 'SC-07',
      candidate: 'attestation',
      from: '2.8.0',
      signer: {
        builder:
          'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml',
      },
      transparency: { log: 1, sct: 1, time: 1 },
      predicateType: ['https://slsa.dev/provenance/v0.2'],
      provenance: {
        source: { uri: 'github.com/Kong/kong-mesh', tag: { release: true } },
        trigger: ['push'],
        workflow: 'build-test-distribute',
      },
    },
  ],
  sameBuild: [{ of: ['SC-03', 'SC-07'], by: 'commit' }],
}

/**
 * What the vendor's page asks, word for word: an unanchored pattern with unescaped dots, and two annotations. For comparison
 * only: it lets through other branches, tags, triggers, runners, callers and renamed images, and says so.
 */
export const kongMeshAsDocumented = {
  schema: 'urn:meshproof:policy:v1',
  name: 'kong-mesh-as-documented',
  confirmed: 'unconfirmed',
  images: kongImages.map((image) => ({ ...image, note: 'policy.as-documented' })),
  inherit: ['attestation'],
  requirements: [
    {
      id: 'SC-03',
      candidate: 'signature',
      from: '2.7.4',
      signer: {
        issuer,
        identity: {
          matches: 'https://github.com/Kong/kong-mesh/.github/workflows/kuma-_build_publish.yaml',
          loose: true,
        },
      },
      transparency: { log: 1, sct: 1, time: 1 },
      annotations: { repo: 'Kong/kong-mesh', workflow: 'build-test-distribute' },
    },
  ],
}
