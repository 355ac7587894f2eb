import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../../../src/jobs/service.ts'
import { hasBrowser, openBrowser, openPage, shoot, violations } from './browser.ts'
import { ask, fill, image, openInMemory, openPages, type Pages, type State, verdictsOf, work } from './open.ts'

type View = { readonly width: 1280 | 390; readonly colorScheme: 'light' | 'dark' }
const [wide, narrow]: readonly [View, View] = [
  { width: 1280, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
]
const everyView: readonly View[] = [wide, { ...wide, colorScheme: 'dark' }, narrow, { ...narrow, colorScheme: 'light' }]

describe.skipIf(!hasBrowser)('in Chromium', () => {
  let browser: Browser
  let empty: Running
  let full: Running & { readonly ids: Readonly<Record<State, string>> }
  beforeAll(async () => {
    browser = await openBrowser()
    empty = await run()
    const started = await run()
    full = { ...started, ids: await fill(started.service) }
  })
  afterAll(async () => {
    await browser.close()
    for (const { pages, service } of [empty, full]) {
      await pages.close()
      await service.close()
    }
  })

  /** A page of somebody who is signed in. */
  const visit = async ({ pages }: Running, options: BrowserContextOptions) => {
    const opened = await openPage(browser, options)
    await opened.page
      .context()
      .addCookies([{ ...pages.session, domain: '127.0.0.1', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }])
    return opened
  }

  /** A page as somebody comes to it: no complaint, nothing that axe objects to, nothing beside the screen. */
  async function looksGood(
    name: string,
    url: string,
    views: readonly View[] = [wide, narrow],
    { status = 200, of = full }: { readonly status?: number; readonly of?: Running } = {},
  ) {
    const { page, complaints, close } = await visit(of, {})
    for (const [i, { width, colorScheme }] of views.entries()) {
      const where = `${name} at ${width}, ${colorScheme}`
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      if (i === 0) expect((await page.goto(url))?.status(), where).toBe(status)
      await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = false`)
      await shoot(page, `${name}-${width}-${colorScheme}`)
      await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = ${i === 0}`)
      expect(await violations(page), where).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth'), where).toBeLessThanOrEqual(width)
    }
    // A problem's own status is the only thing that a console may complain of.
    expect(
      complaints.filter((one) => status === 200 || !one.includes(`status of ${status}`)),
      name,
    ).toEqual([])
    await close()
  }

  test('the first page and the list of an empty service', async () => {
    await looksGood('empty', `${empty.base}/`, everyView, { of: empty })
    await looksGood('empty-list', `${empty.base}/verifications`, [wide, narrow], { of: empty })
  })

  test.each(['running', 'trusted', 'rejected', 'inconclusive'] as const)('a verification that is %s', async (state) => {
    await looksGood(state, `${full.base}/verifications/${full.ids[state]}`, everyView)
  })

  test.each(['queued', 'parked', 'cancelled', 'refused'] as const)('a verification that is %s', async (state) => {
    await looksGood(state, `${full.base}/verifications/${full.ids[state]}`)
  })

  test('the first page and the list with everything on them', async () => {
    await looksGood('home', `${full.base}/`)
    await looksGood('list', `${full.base}/verifications`)
    await looksGood('list-filtered', `${full.base}/verifications?outcome=rejected`)
    await looksGood('list-none', `${full.base}/verifications?subject=no-such`)
  })

  test('an artifact, a comparison, what is not proved, the demonstration, a problem', async () => {
    const [[a], [b]] = [
      await verdictsOf(full.service, full.ids.trusted),
      await verdictsOf(full.service, full.ids.rejected),
    ]
    await looksGood('artifact', `${full.base}/artifacts/${a?.subject}`)
    await looksGood('compare', `${full.base}/compare?a=${a?.verdict}&b=${b?.verdict}`)
    await looksGood('not-proved', `${full.base}/not-proved`)
    await looksGood('demo', `${full.base}/demo`)
    await looksGood('problem', `${full.base}/verifications/none`, [wide], { status: 404 })
  })

  test('a form that was filled in wrongly', async () => {
    const { page, complaints, close } = await visit(full, { viewport: { width: 1280, height: 900 } })
    await page.goto(`${full.base}/`)
    await page.getByLabel('Image reference').fill('docker.io/library/redis:8')
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('No profile knows docker.io/library/redis').waitFor()
    expect(await page.getByLabel('Image reference').inputValue()).toBe('docker.io/library/redis:8')
    expect(await page.getByLabel('Policy').getAttribute('aria-invalid')).toBe('true')
    expect(await violations(page)).toEqual([])
    expect(complaints.filter((one) => !one.includes('status of 422'))).toEqual([])
    await shoot(page, 'wrong-1280-light')
    await close()
  })

  const offline = (name: string) => image(`docker.io/kong/${name}:2.14.3`, { offline: true })

  test.each([true, false])('somebody who watches sees it end, with JavaScript: %s', async (javaScriptEnabled) => {
    const { page, complaints, close } = await visit(full, { javaScriptEnabled })
    const id = await ask(full.service, offline('kuma-cni'), 'docker.io/kong/kuma-cni:2.14.3', 'watched')
    await page.goto(`${full.base}/verifications/${id}`)
    expect(await page.getByRole('status').textContent()).toBe('Waiting for a worker')
    let loads = 0
    page.on('load', () => {
      loads++
    })
    await work(full.service, id)
    await page.locator('article.state').waitFor({ state: 'detached' })
    expect(await page.locator('.verdict .word').textContent()).toBe('Inconclusive')
    // Live where it can be: the page itself is not loaded again.
    expect(loads > 0).toBe(!javaScriptEnabled)
    expect(await page.title()).toMatch(/^inconclusive: /)
    expect(complaints).toEqual([])
    await close()
  })

  test('all of it by the keyboard alone, and without JavaScript: ask, watch, cancel, try again', async () => {
    const { page, complaints, close } = await visit(full, { javaScriptEnabled: false })
    await page.goto(`${full.base}/`)
    const until = async (name: string) => {
      for (let i = 0; i < 80; i++) {
        await page.keyboard.press('Tab')
        const focused = page.locator(':focus')
        const names = await focused.evaluate((one) => [one.id, one.textContent?.trim()])
        if (names.includes(name)) {
          // Whoever goes by keys sees where they are.
          expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none')
          return
        }
      }
      throw new Error(`${name} is not reached by the keyboard`)
    }
    await until('image')
    await page.keyboard.type('docker.io/kong/kuma-cp:2.14.3')
    await page.keyboard.press('Enter')
    await page.getByRole('status').filter({ hasText: 'Waiting for a worker' }).waitFor()
    await until('Cancel')
    await page.keyboard.press('Enter')
    await page.getByRole('status').filter({ hasText: 'Cancelled' }).waitFor()
    await until('Try again')
    await page.keyboard.press('Enter')
    await page.getByRole('status').filter({ hasText: 'Waiting for a worker' }).waitFor()
    expect(complaints).toEqual([])
    await close()
  })

  test('the list follows what runs, and keeps its filter', async () => {
    const { page, complaints, close } = await visit(full, {})
    const id = await ask(full.service, offline('kumactl'), 'docker.io/kong/kumactl:2.14.3', 'followed')
    await page.goto(`${full.base}/verifications?policy=followed`)
    await page.locator('.status').getByText('waiting').waitFor()
    await work(full.service, id)
    await page.locator('.status').getByText('inconclusive').waitFor()
    expect(await page.locator('tbody tr').count()).toBe(1)
    expect(complaints).toEqual([])
    await close()
  })

  test('one press loads the demonstration, and a replay of it comes to the same bytes', async () => {
    const { page, complaints, close } = await visit(empty, {})
    await page.goto(`${empty.base}/`)
    await page.getByRole('button', { name: 'Load the demonstration' }).click()
    await page.getByRole('heading', { name: '3 need attention' }).waitFor()
    await page.getByRole('link', { name: 'kuma-dp' }).click()
    await page.getByRole('button', { name: 'Replay' }).click()
    await page.getByText('the same 3 verdicts, byte for byte').waitFor()
    expect(await violations(page)).toEqual([])
    expect(complaints).toEqual([])
    await shoot(page, 'replay-1280-light')
    await close()
  })

  test.each([true, false])(
    'the stored evidence is asked otherwise from the page of a verdict, and lies beside what is stored; with JavaScript: %s',
    async (javaScriptEnabled) => {
      const { page, complaints, close } = await visit(full, { javaScriptEnabled })
      await page.goto(`${full.base}/verifications/${full.ids.rejected}`)
      await page.locator('#other-policy').selectOption('kong-mesh-as-documented')
      await page.getByLabel('Judged at, UTC').fill('2030-01-01T00:00')
      await page.getByRole('button', { name: 'Replay' }).click()
      await page.getByRole('heading', { name: 'Asked otherwise' }).waitFor()
      expect(await page.getByRole('status').textContent()).toContain('Nothing of this is kept')
      expect(await page.locator('#other-policy').inputValue()).toBe('kong-mesh-as-documented')
      if (javaScriptEnabled) {
        for (const { width, colorScheme } of everyView) {
          await page.setViewportSize({ width, height: 900 })
          await page.emulateMedia({ colorScheme })
          await shoot(page, `otherwise-${width}-${colorScheme}`)
          await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`)
          expect(await violations(page), `${width} ${colorScheme}`).toEqual([])
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
          await page.evaluate(`for (const one of document.querySelectorAll('details + details')) one.open = false`)
        }
        await page.setViewportSize({ width: 1280, height: 900 })
      }
      if (!(await page.locator('#other-document').isVisible())) await page.getByText('Paste a policy').click()
      await page.locator('#other-document').fill('name: x\nrequirements: []')
      await page.getByRole('button', { name: 'Replay' }).click()
      await page.getByText('The policy does not load').waitFor()
      expect(await page.locator('#other-document').inputValue()).toBe('name: x\nrequirements: []')
      if (javaScriptEnabled) expect(await violations(page)).toEqual([])
      expect(complaints.filter((one) => !one.includes('status of 422'))).toEqual([])
      await shoot(page, `otherwise-wrong-1280-light`)
      await close()
    },
  )

  test.each([true, false])(
    'a link signs in by its button, once, and one signs out; with JavaScript: %s',
    async (javaScriptEnabled) => {
      const { page, complaints, close } = await openPage(browser, { javaScriptEnabled })
      await page.goto(full.base)
      await page.getByRole('heading', { name: 'Sign in' }).waitFor()
      if (javaScriptEnabled) expect(await violations(page)).toEqual([])
      await shoot(page, 'signed-out-1280-light')
      const { secret } = await full.service.access.makeLink(60_000)
      const link = `${full.base}/sign-in?link=${secret}`
      await page.goto(link)
      if (javaScriptEnabled) expect(await violations(page)).toEqual([])
      await shoot(page, 'sign-in-1280-light')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { name: 'need attention' }).waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('heading', { name: 'Signed out' }).waitFor()
      expect(complaints).toEqual([])
      await page.goto(link)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('access.link-unusable').waitFor()
      await close()
    },
  )

  test('on paper: every finding, no navigation, no form', async () => {
    const { page, close } = await visit(full, {})
    await page.goto(`${full.base}/verifications/${full.ids.rejected}`)
    await page.emulateMedia({ media: 'print' })
    for (const hidden of ['.bar nav', '.bar form', '.exports'])
      expect(await page.locator(hidden).first().isVisible(), hidden).toBe(false)
    expect(await page.getByText('reference.mismatch').first().isVisible()).toBe(true)
    await close()
  })
})

type Running = { readonly service: Service; readonly pages: Pages; readonly base: string }

async function run(): Promise<Running> {
  const service = await openInMemory()
  const pages = await openPages(service)
  return { service, pages, base: await pages.app.listen({ host: '127.0.0.1', port: 0 }) }
}
