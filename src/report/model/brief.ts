import type { FindingView } from './finding-view.ts'

/**
 * A sentence for where space is dear: digests to twelve characters, workflows of GitHub as people speak of them, and of what
 * was expected only the part that differs from what was found. Both stand in full beside it or one flag away.
 */
export function brief(sentence: string, reason: Pick<FindingView, 'expected' | 'found'> | undefined): string {
  const { expected, found } = reason ?? {}
  const told =
    expected === undefined || found === undefined ? briefIdentity(sentence) : differing(sentence, expected, found)
  return told.replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1…')
}

const workflow = /https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\/\.github\/workflows\/([^\s/@]+)@([^\s,;]+)/

/** The host is GitHub for both or the addresses stay whole: a difference is never cut away. */
const briefIdentity = (text: string): string => text.replace(workflow, '$1, $2@$3')

/** `Signed from Kong/kong-mesh, build.yaml@refs/heads/main; the policy demands …@refs/tags/1.0`. */
function differing(sentence: string, expected: string, found: string): string {
  if (expected === found || !sentence.includes(expected) || !sentence.includes(found)) return sentence
  const both = workflow.test(expected) && workflow.test(found)
  const [wanted, seen] = both ? [briefIdentity(expected), briefIdentity(found)] : [expected, found]
  let same = 0
  while (same < wanted.length && wanted[same] === seen[same]) same++
  const start = borderBefore(wanted, same)
  const rest = wanted.slice(start).trimStart()
  // After `runnerEnvironment: self-hosted` the name need not be said again; anything else that is left out leaves dots.
  const end = start < 16 ? wanted : wanted.slice(0, start).trimEnd().endsWith(':') ? rest : `…${rest}`
  const at = sentence.lastIndexOf(expected)
  const before = sentence.slice(0, at).replace(found, () => seen)
  return `${before}${end}${sentence.slice(at + expected.length).replace(found, () => seen)}`
}

/** A ref, a value or a sentence begins there; a segment of a path only where nothing better does. */
function borderBefore(text: string, end: number): number {
  const last = (borders: readonly string[]) => Math.max(...borders.map((border) => text.lastIndexOf(border, end - 1)))
  const better = last(['@', '=', ' '])
  return better >= 0 ? better : last(['/'])
}
