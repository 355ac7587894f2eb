import { existsSync, readdirSync, statSync } from 'node:fs'
import type { Digest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Answer, Request } from '../core/request.ts'
import type { PackedRequest } from '../evidence/pack/format.ts'
import { packed } from '../examine/pack.ts'
import { report } from './cause.ts'
import { type Config, loadConfig } from './config.ts'
import { usage } from './flags.ts'
import { keeperOf } from './keeper.ts'
import { outputOptions } from './output.ts'
import { type ExitCode, exitOf, exitOfFault, problemOf, worstExit } from './problem.ts'
import { examineRequest, type Shopkeeper } from './shop.ts'

export type VerifyFlags = {
  readonly output?: string | undefined
  readonly explain?: boolean | undefined
  readonly 'save-pack'?: string | undefined
  readonly 'exit-zero'?: boolean | undefined
}

/** One thing to verify, and the hosts that a person typed for it. */
export type Task = { readonly request: Request; readonly typed: readonly string[] }

/** Runs tasks one after another, shows their answers, keeps the evidence where asked. The verbs only make the tasks. */
export async function verifyTasks(
  tasks: (config: Config) => readonly Task[],
  flags: VerifyFlags,
  cosign: boolean,
): Promise<ExitCode> {
  if (!['json', 'table', undefined].includes(flags.output)) throw usage(`-o takes json or table, not ${flags.output}.`)
  const config = loadConfig(process.env)
  const keeper = keeperOf(config, process.env, report)
  const paths = { root: process.cwd(), confined: false }
  const pack = new PackWriter(flags['save-pack'])
  const answers: Answer[] = []
  const exits: ExitCode[] = []
  try {
    for (const { request, typed } of tasks(config)) {
      const answer = await answerOf(request, typed, paths, keeper, pack)
      answers.push(answer)
      exits.push('problem' in answer ? exitOfFault(answer.problem.code) : exitOf(answer.verdict))
      if (flags.output === 'json') process.stdout.write(`${JSON.stringify(answer)}\n`)
    }
    await pack.close()
  } finally {
    await keeper.close()
  }
  if (flags.output !== 'json') await show(answers, flags, cosign, pack.policies)
  const worst = worstExit(exits)
  // Only verdicts are waived: a misspelled image was not looked at.
  return flags['exit-zero'] === true && worst !== 2 ? 0 : worst
}

async function answerOf(
  request: Request,
  typed: readonly string[],
  paths: { root: string; confined: boolean },
  keeper: Shopkeeper,
  pack: PackWriter,
): Promise<Answer> {
  try {
    const done = await examineRequest(request, paths, keeper, typed)
    pack.add(done)
    return done.examined.answer
  } catch (error) {
    if (!(error instanceof Fault)) report(error)
    return {
      schema: 'urn:meshproof:answer:v1',
      ...(request.id !== undefined && { id: request.id }),
      problem: problemOf(error),
    }
  }
}

async function show(
  answers: readonly Answer[],
  flags: VerifyFlags,
  cosign: boolean,
  policies: PackWriter['policies'],
): Promise<void> {
  const options = outputOptions(process.stdout)
  const problems = answers.filter((answer) => 'problem' in answer)
  const judged = answers.filter((answer) => 'verdict' in answer)
  if (judged.length > 0) {
    const { renderTable } = await import('./render/table.ts')
    if (flags.explain === true) {
      const { renderTree } = await import('./render/tree.ts')
      process.stdout.write(judged.map((answer) => `${renderTree(answer, options)}\n`).join('\n'))
    } else process.stdout.write(`${renderTable(judged, options)}\n`)
    if (cosign) {
      const { cosignCommand } = await import('./render/cosign.ts')
      for (const [i, answer] of judged.entries()) {
        const policy = policies[i]
        if (policy !== undefined) process.stdout.write(`\n${cosignCommand(policy, answer)}\n`)
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
      writePack(this.folder, this.requests, this.documents)
    } catch (cause) {
      throw new Fault('usage.unknown', { cause, parameters: { found: `${this.folder} cannot be written.` } })
    }
    process.stderr.write(
      `Evidence saved in ${this.folder}: meshproof replay ${this.folder} judges again from it, offline.\n`,
    )
  }
}
