import { type Code, severityOf, words } from '../../core/codes.ts'
import type { Digest } from '../../core/digest.ts'
import type { Basis, Finding, FindingOutcome, Where } from '../../core/finding.ts'
import { canonicalJson, type Json } from '../../core/json.ts'
import { questionKey } from '../../core/observation.ts'
import { printable, printableAscii } from '../../core/printable.ts'
import type { SubjectAnswer } from '../../core/request.ts'
import { demandWords } from './demand-words.ts'

/** A finding as every surface shows it: texts are printable (T80), nothing is coloured or wrapped yet. */
export type FindingView = {
  readonly code: Code
  readonly state: State
  /** What was asked, in words: "Trigger of the build". */
  readonly about: string
  readonly says: string
  readonly next?: string
  readonly expected?: string
  readonly found?: string
  /** Not authenticated by anything; shown as a claim. */
  readonly claimed?: string
  readonly where?: string
  readonly basis: Basis
  /** Passed on a cryptographic or measured basis; nothing else may be called proven. */
  readonly proven: boolean
  readonly severity: ReturnType<typeof severityOf>
  readonly evidence: readonly Digest[]
}

/** `error` is read as "could not tell"; `note` never moved a verdict. */
export type State = 'pass' | 'fail' | 'unknown' | 'not-applicable' | 'note'

export const stateWords: Readonly<Record<State, string>> = {
  pass: 'passed',
  fail: 'failed',
  unknown: 'could not tell',
  'not-applicable': 'not applicable',
  note: 'note',
}

export const basisWords: Readonly<Record<Basis, string>> = {
  cryptographic: 'a signature or digest shows it',
  measured: 'the bytes were read',
  reported: 'only reported',
  configured: 'only configured',
  none: 'nothing shows it',
}

const states: Readonly<Record<FindingOutcome, State>> = {
  pass: 'pass',
  fail: 'fail',
  error: 'unknown',
  'not-applicable': 'not-applicable',
}

export function findingView(finding: Finding, beside: SubjectAnswer['beside']): FindingView {
  const { code, outcome, demand, basis, claimed, where } = finding
  const told = toldOf(finding, beside)
  const expected = textOf(finding.expected)
  const found = tellApart(textOf(finding.found), expected)
  const { says, next } = words(code, { ...texts({ expected, found }), ...told })
  const state = demand === undefined && outcome === 'pass' ? 'note' : states[outcome]
  return {
    code,
    state,
    about: demandWords(demand),
    says,
    ...texts({ next, expected, found, claimed: textOf(claimed), where: whereWords(where) }),
    basis,
    proven: state === 'pass' && (basis === 'cryptographic' || basis === 'measured'),
    severity: severityOf(code),
    evidence: finding.evidence,
  }
}

/** Values of a finding are strings nearly always; anything else is shown as its JSON. Long ones are cut, and say so. */
export function textOf(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined
  const text = printable(typeof value === 'string' ? value : JSON.stringify(value))
  return text.length > 1200 ? `${text.slice(0, 1200)}… (${text.length} characters)` : text
}

/** Two texts that only look alike: letters outside ASCII are spelled out where what was expected has none. */
const tellApart = (found: string | undefined, expected: string | undefined): string | undefined =>
  found !== undefined && expected !== undefined && found !== expected && isAscii(expected)
    ? printableAscii(found)
    : found

const isAscii = (text: string): boolean => /^[ -~]*$/.test(text)

/** What the place itself told beside its answer: its host, until when it limits, what it sent. */
function toldOf({ where, code, outcome }: Finding, { asked }: SubjectAnswer['beside']): Record<string, string> {
  if (outcome === 'pass' || (!isOfPlace(code) && where?.in !== 'question')) return {}
  const key = where?.in === 'question' ? canonicalJson(where.question) : undefined
  const one = asked.find(({ question, detail, retryAfter }) =>
    key === undefined
      ? (detail ?? retryAfter) !== undefined && (question.ask === 'resolve' || question.ask === 'manifest')
      : questionKey(question) === key,
  )
  const told = Object.entries(one?.detail ?? {}).map(([name, value]) => [name, textOf(value) ?? ''])
  return { until: printable(one?.retryAfter ?? 'a time that it did not tell'), ...Object.fromEntries(told) }
}

/** These codes speak of a host; the finding itself names the question that stayed open. */
const isOfPlace = (code: Code): boolean => code.startsWith('registry.') || code.startsWith('evidence.')

function whereWords(where: Where | undefined): string | undefined {
  if (where === undefined) return undefined
  switch (where.in) {
    case 'manifest':
      return `manifest ${where.digest}`
    case 'layer':
      return `layer ${where.index}${where.annotation === undefined ? '' : `, annotation ${printable(where.annotation)}`}`
    case 'json':
      return printable(where.pointer)
    case 'certificate':
      return `certificate, ${printable(where.field)}`
    case 'question':
      return undefined
    case 'document':
      return printable(where.path)
  }
}

const texts = <K extends string>(all: Readonly<Record<K, string | undefined>>): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(all).filter(([, text]) => text !== undefined)) as Partial<Record<K, string>>
