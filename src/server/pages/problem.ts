import { words } from '../../core/codes.ts'
import type { Json } from '../../core/json.ts'
import type { Problem } from '../../core/request.ts'
import { mark } from '../../report/page/drawing.ts'
import { type Html, html } from '../../report/page/html.ts'
import { sentenceHtml } from '../../report/page/words.ts'
import { layout } from './layout.ts'

/** A problem as a page: what, and what to do next. `isGuest`: nobody is signed in, so the page leads nowhere. */
export const problemPage = (problem: Problem, { isGuest = false }: { readonly isGuest?: boolean } = {}): string =>
  layout(
    { title: problem.title, ...(isGuest && { here: 'none' }) },
    html`<section class="door"><h1>${headings[problem.status] ?? 'That did not work'}</h1>${problemHtml(problem)}</section>`,
  )

const headings: Readonly<Record<number, string>> = {
  401: 'Not signed in',
  403: 'Not yours to do',
  404: 'Nothing here',
  500: 'Something broke',
}

/** What went wrong, and what to do next, for wherever it is shown. */
export function problemHtml({ code, title, parameters = {} }: Problem): Html {
  const { next } = words(code, textsOf(parameters))
  return html`<div class="told fail" role="alert">${mark('fail')}<div><p>${sentenceHtml(title)}</p>${next === undefined ? undefined : html`<p class="soft">${sentenceHtml(next)}</p>`}<p class="soft"><code>${code}</code></p></div></div>`
}

const textsOf = (parameters: Readonly<Record<string, Json>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
