import { Fault } from '../core/fault.ts'
import { parseJson } from '../core/json.ts'
import { limits } from '../core/limits.ts'
import { problemOf } from '../core/problem.ts'
import type { Answer } from '../core/request.ts'
import { readRequest } from '../examine/prepare.ts'
import { type Done, examineRequest, type Shopkeeper } from '../examine/shop.ts'
import type { Told } from './batch-job.ts'
import { exitOf, exitOfFault } from './problem.ts'
import { hostsOf } from './verify-image.ts'

export type Line = Buffer | 'too-large'
export type Answered = { readonly answer: Answer; readonly done?: Done }

/** One line's answer, whatever is wrong with it. `offline`: undefined for a line that may ask the network. */
export function answerLine(line: Line, root: string, keeper: Shopkeeper): Promise<Answered>
export function answerLine(line: Line, root: string, keeper: Shopkeeper, only: 'offline'): Promise<Answered | undefined>
export async function answerLine(
  line: Line,
  root: string,
  keeper: Shopkeeper,
  only?: 'offline',
): Promise<Answered | undefined> {
  let id: string | undefined
  try {
    if (line === 'too-large')
      throw new Fault('request.too-large', { status: 413, parameters: { expected: String(limits.requestLineBytes) } })
    const parsed = parseJson(line, limits.jsonDepth)
    if ('problem' in parsed) throw new Fault('request.malformed', { parameters: { found: parsed.problem } })
    if (parsed.duplicateKey !== undefined)
      throw new Fault('request.malformed', { parameters: { found: `${parsed.duplicateKey} stands twice` } })
    id = idOf(parsed.value)
    const request = readRequest(parsed.value)
    if (only === 'offline' && request.offline !== true) return undefined
    const typed = 'image' in request.subject ? hostsOf([request.subject.image, request.signatureRepository]) : []
    const done = await examineRequest(request, { root, confined: true }, keeper, typed)
    return { answer: done.examined.answer, done }
  } catch (error) {
    if (!(error instanceof Fault)) keeper.report(error)
    const problem = problemOf(error)
    return { answer: { schema: 'urn:meshproof:answer:v1', ...(id !== undefined && { id }), problem } }
  }
}

const idOf = (value: unknown): string | undefined =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  value.id.length <= 1024
    ? value.id
    : undefined

export const told = ({ answer }: Answered): Told => ({
  text: JSON.stringify(answer),
  exit: 'problem' in answer ? exitOfFault(answer.problem.code) : exitOf(answer.verdict),
})
