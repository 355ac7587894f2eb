import { words } from '../../core/codes.ts'
import { Fault } from '../../core/fault.ts'
import { problemOf } from '../../core/problem.ts'
import type { Problem } from '../../core/request.ts'
import type { Service } from '../../jobs/service.ts'
import { profileNames } from '../../policy/profiles/table.ts'
import { type Html, html } from '../../report/page/html.ts'
import { sentenceHtml } from '../../report/page/words.ts'
import { publicGood } from '../../store/trusted-roots.ts'
import { type Asker, admit, keep } from '../api/door.ts'
import type { Form } from './form.ts'

/** What a person typed, and what was wrong with it. */
export type Typed = {
  readonly image: string
  readonly policy: string
  readonly trust: string
  readonly problem?: Problem
  readonly at?: Field
}
type Field = 'image' | 'policy' | 'trust'

export const nothingTyped: Typed = { image: '', policy: 'auto', trust: '' }

export type Choice = { readonly value: string; readonly label: string }

/** What a person may choose from: the profile that speaks of the image, each by name, policies and roots that are stored. */
export type Choices = { readonly policies: readonly Choice[]; readonly roots: readonly Choice[] }

export async function choicesOf({ documents, limits }: Service): Promise<Choices> {
  const [policies, roots] = [
    await documents.list('policy', limits.documentNames),
    await documents.list('trust', limits.documentNames),
  ]
  return {
    policies: [
      { value: 'auto', label: 'The profile that speaks of it' },
      ...profileNames.map((name) => ({ value: name, label: `Profile ${name}` })),
      ...policies.map(({ name }) => ({ value: `${stored}${name}`, label: `Policy ${name}` })),
    ],
    roots: [
      { value: '', label: 'The public Sigstore' },
      ...roots.filter(({ name }) => name !== publicGood).map(({ name }) => ({ value: name, label: `Root ${name}` })),
    ],
  }
}
/** Before the name of a stored policy, which may be that of a profile as well. */
const stored = 'name:'

/** A reference to paste and a policy to choose; what was wrong stands beside its field, what was typed stays. */
export function askForm({ image, policy, trust, problem, at }: Typed, { policies, roots }: Choices): Html {
  return html`<form class="ask" method="post" action="/verifications">
<div><label for="image">Image reference</label>${imageField(image, at === 'image')}${at === 'image' ? told('image', problem) : html`<p class="hint" id="image-told">As you would pull it, for example <code>docker.io/kong/kuma-cp:2.14.3</code>, best with its digest.</p>`}</div>
<div><label for="policy">Policy</label>${choose('policy', policy, policies, { wrong: at === 'policy' })}${at === 'policy' ? told('policy', problem) : undefined}</div>
${roots.length < 2 ? undefined : html`<div><label for="trust">Trusted root</label>${choose('trust', trust, roots, { wrong: at === 'trust' })}${at === 'trust' ? told('trust', problem) : undefined}</div>`}
<div class="go"><button class="main">Verify</button></div>
</form>`
}

const imageField = (image: string, wrong: boolean): Html =>
  wrong
    ? html`<input class="mono" type="text" id="image" name="image" value="${image}" required maxlength="1024" autocomplete="off" autocapitalize="none" spellcheck="false" aria-invalid="true" aria-describedby="image-told" autofocus>`
    : html`<input class="mono" type="text" id="image" name="image" value="${image}" required maxlength="1024" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="image-told">`

/** A list to choose from; `id` where its name stands twice on a page. */
export const choose = (
  name: string,
  chosen: string,
  choices: readonly Choice[],
  { wrong = false, id = name }: { readonly wrong?: boolean; readonly id?: string } = {},
): Html => {
  const options = choices.map(({ value, label }) =>
    value === chosen
      ? html`<option value="${value}" selected>${label}</option>`
      : html`<option value="${value}">${label}</option>`,
  )
  return wrong
    ? html`<select id="${id}" name="${name}" aria-invalid="true" aria-describedby="${id}-told" autofocus>${options}</select>`
    : html`<select id="${id}" name="${name}">${options}</select>`
}

function told(field: Field, problem: Problem | undefined): Html {
  if (problem === undefined) return html``
  const parameters = Object.fromEntries(
    Object.entries(problem.parameters ?? {}).map(([name, value]) => [name, String(value)]),
  )
  const next = field !== 'image' ? 'Choose one from the list.' : words(problem.code, parameters).next
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
  const trust = form.get('trust') ?? ''
  try {
    const request = { subject: { image }, policy: namedBy(policy), ...(trust !== '' && { trust: { name: trust } }) }
    return { id: await askFor(request, service, { principal }) }
  } catch (error) {
    if (!(error instanceof Fault) || error.status !== 422) throw error
    return { typed: { image, policy, trust, at: fieldOf(error), problem: problemOf(error) } }
  }
}

function fieldOf({ code, parameters }: Fault): Field {
  if (code === 'store.unknown') return parameters['expected'] === 'trusted root' ? 'trust' : 'policy'
  return code.startsWith('policy.') ? 'policy' : 'image'
}

export const namedBy = (policy: string): { readonly name: string } | { readonly profile: string } =>
  policy.startsWith(stored) ? { name: policy.slice(stored.length) } : { profile: policy }

/** By the same door as the API's. */
export const askFor = async (body: unknown, service: Service, asker: Asker): Promise<string> =>
  (await keep(service, await admit(service, body), asker)).id
