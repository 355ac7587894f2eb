import type { Digest } from '../core/digest.ts'
import type { Json } from '../core/json.ts'
import { seal } from '../core/json.ts'
import { sealVerdict } from '../core/verdict.ts'
import type { PackedRequest } from '../evidence/pack/format.ts'
import type { Examination } from './examination.ts'
import type { Examined } from './examine.ts'

/** What an examination leaves for a pack: the request as it can be asked again, and every document by digest. */
export function packed(
  examination: Examination,
  examined: Examined,
): { readonly request: PackedRequest; readonly documents: ReadonlyMap<Digest, Uint8Array> } {
  const documents = new Map(examined.documents)
  const verdicts = examined.verdicts.map(({ inputs, verdict }) => {
    const sealed = sealVerdict(verdict)
    const document = seal(inputs as unknown as Json)
    documents.set(sealed.digest, sealed.bytes)
    documents.set(document.digest, document.bytes)
    return { inputs, verdict: sealed.digest }
  })
  const { subject, signatureRepository, platform, installed, policy, id } = examination
  const { trust } = examined
  const request: PackedRequest = {
    ...(id !== undefined && { id }),
    subject: 'file' in subject ? { file: subject.file, digests: subject.measured() } : subject,
    ...(signatureRepository !== undefined && { signatureRepository }),
    ...(platform !== undefined && { platform }),
    ...(installed !== undefined && { installed }),
    at: examined.answer.at,
    evidence: examined.evidence.digest,
    policy: policy.sealed.digest,
    ...(trust !== undefined && {
      trust: { digest: trust.digest, name: trust.name, ...(trust.asOf !== undefined && { asOf: trust.asOf }) },
    }),
    verdicts,
    answer: examined.answer,
  }
  return { request, documents }
}
