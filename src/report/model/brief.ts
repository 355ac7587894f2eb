import type { FindingView } from '../../report/model/finding-view.ts'

/** Makes a sentence short: digests to twelve characters, and of what was expected only where it differs from what was found. */
export function brief(sentence: string, reason: Pick<FindingView, 'expected' | 'found'> | undefined): string {
  const { expected, found } = reason ?? {}
  const elided = expected !== undefined && found !== undefined ? withoutStart(sentence, expected, found) : sentence
  return elided.replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, 'sha256:$1…')
}

/** `Signed from https://a/b@refs/heads/main; the policy demands …@refs/tags/1.0`: what begins alike is told once. */
function withoutStart(sentence: string, expected: string, found: string): string {
  if (expected === found || !sentence.includes(expected) || !sentence.includes(found)) return sentence
  let same = 0
  while (same < expected.length && expected[same] === found[same]) same++
  const start = borderBefore(expected, same)
  if (start < 16) return sentence
  const at = sentence.lastIndexOf(expected)
  return `${sentence.slice(0, at)}…${expected.slice(start).trimStart()}${sentence.slice(at + expected.length)}`
}

/** A ref, a value or a sentence begins there; a segment of a path only where nothing better does. */
function borderBefore(text: string, end: number): number {
  const last = (borders: readonly string[]) => Math.max(...borders.map((border) => text.lastIndexOf(border, end - 1)))
  const better = last(['@', '=', ' '])
  return better >= 0 ? better : last(['/'])
}

const workflow = /https:\/\/github\.com\/([\w.-]+\/[\w.-]+)\/\.github\/workflows\/([^\s/@]+)@([^\s,;]+)/

/** A verified identity of GitHub Actions as people speak of it; anything else stays as it is. */
export const briefIdentity = (sentence: string): string => sentence.replace(workflow, '$1, $2@$3')
