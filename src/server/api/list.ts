import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Service } from '../../jobs/service.ts'
import { type Filter, type Key, keyOf } from '../../store/requests.ts'
import { jsonLines } from './batch.ts'
import { operationOf } from './operation.ts'
import { pageToken, readPageToken } from './page-token.ts'
import { define } from './route.ts'
import * as shapes from './shapes.ts'

const columns = ['id', 'state', 'outcome', 'subject', 'policy', 'attempt', 'error', 'createdAt', 'doneAt'] as const

/** The verifications there are: a page at a time, or all of the same filter as a file. */
export function verificationList(app: FastifyInstance, { requests, limits }: Service): void {
  define(app, {
    id: 'listVerifications',
    method: 'GET',
    url: '/verifications',
    permission: 'verifications:read',
    tag: 'Verifications',
    summary: 'List verifications.',
    query: z.strictObject({
      state: shapes.state.optional(),
      outcome: shapes.outcome.optional(),
      subject: z.string().min(1).max(1024).optional().describe('A part of the name.'),
      policy: z.string().min(1).max(128).optional(),
      order_by: z.enum(['created_at', '-created_at']).optional().describe('Default -created_at: newest first.'),
      page_size: z.coerce.number().int().min(1).max(limits.pageRows).optional(),
      page_token: z.string().max(512).optional(),
      format: z.enum(['json', 'jsonl', 'csv']).optional().describe('jsonl and csv hold all pages.'),
    }),
    answers: {
      200: {
        says: 'One page, or with another format all.',
        schema: shapes.verificationList,
        others: { [jsonLines]: shapes.operation, 'text/csv': 'text' },
      },
    },
    problems: [],
    handle: async ({ query }, reply) => {
      const { state, outcome, subject, policy, order_by = '-created_at', page_size = 50, page_token, format } = query
      const filter: Filter = {
        ...(state !== undefined && { state }),
        ...(outcome !== undefined && { outcome }),
        ...(subject !== undefined && { subject }),
        ...(policy !== undefined && { policy }),
      }
      const order = order_by === 'created_at' ? 'asc' : 'desc'
      const list = { ...filter, order }
      const after = readPageToken(page_token, list)
      if (format === 'csv' || format === 'jsonl') {
        reply.header('content-disposition', `attachment; filename="meshproof-verifications.${format}"`)
        reply.type(format === 'csv' ? 'text/csv; charset=utf-8' : jsonLines)
        return reply.send(Readable.from(all(filter, order, after, format)))
      }
      const rows = await requests.list(filter, page_size + 1, after, order)
      const page = rows.slice(0, page_size)
      const last = page.at(-1)
      return {
        verifications: page.map(operationOf),
        ...(rows.length > page_size && last !== undefined && { next_page_token: pageToken(keyOf(last), list) }),
      }
    },
  })

  async function* all(filter: Filter, order: 'asc' | 'desc', from: Key | undefined, format: 'csv' | 'jsonl') {
    if (format === 'csv') yield csv([columns])
    for (let after = from; ; ) {
      const rows = (await requests.list(filter, limits.exportRows, after, order)).map((row) => ({
        row,
        shown: operationOf(row),
      }))
      const last = rows.at(-1)
      if (last === undefined) return
      yield format === 'csv'
        ? csv(rows.map(({ shown }) => columns.map((column) => cell(shown, column))))
        : `${rows.map(({ shown }) => JSON.stringify(shown)).join('\n')}\n`
      after = keyOf(last.row)
    }
  }
}

const cell = (shown: ReturnType<typeof operationOf>, column: (typeof columns)[number]): string =>
  column === 'error' ? (shown.error?.code ?? '') : String(shown[column] ?? '')

/** T80: a spreadsheet runs what begins with `= + - @`, a tab or a return; here it is text. A return alone ends a row for some, so all is quoted. */
const csv = (rows: readonly (readonly string[])[]): string =>
  stringify(rows as string[][], { escape_formulas: true, quoted: true, record_delimiter: '\r\n' })
