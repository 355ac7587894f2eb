import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import { type Digest, hexOf } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { formatTime } from '../../core/time.ts'
import type { Service } from '../../jobs/service.ts'
import { findArtifact, observationsOf } from '../../store/artifacts.ts'
import { type Kept, keptUnder } from '../../store/evidence.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'

export const digestParams = z.object({ digest: shapes.digestShape })
const many = 200
const exactHeaders = {
  'repr-digest': 'SHA-256 of the bytes (RFC 9530).',
  etag: 'The digest.',
  'cache-control': 'The bytes of a digest never change.',
}

const unchanged = { says: 'If-None-Match names it.' }

export const notStored = (found: string, expected: string): Fault =>
  new Fault('store.unknown', { status: 404, parameters: { found, expected } })

/** What is kept, by digest: artifacts, evidence with the look-ups that found it, verdicts. */
export function stored(app: FastifyInstance, { database }: Service): void {
  define(app, {
    id: 'getArtifact',
    method: 'GET',
    url: '/artifacts/:digest',
    permission: 'verifications:read',
    tag: 'Artifacts',
    summary: 'Members, tags that named it, and verdicts.',
    params: digestParams,
    answers: { 200: { says: `The artifact, with the newest ${many} of each.`, schema: shapes.artifact } },
    problems: [404],
    handle: async ({ params: { digest } }) => {
      const found = await findArtifact(database, digest, many)
      if (found === undefined) throw notStored(digest, 'artifact')
      const time = (at: Date) => formatTime(at.getTime())
      return {
        ...found,
        firstSeen: time(found.firstSeen),
        sightings: found.sightings.map((one) => ({
          ...one,
          firstSeen: time(one.firstSeen),
          lastSeen: time(one.lastSeen),
        })),
        verdicts: found.verdicts.map((one) => ({ ...one, judgedAt: time(one.judgedAt) })),
      }
    },
  })

  define(app, {
    id: 'getEvidence',
    method: 'GET',
    url: '/evidence/:digest',
    permission: 'evidence:read',
    tag: 'Evidence',
    summary: 'Exact bytes of whatever is kept under a digest.',
    params: digestParams,
    answers: {
      304: unchanged,
      200: { says: 'The bytes.', others: { 'application/octet-stream': 'bytes' }, headers: exactHeaders },
    },
    problems: [404],
    handle: async ({ params: { digest }, request }, reply) => {
      const kept = await keptUnder(database, digest)
      if (kept === undefined) throw notStored(digest, 'evidence')
      return sendExact(reply, digest, kept, request.headers['if-none-match'])
    },
  })

  define(app, {
    id: 'getObservations',
    method: 'GET',
    url: '/evidence/:digest/observations',
    permission: 'evidence:read',
    tag: 'Evidence',
    summary: 'Which look-ups found these bytes, of whom and when.',
    params: digestParams,
    answers: { 200: { says: `The newest ${many}.`, schema: shapes.observations } },
    problems: [404],
    handle: async ({ params: { digest } }) => {
      const found = await observationsOf(database, digest, many)
      if (found.length === 0 && (await keptUnder(database, digest)) === undefined) throw notStored(digest, 'evidence')
      return { observations: found.map((one) => ({ ...one, at: formatTime(one.at.getTime()) })) }
    },
  })

  define(app, {
    id: 'getVerdict',
    method: 'GET',
    url: '/verdicts/:digest',
    permission: 'verifications:read',
    tag: 'Verdicts',
    summary: 'Exact bytes of a verdict.',
    params: digestParams,
    answers: { 304: unchanged, 200: { says: 'The verdict.', schema: shapes.verdict, headers: exactHeaders } },
    problems: [404],
    handle: async ({ params: { digest }, request }, reply) => {
      const kept = await keptUnder(database, digest)
      if (kept?.kind !== 'verdict') throw notStored(digest, 'verdict')
      return sendExact(reply, digest, kept, request.headers['if-none-match'], 'application/json')
    },
  })
}

/**
 * Bytes of strangers, as they are: never of a type that a browser runs, never shown in our own origin, under a name that we
 * made. The type that was claimed for them stands in a header of ours.
 */
function sendExact(
  reply: FastifyReply,
  digest: Digest,
  { bytes, mediaType, kind }: Kept,
  known: string | undefined,
  type = 'application/octet-stream',
): FastifyReply {
  const etag = `"${digest}"`
  const hash = Buffer.from(hexOf(digest), 'hex').toString('base64')
  reply.headers({
    etag,
    'cache-control': 'private, max-age=31536000, immutable',
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  })
  if (known === etag) return reply.code(304).send()
  const name = `meshproof-${kind}-${hexOf(digest).slice(0, 16)}.${mediaType.endsWith('json') ? 'json' : 'bin'}`
  return reply
    .headers({
      'repr-digest': `sha-256=:${hash}:`,
      'content-disposition': `attachment; filename="${name}"; filename*=UTF-8''${name}`,
      'meshproof-media-type': /^[\w.+/-]{1,128}$/.test(mediaType) ? mediaType : 'application/octet-stream',
    })
    .type(type)
    .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
