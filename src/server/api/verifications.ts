import type { FastifyPluginAsync } from 'fastify'
import { Fault } from '../../core/fault.ts'
import type { Request as Asked } from '../../core/request.ts'
import { readRequest } from '../../examine/prepare.ts'
import type { Service } from '../../jobs/service.ts'
import type { RequestRow } from '../../store/requests.ts'

/** `/verifications`: ask, look, list. */
export const verifications =
  (service: Service): FastifyPluginAsync =>
  async (app) => {
    const { requests } = service
    app.post('/verifications', { config: { permission: 'verifications:write' } }, async (request, reply) => {
      const asked = readRequest(request.body)
      const created = await requests.create({
        spec: Buffer.from(JSON.stringify(request.body)),
        subject: subjectOf(asked),
        policy: policyOf(asked),
        principal: request.principal?.id ?? null,
      })
      if ('conflict' in created) throw new Fault('request.idempotency-conflict', { status: 422 })
      await service.enqueue(created.id)
      const location = `/api/v1/verifications/${created.id}`
      return reply.code(202).header('location', location).send({ id: created.id, state: 'queued' })
    })
    app.get<{ Params: { id: string } }>(
      '/verifications/:id',
      { config: { permission: 'verifications:read' } },
      async (request) => {
        const row = await requests.find(request.params.id)
        if (row === undefined)
          throw new Fault('request.unknown', { status: 404, parameters: { found: request.params.id } })
        return operationOf(row, await requests.result(row.id))
      },
    )
  }

export const subjectOf = ({ subject }: Asked): string =>
  'image' in subject ? subject.image : 'digest' in subject ? (subject.name ?? subject.digest) : subject.file

export const policyOf = ({ policy }: Asked): string =>
  'profile' in policy && typeof policy.profile === 'string'
    ? policy.profile
    : 'document' in policy
      ? String(policy.document)
      : 'name' in policy && typeof policy.name === 'string'
        ? policy.name
        : 'inline'

function operationOf(row: RequestRow, result: Uint8Array | undefined): object {
  const { id, state, subject, policy, attempt, progress, error, createdAt, doneAt } = row
  const answer =
    result === undefined ? undefined : (JSON.parse(Buffer.from(result).toString()) as { answer: unknown }).answer
  return {
    id,
    state,
    subject,
    policy,
    attempt,
    ...(progress !== null && { progress }),
    ...(error !== null && { error }),
    createdAt,
    ...(doneAt !== null && { doneAt }),
    ...(answer !== undefined && { answer }),
  }
}
