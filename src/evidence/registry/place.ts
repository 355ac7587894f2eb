import { type Question, questionKey } from '../../core/observation.ts'
import { type Name, nameOf, partsOf, type Reference } from '../../core/reference.ts'
import type { HostRules } from '../http/host-rules.ts'

/** Where a name is asked: `host` as references spell it (credentials are kept under it), `origin` as it is dialled. */
export type Place = { readonly host: string; readonly path: string; readonly origin: string }

/** Names are mapped by the longest prefix that ends on a segment border: `docker.io/kong` never serves `docker.io/kongress`. */
export type Mirrors = ReadonlyMap<string, string>

export function placeOf(image: Reference | Name, mirrors: Mirrors, rules: HostRules): Place {
  const { host, path } = partsOf(mirrored(nameOf(partsOf(image)), mirrors))
  const dialled = host === 'docker.io' ? 'registry-1.docker.io' : host
  return { host, path, origin: new URL(`${rules.schemeOf(host)}//${dialled}`).origin }
}

function mirrored(name: string, mirrors: Mirrors): Name {
  let best = ''
  for (const prefix of mirrors.keys()) {
    if ((name === prefix || name.startsWith(`${prefix}/`)) && prefix.length > best.length) best = prefix
  }
  const target = mirrors.get(best)
  return (target === undefined ? name : target + name.slice(best.length)) as Name
}

/** The same question at another place (a mirror was configured since) is another look-up. */
export const lookupKey = (question: Question, { origin, path }: Place): string =>
  `${origin}/v2/${path} ${questionKey(question)}`
