import { z } from 'zod'
import { codes } from '../../core/codes.ts'
import { type Digest, isDigest } from '../../core/digest.ts'
import { requestSchema } from '../../core/request.ts'
import { policySchema } from '../../policy/schema.ts'
import { isId } from '../../store/id.ts'
import { scopes } from '../auth/permission.ts'

/** What the API takes and gives, by the names that the document knows. */
export const digestShape = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .refine(isDigest)
  .transform((text) => text as Digest)
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const time = z.iso.datetime()
const code = z.string().regex(/^[a-z][a-z-]*\.[a-z][a-z0-9-]*$/)
const anything = z.unknown()
export const outcome = z.enum(['trusted', 'rejected', 'inconclusive'])
export const state = z.enum(['queued', 'running', 'done', 'parked', 'cancelled'])
export const nameShape = z.string().regex(/^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/)
export const idShape = z.string().refine(isId, 'an id of ours')

export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  code: z.enum(Object.keys(codes)),
  detail: z.string().optional().describe('What to do next.'),
  instance: z.string().optional().describe('The id of this request in the log.'),
  parameters: z.record(z.string(), anything).optional(),
})

/** What the API takes where a digest may stand: the name means what is stored under it when it is asked. */
const byName = z.strictObject({ name: nameShape })
const { policy: askedPolicy, trust: askedTrust } = requestSchema.shape
export const request = requestSchema.extend({
  policy: z.union([...askedPolicy.options, byName]),
  trust: z.union([...askedTrust.unwrap().options, byName]).optional(),
})

const subject = z.union([digest, z.strictObject({ unresolved: z.string() })])
const holds = z.strictObject({ from: time.nullable(), until: time.nullable() })
const inputs = z.strictObject({
  schema: z.literal('urn:meshproof:inputs:v1'),
  subject,
  asked: z.record(z.string(), anything),
  evidence: digest,
  trust: digest.nullable(),
  trustAsOf: time.optional(),
  policy: digest,
  waivers: digest,
  rules: z.int(),
})
export const finding = z.strictObject({
  check: z.string(),
  code,
  outcome: z.enum(['pass', 'fail', 'error', 'not-applicable']),
  demand: z.string().optional(),
  basis: z.enum(['cryptographic', 'measured', 'reported', 'configured', 'none']),
  subject,
  candidate: digest.optional(),
  where: z.looseObject({ in: z.string() }).optional(),
  expected: anything.optional(),
  found: anything.optional(),
  claimed: anything.optional(),
  evidence: z.array(digest),
  waiver: z.string().optional(),
})
const subjectAnswer = z.strictObject({
  subject,
  role: z.enum(['root', 'member', 'artifact']),
  platform: z.string().optional(),
  verdictId: digest,
  outcome,
  holds,
  inputs,
  findings: z.array(finding),
  beside: z.strictObject({
    policy: z.strictObject({ name: z.string(), confirmed: anything.optional() }),
    trust: z.strictObject({ name: z.string(), age: z.string().optional() }).optional(),
    asked: z.array(
      z.strictObject({
        question: z.looseObject({ ask: z.string() }),
        from: z.string(),
        at: time,
        retryAfter: z.string().optional(),
        detail: z.record(z.string(), anything).optional(),
      }),
    ),
    unread: z.array(digest),
  }),
})
export const answer = z.strictObject({
  schema: z.literal('urn:meshproof:answer:v1'),
  id: z.string().optional(),
  verdict: outcome,
  at: time,
  subjects: z.array(subjectAnswer),
  versions: z.record(z.string(), z.string()),
})
export const verdict = z.strictObject({
  schema: z.literal('urn:meshproof:verdict:v1'),
  inputs: digest,
  subject,
  outcome,
  holds,
  findings: z.array(finding),
})

const progress = z.strictObject({ phase: z.string(), done: z.int(), total: z.int().nullable(), unit: z.string() })
export const operation = z.strictObject({
  id: z.uuid(),
  state,
  subject: z.string(),
  policy: z.string(),
  attempt: z.int(),
  outcome: outcome.optional(),
  progress: progress.optional(),
  error: problem.optional(),
  createdAt: time,
  doneAt: time.optional(),
})
export const verification = operation.extend({ answer: answer.optional() })
export const verificationList = z.strictObject({
  verifications: z.array(operation),
  next_page_token: z.string().optional(),
})
export const batchLine = z.union([
  z.strictObject({ line: z.int(), request: z.string().optional(), id: z.uuid(), location: z.string() }),
  z.strictObject({ line: z.int(), request: z.string().optional(), problem }),
])

export const artifact = z.strictObject({
  digest,
  firstSeen: time,
  members: z.array(z.strictObject({ digest, platform: z.string() })),
  memberOf: z.array(z.strictObject({ digest, platform: z.string() })),
  sightings: z.array(
    z.strictObject({
      image: z.string(),
      firstSeen: time,
      lastSeen: time,
      movedTo: digest.optional().describe('Where the tag led when it was last seen, if that is elsewhere by now.'),
    }),
  ),
  verdicts: z.array(
    z.strictObject({ digest, outcome, judgedAt: time, request: z.uuid(), asked: z.string(), policy: z.string() }),
  ),
})
export const observations = z.strictObject({
  observations: z.array(
    z.strictObject({ request: z.uuid(), question: z.looseObject({ ask: z.string() }), from: z.string(), at: time }),
  ),
})

const judged = z.strictObject({ verdict: digest, outcome })
const told = finding.pick({ outcome: true, code: true, basis: true, expected: true, found: true, claimed: true })
export const replay = z.strictObject({
  request: z.uuid(),
  same: z.boolean().nullable().describe('Null where something was asked otherwise.'),
  rules: z.strictObject({ was: z.int(), is: z.int() }),
  differences: z
    .array(
      z.strictObject({
        subject: z.string(),
        role: z.enum(['root', 'member', 'artifact']),
        platform: z.string().optional(),
        was: judged.nullable(),
        is: judged.nullable(),
        findings: z.array(
          z.strictObject({
            check: z.string(),
            demand: z.string().optional(),
            candidate: digest.optional(),
            was: told.nullable(),
            is: told.nullable(),
          }),
        ),
      }),
    )
    .describe('Finding by finding; what is the same then and now is left out.'),
  answer,
})
export const replayRequest = request.pick({ policy: true, trust: true, at: true }).partial()

const warning = z.strictObject({ pointer: z.string(), message: z.string() })
export const named = z.strictObject({
  name: z.string(),
  digest,
  since: time,
  warnings: z.array(warning).optional(),
})
export const namedList = z.strictObject({ documents: z.array(named) })
export const document = named.extend({ document: z.record(z.string(), anything) })
/** Read by the reader of policies, which says more than a schema does. */
export const policy = policySchema
/** Sigstore's own format, read by the verifier. */
export const trustRoot = z.looseObject({ mediaType: z.string() })

const scope = z.enum(scopes)
export const tokenRequest = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[\p{L}\p{N} ._:@/+-]+$/u),
  scopes: z.array(scope).min(1).max(scopes.length),
  days: z.int().min(1).max(366).optional(),
})
export const token = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  scopes: z.array(scope),
  createdAt: time,
  expiresAt: time,
  lastUsedAt: time.optional(),
  revokedAt: time.optional(),
})
export const newToken = z.strictObject({
  id: z.uuid(),
  token: z.string().describe('Shown once.'),
  expiresAt: time,
})
export const tokenList = z.strictObject({ tokens: z.array(token) })
export const sessionList = z.strictObject({
  sessions: z.array(
    z.strictObject({ id: z.string(), current: z.boolean(), createdAt: time, lastSeenAt: time, expiresAt: time }),
  ),
})
