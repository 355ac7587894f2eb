import type { Code } from '../../core/codes.ts'
import type { Digest } from '../../core/digest.ts'
import type { Question } from '../../core/observation.ts'
import { printable } from '../../core/printable.ts'
import type { Answer, SubjectAnswer, VerdictAnswer } from '../../core/request.ts'
import type { Holds, VerdictOutcome } from '../../core/verdict.ts'
import { type RequirementView, requirementsOf, type Step } from './chain.ts'
import { type FindingView, findingView, textOf } from './finding-view.ts'
import { notProvedOf } from './not-proved.ts'
import { shortDigest, trunkOf } from './trunk.ts'

/** One verdict as every rendering of it tells it. Texts are printable (T80); nothing here decides anything. */
export type VerdictView = {
  /** What was asked, in the caller's words made canonical. */
  readonly name: string
  readonly outcome: VerdictOutcome
  readonly at: string
  readonly subjects: readonly SubjectView[]
  /** Subjects that tell the same story, told once. */
  readonly groups: readonly (readonly [SubjectView, ...SubjectView[]])[]
  readonly policy: { readonly name: string; readonly digest: string; readonly unconfirmed: boolean }
  readonly trust: string
  /** Notes of all subjects, each once: shown on every surface, never a change of verdict. */
  readonly notes: readonly FindingView[]
  readonly places: readonly PlaceView[]
  readonly notProved: readonly string[]
  readonly evidence: readonly Digest[]
  readonly versions: string
  /** The verb and its argument that ask the same again. */
  readonly again: string
}

export type SubjectView = {
  /** `index`, `linux/amd64`, `image`, `file`. */
  readonly label: string
  readonly digest: string
  readonly short: string
  readonly outcome: VerdictOutcome
  /** The first decisive finding that explains the outcome. */
  readonly reason: FindingView | undefined
  /** One sentence: the reason, or what it is trusted for. */
  readonly sentence: string
  /** Other programs of an installation that are not the archive's, or could not be told. */
  readonly others: readonly FindingView[]
  readonly trunk: readonly Step[]
  readonly requirements: readonly RequirementView[]
  readonly notes: readonly FindingView[]
  readonly holds: string
  readonly verdictId: Digest
  readonly inputs: SubjectAnswer['inputs']
}

type PlaceView = { readonly place: string; readonly from: string; readonly count: number; readonly at: string }

export function verdictView(answer: VerdictAnswer): VerdictView {
  const subjects = answer.subjects.map((subject) => subjectView(subject, answer))
  const [first] = answer.subjects
  const policy = first?.beside.policy
  return {
    name: nameOf(answer),
    outcome: answer.verdict,
    at: answer.at,
    subjects,
    groups: grouped(subjects),
    policy: {
      name: textOf(policy?.name) ?? '',
      digest: first?.inputs.policy ?? '',
      unconfirmed: policy?.confirmed === 'unconfirmed',
    },
    trust: trustWords(first),
    notes: once(subjects.flatMap(({ notes }) => notes)),
    places: placesOf(answer),
    notProved: notProvedOf(answer),
    evidence: [...new Set(answer.subjects.map(({ inputs }) => inputs.evidence))],
    versions: Object.entries(answer.versions)
      .map(([name, version]) => printable(`${name} ${version}`))
      .join(', '),
    again: first?.role === 'artifact' ? 'verify bundle' : 'verify image',
  }
}

export const isJudged = (answer: Answer): answer is VerdictAnswer => 'verdict' in answer

function subjectView(subject: SubjectAnswer, answer: VerdictAnswer): SubjectView {
  const digest = typeof subject.subject === 'string' ? subject.subject : printable(subject.subject.unresolved)
  const trunk = trunkOf(subject, answer)
  const reached = trunk.every(({ state }) => state === 'pass' || state === 'claimed')
  const requirements = requirementsOf(subject).map((one) => (reached ? one : { ...one, links: [] }))
  const reason = reasonOf(subject, requirements)
  const notes = subject.findings
    .filter(({ demand, candidate }) => demand === undefined && candidate === undefined)
    .map((finding) => findingView(finding, subject.beside))
  return {
    label: labelOf(subject, answer),
    digest,
    short: typeof subject.subject === 'string' ? shortDigest(subject.subject) : '–',
    outcome: subject.outcome,
    reason,
    sentence: sentenceOf(subject, requirements, reason),
    others: othersOf(requirements, reason),
    trunk,
    requirements,
    notes,
    holds: holdsWords(subject.holds),
    verdictId: subject.verdictId,
    inputs: subject.inputs,
  }
}

function labelOf({ role, platform }: SubjectAnswer, { subjects }: VerdictAnswer): string {
  if (role === 'member') return textOf(platform) ?? 'platform'
  if (role === 'artifact') return 'artifact'
  return subjects.some((one) => one.role === 'member') ? 'index' : 'image'
}

/** Rejected: what failed. Inconclusive: what could not be told, else what did not apply. */
function reasonOf({ outcome, findings, beside }: SubjectAnswer, requirements: readonly RequirementView[]) {
  const decisive = requirements.map((one) => one.decisive)
  const by = (state: FindingView['state']) => decisive.find((one) => one.state === state)
  if (outcome === 'trusted') return by('pass')
  if (outcome === 'rejected') return by('fail')
  const verdictNote = findings.find(({ code, outcome: found }) => found === 'error' && code.startsWith('policy.'))
  const noted = verdictNote === undefined ? undefined : findingView(verdictNote, beside)
  return by('unknown') ?? noted ?? by('not-applicable')
}

/** A pass says who signed it, since "the requirement is met" tells nobody anything. */
function sentenceOf(
  { outcome }: SubjectAnswer,
  requirements: readonly RequirementView[],
  reason: FindingView | undefined,
): string {
  if (outcome !== 'trusted' || reason === undefined) return reason?.says ?? ''
  const links = requirements.find(({ decisive }) => decisive === reason)?.links ?? []
  const told = links.flatMap(({ findings }) => findings)
  const met = (code: Code, about: string) => told.find((one) => one.code === code && one.about === about)?.found
  const builder = met('provenance.builder-met', 'Builder')
  if (builder !== undefined) {
    const from = [met('provenance.source-met', 'Source repository'), met('provenance.source-met', 'Source tag')]
    const source = from.filter((part) => part !== undefined).join('@')
    return `Built by ${builder}${source === '' ? '' : `, from ${source}`}.${installedOf(requirements)}`
  }
  const value = (kind: Step['kind']) => links.find((link) => link.kind === kind)?.value
  const who = value('identity') ?? 'a key of the policy'
  const levels = met('vsa.passed', 'Verification summary')
  if (levels !== undefined) return `Vouched for by ${met('demand.met', 'Verifier')} with ${levels}; signed by ${who}.`
  const name = value('statement')
  return `Signed by ${who}${name === undefined ? '' : `, for ${name}`}.`
}

function othersOf(requirements: readonly RequirementView[], reason: FindingView | undefined): readonly FindingView[] {
  const open = requirements
    .map(({ decisive }) => decisive)
    .filter(
      ({ code, state }) =>
        code.startsWith('install.') && code !== 'install.nothing-found' && (state === 'fail' || state === 'unknown'),
    )
  // One sentence that is said of all is said once.
  return open.filter((one, i) => one.says !== reason?.says && open.findIndex(({ says }) => says === one.says) === i)
}

/** Of an installation: the programs that were compared and are the archive's. */
function installedOf(requirements: readonly RequirementView[]): string {
  const equal = requirements.flatMap(({ decisive }) => (decisive.code === 'install.equal' ? [decisive.found] : []))
  return equal.length === 0 ? '' : ` Installed from it: ${equal.map((text) => text?.replace(/ \(.*$/, '')).join(', ')}.`
}

const holdsWords = ({ from, until }: Holds): string =>
  from === null && until === null
    ? 'at any time'
    : [from === null ? '' : `from ${from}`, until === null ? 'no end known' : `until ${until}`]
        .filter((words) => words !== '')
        .join(', ')

const nameOf = ({ id, subjects }: VerdictAnswer): string => {
  const asked = subjects[0]?.inputs.asked
  const subject = subjects[0]?.subject
  return textOf(asked?.as ?? asked?.name ?? (typeof subject === 'string' ? subject : id)) ?? ''
}

function trustWords(subject: SubjectAnswer | undefined): string {
  const trust = subject?.beside.trust
  if (trust === undefined) return 'none was read'
  const days = /^P(\d+)D$/.exec(trust.age ?? '')?.[1]
  const age = days === undefined ? 'age unknown' : days === '1' ? '1 day old' : `${days} days old`
  return `${textOf(trust.name)} (${age})`
}

/** Told once: same outcome, same words, same values; only the digests differ. */
function grouped(subjects: readonly SubjectView[]): VerdictView['groups'] {
  const groups = new Map<string, [SubjectView, ...SubjectView[]]>()
  for (const subject of subjects) {
    const key = storyOf(subject)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [subject])
    else group.push(subject)
  }
  return [...groups.values()]
}

const storyOf = ({ outcome, sentence, requirements }: SubjectView): string =>
  JSON.stringify([
    outcome,
    sentence,
    requirements.map(({ id, decisive, links }) => [
      id,
      decisive.code,
      links.map(({ kind, state, value, says }) => [kind, state, kind === 'signature' ? '' : value, says]),
    ]),
  ])

const once = (notes: readonly FindingView[]): readonly FindingView[] => [
  ...new Map(notes.map((note) => [`${note.code} ${note.says}`, note])).values(),
]

/** T91: which host was asked for what, and when. */
function placesOf({ subjects }: VerdictAnswer): readonly PlaceView[] {
  const places = new Map<string, PlaceView>()
  for (const { question, from, at } of subjects[0]?.beside.asked ?? []) {
    const place = placeOf(question)
    const key = `${place} ${from}`
    const seen = places.get(key)
    places.set(key, {
      place,
      from: from === 'given' ? 'what was brought along' : printable(from),
      count: (seen?.count ?? 0) + 1,
      at: printable(seen === undefined || at < seen.at ? at : seen.at),
    })
  }
  return [...places.values()]
}

const placeOf = (question: Question): string =>
  question.ask === 'given'
    ? question.kind
    : question.ask === 'log-entry'
      ? 'transparency log'
      : printable(question.image.replace(/@.*$/s, '').replace(/:[^:/]*$/, ''))
