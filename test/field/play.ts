/** Runs a field case as its `case.json` says: the script on loopback, the commands as processes. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderTable } from '../../src/cli/render/table.ts'
import type { Finding } from '../../src/core/finding.ts'
import type { VerdictAnswer } from '../../src/core/request.ts'
import { type AnyAnswer, meshproof, type Ran, scratch } from '../cli/process.ts'
import { type Played, play } from '../registry/serve.ts'
import { commandOf, type FieldCase, field } from './cases.ts'

/** One answer, with what its process said and did. */
export type Told = {
  readonly names: readonly string[]
  readonly answer: AnyAnswer | undefined
  readonly ran: Ran
  /** What a person reads. */
  readonly text: string
}
export type Scene = { readonly told: readonly Told[]; readonly requests: Readonly<Record<string, number>> }

export async function playCase({ folder, run }: FieldCase): Promise<Scene> {
  const room = scratch()
  const played = existsSync(`${folder}/script.json`) ? await play(`${field}/serve.py`, folder) : undefined
  try {
    const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (_, host: string) => played?.hosts[host] ?? '')
    cpSync(folder, room.path, { recursive: true, filter: (from) => from !== join(folder, 'b') })
    for (const name of readdirSync(room.path).filter((one) => /\.(json|ndjson|yaml|yml)$/.test(one)))
      writeFileSync(join(room.path, name), fill(readFileSync(join(room.path, name), 'utf8')))
    const hosts = Object.values(played?.hosts ?? {})
    const config = join(room.path, 'config.yaml')
    const env = {
      ...(hosts.length > 0 && { MESHPROOF_REGISTRY_INSECURE: hosts.join(',') }),
      ...(existsSync(config) && { MESHPROOF_CONFIG: config }),
    }
    const told: Told[] = []
    for (const line of run) told.push(...(await runLine(fill(line), room.path, env)))
    return { told, requests: await countOf(played) }
  } finally {
    await played?.stop()
    room.remove()
  }
}

async function runLine(line: string, cwd: string, env: Record<string, string>): Promise<readonly Told[]> {
  const command = commandOf(line)
  if (command?.args[0] === 'policy' && command.args[1] === 'check') {
    const ran = await meshproof(command.args, { cwd, env })
    return [{ names: ['check'], answer: undefined, ran, text: ran.stdout + ran.stderr }]
  }
  if (command === undefined || command.args[0] !== 'verify') return []
  const input = command.input === undefined ? '' : readFileSync(join(cwd, command.input))
  const json = command.args.includes('json') || command.args[1] === 'batch'
  const ran = await meshproof(json ? command.args : [...command.args, '-o', 'json'], { cwd, env, input })
  const image = /(?:^|\/)[^:/@]+:([^@]+)/.exec(command.args[2]?.replace(/^[^/]*\//, '/') ?? '')?.[1]
  const answers: readonly (AnyAnswer | undefined)[] = ran.answers.length > 0 ? ran.answers : [undefined]
  return answers.map((answer) => ({
    names: [answer?.id ?? '', image ?? ''],
    answer,
    ran,
    text: textOf(answer) + ran.stderr,
  }))
}

/** The very table that a person sees, wide enough that no sentence is broken. */
const textOf = (answer: AnyAnswer | undefined): string =>
  answer?.subjects === undefined ? '' : renderTable([answer as VerdictAnswer], { columns: 4000, colour: false })

async function countOf(played: Played | undefined): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = Object.fromEntries(Object.keys(played?.hosts ?? {}).map((host) => [host, 0]))
  for (const { host } of (await played?.log()) ?? []) counts[host] = (counts[host] ?? 0) + 1
  return counts
}

export const findingsOf = (answer: AnyAnswer | undefined): readonly Finding[] =>
  (answer?.subjects ?? []).flatMap(({ findings }) => findings)

/** The findings that move the verdict (shapes: "When a requirement is met"). */
export const decidingOf = (answer: AnyAnswer | undefined): readonly Finding[] =>
  findingsOf(answer).filter(
    ({ candidate, demand }) => candidate === undefined && /^\/requirements\/\d+$/.test(demand ?? ''),
  )
