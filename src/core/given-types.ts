/** Media types under which pieces that were brought along are observed; `evidence` writes them, `judge` reads by them. */
export const givenTypes = {
  bundle: 'application/vnd.dev.sigstore.bundle+json',
  signatureManifest: 'application/vnd.oci.image.manifest.v1+json',
  payload: 'application/vnd.meshproof.payload.v1',
  downloaded: 'application/vnd.meshproof.cosign-download.v1+json',
  attestations: 'application/vnd.meshproof.npm-attestations.v1+json',
  members: 'application/vnd.meshproof.archive-members.v1+json',
  logEntry: 'application/vnd.meshproof.rekor-entry.v1+json',
} as const
