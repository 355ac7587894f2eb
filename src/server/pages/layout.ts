import { patterns } from '../../report/page/drawing.ts'
import { type Html, html } from '../../report/page/html.ts'
import { assets } from './assets.ts'

/** Everything a page may load comes from here; no inline script, no inline style. Sent with every page. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export type Frame = {
  readonly title: string
  /** Which of the places in the navigation this is; `none`: nobody is signed in, so there is nowhere to go. */
  readonly here?: Place | 'none'
  /** Seconds until a browser without JavaScript looks again. */
  readonly again?: number
}
export type Place = '/' | '/verifications' | '/trust' | '/not-proved' | '/demo'

const places: readonly (readonly [Place, string])[] = [
  ['/', 'Home'],
  ['/verifications', 'Verifications'],
  ['/trust', 'Trusted root'],
  ['/not-proved', 'What is not proved'],
]

/** An error answered to a poll changes nothing on the page; nothing of htmx's own is styled or kept. */
const htmxConfig = JSON.stringify({
  includeIndicatorCSS: false,
  history: false,
  noSwap: [204, 304, '4xx', '5xx'],
  mode: 'same-origin',
})

/** The frame of every page of the service. */
export function layout({ title, here, again }: Frame, main: Html): string {
  const name = title === 'meshproof' ? title : `${title} · meshproof`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="htmx-config" content="${htmxConfig}">
<title>${name}</title>
<link rel="icon" href="${assets.icon.path}" type="image/svg+xml">
<link rel="stylesheet" href="${assets.style.path}" integrity="${assets.style.integrity}">
<script src="${assets.htmx.path}" integrity="${assets.htmx.integrity}" defer></script>
${again === undefined ? undefined : html`<noscript><meta http-equiv="refresh" content="${again}"></noscript>`}
</head>
<body class="service">
${patterns}
<a class="skip" href="#main">To the contents</a>
<header class="bar"><div>
<a class="brand" href="/">${brand}<span>meshproof</span></a>
${
  here === 'none'
    ? undefined
    : html`<nav aria-label="Places"><ul>${places.map(([place, label]) => html`<li>${link(place, label, here)}</li>`)}</ul></nav>
<form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>`
}
</div></header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>
`.text
}

const link = (place: Place, label: string, here: Frame['here']): Html =>
  place === here ? html`<a href="${place}" aria-current="page">${label}</a>` : html`<a href="${place}">${label}</a>`

const brand = html`<svg viewBox="0 0 20 28" width="18" height="25" aria-hidden="true"><g fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"><rect x="5" y="2.5" width="10" height="12.5" rx="5"/><path d="M10 11.500v5"/><rect x="5" y="13" width="10" height="12.500" rx="5"/></g></svg>`
