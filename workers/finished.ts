import type { Digest } from '../src/core/digest.ts'
import { isProblem, parseReference } from '../src/core/reference.ts'
import { sealInputs } from '../src/core/verdict.ts'
import type { Examined } from '../src/examine/examine.ts'
import { packed } from '../src/examine/pack.ts'
import type { Done } from '../src/examine/shop.ts'
import type { Finished, Sighting } from '../src/store/verdicts.ts'

/** What an examination came to, as the store keeps it. */
export function finishedOf({ examination, examined }: Done): Finished {
  const { request, documents } = packed(examination, examined)
  const { answer, evidence, trust } = examined
  const own = new Set([
    evidence.digest,
    request.policy,
    ...(trust === undefined ? [] : [trust.digest]),
    ...request.verdicts.flatMap(({ inputs, verdict }) => [sealInputs(inputs).digest, inputs.waivers, verdict]),
  ])
  // An image may hold the very bytes of our policy: what was observed is evidence, whatever else it is.
  const observed = new Set(examined.asked.flatMap(({ outcome }) => ('found' in outcome ? [outcome.found] : [])))
  const documentOf = (digest: Digest, kind: Finished['documents'][number]['kind']) => {
    const bytes = documents.get(digest)
    return bytes === undefined ? [] : [{ digest, bytes, kind }]
  }
  const sighting = sightingOf(examined)
  return {
    outcome: answer.verdict,
    at: Date.parse(answer.at),
    result: Buffer.from(JSON.stringify(request)),
    evidence,
    observations: examined.asked,
    documents: [
      ...documentOf(request.policy, 'policy'),
      ...(trust === undefined ? [] : documentOf(trust.digest, 'trust')),
      ...request.verdicts.flatMap(({ inputs }) => documentOf(inputs.waivers, 'waivers')),
    ],
    pieces: new Map([...examined.documents].filter(([digest]) => !own.has(digest) || observed.has(digest))),
    verdicts: examined.verdicts.map((one, i) => {
      const { role = 'artifact', platform } = answer.subjects[i] ?? {}
      return { ...one, role, ...(platform !== undefined && { platform }) }
    }),
    ...(sighting !== undefined && { sighting }),
  }
}

/** What a tag was resolved to, if one was. */
function sightingOf({ asked }: Examined): Sighting | undefined {
  for (const { question, outcome } of asked) {
    if (question.ask !== 'resolve' || !('found' in outcome)) continue
    const parts = parseReference(question.image)
    if (isProblem(parts) || parts.tag === undefined) continue
    return { registry: parts.host, repository: parts.path, tag: parts.tag, digest: outcome.found }
  }
  return undefined
}
