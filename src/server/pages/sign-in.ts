import type { Problem } from '../../core/request.ts'
import { html } from '../../report/page/html.ts'
import { layout } from './layout.ts'
import { problemHtml } from './problem.ts'

/**
 * A link opens this page and nothing else: it is used up by the button, so that whatever fetches links ahead of a person
 * uses up none. Without a link it says where one is found.
 */
export function signInPage({ link, problem }: { readonly link?: string; readonly problem?: Problem } = {}): string {
  const told = problem === undefined ? undefined : problemHtml(problem)
  const main =
    link === undefined
      ? html`<section class="door">${told}<h1>Sign in</h1>
<p>There is no password here. The service gives out links that each sign one person in, once.</p>
<p>It printed one when it was started. Where it was not started from a terminal, the link stands in the file <code>sign-in-link</code> of its data folder.</p>
<p>For a new one, on the machine of the service:</p><pre>meshproof sign-in-link</pre></section>`
      : html`<section class="door">${told}<h1>Sign in</h1>
<p>This link signs you in once, in this browser.</p>
<form method="post" action="/sign-in"><input type="hidden" name="link" value="${link}"><button class="main">Sign in</button></form></section>`
  return layout({ title: 'Sign in', here: 'none' }, main)
}

export const signedOutPage = (): string =>
  layout(
    { title: 'Signed out', here: 'none' },
    html`<section class="door"><h1>Signed out</h1><p>This browser holds nothing any more. For a new link, on the machine of the service:</p><pre>meshproof sign-in-link</pre></section>`,
  )
