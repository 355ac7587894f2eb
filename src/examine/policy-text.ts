import { words } from '../core/codes.ts'
import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import { keyOfToken, pointerToken } from '../core/pointer.ts'
import type { Paths } from '../evidence/given/files.ts'
import { type LoadedPolicy, loadPolicy, type PolicyProblem } from '../policy/read.ts'
import { withBytes } from './prepare.ts'

/** A place in a file, as editors count: from 1. */
export type Located = PolicyProblem & { readonly line: number; readonly column: number }
export type PolicyText =
  | { readonly loaded: LoadedPolicy; readonly locate: (pointer: string) => { line: number; column: number } }
  | { readonly problems: readonly Located[] }

/** Reads a policy as somebody wrote it, in YAML or JSON; `paths`: where keys may be read from. */
export async function readPolicyText(text: string, paths: Paths): Promise<PolicyText> {
  const { parseDocument, LineCounter, isNode, visit } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    maxAliasCount: 0,
  } as Parameters<typeof parseDocument>[1])
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const broken = document.errors.map(
    (error): Located => ({ pointer: '', message: error.message.split('\n')[0] ?? '', ...position(error.pos[0]) }),
  )
  visit(document, {
    Alias: (_, { source, range }) => {
      broken.push({ pointer: '', message: `an alias (*${source}): write it out`, ...position(range?.[0] ?? 0) })
    },
  })
  if (broken.length > 0) return { problems: broken }
  /** The node of a pointer, or of the nearest parent that is there. */
  const locate = (pointer: string) => {
    const path = pointer.split('/').slice(1).map(keyOfToken)
    for (let depth = path.length; depth >= 0; depth--) {
      const node = document.getIn(
        path.slice(0, depth).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
        true,
      )
      if (isNode(node) && node.range) return position(node.range[0])
    }
    return { line: 1, column: 1 }
  }
  const loaded = loadWithKeys(document.toJS({ maxAliasCount: 0 }), paths)
  return 'policy' in loaded
    ? { loaded, locate }
    : { problems: loaded.problems.map((problem) => ({ ...problem, ...locate(problem.pointer) })) }
}

/** A key that cannot be read is a problem of the policy, at its place. */
function loadWithKeys(value: unknown, paths: Paths): ReturnType<typeof loadPolicy> {
  try {
    return loadPolicy(withBytes(value, paths, limits))
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    const { found, expected } = cause.parameters
    const texts = { found: String(found), expected: String(expected) }
    return { problems: [{ pointer: pointerOf(value, found) ?? '', message: words(cause.code, texts).says }] }
  }
}

/** Where a text stands. */
function pointerOf(value: unknown, text: unknown, at = ''): string | undefined {
  if (value === text) return at
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    const found = pointerOf(member, text, `${at}/${pointerToken(key)}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** A problem with its place, for people; `where`: what the text is called. */
export const describe = (where: string, { line, column, pointer, message }: Located): string =>
  `${where}:${line}:${column}: ${pointer === '' ? '' : `${pointer}: `}${message}`
