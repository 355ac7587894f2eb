import type { Json } from '../../core/json.ts'
import { parseJson } from '../../core/json.ts'
import { formatTime } from '../../core/time.ts'
import { type Html, html } from '../../report/page/html.ts'
import { digestHtml } from '../../report/page/words.ts'
import type { Answered } from '../../store/artifacts.ts'
import { links } from './links.ts'

const depth = 8

/** Everything that was asked of the world, with what came back: found ones can be downloaded, byte for byte. */
export function answersTable(answers: readonly Answered[]): Html | undefined {
  if (answers.length === 0) return undefined
  const found = answers.filter(({ outcome }) => outcome === 'found').length
  return html`<h3 class="section">Evidence</h3>
<details><summary>${answers.length} ${answers.length === 1 ? 'question' : 'questions'} <span class="soft">${found} found, ${answers.length - found} not</span></summary><div class="inner"><div class="scroll" tabindex="0" role="region" aria-label="Evidence"><table class="answers"><thead><tr><th scope="col">Asked for</th><th scope="col">Of</th><th scope="col">Came back</th><th scope="col">From</th></tr></thead><tbody>${answers.map(row)}</tbody></table></div></div></details>`
}

function row({ question, source, outcome, code, digest, at }: Answered): Html {
  const { what, of } = told(question)
  const back =
    digest !== undefined
      ? html`<a href="${links.evidence(digest)}" download>${digestHtml(digest)}</a>`
      : outcome === 'absent'
        ? 'nothing there'
        : html`could not tell: <code>${code ?? ''}</code>`
  return html`<tr><td>${what}</td><td data-label="Of"><span class="mono">${of}</span></td><td data-label="Came back">${back}</td><td data-label="From">${source}, ${formatTime(at.getTime())}</td></tr>`
}

const names: Readonly<Record<string, string>> = {
  resolve: 'what the name means',
  manifest: 'manifest',
  blob: 'blob',
  referrers: 'what refers to it',
  tag: 'tag',
  given: 'brought along',
  'log-entry': 'log entry',
}

function told(question: string): { readonly what: string; readonly of: string } {
  const parsed = parseJson(Buffer.from(question), depth)
  const value: Json | undefined = 'problem' in parsed ? undefined : (parsed.value as Json)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { what: question, of: '' }
  const fields = value as { readonly [key: string]: Json }
  const field = (key: string) => (typeof fields[key] === 'string' ? fields[key] : undefined)
  const ask = field('ask') ?? ''
  const of = [field('image'), field('tag') ?? field('digest') ?? field('kind') ?? field('artifact')]
  return { what: names[ask] ?? ask, of: [...new Set(of)].filter((part) => part !== undefined).join(' ') }
}
