import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleFromJSON } from '@sigstore/bundle'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { expect, test } from 'vitest'
import { createAuthority } from './authority.ts'
import { bundle } from './bundle.ts'
import { ociDigest } from './bytes.ts'
import { cosign3Signature } from './cosign-bundle.ts'
import { cosignTag, legacyAttestation, signatureManifest, simpleSigning } from './cosign-legacy.ts'
import { image, index, layout } from './oci.ts'

const authority = createAuthority()
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(authority.trustedRoot())))
const platforms = ['linux/amd64', 'linux/arm64'].map((platform) => image({ platform, flavour: 'docker' }))
const whole = index(platforms, { flavour: 'docker' })
const reference = 'index.docker.io/kong/kuma-cp'

test('a cosign 2 signature: payload, annotations, manifest', () => {
  const one = simpleSigning(authority, {
    digest: whole.digest,
    reference,
    optional: { repo: 'Kong/kong-mesh' },
    timestamp: true,
  })
  expect(one.payload.toString()).toBe(
    `{"critical":{"identity":{"docker-reference":"${reference}"},"image":{"docker-manifest-digest":"${whole.digest}"},"type":"cosign container image signature"},"optional":{"repo":"Kong/kong-mesh"}}`,
  )
  expect(Object.keys(one.layer.annotations)).toEqual([
    'dev.cosignproject.cosign/signature',
    'dev.sigstore.cosign/bundle',
    'dev.sigstore.cosign/certificate',
    'dev.sigstore.cosign/chain',
    'dev.sigstore.cosign/rfc3161timestamp',
  ])
  const kept = JSON.parse(one.layer.annotations['dev.sigstore.cosign/bundle'] ?? '')
  expect(kept.Payload).toEqual({
    body: one.entry?.canonicalizedBody,
    integratedTime: Number(one.entry?.integratedTime),
    logIndex: Number(one.entry?.logIndex),
    logID: authority.rekor.logId.toString('hex'),
  })
  const json = bundle(one.signed, { version: '0.2', entries: one.entry === undefined ? [] : [one.entry] })
  expect(() => verifier.verify(toSignedEntity(bundleFromJSON(json), one.payload))).not.toThrow()
  const manifest = signatureManifest([one])
  expect(manifest.blobs.get(ociDigest(one.payload))).toEqual(one.payload)
  expect(JSON.parse(manifest.bytes.toString()).layers).toEqual([one.layer])
})

test('what cosign 2 leaves out', () => {
  const bare = simpleSigning(authority, {
    digest: whole.digest,
    log: false,
    rawPayload: '{}',
    layerAnnotations: { 'dev.sigstore.cosign/chain': null },
  })
  expect(bare.payload.toString()).toBe('{}')
  expect(Object.keys(bare.layer.annotations)).toEqual([
    'dev.cosignproject.cosign/signature',
    'dev.sigstore.cosign/certificate',
  ])
  const attestation = legacyAttestation(authority, { statement: { predicateType: 'https://slsa.dev/provenance/v0.2' } })
  expect(attestation.layer.annotations['predicateType']).toBe('https://slsa.dev/provenance/v0.2')
})

test('a cosign 3 signature: bundle, manifest with subject', () => {
  for (const log of ['v1', 'v2'] as const) {
    const one = cosign3Signature(authority, { of: whole, annotations: { repo: 'Kong/kong-mesh' }, log })
    expect(() => verifier.verify(toSignedEntity(bundleFromJSON(one.bundle)))).not.toThrow()
    const manifest = JSON.parse(one.artifact.bytes.toString())
    expect(manifest.subject.digest).toBe(whole.digest)
    expect(manifest.config.mediaType).toBe('application/vnd.oci.empty.v1+json')
    expect(manifest.annotations['org.opencontainers.image.created']).toBe('2026-01-15T12:00:01Z')
    expect(Buffer.from(one.bundle.dsseEnvelope?.payload ?? '', 'base64').toString()).toBe(
      `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"${whole.digest.slice(7)}"},"annotations":{"repo":"Kong/kong-mesh"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}`,
    )
  }
})

test('a layout holds every blob under its digest and every entry under its full reference', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'))
  try {
    const notary = 'index.docker.io/kong/notary'
    const signature = signatureManifest([simpleSigning(authority, { digest: whole.digest })])
    const referrer = cosign3Signature(authority, { of: whole }).artifact
    layout(folder, [
      { artifact: whole, reference: `${reference}:2.14.3` },
      { artifact: signature, reference: `${notary}:${cosignTag(whole.digest)}` },
      { artifact: referrer, reference: notary },
    ])
    const names = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests.map(
      (one: { annotations: Record<string, string> }) => one.annotations['org.opencontainers.image.ref.name'],
    )
    expect(names).toEqual([
      `${reference}:2.14.3`,
      `${notary}:sha256-${whole.digest.slice(7)}.sig`,
      `${notary}@${referrer.digest}`,
    ])
    const blobs = readdirSync(join(folder, 'blobs', 'sha256'))
    for (const name of blobs)
      expect(ociDigest(readFileSync(join(folder, 'blobs', 'sha256', name)))).toBe(`sha256:${name}`)
    // Index, two manifests with config and layer each, signature (3), referrer (3).
    expect(blobs).toHaveLength(1 + 6 + 3 + 3)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
