/** Small damage to documents, the same for the same seed. */

export type Random = (below: number) => number

/** Mulberry32: good enough to choose places, and the same everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

const pick = <T>(list: readonly T[], random: Random): T => {
  const one = list[random(list.length)]
  if (one === undefined) throw new Error('nothing to pick')
  return one
}

type Step = string | number
type Place = { readonly path: readonly Step[]; readonly value: unknown }

export function placesOf(value: unknown, path: readonly Step[] = []): readonly Place[] {
  const inner =
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([key, member]) =>
          placesOf(member, [...path, Array.isArray(value) ? Number(key) : key]),
        )
  return path.length === 0 ? inner : [{ path, value }, ...inner]
}

/** A copy in which one place holds another value, or none. */
export function replaced<T extends object>(document: T, path: readonly Step[], value: unknown): T {
  const copy = structuredClone(document)
  let place: unknown = copy
  for (const step of path.slice(0, -1)) place = (place as Record<Step, unknown>)[step]
  const parent = place as Record<Step, unknown>
  const last = path.at(-1) ?? ''
  if (value === undefined && Array.isArray(parent)) parent.splice(Number(last), 1)
  else if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}

const isBase64 = ({ value }: Place): boolean =>
  typeof value === 'string' && value.length > 0 && Buffer.from(value, 'base64').toString('base64') === value

export const kinds = ['byte', 'bit', 'splice', 'drop', 'twice', 'odd', 'label'] as const
export type Kind = (typeof kinds)[number]

/** One mutation; text where the document is no longer JSON for certain. `other` lends its parts. */
export function mutated(kind: Kind, document: object, other: object, random: Random): string {
  const places = placesOf(document)
  switch (kind) {
    case 'byte': {
      const bytes = Buffer.from(JSON.stringify(document))
      bytes[random(bytes.length)] = 0x20 + random(95)
      return bytes.toString('latin1')
    }
    case 'bit': {
      const { path, value } = pick(places.filter(isBase64), random)
      const bytes = Buffer.from(String(value), 'base64')
      const at = random(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
      return JSON.stringify(replaced(document, path, bytes.toString('base64')))
    }
    case 'splice': {
      const theirs = new Map(placesOf(other).map(({ path, value }) => [path.join('/'), value]))
      const shared = places.filter(({ path }) => theirs.has(path.join('/')))
      const { path } = pick(shared, random)
      return JSON.stringify(replaced(document, path, theirs.get(path.join('/'))))
    }
    case 'drop':
      return JSON.stringify(replaced(document, pick(places, random).path, undefined))
    case 'twice': {
      const lists = places.filter(({ value }) => Array.isArray(value) && value.length > 0)
      const { path, value } = pick(lists, random)
      return JSON.stringify(replaced(document, path, [...(value as unknown[]), ...(value as unknown[])]))
    }
    case 'odd':
      return JSON.stringify(
        replaced(document, pick(places, random).path, pick([null, '', [], {}, 0, -1, 'AAAA', '0', 1e9], random)),
      )
    case 'label': {
      const versions = ['+json;version=0.1', '+json;version=0.2', '+json;version=0.3', '.v0.3+json', '.v0.4+json', '']
      const mediaType = `application/vnd.dev.sigstore.bundle${pick(versions, random)}`
      return JSON.stringify({ ...document, mediaType })
    }
  }
}
