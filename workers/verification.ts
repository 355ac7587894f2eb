import type { Digest } from '../src/core/digest.ts'
import { Fault } from '../src/core/fault.ts'
import { decodeUtf8 } from '../src/core/json.ts'
import type { Limits } from '../src/core/limits.ts'
import { problemOf } from '../src/core/problem.ts'
import { isProblem, parseReference } from '../src/core/reference.ts'
import { sealInputs } from '../src/core/verdict.ts'
import type { Examined } from '../src/examine/examine.ts'
import { packed } from '../src/examine/pack.ts'
import { readRequest } from '../src/examine/prepare.ts'
import { type Done, examineRequest, type Shopkeeper } from '../src/examine/shop.ts'
import type { Database } from '../src/store/database.ts'
import type { Lease, Requests } from '../src/store/requests.ts'
import { type Finished, finish, type Sighting } from '../src/store/verdicts.ts'

export type Workplace = {
  readonly database: Database
  readonly requests: Requests
  readonly keeper: Shopkeeper
  readonly limits: Limits
}

/** One verification: takes the request, examines it, keeps what came of it. Throws only where the database does. */
export async function verification(id: string, place: Workplace): Promise<void> {
  const { database, requests, keeper, limits } = place
  const lease = await requests.claim(id, limits.leaseMs)
  if (lease === undefined) return // done, cancelled, or somebody else's
  const held = hold(lease, place)
  try {
    const request = readRequest(JSON.parse(decodeUtf8(lease.spec) ?? ''))
    const done = await examineRequest(request, 'none', keeper, [], { answered: held.answered, signal: held.signal })
    await finish(database, lease, finishedOf(done))
  } catch (error) {
    if (!(error instanceof Fault)) keeper.report(error)
    if (error instanceof Fault && error.status < 500) await requests.refuse(lease, problemOf(error))
    else
      await requests.fail(lease, problemOf(error), {
        attempts: limits.requestAttempts,
        backoffMs: limits.requestBackoffMs,
      })
  } finally {
    held.end()
  }
}

type Held = { readonly answered: () => void; readonly signal: AbortSignal; readonly end: () => void }

/** Renews the lease while the work goes on, and says how far it has come; what lost its lease is given up. */
function hold(lease: Lease, { requests, limits, keeper }: Workplace): Held {
  const lost = new AbortController()
  let done = 0
  let told = -1
  let renewed = Date.now()
  let busy = false
  const timer = setInterval(() => {
    if (busy || (done === told && Date.now() - renewed < limits.leaseRenewMs)) return
    busy = true
    told = done
    renewed = Date.now()
    requests
      .renew(lease, limits.leaseMs, { phase: 'evidence', done, total: null, unit: 'look-ups' })
      .then((mine) => !mine && lost.abort())
      .catch(keeper.report)
      .finally(() => {
        busy = false
      })
  }, limits.progressMs)
  return {
    answered: () => {
      done++
    },
    signal: lost.signal,
    end: () => clearInterval(timer),
  }
}

function finishedOf({ examination, examined }: Done): Finished {
  const { request, documents } = packed(examination, examined)
  const { answer, evidence, trust } = examined
  const own = new Set([
    evidence.digest,
    request.policy,
    ...(trust === undefined ? [] : [trust.digest]),
    ...request.verdicts.flatMap(({ inputs, verdict }) => [sealInputs(inputs).digest, inputs.waivers, verdict]),
  ])
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
    pieces: new Map([...examined.documents].filter(([digest]) => !own.has(digest))),
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
