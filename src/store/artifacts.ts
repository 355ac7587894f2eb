import type { Digest } from '../core/digest.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { Database } from './database.ts'
import { fromColumn, toColumn } from './digest-column.ts'

/** One verdict of an artifact, as one request came to it. */
export type VerdictOf = {
  readonly verdict: Digest
  readonly outcome: VerdictOutcome
  readonly at: Date
  readonly request: string
  /** What was asked for in that request, and under which policy. */
  readonly asked: string
  readonly policy: string
}

export type Relative = { readonly digest: Digest; readonly platform: string }

export type TagSeen = {
  readonly registry: string
  readonly repository: string
  readonly tag: string
  readonly firstSeen: Date
  readonly lastSeen: Date
  /** Where the tag led when it was last seen, if that is elsewhere by now. */
  readonly movedTo: Digest | undefined
}

export type ArtifactSeen = {
  readonly digest: Digest
  readonly firstSeen: Date
  readonly verdicts: readonly VerdictOf[]
  /** Manifests of platforms that it lists. */
  readonly members: readonly Relative[]
  /** Indexes that list it. */
  readonly indexes: readonly Relative[]
  readonly tags: readonly TagSeen[]
}

/** All that is remembered of one digest, newest first; undefined where it was never judged nor seen. */
export async function findArtifact(
  { db }: Pick<Database, 'db'>,
  digest: Digest,
  limit: number,
): Promise<ArtifactSeen | undefined> {
  const column = toColumn(digest)
  const known = await db.selectFrom('artifact').select('first_seen').where('digest', '=', column).executeTakeFirst()
  if (known === undefined) return undefined
  const verdicts = await db
    .selectFrom('verdict')
    .innerJoin('request_verdict', 'request_verdict.verdict', 'verdict.digest')
    .innerJoin('request', 'request.id', 'request_verdict.request_id')
    .select([
      'verdict.digest as verdict',
      'verdict.outcome',
      'request_verdict.at',
      'request.id as request',
      'request.subject as asked',
      'request.policy',
    ])
    .where('verdict.subject', '=', digest)
    .orderBy('request_verdict.at', 'desc')
    .orderBy('request.id', 'desc')
    .limit(limit)
    .execute()
  const members = await db
    .selectFrom('artifact_member')
    .select(['member as digest', 'platform'])
    .where('index_digest', '=', column)
    .orderBy('platform')
    .limit(limit)
    .execute()
  const indexes = await db
    .selectFrom('artifact_member')
    .select(['index_digest as digest', 'platform'])
    .where('member', '=', column)
    .orderBy('index_digest')
    .limit(limit)
    .execute()
  const relatives = (rows: readonly { digest: Buffer; platform: string }[]): readonly Relative[] =>
    rows.map((row) => ({ digest: fromColumn(row.digest), platform: row.platform }))
  return {
    digest,
    firstSeen: known.first_seen,
    verdicts: verdicts.map((row) => ({ ...row, verdict: fromColumn(row.verdict) })),
    members: relatives(members),
    indexes: relatives(indexes),
    tags: await tagsOf({ db }, digest, limit),
  }
}

async function tagsOf({ db }: Pick<Database, 'db'>, digest: Digest, limit: number): Promise<readonly TagSeen[]> {
  const seen = await db
    .selectFrom('tag_sighting')
    .selectAll()
    .where('digest', '=', toColumn(digest))
    .orderBy('last_seen', 'desc')
    .limit(limit)
    .execute()
  return Promise.all(
    seen.map(async ({ registry, repository, tag, first_seen: firstSeen, last_seen: lastSeen }) => {
      const newest = await db
        .selectFrom('tag_sighting')
        .select('digest')
        .where('registry', '=', registry)
        .where('repository', '=', repository)
        .where('tag', '=', tag)
        .orderBy('first_seen', 'desc')
        .limit(1)
        .executeTakeFirst()
      const now = newest === undefined ? digest : fromColumn(newest.digest)
      return { registry, repository, tag, firstSeen, lastSeen, movedTo: now === digest ? undefined : now }
    }),
  )
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

export async function answersFor(
  { db }: Pick<Database, 'db'>,
  request: string,
  limit: number,
): Promise<readonly Answered[]> {
  const rows = await db
    .selectFrom('observation')
    .select(['question', 'source', 'outcome', 'code', 'digest', 'at'])
    .where('request_id', '=', request)
    .orderBy('question')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, digest: row.digest === null ? undefined : fromColumn(row.digest) }))
}
