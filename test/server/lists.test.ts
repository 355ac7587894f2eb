import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { policyWith } from './scene.ts'
import { type Running, start } from './service.ts'

type Page = {
  verifications: { id: string; subject: string; state: string; policy: string }[]
  next_page_token?: string
}

let running: Running
/** T80: what a spreadsheet would run, and what would break a line or a page. */
const hostile = [
  '=cmd|calc!A1',
  '+1+1',
  '-2+3',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  'a"b',
  'a,b',
  'a\nb',
  '<script>alert(1)</script>',
  '\u001b[31mred',
  '＝1',
]
const total = 30

beforeAll(async () => {
  running = await start({ works: false, limits: { exportRows: 7 } })
  for (let i = 0; i < total; i++) {
    const name = hostile[i] ?? `plain/${i}`
    const subject = { digest: `sha256:${String(i).padStart(64, '0')}`, name }
    const policy = i % 2 === 0 ? policyWith({ name: 'even' }) : { profile: 'kuma' }
    const { status, text } = await running.ask('POST', '/api/v1/verifications', { body: { subject, policy } })
    expect(status, text).toBe(202)
  }
  await running.service.database.pool.query(
    "UPDATE meshproof.request SET state = 'cancelled' WHERE subject LIKE 'plain/2%'",
  )
})
afterAll(() => running.close())

const list = async (query: Readonly<Record<string, string | number>> = {}) =>
  running.ask(
    'GET',
    `/api/v1/verifications?${new URLSearchParams(Object.fromEntries(Object.entries(query).map(([key, value]) => [key, String(value)])))}`,
  )

async function walk(query: Record<string, string | number>): Promise<readonly string[]> {
  const seen: string[] = []
  for (let token: string | undefined; ; ) {
    const page = (await list({ ...query, ...(token !== undefined && { page_token: token }) })).json<Page>()
    seen.push(...page.verifications.map(({ id }) => id))
    token = page.next_page_token
    if (token === undefined) return seen
  }
}

describe('pages', () => {
  test.for([1, 4, 10, 30, 50])('of %i hold every row once, newest first, and oldest first', async (page_size) => {
    const newest = await walk({ page_size })
    expect(new Set(newest).size).toBe(total)
    expect(newest).toEqual([...newest].sort().reverse())
    expect(await walk({ page_size, order_by: 'created_at' })).toEqual([...newest].reverse())
  })

  test('what comes after a page was given out moves none of the rows behind it', async () => {
    const first = (await list({ page_size: 5 })).json<Page>()
    const body = { subject: { digest: `sha256:${'9'.repeat(64)}`, name: 'later' }, policy: policyWith() }
    const later = (await running.ask('POST', '/api/v1/verifications', { body })).json()
    const second = (await list({ page_size: 5, page_token: first.next_page_token ?? '' })).json<Page>()
    expect(second.verifications.map(({ id }) => id)).not.toContain(later.id)
    expect(second.verifications[0]?.id.localeCompare(first.verifications[4]?.id ?? '')).toBe(-1)
    await running.service.database.pool.query('DELETE FROM meshproof.request WHERE id = $1', [later.id])
  })

  test('filters, alone and together', async () => {
    const names = async (query: Record<string, string>) =>
      (await list({ page_size: 100, ...query })).json<Page>().verifications
    expect((await names({ policy: 'even' })).length).toBe(total / 2)
    expect((await names({ state: 'cancelled' })).every(({ state }) => state === 'cancelled')).toBe(true)
    expect((await names({ subject: 'plain/1' })).length).toBeGreaterThan(3)
    expect(await names({ subject: '%' })).toEqual([])
    expect(await names({ outcome: 'trusted' })).toEqual([])
    const both = await names({ state: 'cancelled', policy: 'kuma' })
    expect(both.length).toBeGreaterThan(0)
    expect(both.every(({ state, policy }) => state === 'cancelled' && policy === 'kuma')).toBe(true)
  })

  test.for([
    ['an unknown key', { sort: 'id' }],
    ['no size', { page_size: 0 }],
    ['too large a size', { page_size: 201 }],
    ['an unknown state', { state: 'lost' }],
    ['an unknown order', { order_by: 'subject' }],
    ['no token', { page_token: 'abc' }],
    ['a token of another shape', { page_token: Buffer.from('{"at":"x"}').toString('base64url') }],
  ] as const)('refused: %s', async ([, query]) => {
    const got = await list(query as Record<string, string | number>)
    expect([got.status, got.problem.code]).toEqual([400, 'request.malformed'])
  })

  test('a token belongs to its filter and its order', async () => {
    const { next_page_token = '' } = (await list({ page_size: 3, policy: 'even' })).json<Page>()
    expect((await list({ page_size: 5, policy: 'even', page_token: next_page_token })).status).toBe(200)
    expect((await list({ page_size: 3, page_token: next_page_token })).status).toBe(400)
    expect((await list({ policy: 'kuma', page_token: next_page_token })).status).toBe(400)
    expect((await list({ policy: 'even', order_by: 'created_at', page_token: next_page_token })).status).toBe(400)
  })
})

describe('files', () => {
  test('jsonl holds all pages of the filter', async () => {
    const got = await list({ format: 'jsonl', policy: 'even' })
    expect(got.headers['content-disposition']).toBe('attachment; filename="meshproof-verifications.jsonl"')
    const lines = got.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { policy: string; id: string })
    expect(lines).toHaveLength(total / 2)
    expect(new Set(lines.map(({ id }) => id)).size).toBe(total / 2)
  })

  test('T80 csv holds all pages, and no cell that a spreadsheet would run', async () => {
    const got = await list({ format: 'csv' })
    expect(got.headers['content-type']).toBe('text/csv; charset=utf-8')
    const rows = rowsOf(got.text)
    expect(rows).toHaveLength(total + 1)
    expect(rows.every((row) => row.length === rows[0]?.length)).toBe(true)
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r＝＋－＠]/)
    const subjects = rows.slice(1).map((row) => row[3])
    for (const name of hostile) expect(subjects.some((one) => one === name || one === `'${name}`)).toBe(true)
  })
})

/** RFC 4180. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === '\r\n') rows.push([])
    if (end === '') break
  }
  return rows.filter((row) => row.length > 1)
}
