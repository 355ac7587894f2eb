import type { Code } from '../../core/codes.ts'
import type { Finding } from '../../core/finding.ts'
import { isProblem, parseReference } from '../../core/reference.ts'
import type { VerdictAnswer } from '../../core/request.ts'
import { requirementOf } from './demand-words.ts'
import { textOf } from './finding-view.ts'

/** The page that says more about each of these. */
export const notProvedPage = 'docs/not-proved.md'

/** What a note leaves open, in words; other notes are only shown. */
const open: Readonly<Partial<Record<Code, (found: string) => string>>> = {
  'policy.unconfirmed': (found) =>
    `That the vendor really signs as the profile ${found} says: it was written from documentation and has not been held against a real release.`,
  'policy.as-documented': (found) =>
    `That it comes from this release: the profile asks what the vendor's page asks, which also lets through ${found}.`,
  'log.promise-only': () => 'That the log kept its word: it promised the entry, and no inclusion proof came along.',
  'reference.unsigned-name': () =>
    'Which image this is: the signature names none, so a renamed image would look the same.',
  'reference.signed-for': (found) =>
    `That the name is right: it was signed for ${found}, and the policy does not compare.`,
  'identity.ref-not-demanded': (found) =>
    `That it comes from a release: any ref is accepted, and this one is ${found}.`,
  'identity.version-not-compared': () =>
    'That it is the version you mean: no version was asked, so any release tag is accepted.',
  'identity.loose': () => 'That the identity is exactly the one meant: the pattern is searched anywhere in it.',
  'signature.contradicts': () => 'Which of the builds this is: several good signatures disagree.',
  'registry.mirror-behind': () => 'That the mirror is up to date: its origin names another digest.',
}

/** What stays open although the verdict stands: read out of notes, of what did not apply and of what was never asked. */
export function notProvedOf(answer: VerdictAnswer): readonly string[] {
  const findings = answer.subjects.flatMap((subject) => subject.findings)
  const lines = [
    ...findings.flatMap((finding) => open[finding.code]?.(textOf(finding.found) ?? '') ?? []),
    ...findings.filter(isOut).map(outWords),
    ...tagWords(answer),
    ...(findings.some(({ demand }) => /^\/requirements\/\d+\/provenance/.test(demand ?? ''))
      ? []
      : ['How it was built, from which source: the policy demands no provenance.']),
    'That it is free of faults: a signature says who made it, not what it does. Layers were not read.',
  ]
  return [...new Set(lines)]
}

/** A requirement that did not apply proves nothing. */
const isOut = ({ outcome, demand, candidate }: Finding): boolean =>
  outcome === 'not-applicable' && candidate === undefined && demand === `/requirements/${requirementOf(demand)}`
const outWords = ({ check, code }: Finding): string =>
  `Anything that ${textOf(check)} demands: it does not apply here${code === 'requirement.not-yet' ? ', and the version is the word of a tag' : ''}.`

function tagWords({ subjects, at }: VerdictAnswer): readonly string[] {
  const as = subjects[0]?.inputs.asked.as
  const parts = as === undefined ? undefined : parseReference(as)
  if (as === undefined || parts === undefined || isProblem(parts) || parts.digest !== undefined) return []
  return [`That ${textOf(as)} names this digest tomorrow: a tag can be moved. It was read once, for ${at}.`]
}
