/** The release of the corpus: its layouts, its requests, and both asked of a registry under a mirror's name. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const corpus = process.env['MESHPROOF_CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url))
export const release = `${corpus}/kong-release`
export const hasRelease = existsSync(`${release}/cases.json`)
if (!hasRelease) console.warn('tests of the release skipped: no corpus (set MESHPROOF_CORPUS)')

export const trustedRoot = `${release}/trust/trusted_root.json`
export const layoutOf = (row: string): string =>
  existsSync(`${release}/${row}/layout`) ? `${release}/${row}/layout` : `${release}/${row}`

export type Line = {
  readonly kind: string
  readonly row: string
  readonly request: {
    readonly id: string
    readonly subject: { readonly image: string }
    readonly policy: object
    readonly trust: object
  }
  readonly expect: readonly string[]
  readonly strict: string
}

let read: readonly Line[] | undefined

export function linesOf(kind: 'kong-release-layout' | 'kong-release-profile', row: string): readonly Line[] {
  read ??= readFileSync(`${release}/requests.ndjson`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
  return read.filter((line) => line.kind === kind && line.row === row && 'image' in line.request.subject)
}

/** The line without what was brought along: asked of `place`, a mirror of docker.io. */
export function askedOf(place: string, line: Line, signatures = 'kong/notary'): object {
  const { policy, trust, subject, id } = line.request
  const image = subject.image.replace(/^(?:index\.)?docker\.io/, place)
  return { id, subject: { image }, policy, trust, signatureRepository: `${place}/${signatures}` }
}
