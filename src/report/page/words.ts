import { type Html, html } from './html.ts'

/** A digest in twelve characters, the whole one in its title; a link where there is somewhere to go. */
export const digestHtml = (digest: string, href?: string): Html => {
  const hex = /^sha256:([0-9a-f]{12})[0-9a-f]{52}$/.exec(digest)?.[1]
  const short =
    hex === undefined
      ? html`<span class="mono">${digest}</span>`
      : html`<abbr class="mono" title="${digest}">${hex}…</abbr>`
  return href === undefined ? short : html`<a href="${href}">${short}</a>`
}

/** `2026-11-25 14:19:31 UTC`; what is no such time stays as it is. */
export const timeHtml = (time: string): Html => {
  const [, day, hour] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(time) ?? []
  return day === undefined || hour === undefined
    ? html`${time}`
    : html`<time datetime="${time}" title="${time}">${day} ${hour} UTC</time>`
}

/** A sentence with its digests short and its addresses in the type of code. */
export const sentenceHtml = (sentence: string): Html => {
  const parts = sentence.split(
    /(https?:\/\/[^\s,;]*[^\s,;.:]|sha256:[0-9a-f]{64}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|(?:index\.)?docker\.io\/[^\s,;]*[^\s,;.:])/,
  )
  return html`${parts.map((part, i) => (i % 2 === 0 ? part : placed(part)))}`
}

const placed = (part: string): Html =>
  part.startsWith('sha256:')
    ? digestHtml(part)
    : /^\d/.test(part)
      ? timeHtml(part)
      : html`<span class="mono">${part}</span>`

/** Expected and found beside each other, what they share pale, where they differ marked. */
export function compare(expected: string | undefined, found: string | undefined): Html {
  const [first, second] = [expected, found]
  const split = first === undefined || second === undefined ? undefined : differences(first, second)
  return html`<dl class="compare">${first === undefined ? undefined : row('expected', first, split)}${second === undefined ? undefined : row('found', second, split)}</dl>`
}

type Split = { readonly start: number; readonly end: number }

const row = (kind: 'expected' | 'found', text: string, split: Split | undefined): Html =>
  html`<div class="${kind}"><dt>${kind}</dt><dd>${split === undefined ? text : marked(text, split)}</dd></div>`

function marked(text: string, { start, end }: Split): Html {
  const middle = text.slice(start, text.length - end)
  const [before, after] = [text.slice(0, start), text.slice(text.length - end)]
  return html`<span class="same">${before}</span>${middle === '' ? undefined : html`<mark>${middle}</mark>`}<span class="same">${after}</span>`
}

/** How much both begin and end alike; never in the middle of a word of letters and digits, so that a difference reads whole. */
function differences(a: string, b: string): Split {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  while (start > 0 && isWord(a[start - 1])) start--
  let end = 0
  const room = Math.min(a.length, b.length) - start
  while (end < room && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  while (end > 0 && isWord(a[a.length - end])) end--
  return { start, end }
}
const isWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}\\]/u.test(character)
