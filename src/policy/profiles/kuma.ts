/** Upstream Kuma: the same scheme under its own names (kumahq/kuma, .github/workflows/_build_publish.yaml at 2.7.4 and later). */
export const kuma = {
  schema: 'urn:meshproof:policy:v1',
  name: 'kuma',
  confirmed: 'unconfirmed',
  images: ['kuma-cp', 'kuma-dp', 'kuma-init', 'kumactl', 'kuma-cni'].map((component) => ({
    name: `docker.io/kumahq/${component}`,
    signatures: 'docker.io/kumahq/notary',
  })),
  inherit: ['attestation'],
  requirements: [
    {
      id: 'SC-03',
      candidate: 'signature',
      from: '2.7.4',
      signer: {
        issuer: 'https://token.actions.githubusercontent.com',
        // Git tags of Kuma carry a `v` since November 2025, image tags do not; both spellings are the release.
        identity: {
          host: 'github.com',
          owner: 'kumahq',
          repository: 'kuma',
          workflow: '.github/workflows/_build_publish.yaml',
          ref: 'release-tag',
        },
        certificate: {
          sourceRepositoryURI: 'https://github.com/kumahq/kuma',
          buildTrigger: 'push',
          runnerEnvironment: 'github-hosted',
        },
      },
      transparency: { log: 1, sct: 1, time: 1 },
      annotations: {
        repo: 'kumahq/kuma',
        workflow: 'build-test-distribute',
        sha: { certificate: 'sourceRepositoryDigest', optional: true },
      },
      reference: 'asked',
    },
  ],
}
