import { createHash } from 'node:crypto'
import type { Answer } from '../../core/request.ts'
import { brief } from '../model/brief.ts'
import { isJudged, type VerdictView, verdictView } from '../model/verdict-view.ts'
import { mark, patterns } from './drawing.ts'
import { type Html, html, raw } from './html.ts'
import { style } from './style.ts'
import { tone, verdictHtml } from './verdict.ts'
import { sentenceHtml, timeHtml } from './words.ts'

export type PageOptions = {
  readonly title: string
  /** When the page was written, RFC 3339. */
  readonly at: string
  /** Paragraphs under the title. */
  readonly intro?: readonly string[]
  /** One a verdict, in their order: what a reader should know about it. */
  readonly stories?: readonly string[]
  /** The command that judges again, where the evidence lies at hand. */
  readonly replay?: string
}

/**
 * One self-contained page: the verdicts of answers, told. No script, nothing loaded from anywhere, and a policy that
 * allows its own style sheet only, by hash.
 */
export function renderPage(answers: readonly Answer[], options: PageOptions): string {
  const views = answers.filter(isJudged).map(verdictView)
  const { title, at, intro = [], stories = [], replay } = options
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
${raw(`<style>${style}</style>`)}
</head>
<body>
${patterns}
<a class="skip" href="#verdicts">To the verdicts</a>
<div class="top"><header><h1>${title}</h1><p class="soft">Written by meshproof, ${timeHtml(at)}</p>${intro.length === 0 ? undefined : html`<div class="intro">${intro.map((text) => html`<p>${text}</p>`)}</div>`}</header>
${views.length > 1 ? contents(views) : undefined}</div>
<main id="verdicts">
${views.map((view, i) => verdictHtml(view, { anchor: anchor(i), ...one('story', stories[i]), ...one('replay', replay) }))}
${views.length === 0 ? html`<p>Nothing was judged.</p>` : undefined}
</main>
<footer class="foot"><p>This page stands alone: it runs no script and loads nothing. It shows verdicts and is no proof itself; the evidence is.</p></footer>
</body>
</html>
`
  return page.text
}

const anchor = (i: number): string => `verdict-${i + 1}`
const one = <K extends string>(key: K, text: string | undefined): Partial<Record<K, string>> =>
  text === undefined ? {} : ({ [key]: text } as Record<K, string>)

const contents = (views: readonly VerdictView[]): Html =>
  html`<nav aria-label="Verdicts"><ol class="contents">${views.map((view, i) => {
    const worst = view.subjects.find(({ outcome }) => outcome === view.outcome)
    return html`<li><a href="#${anchor(i)}">${mark(tone[view.outcome])}<strong>${view.name} <span class="soft">${view.outcome}</span></strong><span class="soft">${sentenceHtml(brief(worst?.sentence ?? '', worst?.reason))}</span></a></li>`
  })}</ol></nav>`
