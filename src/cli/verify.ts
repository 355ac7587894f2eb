import { existsSync, readdirSync, statSync } from 'node:fs'
import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import { problemOf } from '../core/problem.ts'
import type { Answer, Request } from '../core/request.ts'
import type { HashFile } from '../evidence/given/files.ts'
import type { ReadAssets } from '../evidence/given/pieces.ts'
import type { PackedRequest } from '../evidence/pack/format.ts'
import { type Config, loadConfig } from '../examine/config.ts'
import { keeperOf } from '../examine/keeper.ts'
import { packed } from '../examine/pack.ts'
import { type Done, examineRequest, type Shopkeeper } from '../examine/shop.ts'
import { report } from './cause.ts'
import type { Emitter } from './emit.ts'
import { usage } from './flags.ts'
import { outputOptions } from './output.ts'
import { type ExitCode, exitOf, exitOfFault, worstExit } from './problem.ts'

export type VerifyFlags = {
  readonly output?: string | undefined
  readonly explain?: boolean | undefined
  readonly 'save-pack'?: string | undefined
  readonly 'exit-zero'?: boolean | undefined
}

/** One thing to verify, and the hosts that a person typed for it. */
export type Task = { readonly request: Request; readonly typed: readonly string[] }

/** What a verb adds to the common way. */
export type Extras = {
  /** How many at a time; default one. Answers keep the order of the tasks. */
  readonly width?: number
  readonly hash?: HashFile
  readonly readAssets?: ReadAssets
  /** Where the table goes; default standard output. */
  readonly table?: NodeJS.WriteStream
  /** Called before anything but JSON is shown. */
  readonly before?: () => Promise<void>
  /** Signs what came of them. */
  readonly emit?: Emitter
  /** Called with what came of the tasks once all is shown. */
  readonly after?: (done: readonly Done[]) => void
}

/** Runs tasks, shows their answers, keeps the evidence where asked. The verbs only make the tasks. */
export async function verifyTasks(
  tasks: (config: Config) => readonly Task[],
  flags: VerifyFlags,
  cosign: boolean,
  extras: Extras = {},
): Promise<ExitCode> {
  if (!['json', 'table', undefined].includes(flags.output)) throw usage(`-o takes json or table, not ${flags.output}.`)
  const config = loadConfig(process.env)
  const { hash, readAssets, width = 1 } = extras
  const kept = keeperOf(config, process.env, report)
  const keeper = { ...kept, ...(hash !== undefined && { hash }), ...(readAssets !== undefined && { readAssets }) }
  const paths = { root: process.cwd(), confined: false }
  const pack = new PackWriter(flags['save-pack'])
  const answers: Answer[] = []
  const all: Done[] = []
  const exits: ExitCode[] = []
  try {
    const run = ({ request, typed }: Task) => answerOf(request, typed, paths, keeper)
    for await (const { answer, done } of inOrder(tasks(config), width, run)) {
      answers.push(answer)
      if (done !== undefined) {
        pack.add(done)
        all.push(done)
      }
      exits.push('problem' in answer ? exitOfFault(answer.problem.code) : exitOf(answer.verdict))
      if (flags.output === 'json') process.stdout.write(`${JSON.stringify(answer)}\n`)
    }
  } finally {
    await keeper.close()
    await extras.before?.()
  }
  if (flags.output !== 'json') await show(answers, flags, cosign, pack.policies, extras.table ?? process.stdout)
  await pack.close()
  extras.after?.(all)
  await extras.emit?.write(all)
  const worst = worstExit(exits)
  // Only verdicts are waived: a misspelled image was not looked at.
  return flags['exit-zero'] === true && worst !== 2 ? 0 : worst
}

async function answerOf(
  request: Request,
  typed: readonly string[],
  paths: { root: string; confined: boolean },
  keeper: Shopkeeper,
): Promise<{ readonly answer: Answer; readonly done?: Done }> {
  try {
    const done = await examineRequest(request, paths, keeper, typed)
    return { answer: done.examined.answer, done }
  } catch (error) {
    if (!(error instanceof Fault)) report(error)
    const id = request.id !== undefined && { id: request.id }
    return { answer: { schema: 'urn:meshproof:answer:v1', ...id, problem: problemOf(error) } }
  }
}

/** At most `width` at a time; each result as soon as it and all before it are there. */
async function* inOrder<A, B>(items: readonly A[], width: number, run: (item: A) => Promise<B>): AsyncGenerator<B> {
  const pending: Promise<B>[] = []
  for (const item of items) {
    pending.push(run(item))
    const first = pending.length >= width ? pending.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const one of pending) yield await one
}

async function show(
  answers: readonly Answer[],
  flags: VerifyFlags,
  cosign: boolean,
  policies: PackWriter['policies'],
  out: NodeJS.WriteStream,
): Promise<void> {
  const options = outputOptions(out)
  const problems = answers.filter((answer) => 'problem' in answer)
  const judged = answers.filter((answer) => 'verdict' in answer)
  if (judged.length > 0) {
    const { renderTable } = await import('./render/table.ts')
    if (flags.explain === true) {
      const { renderTree } = await import('./render/tree.ts')
      out.write(judged.map((answer) => `${renderTree(answer, options)}\n`).join('\n'))
    } else out.write(`${renderTable(judged, options)}\n`)
    if (cosign) {
      const { cosignCommand } = await import('./render/cosign.ts')
      for (const [i, answer] of judged.entries()) {
        const policy = policies[i]
        if (policy !== undefined) out.write(`\n${cosignCommand(policy, answer)}\n`)
      }
    }
  }
  if (problems.length > 0) {
    const { renderProblem } = await import('./render/problem.ts')
    for (const answer of problems)
      if ('problem' in answer) process.stderr.write(`${renderProblem(answer.problem, outputOptions(process.stderr))}\n`)
  }
}

const isEmptyFolder = (path: string): boolean => statSync(path).isDirectory() && readdirSync(path).length === 0

/** Collects what `--save-pack` writes: all requests of one run in one pack. */
export class PackWriter {
  readonly policies: import('../core/policy.ts').Policy[] = []
  private readonly folder: string | undefined
  private readonly requests: PackedRequest[] = []
  private readonly documents = new Map<Digest, Uint8Array>()

  constructor(folder: string | undefined) {
    if (folder !== undefined && existsSync(folder) && !isEmptyFolder(folder))
      throw usage(`--save-pack writes into a new folder; there is something in ${folder}.`)
    this.folder = folder
  }

  add({ examination, examined }: Awaited<ReturnType<typeof examineRequest>>): void {
    this.policies.push(examination.policy.policy)
    if (this.folder === undefined) return
    const { request, documents } = packed(examination, examined)
    this.requests.push(request)
    for (const [digest, bytes] of documents) this.documents.set(digest, bytes)
  }

  async close(): Promise<void> {
    if (this.folder === undefined || this.requests.length === 0) return
    const { writePack } = await import('../evidence/pack/write.ts')
    try {
      await writePack(this.folder, this.requests, this.documents)
    } catch (cause) {
      throw new Fault('usage.unknown', { cause, parameters: { found: `${this.folder} cannot be written.` } })
    }
    process.stderr.write(
      `Evidence saved in ${this.folder}: meshproof replay ${this.folder} judges again from it, offline.\n`,
    )
  }
}
