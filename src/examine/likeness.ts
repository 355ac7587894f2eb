import type { Json } from '../core/json.ts'
import { readsTrust } from '../core/policy.ts'
import { type Likeness, likenessKey, type Standing } from '../core/repeat.ts'
import type { Request } from '../core/request.ts'
import { parseDuration } from '../core/time.ts'
import type { Config } from './config.ts'
import type { Examination, ExaminedTrust } from './examination.ts'

/**
 * What a request asks and what it would be judged by now. Names are compared as they are resolved; where the installation
 * looks (mirrors, the log) belongs to the question: another place may answer otherwise.
 */
export async function likenessOf(
  request: Request,
  examination: Examination,
  { mirrors, log }: Pick<Config, 'mirrors' | 'log'>,
): Promise<Likeness> {
  const { id: _, trust = 'public-good', offline = false, ...asked } = request
  const { subject, signatureRepository } = examination
  const key = likenessKey({
    ...(asked as { readonly [key: string]: Json | undefined }),
    subject: 'file' in subject ? { file: subject.file } : { ...subject },
    ...(signatureRepository !== undefined && { signatureRepository }),
    trust,
    offline,
    mirrors,
    log: log.url,
  })
  return { key, now: await standingOf(examination) }
}

async function standingOf({ policy: { policy, sealed }, trust, at }: Examination): Promise<Standing | undefined> {
  const read = readsTrust(policy)
  const known = read ? await atHand(trust) : undefined
  if (read && known === undefined) return undefined
  const asOf = policy.trust?.maxAge === undefined ? undefined : known?.asOf
  const recheckMs = policy.recheck === undefined ? undefined : (parseDuration(policy.recheck) ?? 0)
  return {
    policy: sealed.digest,
    trust: known?.digest ?? null,
    ...(asOf !== undefined && { trustAsOf: asOf }),
    ...(at !== undefined && { at }),
    ...(recheckMs !== undefined && { recheckMs }),
  }
}

/** What is there without waiting for anybody: the public root may be on its way. */
const atHand = (trust: Examination['trust']): Promise<ExaminedTrust | undefined> =>
  Promise.race([
    Promise.resolve(trust).catch(() => undefined),
    new Promise<undefined>((late) => setImmediate(late, undefined)),
  ])
