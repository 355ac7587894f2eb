import { type Digest, digestOf } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { canonicalJson, type Json } from '../../core/json.ts'
import type { Likeness } from '../../core/repeat.ts'
import type { Request as Asked } from '../../core/request.ts'
import { refusedRegistry } from '../../examine/allowed.ts'
import { addressesIn } from '../../examine/downloaded.ts'
import { readRequest } from '../../examine/prepare.ts'
import { preparedAs } from '../../jobs/asked.ts'
import type { Service } from '../../jobs/service.ts'
import type { Span } from '../../jobs/tracing.ts'
import type { Answered } from '../../store/new-requests.ts'
import { tooMany } from '../../store/requests.ts'
import { nameIn, withoutNames } from './names.ts'

export type Admitted = {
  readonly spec: Uint8Array
  /** Of the request as it came: whoever asks by a name again asks the same, whatever the name means by then. */
  readonly body: Digest
  readonly subject: string
  readonly policy: string
  readonly likeness: Likeness | undefined
  readonly id?: string
}

/**
 * What is wrong with a request is said at once: it is read and prepared as the worker will, without a look at the world.
 * A path of this machine is never read, and a registry that is not on the operator's list is never asked (T42).
 */
export async function admit(service: Service, body: unknown): Promise<Admitted> {
  try {
    const named = await withoutNames(service, body)
    const asked = readRequest(named)
    const text = wellFormed(named)
    await demandDocuments(service, asked)
    demandReleases(service, asked)
    const { allows, config } = service
    const { examination, likeness } = await preparedAs(asked, service)
    const refused = asked.offline === true ? undefined : refusedRegistry(examination, allows)
    if (refused !== undefined)
      throw new Fault('registry.not-allowed', {
        status: 422,
        parameters: { found: refused.found, expected: [...config.allowed].join(', ') },
      })
    return {
      spec: Buffer.from(text),
      body: digestOf(Buffer.from(named === body ? text : wellFormed(body))),
      subject: subjectOf(asked),
      policy: nameIn(body, 'policy') ?? policyOf(asked),
      likeness,
      ...(asked.id !== undefined && { id: asked.id }),
    }
  } catch (error) {
    if (!(error instanceof Fault) || error.status !== 400) throw error
    throw new Fault(error.code, { status: 422, parameters: error.parameters, cause: error })
  }
}

/** Who asks, and how. */
export type Asker = {
  readonly principal: string | null
  /** Asked again with it, the first answer stands (R2). */
  readonly key?: string | undefined
  /** To be looked up anew, whatever is remembered. */
  readonly fresh?: boolean
  readonly span?: Span | undefined
}

/** `done`: answered already. */
export type Kept = { readonly id: string; readonly done: boolean; readonly answered?: Answered }

/** Commits an admitted request, then hands it to the queue, unless it is answered already. */
export async function keep(service: Service, admitted: Admitted, asker: Asker): Promise<Kept> {
  const [kept] = await keepAll(service, [{ admitted, asker }])
  if (kept === undefined || kept instanceof Fault) throw kept ?? new Error('one request is one answer')
  return kept
}

/** Many at once; what is wrong with one is its own answer. */
export async function keepAll(
  service: Service,
  all: readonly { readonly admitted: Admitted; readonly asker: Asker }[],
): Promise<readonly (Kept | Fault)[]> {
  const { requests, limits } = service
  const created = await requests.createAll(
    all.map(({ admitted: { spec, body, subject, policy, likeness }, asker: { principal, key, fresh, span } }) => ({
      ...{ spec, subject, policy, principal, traceparent: span?.traceparent },
      ...(likeness !== undefined && { likeness }),
      ...(fresh !== undefined && { fresh }),
      ...(key !== undefined && { idempotency: { key, body, keepMs: limits.idempotencyMs } }),
    })),
  )
  await service.enqueueAll(
    created.flatMap((one) => ('isNew' in one && one.isNew && !one.done && !one.follows ? [one.id] : [])),
  )
  return created.map((one) =>
    'full' in one
      ? tooMany(one.full, limits)
      : 'conflict' in one
        ? new Fault('request.idempotency-conflict', { status: 422 })
        : { id: one.id, done: one.done, ...(one.answered !== undefined && { answered: one.answered }) },
  )
}

/** What cannot be recorded (a lone surrogate, a number without one form) or kept as text (U+0000) is not taken. */
function wellFormed(body: unknown): string {
  const text = JSON.stringify(body)
  try {
    canonicalJson(body as Json)
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : ''
    throw new Fault('request.malformed', { cause, parameters: { found } })
  }
  if (/(?<!\\)(?:\\\\)*\\u0000/.test(text))
    throw new Fault('request.malformed', { parameters: { found: 'a text with U+0000' } })
  return text
}

/** T42: a file of a release comes from a host of the operator's list. */
function demandReleases({ allowsRelease, config }: Service, asked: Asked): void {
  const [first] = addressesIn(asked)
  if (first === undefined) return
  if (asked.offline === true) throw new Fault('evidence.offline', { status: 422, parameters: { found: first } })
  for (const address of addressesIn(asked)) {
    const url = URL.parse(address)
    if (url === null || !/^https?:$/.test(url.protocol) || !allowsRelease(url.host))
      throw new Fault('release.not-allowed', {
        status: 422,
        parameters: { found: url?.host ?? address, expected: config.releases.join(', ') },
      })
  }
}

async function demandDocuments({ keeper }: Service, { policy, trust }: Asked): Promise<void> {
  const named = [
    ...('document' in policy && typeof policy.document === 'string' ? [policy.document] : []),
    ...(typeof trust === 'object' && 'document' in trust ? [trust.document] : []),
  ] as const
  for (const digest of named)
    if ((await keeper.document?.(digest as Digest)) === undefined)
      throw new Fault('store.unknown', { status: 422, parameters: { found: digest, expected: 'document' } })
}

const subjectOf = ({ subject }: Asked): string =>
  'image' in subject
    ? subject.image
    : 'digest' in subject
      ? (subject.name ?? subject.digest)
      : 'url' in subject
        ? subject.url
        : subject.file

const policyOf = ({ policy }: Asked): string =>
  'profile' in policy && typeof policy.profile === 'string'
    ? policy.profile
    : 'document' in policy
      ? String(policy.document)
      : 'name' in policy && typeof policy.name === 'string'
        ? policy.name
        : 'inline'
