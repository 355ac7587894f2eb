/**
 * Release archives of Kong Mesh. Facts: developer.konghq.com, app/mesh/provenance-verification-binaries.md; kumahq/kuma,
 * .github/workflows/_provenance.yaml. One provenance lists all archives of a release, so the name must be that of the very
 * subject (T63). No real provenance of Kong could be seen yet, hence `unconfirmed`.
 */
export const kongMeshArchives = {
  schema: 'urn:meshproof:policy:v1',
  name: 'kong-mesh-archives',
  confirmed: 'unconfirmed',
  requirements: [
    {
      id: 'SC-10',
      candidate: 'attestation',
      from: '2.8.0',
      signer: {
        builder:
          'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_generic_slsa3.yml',
      },
      transparency: { log: 1, sct: 1, time: 1 },
      predicateType: ['https://slsa.dev/provenance/v0.2'],
      provenance: {
        source: { uri: 'github.com/Kong/kong-mesh', tag: { release: true } },
        trigger: ['push'],
        workflow: 'build-test-distribute',
        fileName: 'demanded',
      },
    },
  ],
}

/** What Kong's archives install; `coredns` and others beside are not audited. */
export const kongPrograms = ['kuma-cp', 'kuma-dp', 'kumactl', 'envoy'].map((program) => ({ id: 'SC-11', program }))
