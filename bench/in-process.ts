import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { bundleFromJSON } from '@sigstore/bundle'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { limits } from '../src/core/limits.ts'
import { readBundle } from '../src/verify/signature/bundle.ts'
import { isCandidate } from '../src/verify/signature/candidate.ts'
import { holdAgainst } from '../src/verify/signature/demands.ts'
import { parseTrustedRoot } from '../src/verify/trust/trusted-root.ts'
import { artifact, bundles, issuer, policy, root, san, sha256 } from './material.ts'
import { rates, ratio } from './measure.ts'

/**
 * A keyless v0.3 bundle in one process, parse included: ours with all demands of a keyless policy, `@sigstore/verify` as
 * shipped, and the ECDSA operations alone that such a bundle needs: one P-384 (leaf by intermediate), four P-256 (SCT,
 * log promise, checkpoint, signature).
 */
export function inProcess(): void {
  const trust = parseTrustedRoot(root, limits.jsonDepth)
  if ('problem' in trust) throw new Error(trust.problem)
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(root.toString()))))
  const [requirement] = policy.policy.requirements
  if (requirement === undefined) throw new Error('no requirement')
  const ecdsa = bareEcdsa()
  for (const [name, bytes] of Object.entries(bundles)) {
    const library = () => {
      verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bytes.toString())), artifact), {
        subjectAlternativeName: san,
        extensions: { issuer },
      })
    }
    const ours = () => {
      const read = readBundle(bytes, limits)
      if (!isCandidate(read)) throw new Error(read.code)
      const held = holdAgainst(requirement, '/requirements/0', read, [], {
        subject: sha256,
        digests: { sha256 },
        name: undefined,
        version: undefined,
        isImage: false,
        trust,
        at: Date.now(),
        limits,
      })
      if (held.status !== 'met') throw new Error(held.reason?.code)
    }
    const found = rates([
      { name: 'ours', run: ours },
      { name: 'library', run: library },
      { name: 'ecdsa', run: ecdsa },
    ])
    const [a = 0, b = 0, c = 0] = ['ours', 'library', 'ecdsa'].map((one) => found.get(one))
    console.log(
      `keyless v0.3 bundle, ${name}: ${a.toFixed(0)}/s a core; ${ratio(a, b)} times @sigstore/verify as shipped (${b.toFixed(0)}/s); ${ratio(a, c)} of its bare ECDSA operations (${c.toFixed(0)}/s)`,
    )
  }
}

function bareEcdsa(): () => void {
  const data = Buffer.alloc(300)
  const [p256, p384] = [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ]
  const [small, large] = [sign('sha256', data, p256.privateKey), sign('sha384', data, p384.privateKey)]
  return () => {
    verify('sha384', data, p384.publicKey, large)
    for (let i = 0; i < 4; i++) verify('sha256', data, p256.publicKey, small)
  }
}
