import type { ColumnType, Generated } from 'kysely'

/** The rows of `migrations/`, as Kysely reads and writes them; a test compares them with a migrated database. */
export type Tables = {
  readonly migration: { name: string; sha256: string; at: Time }
  readonly cluster: { id: string; name: string; created_at: Time }
  readonly principal: {
    id: string
    kind: 'operator' | 'token'
    name: string
    created_at: Time
    disabled_at: Time | null
  }
  readonly api_token: {
    id: string
    hash: Buffer
    principal_id: string
    name: string
    scopes: string
    created_at: Time
    expires_at: Time
    last_used_at: Time | null
    revoked_at: Time | null
  }
  readonly session: { hash: Buffer; principal_id: string; created_at: Time; last_seen_at: Time; expires_at: Time }
  readonly sign_in_link: {
    hash: Buffer
    principal_id: string
    created_at: Time
    expires_at: Time
    used_at: Time | null
  }
  readonly document: { digest: Buffer; kind: DocumentKind; bytes: Buffer; created_at: Time }
  readonly document_name: { kind: 'policy' | 'trust'; name: string; digest: Buffer; since: Time }
  readonly trusted_root: {
    name: string
    digest: Buffer
    as_of: Time | null
    failed_at: Time | null
    due_at: Time
    attempt: Generated<number>
    lease_until: Time | null
    metadata: Buffer | null
  }
  readonly evidence: { digest: Buffer; media_type: string; bytes: Buffer; created_at: Time }
  readonly evidence_set: { digest: Buffer; bytes: Buffer; created_at: Time }
  readonly request: {
    id: string
    kind: 'verification'
    cluster_id: string | null
    principal_id: string | null
    spec: Buffer
    subject: string
    policy: string
    state: RequestState
    attempt: Generated<number>
    tries: Generated<number>
    due_at: Time
    lease_until: Time | null
    progress: Document | null
    error: Document | null
    outcome: Outcome | null
    result: Buffer | null
    created_at: Time
    done_at: Time | null
    traceparent: string | null
    likeness: Buffer | null
    fresh: Generated<boolean>
    same_as: string | null
  }
  readonly observation: {
    id: string
    request_id: string
    question: string
    source: string
    outcome: 'found' | 'absent' | 'failed'
    code: string | null
    digest: Buffer | null
    at: Time
    retry_after: string | null
    detail: Document | null
  }
  readonly lookup: { key: string; digest: Buffer | null; media_type: string | null; detail: Document | null; at: Time }
  readonly artifact: { digest: Buffer; first_seen: Time }
  readonly artifact_member: { index_digest: Buffer; member: Buffer; platform: string }
  readonly tag_sighting: {
    registry: string
    repository: string
    tag: string
    digest: Buffer
    first_seen: Time
    last_seen: Time
  }
  readonly registry_budget: { registry: string; until: Time; remaining: number | null }
  readonly verdict: {
    digest: Buffer
    inputs: Buffer
    subject: string
    outcome: Outcome
    holds_from: Time | null
    holds_until: Time | null
    bytes: Buffer
    created_at: Time
  }
  readonly request_verdict: {
    request_id: string
    place: number
    verdict: Buffer
    role: 'root' | 'member' | 'artifact'
    platform: string | null
    at: Time
  }
  readonly finding: {
    verdict: Buffer
    place: number
    check_id: string
    code: string
    outcome: 'pass' | 'fail' | 'error' | 'not-applicable'
    demand: string | null
    basis: 'cryptographic' | 'measured' | 'reported' | 'configured' | 'none'
    candidate: Buffer | null
  }
  readonly record: { id: string; kind: string; bytes: Buffer; at: Time }
  readonly idempotency: {
    principal_id: string
    key: string
    body_digest: Buffer
    request_id: string
    expires_at: Time
  }
}

export type RequestState = 'queued' | 'running' | 'done' | 'parked' | 'cancelled'
export type DocumentKind = 'policy' | 'trust' | 'waivers' | 'inputs'
type Outcome = 'trusted' | 'rejected' | 'inconclusive'
type Time = ColumnType<Date, Date, Date>
/** `jsonb`: read as a value, written as text. */
type Document = ColumnType<unknown, string, string>
