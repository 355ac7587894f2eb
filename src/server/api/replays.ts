import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import { type Digest, digestOf } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import type { Request } from '../../core/request.ts'
import { parseTime } from '../../core/time.ts'
import { readBytes } from '../../evidence/given/files.ts'
import { policyFromValue } from '../../examine/prepare.ts'
import type { Instead } from '../../examine/replay.ts'
import type { Service } from '../../jobs/service.ts'
import { replayStored, storedRequest } from '../../jobs/stored-replay.ts'
import { profileNamed, profileNames } from '../../policy/profiles/table.ts'
import { type LoadedPolicy, loadPolicy } from '../../policy/read.ts'
import { packTar } from './pack-tar.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'
import { digestParams, notStored } from './stored.ts'

/** A verdict judged again from what is stored: to the same bytes, or under another policy, trusted root or date. */
export function replays(app: FastifyInstance, service: Service): void {
  const { database, limits } = service
  define(app, {
    id: 'replayVerdict',
    method: 'POST',
    url: '/verdicts/:digest/replays',
    permission: 'verifications:read',
    tag: 'Verdicts',
    summary: 'Judge again, from what is stored.',
    params: digestParams,
    body: shapes.replayRequest,
    answers: { 200: { says: 'What came of it.', schema: shapes.replay } },
    problems: [404, 422],
    handle: async ({ params: { digest }, body }) =>
      replayStored(database, limits, digest, await insteadOf(service, body)),
  })

  define(app, {
    id: 'getPack',
    method: 'GET',
    url: '/verdicts/:digest/pack',
    permission: 'evidence:read',
    tag: 'Verdicts',
    summary: 'All that the verdict stands on, as an evidence pack: an OCI layout in a tar.',
    params: digestParams,
    answers: {
      200: { says: 'The pack; meshproof replay judges it again offline.', others: { 'application/x-tar': 'bytes' } },
    },
    problems: [404],
    handle: async ({ params: { digest } }, reply) => {
      const { request, documents } = await storedRequest(database, limits, digest)
      const name = `meshproof-pack-${digest.slice(7, 23)}.tar`
      reply.header('content-disposition', `attachment; filename="${name}"; filename*=UTF-8''${name}`)
      return reply.type('application/x-tar').send(packTar(request, documents))
    },
  })
}

type Asked = z.output<typeof shapes.replayRequest>

async function insteadOf(service: Service, { policy, trust, at }: Asked): Promise<Instead> {
  const time = at === undefined ? undefined : parseTime(at)
  return {
    ...(policy !== undefined && { policy: await policyInstead(service, policy) }),
    ...(trust !== undefined && { trust: await trustInstead(service, trust) }),
    ...(time !== undefined && { at: time }),
  }
}

async function policyInstead({ keeper, limits }: Service, policy: Request['policy']): Promise<LoadedPolicy> {
  if ('profile' in policy && typeof policy.profile === 'string') {
    const profile = profileNamed(policy.profile)
    const parameters = { found: policy.profile, expected: profileNames.join(', ') }
    if (profile === undefined) throw new Fault('policy.unknown-profile', { status: 422, parameters })
    return profile
  }
  if (!('document' in policy)) return policyFromValue(policy, 'none', limits)
  const digest = policy.document as Digest
  const bytes = await keeper.document?.(digest)
  const loaded = bytes === undefined ? undefined : loadPolicy(JSON.parse(Buffer.from(bytes).toString('utf8')))
  if (loaded === undefined || 'problems' in loaded) throw notStored(digest, 'policy')
  return loaded
}

async function trustInstead({ keeper, limits }: Service, trust: NonNullable<Request['trust']>) {
  if (trust === 'public-good') {
    const root = await keeper.publicGood(true)
    if (root === undefined) throw notStored(trust, 'trusted root')
    return root
  }
  if ('root' in trust) {
    const bytes = readBytes(trust.root, 'none', limits.trustedRootBytes)
    return { digest: digestOf(bytes), bytes, name: 'given' }
  }
  const bytes = await keeper.document?.(trust.document)
  if (bytes === undefined) throw notStored(trust.document, 'trusted root')
  return { digest: trust.document, bytes, name: trust.document }
}
