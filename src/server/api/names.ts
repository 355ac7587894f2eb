import type { Digest } from '../../core/digest.ts'
import { Fault } from '../../core/fault.ts'
import type { Service } from '../../jobs/service.ts'
import type { NamedKind } from '../../store/documents.ts'
import { nameShape } from './shapes.ts'

const kinds = { policy: 'policy', trust: 'trusted root' } as const satisfies Readonly<Record<NamedKind, string>>

/** The name that stands where a digest may: `{"name": "…"}` and nothing beside it. */
export function nameIn(body: unknown, kind: NamedKind): string | undefined {
  const value =
    typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[kind] : undefined
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'name') return undefined
  const { name } = value as { readonly name?: unknown }
  return typeof name === 'string' ? name : undefined
}

/** A request that says names, with the digests that they mean now: a name may mean another document tomorrow. */
export async function withoutNames(service: Pick<Service, 'documents'>, body: unknown): Promise<unknown> {
  const found: Record<string, { readonly document: Digest }> = {}
  for (const kind of ['policy', 'trust'] as const) {
    const name = nameIn(body, kind)
    if (name !== undefined) found[kind] = { document: await digestNamed(service, kind, name) }
  }
  return Object.keys(found).length === 0 ? body : { ...(body as object), ...found }
}

export async function digestNamed(
  { documents }: Pick<Service, 'documents'>,
  kind: NamedKind,
  name: string,
): Promise<Digest> {
  const [newest] = nameShape.safeParse(name).success ? await documents.history(kind, name, 1) : []
  if (newest === undefined)
    throw new Fault('store.unknown', { status: 422, parameters: { found: name, expected: kinds[kind] } })
  return newest.digest
}
