import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fault } from '../../../src/core/fault.ts'
import { problemOf } from '../../../src/core/problem.ts'
import type { Service } from '../../../src/jobs/service.ts'
import { compareVerdicts } from '../../../src/report/model/comparison.ts'
import { artifactPage } from '../../../src/server/pages/artifact.ts'
import { comparePage } from '../../../src/server/pages/compare.ts'
import { homePage } from '../../../src/server/pages/home.ts'
import { nothingOtherwise } from '../../../src/server/pages/judge-again.ts'
import { problemPage } from '../../../src/server/pages/problem.ts'
import { otherwisePage, replayPage } from '../../../src/server/pages/replays.ts'
import { signedOutPage, signInPage } from '../../../src/server/pages/sign-in.ts'
import { verificationPage } from '../../../src/server/pages/verification.ts'
import { listPage } from '../../../src/server/pages/verifications.ts'
import type { RequestRow } from '../../../src/store/request-row.ts'
import type { RequestState } from '../../../src/store/tables.ts'
import { digest } from '../../report/answers.ts'
import { everywhere, hostile } from '../../report/hostile.ts'
import { tagsOf } from '../../report/page/tags.ts'
import { ask, openInMemory, openPages } from './open.ts'

const now = Date.parse('2026-09-01T10:00:00.000Z')
const at = new Date(now)
const problem = problemOf(
  new Fault('request.malformed', { parameters: { found: hostile, expected: hostile, more: { [hostile]: [hostile] } } }),
)
const rowOf = (state: RequestState): RequestRow => ({
  id: '01890000-0000-7000-8000-000000000000',
  subject: hostile,
  policy: hostile,
  state,
  attempt: 2,
  outcome: null,
  progress: { phase: hostile, done: 1, total: null, unit: hostile },
  error: problem,
  createdAt: at,
  doneAt: null,
})
const judged = { ...rowOf('done'), outcome: 'rejected', error: null, doneAt: at } as const
const choice = { value: hostile, label: hostile }
const choices = { policies: [choice, choice], roots: [choice, choice] }
const fields = ['policy', 'document', 'trust', 'at'] as const
const typed = { policy: hostile, document: `${hostile}\n\t${hostile}`, trust: hostile, at: hostile }
const answers = [
  {
    question: JSON.stringify({ ask: hostile, image: hostile, tag: hostile }),
    source: hostile,
    outcome: 'failed',
    code: hostile,
    digest: undefined,
    at,
  },
  { question: hostile, source: hostile, outcome: 'found', code: null, digest: digest('a'), at },
] as const
const result = { at: hostile, answer: everywhere } as never
const [subject] = everywhere.subjects
if (subject === undefined) throw new Error('no subject')

const states = ['queued', 'running', 'done', 'parked', 'cancelled'] as const
const rendered: Readonly<Record<string, string>> = {
  home: homePage({
    attention: [{ row: judged, reason: hostile }],
    counts: [{ state: 'done', outcome: 'rejected', count: 1 }],
    days: [{ day: '2026-09-01', outcome: 'rejected', count: 1 }],
    choices,
    typed: { image: hostile, policy: hostile, trust: hostile, problem, at: 'image' },
    now,
  }),
  'home, the policy wrong': homePage({
    attention: [],
    counts: [],
    days: [],
    choices,
    typed: { image: hostile, policy: hostile, trust: hostile, problem, at: 'policy' },
    now,
  }),
  list: listPage({
    filter: { subject: hostile, policy: hostile, state: 'done', outcome: 'rejected' },
    rows: [judged, ...states.map(rowOf)],
    next: hostile,
    isFirst: true,
    policies: [hostile],
    isEmpty: false,
    now,
  }),
  ...Object.fromEntries(
    states.map((state) => [
      state,
      verificationPage({
        row: rowOf(state),
        result: undefined,
        answers: [],
        others: new Map(),
        choices,
        otherwise: nothingOtherwise,
        now,
      }),
    ]),
  ),
  verdict: verificationPage({
    row: judged,
    result,
    answers,
    others: new Map(),
    choices,
    otherwise: nothingOtherwise,
    now,
  }),
  ...Object.fromEntries(
    fields.map((field) => [
      `otherwise, ${field} wrong`,
      verificationPage({
        row: judged,
        result,
        answers,
        others: new Map(),
        choices,
        otherwise: { ...typed, wrong: { field, problem } },
        now,
      }),
    ]),
  ),
  otherwise: otherwisePage(
    rowOf('done').id,
    {
      was: everywhere,
      answer: {
        ...everywhere,
        subjects: [{ ...subject, outcome: 'inconclusive', findings: subject.findings.slice(1) }],
      },
      rules: { was: 1, is: 2 },
    },
    { trust: { digest: digest('a'), bytes: new Uint8Array(), name: hostile }, at: at.getTime() },
    typed,
    choices,
  ),
  artifact: artifactPage(
    {
      digest: digest('a'),
      firstSeen: at,
      verdicts: ['a', 'b', 'c'].map((letter) => ({
        digest: digest(letter),
        outcome: 'rejected',
        judgedAt: at,
        request: rowOf('done').id,
        asked: hostile,
        policy: hostile,
      })),
      members: [{ digest: digest('b'), platform: hostile }],
      memberOf: [{ digest: digest('c'), platform: hostile }],
      sightings: [{ image: hostile, firstSeen: at, lastSeen: at, movedTo: digest('d') }],
    },
    now,
  ),
  compare: comparePage(
    compareVerdicts(subject, { ...subject, outcome: 'inconclusive', findings: subject.findings.slice(1) }),
  ),
  replay: replayPage(rowOf('done').id, everywhere, {
    answer: everywhere,
    same: false,
    rules: { was: 1, is: 2 },
    differences: [],
  }),
  'sign in': signInPage({ link: hostile, problem }),
  'sign in, no link': signInPage({ problem }),
  'signed out': signedOutPage(),
  problem: problemPage(problem),
}

const isClean = (page: string, name: string): void => {
  const own = /<script src="\/assets\/htmx-[0-9a-f]{16}\.js" integrity="sha384-[^"]+" defer><\/script>/
  const rest = page.replace(own, '')
  expect(rest, name).not.toBe(page)
  expect(rest, name).not.toMatch(/<script|<img|<style|<iframe/i)
  expect(rest.replace(/="[^"]*"/g, ''), name).not.toMatch(/<[^>]*\son\w+/i)
  expect(rest, name).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u)
  // Read as strictly as XML: nothing opens or ends a tag or an attribute that we did not.
  for (const { attributes } of tagsOf(page))
    for (const place of ['href', 'action', 'src', 'hx-get'])
      expect(attributes.get(place) ?? '/', `${name} ${place}`).toMatch(/^(?:#|\/(?![/\\]))/)
}

test.each(Object.entries(rendered))('T80 a hostile string at every place of the page "%s" is text', (name, page) => {
  isClean(page, name)
  if (name !== 'signed out') expect(page).toContain('&#60;script&#62;alert(1)')
})

let service: Service
beforeAll(async () => {
  service = await openInMemory()
})
afterAll(() => service.close())

test('T80 the same on the way through the database and HTTP, also as an address', async () => {
  const kept = hostile.replaceAll('\u0000', '')
  const id = await ask(service, { subject: { image: kept }, policy: { profile: kept } }, kept, kept)
  const app = await openPages(service)
  const short = encodeURIComponent('\u202e"><script>alert(1)</script>') // a longer one is no address of ours
  for (const url of [
    '/',
    '/verifications',
    `/verifications?${new URLSearchParams({ subject: kept, policy: kept })}`,
    `/verifications/${id}`,
    `/verifications/${short}`,
    `/artifacts/${short}`,
    `/compare?${new URLSearchParams({ a: kept, b: kept })}`,
  ])
    isClean((await app.inject({ url })).body, url)
  const typed = await app.inject({
    method: 'POST',
    url: '/verifications',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ image: hostile, policy: hostile }).toString(),
  })
  expect(typed.statusCode).toBe(422)
  isClean(typed.body, 'typed')
  await app.close()
})
