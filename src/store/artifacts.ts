import type { Digest } from '../core/digest.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'

export type ArtifactRow = {
  readonly digest: Digest
  readonly firstSeen: Date
  readonly members: readonly { readonly digest: Digest; readonly platform: string }[]
  readonly memberOf: readonly { readonly digest: Digest; readonly platform: string }[]
  readonly sightings: readonly {
    readonly image: string
    readonly firstSeen: Date
    readonly lastSeen: Date
    /** Where the tag led when it was last seen, if that is elsewhere by now. */
    readonly movedTo?: Digest
  }[]
  readonly verdicts: readonly {
    readonly digest: Digest
    readonly outcome: VerdictOutcome
    readonly judgedAt: Date
    readonly request: string
    /** What was asked for, and under which policy. */
    readonly asked: string
    readonly policy: string
  }[]
}

/** What is known of one digest: its place in an index, the tags that named it, and what it was judged to be, newest first. */
export async function findArtifact({ db }: Database, digest: Digest, limit: number): Promise<ArtifactRow | undefined> {
  const column = toColumn(digest)
  const row = await db.selectFrom('artifact').select('first_seen').where('digest', '=', column).executeTakeFirst()
  if (row === undefined) return undefined
  const members = await db
    .selectFrom('artifact_member')
    .select(['member', 'platform'])
    .where('index_digest', '=', column)
    .orderBy('platform')
    .limit(limit)
    .execute()
  const memberOf = await db
    .selectFrom('artifact_member')
    .select(['index_digest', 'platform'])
    .where('member', '=', column)
    .orderBy('index_digest')
    .limit(limit)
    .execute()
  const sightings = await db
    .selectFrom('tag_sighting')
    .select(({ selectFrom }) => [
      'registry',
      'repository',
      'tag',
      'first_seen',
      'last_seen',
      selectFrom('tag_sighting as newest')
        .select('newest.digest')
        .whereRef('newest.registry', '=', 'tag_sighting.registry')
        .whereRef('newest.repository', '=', 'tag_sighting.repository')
        .whereRef('newest.tag', '=', 'tag_sighting.tag')
        .orderBy('newest.first_seen', 'desc')
        .limit(1)
        .as('newest'),
    ])
    .where('digest', '=', column)
    .orderBy('last_seen', 'desc')
    .limit(limit)
    .execute()
  const verdicts = await db
    .selectFrom('verdict')
    .innerJoin('request_verdict', 'request_verdict.verdict', 'verdict.digest')
    .innerJoin('request', 'request.id', 'request_verdict.request_id')
    .select([
      'verdict.digest',
      'verdict.outcome',
      'request_verdict.at',
      'request.id',
      'request.subject',
      'request.policy',
    ])
    .where('verdict.subject', '=', digest)
    .orderBy('request_verdict.at', 'desc')
    .orderBy('request.id', 'desc')
    .limit(limit)
    .execute()
  return {
    digest,
    firstSeen: row.first_seen,
    members: members.map(({ member, platform }) => ({ digest: fromColumn(member), platform })),
    memberOf: memberOf.map(({ index_digest, platform }) => ({ digest: fromColumn(index_digest), platform })),
    sightings: sightings.map(({ registry, repository, tag, first_seen, last_seen, newest }) => ({
      image: `${registry}/${repository}:${tag}`,
      firstSeen: first_seen,
      lastSeen: last_seen,
      ...(newest !== null && !newest.equals(column) && { movedTo: fromColumn(newest) }),
    })),
    verdicts: verdicts.map((one) => ({
      digest: fromColumn(one.digest),
      outcome: one.outcome,
      judgedAt: one.at,
      request: one.id,
      asked: one.subject,
      policy: one.policy,
    })),
  }
}

export type ObservationRow = {
  readonly request: string
  readonly question: unknown
  readonly from: string
  readonly at: Date
}

/** Which look-ups found these bytes, newest first. */
export async function observationsOf(
  { db }: Database,
  digest: Digest,
  limit: number,
): Promise<readonly ObservationRow[]> {
  const rows = await db
    .selectFrom('observation')
    .select(['request_id', 'question', 'source', 'at'])
    .where('digest', '=', toColumn(digest))
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ request_id, question, source, at }) => ({
    request: request_id,
    question: JSON.parse(question) as unknown,
    from: source,
    at,
  }))
}

/** What a request asked of the world and what came back, as it was kept. */
export type Answered = {
  readonly question: string
  readonly source: string
  readonly outcome: 'found' | 'absent' | 'failed'
  readonly code: string | null
  readonly digest: Digest | undefined
  readonly at: Date
}

/** A request that was answered by another one asked nothing itself: what that one asked is told, as it was then. */
export async function answersFor({ db }: Database, request: string, limit: number): Promise<readonly Answered[]> {
  const rows = await db
    .selectFrom('observation')
    .select(['question', 'source', 'outcome', 'code', 'digest', 'at'])
    .where('request_id', '=', ({ selectFrom }) =>
      selectFrom('request')
        .select(({ fn }) => fn.coalesce('same_as', 'id').as('id'))
        .where('id', '=', request),
    )
    .orderBy('question')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, digest: row.digest === null ? undefined : fromColumn(row.digest) }))
}

/** The newest other verdict of each artifact, if there is one: what one can be laid beside. */
export async function otherVerdicts(
  { db }: Database,
  own: readonly { readonly subject: string; readonly verdict: Digest }[],
): Promise<ReadonlyMap<string, Digest>> {
  if (own.length === 0) return new Map()
  const rows = await db
    .selectFrom('verdict')
    .select(['subject', 'digest'])
    .distinctOn('subject')
    .where(
      'subject',
      'in',
      own.map(({ subject }) => subject),
    )
    .where(
      'digest',
      'not in',
      own.map(({ verdict }) => toColumn(verdict)),
    )
    .orderBy('subject')
    .orderBy('created_at', 'desc')
    .execute()
  return new Map(rows.map(({ subject, digest }) => [subject, fromColumn(digest)]))
}
