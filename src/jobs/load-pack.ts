import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { decodeUtf8 } from '../core/json.ts'
import { type Asked, digestsIn } from '../core/observation.ts'
import { parseTime } from '../core/time.ts'
import { noWaivers, type Verdict } from '../core/verdict.ts'
import { evidenceShape, type PackedRequest } from '../evidence/pack/format.ts'
import { type OpenPack, readPack } from '../evidence/pack/read.ts'
import { replay } from '../examine/replay.ts'
import { versions } from '../examine/versions.ts'
import { packSource } from '../store/history.ts'
import { keepImported } from '../store/imports.ts'
import type { DocumentKind } from '../store/tables.ts'
import type { Finished } from '../store/verdicts.ts'
import type { Service } from './service.ts'

/** Behind the policy's name, in lists and on pages: that its evidence was brought in, and nobody was asked. */
export const fromPack = ', from a pack'

/**
 * The requests of a pack as requests of the service. Nothing in it is believed: each is judged again from its evidence, and
 * what does not come to the very verdicts that it names is refused, whole. Returns the ids of those that are new.
 */
export async function loadPack(
  { database, limits }: Pick<Service, 'database' | 'limits'>,
  folder: string,
  principal: string | null,
): Promise<readonly string[]> {
  const { pack, bytes } = await readPack(folder, limits)
  const judged: { readonly request: PackedRequest; readonly finished: Finished; readonly policy: string }[] = []
  for (const packed of pack.requests) {
    const { answer, same } = await replay(packed, bytes, {}, versions(), limits)
    if (same !== true)
      throw new Fault('pack.malformed', { parameters: { found: `${packed.id ?? ''} is not judged as it says` } })
    const request = { ...packed, answer }
    const { name = 'policy' } = answer.subjects[0]?.beside.policy ?? {}
    judged.push({ request, finished: finishedOf(request, answer.subjects, answer.verdict, bytes), policy: name })
  }
  const ids: string[] = []
  for (const { request, finished, policy } of judged) {
    const spec = specOf(request)
    const { subject } = spec
    const id = await keepImported(
      database,
      {
        spec: Buffer.from(JSON.stringify(spec)),
        subject: 'image' in subject ? subject.image : (subject.name ?? subject.digest),
        policy: `${policy}${fromPack}`,
        principal,
      },
      finished,
    )
    if (id !== undefined) ids.push(id)
  }
  return ids
}

/** What asks the same: by digest where a place on somebody's disk was meant, and offline, as it was judged here. */
function specOf({ subject, policy, trust, platform, signatureRepository, at }: PackedRequest) {
  const asked: { image: string } | { digest: Digest; name?: string } =
    'image' in subject
      ? { image: subject.as }
      : 'file' in subject
        ? { digest: subject.digests.sha256, name: subject.file }
        : { digest: subject.digest, ...(subject.name !== undefined && { name: subject.name }) }
  return {
    subject: asked,
    policy: { document: policy },
    ...(trust !== undefined && { trust: { document: trust.digest } }),
    ...(platform !== undefined && { platform }),
    ...(signatureRepository !== undefined && { signatureRepository }),
    at,
    offline: true,
  }
}

function finishedOf(
  request: PackedRequest,
  subjects: readonly { readonly role: 'root' | 'member' | 'artifact'; readonly platform?: string }[],
  outcome: Finished['outcome'],
  bytes: OpenPack['bytes'],
): Finished {
  const held = (digest: Digest): Uint8Array => {
    const found = digest === noWaivers.digest ? noWaivers.bytes : bytes(digest)
    if (found === undefined) throw new Fault('evidence.missing', { parameters: { found: digest } })
    return found
  }
  const at = parseTime(request.at) ?? 0
  const evidence = { digest: request.evidence, bytes: held(request.evidence) }
  const observations = observationsOf(evidence.bytes, at)
  const document = (digest: Digest, kind: DocumentKind) => ({ digest, kind, bytes: held(digest) })
  return {
    outcome,
    at,
    result: Buffer.from(JSON.stringify(request)),
    evidence,
    observations,
    documents: [
      document(request.policy, 'policy'),
      ...(request.trust === undefined ? [] : [document(request.trust.digest, 'trust')]),
      ...request.verdicts.map(({ inputs }) => document(inputs.waivers, 'waivers')),
    ],
    pieces: new Map(digestsIn(observations).flatMap((digest) => withBytes(digest, bytes))),
    verdicts: request.verdicts.map(({ inputs, verdict }, i) => {
      const { role = 'artifact', platform } = subjects[i] ?? {}
      const parsed = JSON.parse(decodeUtf8(held(verdict)) ?? '') as Verdict // judged again to these very bytes
      return { inputs, verdict: parsed, role, ...(platform !== undefined && { platform }) }
    }),
  }
}

const withBytes = (digest: Digest, bytes: OpenPack['bytes']): readonly (readonly [Digest, Uint8Array])[] => {
  const found = bytes(digest)
  return found === undefined ? [] : [[digest, found]]
}

/** What the set holds, each from this pack. */
function observationsOf(set: Uint8Array, at: number): readonly Asked[] {
  const read = evidenceShape.parse(JSON.parse(decodeUtf8(set) ?? ''))
  const beside = { from: packSource, at }
  return (read.observations as unknown as readonly Omit<Asked, 'beside'>[]).map((one) => ({ ...one, beside }))
}
