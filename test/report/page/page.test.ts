import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { renderPage } from '../../../src/report/page/page.ts'
import { absent, notYet, rejected, trusted, unreachable } from '../answers.ts'
import { tagsOf } from './tags.ts'

const all = [trusted, rejected, absent, unreachable, notYet]
const page = renderPage(all, { title: 'Verdicts', at: '2026-09-01T10:00:00.000Z' })

const tags = tagsOf(page)
const named = (name: string) => tags.filter((tag) => tag.name === name)
const values = (attribute: string) => tags.flatMap(({ attributes }) => attributes.get(attribute) ?? [])

test('it is well-formed, runs nothing and loads nothing', () => {
  for (const name of ['script', 'img', 'link', 'iframe', 'object', 'embed', 'form', 'video', 'base'])
    expect(named(name)).toEqual([])
  for (const attribute of ['src', 'srcset', 'action', 'style', 'poster', 'data']) expect(values(attribute)).toEqual([])
  expect(tags.flatMap(({ attributes }) => [...attributes.keys()].filter((key) => key.startsWith('on')))).toEqual([])
  expect(values('href').filter((href) => !href.startsWith('#'))).toEqual([])
  expect(values('fill').filter((fill) => fill.includes('url(') && !/^url\(#\w+\)$/.test(fill))).toEqual([])
  expect(/<style>([^<]*)<\/style>/.exec(page)?.[1]).not.toMatch(/url\(|@import|@font-face|expression/)
})

test('its policy allows its own style sheet only, by hash', () => {
  const policy = named('meta').find(({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy')
  const style = /<style>([^<]*)<\/style>/.exec(page)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  expect(policy?.attributes.get('content')?.replaceAll('&#39;', "'")).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
  )
})

test('it can be read by ear and by keyboard', () => {
  expect(named('html')[0]?.attributes.get('lang')).toBe('en')
  expect(named('h1')).toHaveLength(1)
  expect(named('h2')).toHaveLength(all.length)
  expect(named('main')).toHaveLength(1)
  const levels = tags.flatMap(({ name }) => /^h([1-6])$/.exec(name)?.[1] ?? []).map(Number)
  levels.forEach((level, i) => {
    expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1)
  })
  for (const { attributes } of named('svg')) expect(attributes.get('aria-hidden')).toBe('true')
  for (const { attributes } of tags.filter((tag) => tag.attributes.get('role') === 'img'))
    expect(attributes.get('aria-label')).toMatch(/^\w[\w ]+$/)
  for (const { attributes } of tags.filter((tag) => tag.attributes.get('role') === 'region'))
    expect([attributes.get('tabindex'), attributes.has('aria-label')]).toEqual(['0', true])
  const ids = values('id')
  expect(new Set(ids).size).toBe(ids.length)
  for (const href of values('href')) expect(ids).toContain(href.slice(1))
  for (const id of values('aria-labelledby')) expect(ids).toContain(id)
})

test('it tells of each verdict the reason, what was expected and found, what is not proved and how to judge again', () => {
  const articles = page.split('<article').slice(1)
  expect(articles).toHaveLength(all.length)
  for (const article of articles) {
    expect(article).toContain('What this does not prove')
    expect(article).toContain('docs/not-proved.md')
    expect(article).toContain('meshproof replay evidence')
    expect(article).toMatch(/(?:Trusted|Rejected|Inconclusive)<\/p>/)
  }
  const text = page.replace(/<[^>]*>/g, '')
  expect(text).toContain('Evil/kong-mesh')
  expect(text).toContain('could not tell')
  expect(text).toContain('The profile kong-mesh has not been confirmed on a real release.')
  expect(text).toContain('2026-09-01 10:00:00 UTC')
})

test('a digest is short to read and whole in its title', () => {
  for (const { attributes } of named('abbr')) expect(attributes.get('title')).toMatch(/^sha256:[0-9a-f]{64}$/)
})

test('only what passed on a signature, a digest or the bytes is called proven', () => {
  for (const [row] of page.matchAll(/<tr>.*?<\/tr>/g))
    if (row.includes('proven')) {
      expect(row).toMatch(/>(?:cryptographic|measured)</)
      expect(row).toContain('aria-label="passed"')
    }
  expect(page).toContain('class="proven"')
})

test('one verdict needs no list of contents', () => {
  expect(renderPage([trusted], { title: 'x', at: '2026-09-01T10:00:00.000Z' })).not.toContain('class="contents"')
  expect(page).toContain('class="contents"')
})
