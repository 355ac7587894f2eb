/** Summaries of ours that real verifiers judged, and how those are called. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const summaries = fileURLToPath(new URL('../fixtures/summary', import.meta.url))

export type Tool = 'slsa-verifier' | 'cosign3' | 'cosign2'
export type Recorded = {
  readonly tool: Tool
  readonly version: string
  readonly what: string
  /** Run in the folder of the summaries. */
  readonly args: readonly string[]
  readonly exit: number | null
  readonly said: string
}

const tool = (program: string) => ({
  program,
  version: (): string => {
    const { stdout, stderr } = spawnSync(program, ['version'], { encoding: 'utf8' })
    return /GitVersion:\s+v?(\S+)/.exec(`${stdout}${stderr}`)?.[1] ?? ''
  },
  isThere: (): boolean => spawnSync(program, ['version']).status === 0,
})
export const tools = {
  'slsa-verifier': tool(process.env['SLSA_VERIFIER'] ?? 'slsa-verifier'),
  cosign2: tool(process.env['COSIGN2'] ?? 'cosign2'),
  cosign3: tool(process.env['COSIGN3'] ?? 'cosign3'),
} as const

/** Nothing of whoever runs this gets in. */
export const clean = (home: string): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'] ?? '', HOME: home })
