import { posix } from 'node:path'

/** A source file: its path from the root of the repository, and its text. */
export type Source = { readonly path: string; readonly text: string }

/**
 * The list of the design, as it stands there: a room, and the rooms right before it. What stands before those may be
 * imported as well (`verify ← judge ← examine`), and core by all.
 */
const before: Readonly<Record<string, readonly string[]>> = {
  core: [],
  verify: [],
  mesh: [],
  policy: [],
  judge: ['verify', 'mesh', 'policy'],
  evidence: [],
  examine: ['judge', 'evidence'],
  ledger: [],
  store: ['ledger'],
  'report/model': ['judge'],
  report: ['report/model'],
  jobs: ['examine', 'store', 'report'],
  workers: ['jobs'],
  server: ['jobs'],
  cli: ['workers', 'server'],
}

const allBefore = (room: string): string[] => (before[room] ?? []).flatMap((it) => [it, ...allBefore(it)])
const mayImport = (room: string, other: string): boolean =>
  other === room || other === 'core' || allBefore(room).includes(other)

const pure = new Set(['core', 'verify', 'mesh', 'policy', 'judge', 'ledger', 'report/model'])

const touchesTheWorld =
  /^(?:node:)?(?:fs|net|tls|http|https|http2|dgram|dns|child_process|cluster|worker_threads|timers|sqlite|readline|repl)(?:\/|$)|^(?:undici|pg|kysely|bullmq|piscina)(?:\/|$)/

const clockOrChance: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b/, 'Date.now'],
  [/\bnew\s+Date\b(?!\s*\(\s*[^\s)])/, 'new Date() without argument'],
  [/(?<!new\s)(?<![\w.])Date\s*\(/, 'Date()'],
  [/\bMath\s*\.\s*random\b/, 'Math.random'],
  [/\bperformance\s*\.\s*now\b|\bhrtime\b/, 'a clock'],
  [/\b(?:randomBytes|randomUUID|randomInt|randomFill\w*|getRandomValues)\b/, 'chance'],
  [/\bset(?:Timeout|Interval|Immediate)\s*\(/, 'a timer'],
  [/(?<![\w.])fetch\s*\(/, 'fetch'],
]

export function roomOf(path: string): string | undefined {
  const parts = path.split('/')
  if (parts[0] === 'workers') return 'workers'
  if (parts[0] !== 'src') return undefined
  const room = parts[1] === 'report' && parts[2] === 'model' ? 'report/model' : parts[1]
  return room !== undefined && Object.hasOwn(before, room) ? room : undefined
}

/**
 * Code without the lines that are comment only, as Biome lays them out. Comments after code stay: the check is rather
 * too strict than to be led astray by a string.
 */
const withoutComments = (text: string): string =>
  text
    .split('\n')
    .map((line) => (/^\s*(?:\/\/|\/\*|\*[ /]|\*$)/.test(line) ? '' : line))
    .join('\n')

export function specifiersOf(text: string): string[] {
  const found = withoutComments(text).matchAll(
    /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s*|\brequire\s*\(\s*|\bresolve\s*\(\s*|\bgetBuiltinModule\s*\(\s*|\bnew\s+URL\s*\(\s*)(['"`])([^'"`\n]+)\1/g,
  )
  return [...found].flatMap(([, , specifier]) => (specifier === undefined ? [] : [specifier]))
}

const targetOf = (from: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined

/** What breaks the one way of imports; empty when nothing does. */
export function wrongWays({ path, text }: Source): string[] {
  const room = roomOf(path)
  if (room === undefined) return [`${path} is in no room of the design`]
  return specifiersOf(text).flatMap((specifier) => {
    const target = targetOf(path, specifier)
    if (target === undefined || target === 'package.json') return []
    const other = roomOf(target)
    if (other !== undefined && mayImport(room, other)) return []
    return [`${path} (${room}) may not import ${target}`]
  })
}

/** What a pure room may not touch; empty for files of other rooms. */
export function impurities({ path, text }: Source): string[] {
  const room = roomOf(path)
  if (room === undefined || !pure.has(room)) return []
  const modules = specifiersOf(text).filter((specifier) => touchesTheWorld.test(specifier))
  const code = withoutComments(text)
  const words = clockOrChance.filter(([pattern]) => pattern.test(code)).map(([, name]) => name)
  return [...modules, ...words].map((what) => `${path} is pure and uses ${what}`)
}

/** Files that reach themselves, as one line a circle. */
export function circles(sources: readonly Source[]): string[] {
  const graph = new Map(
    sources.map(({ path, text }) => [path, specifiersOf(text).flatMap((it) => targetOf(path, it) ?? [])] as const),
  )
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path)
    if (start >= 0) found.push([...way.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) walk(next, [...way, path])
    done.add(path)
  }
  for (const { path } of sources) walk(path, [])
  return found
}
