import type { z } from 'zod'
import { type Digest, digestOf } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { parseTime } from '../../core/time.ts'
import { readBytes } from '../../evidence/given/files.ts'
import type { ExaminedTrust } from '../../examine/examination.ts'
import { policyFromValue } from '../../examine/prepare.ts'
import type { Instead } from '../../examine/replay.ts'
import type { Service } from '../../jobs/service.ts'
import { profileNamed, profileNames } from '../../policy/profiles/table.ts'
import { type LoadedPolicy, loadPolicy } from '../../policy/read.ts'
import { digestNamed, nameIn } from './names.ts'
import type { replayRequest } from './shapes.ts'
import { notStored } from './stored.ts'

type Asked = z.output<typeof replayRequest>

/** What a replay is asked otherwise, as documents. */
export async function insteadOf(service: Service, { policy, trust, at }: Asked): Promise<Instead> {
  const time = at === undefined ? undefined : parseTime(at)
  return {
    ...(policy !== undefined && { policy: await policyInstead(service, policy) }),
    ...(trust !== undefined && { trust: await trustInstead(service, trust) }),
    ...(time !== undefined && { at: time }),
  }
}

async function policyInstead(service: Service, policy: NonNullable<Asked['policy']>): Promise<LoadedPolicy> {
  if ('profile' in policy && typeof policy.profile === 'string') {
    const profile = profileNamed(policy.profile)
    const parameters = { found: policy.profile, expected: profileNames.join(', ') }
    if (profile === undefined) throw new Fault('policy.unknown-profile', { status: 422, parameters })
    return profile
  }
  if ('requirements' in policy) return policyFromValue(policy, 'none', service.limits)
  const digest =
    'document' in policy
      ? (policy.document as Digest)
      : await digestNamed(service, 'policy', nameIn({ policy }, 'policy') ?? '')
  const bytes = await service.keeper.document?.(digest)
  const loaded = bytes === undefined ? undefined : loadPolicy(JSON.parse(Buffer.from(bytes).toString('utf8')))
  if (loaded === undefined || 'problems' in loaded) throw notStored(digest, 'policy')
  return loaded
}

async function trustInstead(service: Service, trust: NonNullable<Asked['trust']>): Promise<ExaminedTrust> {
  const { keeper, limits } = service
  if (trust === 'public-good') {
    const root = await keeper.publicGood(true)
    if (root === undefined) throw notStored(trust, 'trusted root')
    return root
  }
  if ('root' in trust) {
    const bytes = readBytes(trust.root, 'none', limits.trustedRootBytes)
    return { digest: digestOf(bytes), bytes, name: 'given' }
  }
  const digest = 'document' in trust ? trust.document : await digestNamed(service, 'trust', trust.name)
  const bytes = await keeper.document?.(digest)
  if (bytes === undefined) throw notStored(digest, 'trusted root')
  return { digest, bytes, name: 'document' in trust ? digest : trust.name }
}
