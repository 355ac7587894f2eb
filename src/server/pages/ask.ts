import { words } from '../../core/codes.ts'
import type { Digest } from '../../core/digest.ts'
import { isDigest } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import { problemOf } from '../../core/problem.ts'
import type { Problem, Request } from '../../core/request.ts'
import type { Service } from '../../jobs/service.ts'
import { profileNames } from '../../policy/profiles/table.ts'
import { type Html, html } from '../../report/page/html.ts'
import { sentenceHtml } from '../../report/page/words.ts'
import { type Asker, admit, keep } from '../api/door.ts'
import type { Form } from './form.ts'

/** What a person typed, and what was wrong with it. */
export type Typed = { readonly image: string; readonly policy: string; readonly problem?: Problem; readonly at?: Field }
type Field = 'image' | 'policy'

export const nothingTyped: Typed = { image: '', policy: 'auto' }

export type Choice = { readonly value: string; readonly label: string }

/** The policies a person may choose from: the profile that speaks of the image, each by name, stored ones. */
export async function policyChoices({ documents, limits }: Service): Promise<readonly Choice[]> {
  const stored = await documents.list('policy', limits.documentNames)
  return [
    { value: 'auto', label: 'The profile that speaks of it' },
    ...profileNames.map((name) => ({ value: name, label: `Profile ${name}` })),
    ...stored.map(({ name, digest }) => ({ value: digest, label: `Policy ${name}` })),
  ]
}

/** A reference to paste and a policy to choose; what was wrong stands beside its field, what was typed stays. */
export function askForm({ image, policy, problem, at }: Typed, choices: readonly Choice[]): Html {
  return html`<form class="ask" method="post" action="/verifications">
<div><label for="image">Image reference</label>${imageField(image, at === 'image')}${at === 'image' ? told('image', problem) : html`<p class="hint" id="image-told">As you would pull it, for example <code>docker.io/kong/kuma-cp:2.14.3</code>, best with its digest.</p>`}</div>
<div><label for="policy">Policy</label>${choose('policy', policy, choices, at === 'policy')}${at === 'policy' ? told('policy', problem) : undefined}</div>
<div class="go"><button class="main">Verify</button></div>
</form>`
}

const imageField = (image: string, wrong: boolean): Html =>
  wrong
    ? html`<input class="mono" type="text" id="image" name="image" value="${image}" required maxlength="1024" autocomplete="off" autocapitalize="none" spellcheck="false" aria-invalid="true" aria-describedby="image-told" autofocus>`
    : html`<input class="mono" type="text" id="image" name="image" value="${image}" required maxlength="1024" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="image-told">`

export const choose = (name: string, chosen: string, choices: readonly Choice[], wrong = false): Html => {
  const options = choices.map(({ value, label }) =>
    value === chosen
      ? html`<option value="${value}" selected>${label}</option>`
      : html`<option value="${value}">${label}</option>`,
  )
  return wrong
    ? html`<select id="${name}" name="${name}" aria-invalid="true" aria-describedby="${name}-told" autofocus>${options}</select>`
    : html`<select id="${name}" name="${name}">${options}</select>`
}

function told(field: Field, problem: Problem | undefined): Html {
  if (problem === undefined) return html``
  const parameters = Object.fromEntries(
    Object.entries(problem.parameters ?? {}).map(([name, value]) => [name, String(value)]),
  )
  const next = field === 'policy' ? 'Choose one from the list.' : words(problem.code, parameters).next
  return html`<p class="wrong" id="${field}-told">${sentenceHtml(problem.title)} ${next === undefined ? undefined : sentenceHtml(next)}</p>`
}

/** Asks for what a form says; what is wrong with it comes back with what was typed. */
export async function askBy(
  form: Form,
  service: Service,
  principal: string | null,
): Promise<{ readonly id: string } | { readonly typed: Typed }> {
  const image = (form.get('image') ?? '').trim()
  const policy = form.get('policy') ?? 'auto'
  try {
    return { id: await askFor({ subject: { image }, policy: namedBy(policy) }, service, { principal }) }
  } catch (error) {
    if (!(error instanceof Fault) || error.status !== 422) throw error
    const ofPolicy = error.code.startsWith('policy.') || error.code.startsWith('store.')
    return { typed: { image, policy, at: ofPolicy ? 'policy' : 'image', problem: problemOf(error) } }
  }
}

export const namedBy = (policy: string): Request['policy'] =>
  isDigest(policy) ? { document: policy as Digest } : { profile: policy }

/** By the same door as the API's. */
export const askFor = async (body: unknown, service: Service, asker: Asker): Promise<string> =>
  (await keep(service, await admit(service, body), asker)).id
