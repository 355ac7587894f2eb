import type { z } from 'zod'
import { words } from '../../core/codes.ts'
import { Fault } from '../../core/fault.ts'
import type { Problem } from '../../core/request.ts'
import { formatTime, parseTime } from '../../core/time.ts'
import { describe, readPolicyText } from '../../examine/policy-text.ts'
import type { Instead } from '../../examine/replay.ts'
import type { Service } from '../../jobs/service.ts'
import { type Html, html } from '../../report/page/html.ts'
import { sentenceHtml } from '../../report/page/words.ts'
import { insteadOf } from '../api/instead.ts'
import type { replayRequest } from '../api/shapes.ts'
import { type Choices, choose, namedBy } from './ask.ts'
import type { Form } from './form.ts'

/** What a person asks otherwise of the stored evidence, as it was typed; empty is: as it was. */
export type Otherwise = {
  readonly policy: string
  readonly document: string
  readonly trust: string
  readonly at: string
  readonly wrong?: { readonly field: Field; readonly problem: Problem }
}
type Field = 'policy' | 'document' | 'trust' | 'at'

export const nothingOtherwise: Otherwise = { policy: '', document: '', trust: '', at: '' }

export const otherwiseOf = (form: Form): Otherwise => ({
  policy: form.get('policy') ?? '',
  document: form.get('document') ?? '',
  trust: form.get('trust') ?? '',
  at: (form.get('at') ?? '').trim(),
})

/** Which field a fault is about. */
export class Wrong extends Error {
  readonly field: Field
  readonly fault: Fault
  constructor(field: Field, fault: Fault) {
    super(fault.code, { cause: fault })
    this.field = field
    this.fault = fault
  }
}

/** What was typed, read; throws `Wrong` for a field that cannot be. */
export async function readOtherwise(service: Service, { policy, document, trust, at }: Otherwise): Promise<Instead> {
  const pasted = document.trim() === '' ? undefined : await about('document', () => pastedPolicy(document))
  const read = (field: Field, asked: Partial<z.output<typeof replayRequest>>) =>
    about(field, () => insteadOf(service, asked))
  const chosen = pasted ?? (policy === '' ? {} : await read('policy', { policy: namedBy(policy) }))
  const root =
    trust === ''
      ? {}
      : await read('trust', { trust: trust === publicGood ? publicGood : { name: trust.slice(named.length) } })
  const date = at === '' ? {} : await about('at', async () => ({ at: timeOf(at) }))
  return { ...chosen, ...root, ...date }
}

const publicGood = 'public-good'
/** Before the name of a stored root. */
const named = 'name:'

async function about<T>(field: Field, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Fault && error.status < 500) throw new Wrong(field, error)
    throw error
  }
}

async function pastedPolicy(text: string): Promise<Pick<Instead, 'policy'>> {
  const read = await readPolicyText(text, 'none')
  if ('loaded' in read) return { policy: read.loaded }
  const [first] = read.problems
  throw new Fault('policy.malformed', {
    status: 422,
    parameters: { found: first === undefined ? '' : describe('line', first) },
  })
}

/** As browsers write it, which knows no zone and is UTC here, or as RFC 3339. */
function timeOf(text: string): number {
  const full = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text
  const time = parseTime(/T\d\d:\d\d$/.test(full) ? `${full}:00Z` : /T\d\d:\d\d:\d\d$/.test(full) ? `${full}Z` : full)
  if (time === undefined) throw new Fault('request.at-malformed', { status: 422, parameters: { found: text } })
  return time
}

/** The same form on the page of a verdict, and below what came of it. */
export function otherwiseForm(id: string, typed: Otherwise, { policies, roots }: Choices): Html {
  const { wrong } = typed
  const is = (field: Field) => wrong?.field === field
  const told = (field: Field) => (wrong?.field === field ? toldHtml(field, wrong.problem) : undefined)
  const same = { value: '', label: 'The same' }
  const stored = roots.slice(1).map(({ value, label }) => ({ value: `${named}${value}`, label }))
  return html`<form class="otherwise" method="post" action="/verifications/${id}/replay">
<div><label for="other-policy">Policy</label>${choose('policy', typed.policy, [same, ...policies.slice(1)], { wrong: is('policy'), id: 'other-policy' })}${told('policy')}</div>
<div><label for="other-trust">Trusted root</label>${choose('trust', typed.trust, [same, { value: publicGood, label: 'The public Sigstore' }, ...stored], { wrong: is('trust'), id: 'other-trust' })}${told('trust')}</div>
<div><label for="other-at">Judged at, UTC</label>${dateField(typed.at, is('at'))}${told('at')}</div>
${pasteField(typed.document, is('document'), told('document'))}
<div class="go"><button>Replay</button></div>
</form>`
}

const dateField = (at: string, wrong: boolean): Html => {
  const time = parseTime(at)
  const shown = time === undefined ? at : formatTime(time).slice(0, 16)
  return wrong
    ? html`<input type="text" id="other-at" name="at" value="${at}" maxlength="40" aria-invalid="true" aria-describedby="other-at-told" autofocus>`
    : html`<input type="datetime-local" id="other-at" name="at" value="${shown}">`
}

function pasteField(document: string, wrong: boolean, told: Html | undefined): Html {
  const field = wrong
    ? html`<textarea class="mono" id="other-document" name="document" rows="8" spellcheck="false" aria-invalid="true" aria-describedby="other-document-told" autofocus>${linesHtml(document)}</textarea>`
    : html`<textarea class="mono" id="other-document" name="document" rows="8" spellcheck="false">${linesHtml(document)}</textarea>`
  const inner = html`<div class="inner"><label for="other-document">In YAML or JSON; it goes before the one chosen above</label>${field}${told}</div>`
  return document.trim() === ''
    ? html`<details><summary>Paste a policy</summary>${inner}</details>`
    : html`<details open><summary>Paste a policy</summary>${inner}</details>`
}

/** What was pasted comes back as it was: its lines are lines, whatever else is in it is made visible. */
const linesHtml = (text: string): Html =>
  html`${text
    .replaceAll('\t', '  ')
    .split(/\r?\n/)
    .map((line, i) => (i === 0 ? line : newLine(line)))}`
const newLine = (line: string): Html => html`
${line}`

function toldHtml(field: Field, { title, code, parameters = {} }: Problem): Html {
  const texts = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
  const next = field === 'document' ? undefined : words(code, texts).next
  return html`<p class="wrong" id="other-${field}-told">${sentenceHtml(title)} ${next === undefined ? undefined : sentenceHtml(next)}</p>`
}
