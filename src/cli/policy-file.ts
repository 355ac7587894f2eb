import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { words } from '../core/codes.ts'
import { Fault } from '../core/fault.ts'
import { limits } from '../core/limits.ts'
import { keyOfToken, pointerToken } from '../core/pointer.ts'
import { withBytes } from '../examine/prepare.ts'
import { type LoadedPolicy, loadPolicy, type PolicyProblem } from '../policy/read.ts'

/** A place in a file, as editors count: from 1. */
export type Located = PolicyProblem & { readonly line: number; readonly column: number }
export type PolicyFile =
  | { readonly loaded: LoadedPolicy; readonly locate: (pointer: string) => { line: number; column: number } }
  | { readonly problems: readonly Located[] }

/** Reads a policy document, YAML or JSON; paths of keys are relative to the file. */
export async function readPolicyFile(file: string): Promise<PolicyFile> {
  const { parseDocument, LineCounter, isNode, visit } = await import('yaml')
  const text = readText(file)
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
  const loaded = loadWithKeys(document.toJS({ maxAliasCount: 0 }), dirname(resolve(file)))
  return 'policy' in loaded
    ? { loaded, locate }
    : { problems: loaded.problems.map((problem) => ({ ...problem, ...locate(problem.pointer) })) }
}

/** A key that cannot be read is a problem of the policy, at its place. */
function loadWithKeys(value: unknown, root: string): ReturnType<typeof loadPolicy> {
  try {
    return loadPolicy(withBytes(value, { root, confined: false }, limits))
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

/** For verbs that need the policy and nothing else: the first problem, with its line and column. */
export async function policyFromFile(file: string): Promise<LoadedPolicy> {
  const read = await readPolicyFile(file)
  if ('loaded' in read) return read.loaded
  const [first] = read.problems
  throw new Fault('policy.malformed', { parameters: { found: first === undefined ? file : describe(file, first) } })
}

export const describe = (file: string, { line, column, pointer, message }: Located): string =>
  `${basename(file)}:${line}:${column}: ${pointer === '' ? '' : `${pointer}: `}${message}`

function readText(file: string): string {
  try {
    if (statSync(file).size > limits.policyBytes)
      throw new Fault('request.too-large', { parameters: { expected: String(limits.policyBytes), found: file } })
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('request.path-not-found', { parameters: { found: file }, cause })
  }
}
