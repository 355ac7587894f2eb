import { isNotEvaluated } from '../../core/codes.ts'
import type { Digest } from '../../core/digest.ts'
import type { Finding } from '../../core/finding.ts'
import { decides } from '../../core/finding.ts'
import type { SubjectAnswer } from '../../core/request.ts'
import { type Link, linkOf, orderOf, requirementOf } from './demand-words.ts'
import { type FindingView, findingView, type State, textOf } from './finding-view.ts'

/** One link of the chain from the name that was asked to the time that was signed. */
export type Step = {
  readonly kind: 'reference' | 'index' | 'platform' | 'image' | 'artifact' | Link
  readonly label: string
  /** `claimed`: nothing of ours shows it. `unreached`: the chain broke before it. */
  readonly state: Exclude<State, 'note'> | 'claimed' | 'unreached'
  /** What stands there; only verified or measured values, but for `claimed`. */
  readonly value?: string
  readonly says?: string
  readonly findings: readonly FindingView[]
}

/** What candidates brought that tell the very same: all findings in the order of the chain. */
export type CandidateView = {
  readonly ids: readonly [Digest, ...Digest[]]
  readonly state: Exclude<State, 'note'>
  readonly findings: readonly FindingView[]
}

export type RequirementView = {
  readonly id: string
  /** The one finding that moves the verdict. */
  readonly decisive: FindingView
  readonly links: readonly Step[]
  /** The candidate that the links are drawn from: one that met the requirement, or the one that came closest. */
  readonly drawn?: Digest
  readonly candidates: readonly CandidateView[]
  /** Demands that nothing came as far as to be held against. */
  readonly unheld: readonly FindingView[]
}

const labels: Readonly<Record<Link, string>> = {
  signature: 'Signature',
  identity: 'Identity',
  statement: 'What it says',
  log: 'Log entry',
  time: 'Signed time',
}
const linkOrder = Object.keys(labels) as readonly Link[]

export function requirementsOf(subject: SubjectAnswer): readonly RequirementView[] {
  return subject.findings.filter(decides).map((finding) => {
    const index = requirementOf(finding.demand)
    const mine = subject.findings.filter(
      (one) =>
        one !== finding &&
        (one.demand === undefined
          ? one.candidate !== undefined && one.check === finding.check
          : requirementOf(one.demand) === index && index !== undefined),
    )
    const drawn = drawnOf(finding, mine)
    const decisive = findingView(finding, subject.beside)
    return {
      id: textOf(finding.check) ?? '',
      decisive,
      links: index === undefined ? [] : linksOf(decisive, mine, drawn, subject),
      ...(drawn !== undefined && { drawn }),
      candidates: candidatesOf(mine, drawn, subject),
      unheld: inOrder(mine.filter(({ candidate }) => candidate === undefined)).map((one) =>
        findingView(one, subject.beside),
      ),
    }
  })
}

/** The drawn one first and alone; of the others, those that tell the very same are told once. */
function candidatesOf(
  findings: readonly Finding[],
  drawn: Digest | undefined,
  { beside }: SubjectAnswer,
): readonly CandidateView[] {
  const groups = new Map<string, [Digest, ...Digest[]]>()
  const views = new Map<string, Omit<CandidateView, 'ids'>>()
  for (const id of idsOf(findings).sort((a, b) => Number(b === drawn) - Number(a === drawn))) {
    const own = inOrder(findings.filter(({ candidate }) => candidate === id))
    const view = { state: worstState(own.filter(isAsked)), findings: own.map((one) => findingView(one, beside)) }
    const key = JSON.stringify([id === drawn, view.findings.map((one) => ({ ...one, evidence: [] }))])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [id])
    else group.push(id)
    views.set(key, view)
  }
  return [...groups].flatMap(([key, ids]) => {
    const view = views.get(key)
    return view === undefined ? [] : [{ ids, ...view }]
  })
}

const idsOf = (findings: readonly Finding[]): Digest[] =>
  [...new Set(findings.flatMap(({ candidate }) => candidate ?? []))].sort()
const isAsked = ({ demand }: Finding): boolean => demand !== undefined
const inOrder = (findings: readonly Finding[]): readonly Finding[] =>
  [...findings].sort((a, b) => orderOf(a.demand) - orderOf(b.demand))

/** Fail before could not tell before pass, as everywhere. */
function worstState(findings: readonly Pick<Finding, 'outcome'>[]): Exclude<State, 'note'> {
  const has = (outcome: Finding['outcome']) => findings.some((one) => one.outcome === outcome)
  return has('fail') ? 'fail' : has('error') ? 'unknown' : has('pass') ? 'pass' : 'not-applicable'
}

/** Met: the first that met it all. Else the one whose reason became the requirement's, fewest faults first (as judging does). */
function drawnOf(decisive: Finding, findings: readonly Finding[]): Digest | undefined {
  const asked = (id: Digest) => findings.filter((one) => one.candidate === id && isAsked(one))
  const same = (one: Finding) =>
    one.code === decisive.code &&
    one.outcome === decisive.outcome &&
    JSON.stringify([one.expected, one.found]) === JSON.stringify([decisive.expected, decisive.found])
  const faults = (id: Digest) => asked(id).filter(({ outcome }) => outcome !== 'pass').length
  return idsOf(findings)
    .filter((id) => (decisive.outcome === 'pass' ? faults(id) === 0 && asked(id).length > 0 : asked(id).some(same)))
    .sort((a, b) => faults(a) - faults(b) || (a < b ? -1 : 1))[0]
}

function linksOf(
  decisive: FindingView,
  findings: readonly Finding[],
  drawn: Digest | undefined,
  { beside }: SubjectAnswer,
): readonly Step[] {
  const own = inOrder(findings.filter(({ candidate }) => drawn !== undefined && candidate === drawn))
  let broken = false
  return linkOrder.flatMap((kind): readonly Step[] => {
    const mine = own.filter(({ demand, code }) => linkOf(demand) === kind || noteLinks[code] === kind)
    const asked = mine.filter(isAsked)
    const views = mine.map((one) => findingView(one, beside))
    if (drawn === undefined) return kind === 'signature' ? [without(decisive)] : []
    if (asked.length === 0) return notDemanded(kind, views)
    const silent = asked.every(({ code }) => isNotEvaluated(code))
    const state = silent && (broken || decisive.state === 'fail') ? 'unreached' : worstState(asked)
    broken ||= state === 'fail' || state === 'unknown'
    const first = views.find((view) => view.state === 'fail') ?? views.find((view) => view.state === 'unknown')
    return [
      {
        kind,
        label: labels[kind],
        state,
        ...shownValue(kind, mine, views, drawn),
        ...(first !== undefined && state !== 'unreached' && { says: first.says }),
        findings: views,
      },
    ]
  })
}

/** Something stands there that nobody asked for: shown, lends nothing. */
const notDemanded = (kind: Link, views: readonly FindingView[]): readonly Step[] =>
  views.slice(0, 1).map(({ says }) => ({ kind, label: labels[kind], state: 'not-applicable', says, findings: views }))

/** Nothing to draw a signature from: the requirement's own reason stands at its place. */
const without = (decisive: FindingView): Step => ({
  kind: 'signature',
  label: labels.signature,
  state: decisive.state === 'note' ? 'pass' : decisive.state,
  says: decisive.says,
  findings: [decisive],
})

/** Notes of a candidate that belong to a link. */
const noteLinks: Readonly<Partial<Record<string, Link>>> = {
  'log.promise-only': 'log',
  'log.checkpoint': 'log',
  'log.unknown': 'log',
  'log.entry-unsupported': 'log',
  'sct.log-unknown': 'log',
  'time.authority-unknown': 'time',
  'time.malformed': 'time',
  'reference.signed-for': 'statement',
  'reference.unsigned-name': 'statement',
  'identity.loose': 'identity',
  'identity.ref-not-demanded': 'identity',
  'identity.version-not-compared': 'identity',
}

/** The verified value that a person looks for at this link; `views` are those of `findings`, one for one. */
function shownValue(
  kind: Link,
  findings: readonly Finding[],
  views: readonly FindingView[],
  drawn: Digest,
): { readonly value?: string } {
  const found = (place: string) =>
    views[findings.findIndex(({ demand, outcome }) => demand?.endsWith(place) === true && outcome !== 'error')]?.found
  const value =
    kind === 'signature'
      ? drawn
      : kind === 'identity'
        ? (found('/signer/identity') ?? found('/signer/builder'))
        : kind === 'statement'
          ? (found('/reference') ?? found('/predicateType'))
          : undefined
  return value === undefined ? {} : { value }
}
