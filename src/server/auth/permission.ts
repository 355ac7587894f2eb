import type { FastifyInstance } from 'fastify'
import { Fault } from '../../core/fault.ts'

/** What a token may be allowed. An operator may do everything. */
export const scopes = [
  'verifications:read',
  'verifications:write',
  'evidence:read',
  'documents:read',
  'documents:write',
  'tokens:write',
  'operations:read',
] as const
export type Scope = (typeof scopes)[number]

/** What a route asks of whoever calls it. `public` asks nothing, `signed-in` anybody we know, and each says so. */
export type Permission = 'public' | 'signed-in' | Scope

export type Principal = {
  readonly id: string
  readonly name: string
  readonly kind: 'operator' | 'token'
  readonly scopes: readonly Scope[]
  /** How the caller showed who it is; what a browser sends by itself needs the checks against forged requests. */
  readonly by: 'session' | 'token'
  /** The name under which the session is listed. */
  readonly session?: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission
    /** What the route asks where `verbose` stands in its query, so that it says more. */
    verbose?: Permission
    /** Asked by whatever keeps us running, which must not be told to wait because others ask too often. */
    probe?: true
  }
  interface FastifyRequest {
    principal: Principal | undefined
  }
}

export const may = ({ kind, scopes: own }: Principal, permission: Permission): boolean =>
  permission === 'public' || permission === 'signed-in' || kind === 'operator' || own.includes(permission)

/** Deny by default: what is not known is not let in, and what is known only where it may. */
export function demand(principal: Principal | undefined, permission: Permission): void {
  if (permission === 'public') return
  if (principal === undefined) throw new Fault('access.unauthenticated', { status: 401 })
  if (!may(principal, permission))
    throw new Fault('access.forbidden', { status: 403, parameters: { expected: permission } })
}

export type Declared = { readonly method: string; readonly url: string; readonly permission: Permission }

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route with what it asks, for whoever checks them all. */
    readonly declared: readonly Declared[]
  }
}

/** A route without a permission does not start: nothing is open because somebody forgot to close it. */
export function demandPermissions(app: FastifyInstance): void {
  const declared: Declared[] = []
  app.decorate('declared', declared)
  app.addHook('onRoute', ({ method, url, config }) => {
    const { permission } = config ?? {}
    if (permission === undefined) throw new Error(`${String(method)} ${url} declares no permission`)
    declared.push({ method: String(method), url, permission })
  })
}
