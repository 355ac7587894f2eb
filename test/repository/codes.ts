import { codes } from '../../src/core/codes.ts'
import { filesIn, read } from './files.ts'

/** Lists that only shrink: `npm run codes` takes out what is named by now, nothing ever puts a code in. */
export const lists = {
  withoutTest: 'test/repository/codes-without-test.json',
  unused: 'test/repository/codes-unused.json',
} as const

const all = Object.keys(codes)

/** Codes that a text names in full, or by a template: `${stage}.not-evaluated`. */
export function codesIn(text: string): Set<string> {
  const found = new Set(
    text.match(/(?<=['"`\s>])[a-z][a-z-]*\.[a-z][a-z-]*(?=['"`\s,.:;)<\\])/g)?.filter((it) => it in codes),
  )
  for (const [, template] of text.matchAll(/`((?:[a-z.-]|\$\{[^`}]*\})*)`/g)) {
    const parts = template?.split(/\$\{[^}]*\}/) ?? []
    if (parts.length < 2 || !parts.some((part) => /[a-z]\.|\.[a-z]/.test(part))) continue
    const pattern = parts.map((part) => part.replaceAll('.', '\\.'))
    for (const code of all) if (new RegExp(`^${pattern.join('[a-z-]+')}$`).test(code)) found.add(code)
  }
  return found
}

const namedIn = (paths: readonly string[]): Set<string> => new Set(paths.flatMap((path) => [...codesIn(read(path))]))

const isText = /\.(?:ts|json|ndjson|txt|snap|md|html)$/

/** Tests and their golden files; this room and the mutants only talk about codes. */
const inTests = (): Set<string> =>
  namedIn(
    filesIn('test').filter(
      (path) => isText.test(path) && !path.startsWith('test/repository/') && path !== 'test/mutants.json',
    ),
  )

const inSource = (): Set<string> =>
  namedIn(
    [...filesIn('src'), ...filesIn('workers')].filter((path) => isText.test(path) && path !== 'src/core/codes.ts'),
  )

export const codesWithoutTest = (): string[] => without(inTests())
export const codesUnused = (): string[] => without(inSource())

const without = (named: ReadonlySet<string>): string[] => all.filter((code) => !named.has(code)).sort()
