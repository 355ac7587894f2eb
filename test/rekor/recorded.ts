/** Recorded answers of a real Rekor v1.5.4 (corpus, kong-release): the case's provenance and everything its log was asked. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { corpus } from '../attacks/corpus.ts'
import type { TestRekor } from './rekor.ts'

type Recorded = {
  readonly request: { readonly path: string; readonly body: unknown }
  readonly answer: unknown
}

export const caseFolder = (id: string): string => join(corpus, 'kong-release/cases', id)
export const recordedRoot = (): string => join(corpus, 'kong-release/trust/trusted_root.json')

/** Serves what was recorded; `only` leaves a kind of search unanswered. */
export function serveRecorded(rekor: TestRekor, id: string, only: 'all' | 'by-artifact' = 'all'): void {
  const folder = join(caseFolder(id), 'rekor-answers')
  for (const file of readdirSync(folder)) {
    const recorded = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Partial<Recorded>
    if (recorded.request === undefined) continue
    const { path, body } = recorded.request
    if (path === '/api/v1/log/entries/retrieve') {
      const [entry] = (body as { entries: { spec: { content: { envelope: string } } }[] }).entries
      if (only === 'all') rekor.addEnvelope(entry?.spec.content.envelope ?? '', recorded.answer)
    } else if (path === '/api/v1/index/retrieve')
      rekor.addIndex((body as { hash: string }).hash, recorded.answer as string[])
    else rekor.addEntry(path.slice(path.lastIndexOf('/') + 1), recorded.answer)
  }
}
