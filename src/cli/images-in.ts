import { type Document, parseAllDocuments } from 'yaml'
import { Fault } from '../core/fault.ts'

const lists = new Set(['containers', 'initContainers', 'ephemeralContainers'])

/**
 * Images of a file: a list with one reference a line (`#` begins a comment), or Kubernetes manifests, YAML or JSON, in which
 * the images of all containers are found, however deep the pod lies. Each once, in order.
 */
export function imagesIn(text: string): readonly string[] {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
  if (lines.every((line) => /^[\w[][\w.[\]:/@-]*$/.test(line) && !line.endsWith(':'))) return [...new Set(lines)]
  const documents = parseAllDocuments(text, { uniqueKeys: false })
  const found = new Set<string>()
  for (const document of Array.isArray(documents) ? documents : []) {
    if (document.errors.length > 0)
      throw new Fault('request.malformed', {
        parameters: { found: document.errors[0]?.message.split('\n')[0] ?? 'YAML' },
      })
    walk(plainOf(document), found, 0)
  }
  return [...found]
}

/** Aliases that multiply are refused by the reader. */
function plainOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new Fault('request.malformed', { cause, parameters: { found: 'YAML with too many aliases' } })
  }
}

function walk(value: unknown, found: Set<string>, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > 64) return
  for (const [key, inner] of Object.entries(value)) {
    if (lists.has(key) && Array.isArray(inner))
      for (const container of inner as readonly unknown[]) addImage(container, found)
    walk(inner, found, depth + 1)
  }
}

function addImage(container: unknown, found: Set<string>): void {
  if (
    typeof container === 'object' &&
    container !== null &&
    'image' in container &&
    typeof container.image === 'string'
  )
    found.add(container.image)
}
