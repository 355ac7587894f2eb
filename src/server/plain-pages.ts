import type { Problem } from '../core/request.ts'
import { type Html, html } from '../report/page/html.ts'

/** The pages around signing in, as plain as they can be. */
const frame = (title: string, main: Html): string =>
  html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · meshproof</title></head><body><main><h1>${title}</h1>${main}</main></body></html>`
    .text

const told = ({ title, detail, code }: Problem): Html =>
  html`<p role="alert">${title} ${detail ?? ''} <code>${code}</code></p>`

export const plainPages = {
  signIn: ({ link, problem }: { readonly link?: string; readonly problem?: Problem }): string =>
    frame(
      'Sign in',
      html`${problem === undefined ? undefined : told(problem)}${
        link === undefined
          ? html`<p>A link of <code>meshproof sign-in-link</code> signs in.</p>`
          : html`<form method="post" action="/sign-in"><input type="hidden" name="link" value="${link}"><button>Sign in</button></form>`
      }`,
    ),
  signedOut: (): string =>
    frame('Signed out', html`<p>A link of <code>meshproof sign-in-link</code> signs in again.</p>`),
  problem: (problem: Problem): string => frame('That did not work', told(problem)),
}
