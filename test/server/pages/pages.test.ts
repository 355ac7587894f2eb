import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Service } from '../../../src/jobs/service.ts'
import { pagePolicy } from '../../../src/server/pages/layout.ts'
import { type Tag, tagsOf } from '../../report/page/tags.ts'
import { ask, fill, image, openInMemory, openPages, type Pages, type State, verdictsOf, work } from './open.ts'

let service: Service
let app: Pages
let ids: Readonly<Record<State, string>>
let empty: string
beforeAll(async () => {
  service = await openInMemory()
  app = await openPages(service)
  empty = await get('/')
  ids = await fill(service)
})
afterAll(async () => {
  await app.close()
  await service.close()
})

async function get(url: string, status = 200): Promise<string> {
  const answer = await app.inject({ method: 'GET', url })
  expect(answer.statusCode, url).toBe(status)
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(answer.headers['content-security-policy']).toBe(pagePolicy)
  expect(answer.headers['cache-control']).toBe('no-store')
  return answer.body
}
const textOf = (page: string) =>
  page
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ([,.:])/g, '$1')
const attribute = (tags: readonly Tag[], name: string) =>
  tags.flatMap(({ attributes }) => attributes.get(name)?.replaceAll('&#38;', '&') ?? [])

/** Every page that can be reached from the first one by links, each once. */
async function crawl(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>()
  const open = ['/', ...Object.values(ids).map((id) => `/verifications/${id}`), '/demo', '/verifications?state=nothing']
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (pages.has(url)) continue
    const page = await get(url, url.endsWith('=nothing') ? 400 : 200)
    pages.set(url, page)
    open.push(...attribute(tagsOf(page), 'href').filter((href) => /^\/(?!api\/|assets\/)/.test(href)))
  }
  return pages
}

test('every page that links lead to is there, well-formed, and loads only our own assets', async () => {
  const pages = await crawl()
  expect(pages.size).toBeGreaterThan(25)
  for (const [url, page] of pages) {
    const tags = tagsOf(page)
    const named = (name: string) => tags.filter((tag) => tag.name === name)
    expect(named('h1'), url).toHaveLength(1)
    expect(named('main'), url).toHaveLength(1)
    expect(named('html')[0]?.attributes.get('lang')).toBe('en')
    expect(page.match(/<head>.*<title>[^<]+<\/title>.*<\/head>/gs), url).toHaveLength(1)
    // Nothing runs or is styled but what the policy allows: our own files, whole and unchanged.
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+="/)
    expect(named('script').map(({ attributes }) => attributes.get('src'))).toEqual([
      expect.stringMatching(/^\/assets\/htmx-[0-9a-f]{16}\.js$/),
    ])
    expect(page).toMatch(/<script [^>]*><\/script>/)
    const ids = attribute(tags, 'id')
    expect(new Set(ids).size, url).toBe(ids.length)
    for (const id of [
      ...attribute(tags, 'aria-labelledby'),
      ...attribute(tags, 'aria-describedby'),
      ...attribute(tags, 'for'),
    ])
      expect(ids, url).toContain(id)
    for (const form of named('form')) expect(form.attributes.get('action'), url).toMatch(/^\/(?!\/)/)
    const levels = tags.flatMap(({ name }) => /^h([1-6])$/.exec(name)?.[1] ?? []).map(Number)
    levels.forEach((level, i) => {
      expect(level - (levels[i - 1] ?? 0), `${url} h${level}`).toBeLessThanOrEqual(1)
    })
  }
})

test('an asset is named by what is in it, and kept for ever', async () => {
  for (const href of [...attribute(tagsOf(empty), 'href'), ...attribute(tagsOf(empty), 'src')].filter((it) =>
    it.startsWith('/assets/'),
  )) {
    const { statusCode, headers } = await app.inject({ url: href })
    expect([statusCode, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable'])
  }
  expect((await app.inject({ url: '/assets/htmx-0000000000000000.js' })).statusCode).toBe(404)
})

test('the first page of an empty service says the next step', () => {
  const text = textOf(empty)
  expect(text).toContain('Nothing verified yet')
  expect(text).toContain('Verify an image')
  expect(empty).toContain('action="/demo"')
})

test('the first page says what needs attention first, rejected before the rest, each with its reason', async () => {
  const page = await get('/')
  const text = textOf(page)
  expect(text).toContain('6 need attention')
  expect(text).toContain('Signed for index.docker.io/kong/kumactl, asked for docker.io/kong/kuma-dp')
  const rows = [...page.matchAll(/<li><a class="(\w+)" href="\/verifications\/[0-9a-f-]{36}"/g)].map(
    ([, state]) => state,
  )
  expect(rows).toEqual(['fail', 'fail', 'fail', 'unknown', 'parked', 'unknown'])
  // Something newer and better about the same subject under the same policy: no longer to be looked at.
  const again = await ask(
    service,
    image('docker.io/kong/kumactl:2.14.3', { offline: true }),
    'docker.io/kong/kumactl:2.14.3',
    'kong-mesh',
  )
  await work(service, again)
  expect(textOf(await get('/'))).toContain('6 need attention')
  await service.database.db.updateTable('request').set({ outcome: 'trusted' }).where('id', '=', again).execute()
  expect(textOf(await get('/'))).toContain('5 need attention')
  await service.database.db.updateTable('request').set({ outcome: 'inconclusive' }).where('id', '=', again).execute()
})

test('every number on the first page leads to as many rows', async () => {
  const page = await get('/')
  const tiles = [...page.matchAll(/href="(\/verifications\?[^"]+)">.*?<strong>(\d+)<\/strong>/g)]
  expect(tiles).toHaveLength(6)
  for (const [, href = '', count] of tiles) {
    const rows = (await get(href)).match(/<tr><td><span class="status/g) ?? []
    expect(rows.length, href).toBe(Number(count))
  }
})

test('filters stand in the address: they narrow the list, stay in the form, and go along to CSV and JSON lines', async () => {
  const page = await get('/verifications?outcome=rejected&subject=kuma-dp&state=&policy=')
  expect(page.match(/<tr><td><span class="status/g)).toHaveLength(1)
  expect(page).toContain('value="kuma-dp"')
  expect(page).toContain('<option value="rejected" selected>')
  expect(page).toContain('href="/api/v1/verifications?outcome=rejected&#38;subject=kuma-dp&#38;format=csv"')
  expect(page).toContain('href="/api/v1/verifications?outcome=rejected&#38;subject=kuma-dp&#38;format=jsonl"')
  expect(textOf(await get('/verifications?subject=no-such'))).toContain('Nothing matches')
  for (const query of ['outcome=good', 'state=x', 'page_token=x', 'outcome=trusted&outcome=rejected'])
    expect(textOf(await get(`/verifications?${query}`, 400))).toContain('request.malformed')
})

test('a long list is turned page by page, each row once', async () => {
  const subject = 'docker.io/kong/many:1'
  for (let i = 0; i < 120; i++) await ask(service, image(subject), subject, 'many')
  const seen: string[] = []
  let url: string | undefined = '/verifications?policy=many'
  let turned = 0
  while (url !== undefined) {
    const page: string = await get(url)
    seen.push(...[...page.matchAll(/href="\/verifications\/([0-9a-f-]{36})"/g)].map(([, id = '']) => id))
    url = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#38;', '&')
    turned++
  }
  expect([turned, seen.length, new Set(seen).size]).toEqual([3, 120, 120])
  await service.database.db.updateTable('request').set({ state: 'cancelled' }).where('policy', '=', 'many').execute()
})

test('what still runs is looked at again by itself, with script and without; what has ended is not', async () => {
  for (const state of ['running', 'queued'] as const) {
    const page = await get(`/verifications/${ids[state]}`)
    expect(page).toContain(`hx-get="/verifications/${ids[state]}" hx-trigger="every 1s" hx-select="#operation"`)
    expect(page).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>')
    expect(page).toContain(`action="/verifications/${ids[state]}/cancel"`)
  }
  expect(textOf(await get(`/verifications/${ids.running}`))).toContain('14 look-ups')
  for (const state of ['trusted', 'parked', 'cancelled', 'refused'] as const) {
    const page = await get(`/verifications/${ids[state]}`)
    expect(page).not.toMatch(/hx-get|http-equiv="refresh"/)
  }
})

test('a verdict is told as a chain, with expected and found beside each other and everything to download', async () => {
  const page = await get(`/verifications/${ids.rejected}`)
  const text = textOf(page)
  for (const link of [
    'Reference',
    'Index',
    'Platforms',
    'Signature',
    'Identity',
    'What it says',
    'Log entry',
    'Signed time',
  ])
    expect(text).toContain(link)
  expect(page).toMatch(/<dt>expected<\/dt>.*?<dt>found<\/dt>/)
  expect(text).toContain('What this does not prove')
  expect(text).toContain('From a pack')
  for (const { verdict, subject } of await verdictsOf(service, ids.rejected)) {
    expect(page).toContain(`href="/api/v1/verdicts/${verdict}"`)
    expect(page).toContain(`href="/artifacts/${subject}"`)
  }
  const kept = await service.database.db
    .selectFrom('observation')
    .select('digest')
    .where('request_id', '=', ids.rejected)
    .where('digest', 'is not', null)
    .execute()
  expect(kept.length).toBeGreaterThan(5)
  for (const { digest } of kept)
    expect(page).toContain(`href="/api/v1/evidence/sha256:${digest?.toString('hex')}" download`)
})

test('parked, cancelled and refused say why, and what can be done', async () => {
  const parked = await get(`/verifications/${ids.parked}`)
  expect(textOf(parked)).toContain('internal.crash')
  expect(parked).toContain(`action="/verifications/${ids.parked}/retry"`)
  expect(await get(`/verifications/${ids.cancelled}`)).toContain(`action="/verifications/${ids.cancelled}/retry"`)
  const refused = await get(`/verifications/${ids.refused}`)
  expect(textOf(refused)).toContain('reference.malformed')
  expect(refused).not.toContain('/retry"')
})

test('an artifact shows its verdicts over time, its platforms and its index', async () => {
  const [index, member] = await verdictsOf(service, ids.trusted)
  const page = await get(`/artifacts/${index?.subject}`)
  expect(textOf(page)).toContain('Lists these platforms')
  expect(page).toContain(`href="/artifacts/${member?.subject}"`)
  expect(page).toContain(`href="/verifications/${ids.trusted}"`)
  const child = await get(`/artifacts/${member?.subject}`)
  expect(textOf(child)).toContain('Listed by')
  expect(child).toContain(`href="/artifacts/${index?.subject}"`)
})

test('two verdicts lie beside each other: what they stand on, and where they part', async () => {
  const [[a], [b]] = [await verdictsOf(service, ids.trusted), await verdictsOf(service, ids.rejected)]
  const text = textOf(await get(`/compare?a=${a?.verdict}&b=${b?.verdict}`))
  expect(text).toContain('Of two different artifacts')
  expect(text).toMatch(/Signed name differs .* Signed for index\.docker\.io\/kong\/kumactl/)
  expect(text).toContain('Evidence differs')
  expect(textOf(await get(`/compare?a=${a?.verdict}&b=${a?.verdict}`))).toContain('Nowhere: every finding is the same')
})

test.each([
  ['/verifications/no-id', 'request.unknown'],
  ['/verifications/01890000-0000-7000-8000-000000000000', 'request.unknown'],
  ['/artifacts/sha256:00', 'store.unknown'],
  [`/artifacts/sha256:${'0'.repeat(64)}`, 'store.unknown'],
  ['/compare', 'store.unknown'],
  [`/compare?a=sha256:${'0'.repeat(64)}&b=x`, 'store.unknown'],
])('%s is not there, and says so', async (url, code) => {
  expect(textOf(await get(url, 404))).toContain(code)
})

test('the page of what is not proved is the document, headings, lists and all', async () => {
  const page = await get('/not-proved')
  expect(page).toContain('<strong>The Kong Mesh profile is unconfirmed.</strong>')
  expect(page).toContain('<h2 class="section">By design</h2>')
  expect(page).toContain('<em>claimed</em>')
  expect(textOf(page)).not.toContain('**')
})
