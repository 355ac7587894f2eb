import { type Digest, digestOf } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { canonicalJson, type Json } from '../../core/json.ts'
import type { Likeness } from '../../core/repeat.ts'
import type { Request as Asked } from '../../core/request.ts'
import { refusedRegistry } from '../../examine/allowed.ts'
import { readRequest } from '../../examine/prepare.ts'
import { preparedAs } from '../../jobs/asked.ts'
import type { Service } from '../../jobs/service.ts'
import { tooMany } from '../../store/requests.ts'

export type Admitted = {
  readonly spec: Uint8Array
  readonly subject: string
  readonly policy: string
  readonly likeness: Likeness
  readonly id?: string
}

/**
 * What is wrong with a request is said at once: it is read and prepared as the worker will, without a look at the world.
 * A path of this machine is never read, and a registry that is not on the operator's list is never asked (T42).
 */
export async function admit(service: Service, body: unknown): Promise<Admitted> {
  try {
    const asked = readRequest(body)
    const text = wellFormed(body)
    await demandDocuments(service, asked)
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
      subject: subjectOf(asked),
      policy: policyOf(asked),
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
}

/** `done`: answered already. */
export type Kept = { readonly id: string; readonly done: boolean; readonly result?: Uint8Array }

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
    all.map(({ admitted: { spec, subject, policy, likeness }, asker: { principal, key, fresh } }) => ({
      ...{ spec, subject, policy, likeness, principal },
      ...(fresh !== undefined && { fresh }),
      ...(key !== undefined && { idempotency: { key, body: digestOf(spec), keepMs: limits.idempotencyMs } }),
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
        : { id: one.id, done: one.done, ...(one.result !== undefined && { result: one.result }) },
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
  'image' in subject ? subject.image : 'digest' in subject ? (subject.name ?? subject.digest) : subject.file

const policyOf = ({ policy }: Asked): string =>
  'profile' in policy && typeof policy.profile === 'string'
    ? policy.profile
    : 'document' in policy
      ? String(policy.document)
      : 'name' in policy && typeof policy.name === 'string'
        ? policy.name
        : 'inline'
