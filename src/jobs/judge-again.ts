import { type Digest, isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { decodeUtf8 } from '../core/json.ts'
import { noWaivers } from '../core/verdict.ts'
import { evidenceShape, type PackedRequest } from '../evidence/pack/format.ts'
import { type Instead, type Replayed, replay } from '../examine/replay.ts'
import { versions } from '../examine/versions.ts'
import { keptUnder } from '../store/evidence.ts'
import type { Service } from './service.ts'

/** A stored request, judged again from what the database holds and nothing else; what it lacks is named by its digest. */
export async function judgeAgain(
  { database, limits }: Pick<Service, 'database' | 'limits'>,
  request: PackedRequest,
  instead: Instead = {},
): Promise<Replayed> {
  const held = new Map<Digest, Uint8Array>([[noWaivers.digest, noWaivers.bytes]])
  const hold = async (digest: Digest): Promise<Uint8Array> => {
    const bytes = held.get(digest) ?? (await keptUnder(database, digest))?.bytes
    if (bytes === undefined) throw new Fault('evidence.missing', { status: 409, parameters: { found: digest } })
    held.set(digest, bytes)
    return bytes
  }
  const { observations } = evidenceShape.parse(JSON.parse(decodeUtf8(await hold(request.evidence)) ?? ''))
  await hold(request.policy)
  if (request.trust !== undefined) await hold(request.trust.digest)
  for (const { inputs } of request.verdicts) await hold(inputs.waivers)
  for (const { question, outcome } of observations) {
    if ('found' in outcome) await hold(outcome.found)
    if (question.ask === 'log-entry' && isDigest(question.envelope)) await hold(question.envelope)
  }
  return replay(request, (digest) => held.get(digest), instead, versions(), limits)
}
