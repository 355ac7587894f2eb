import type { FastifyInstance } from 'fastify'

/** What a route asks of whoever calls it. `public` asks nothing, and says so. */
export type Permission =
  | 'public'
  | 'verifications:read'
  | 'verifications:write'
  | 'evidence:read'
  | 'documents:read'
  | 'documents:write'
  | 'tokens:write'
  | 'operations:read'

export type Principal = {
  readonly id: string
  readonly name: string
  readonly kind: 'operator' | 'token'
  /** An operator may do everything. */
  readonly scopes: readonly Permission[]
  /** How the caller showed who it is; what a browser sends by itself needs the checks against forged requests. */
  readonly by: 'session' | 'token'
}

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission
  }
  interface FastifyRequest {
    principal: Principal | undefined
  }
}

/** A route without a permission does not start: nothing is open because somebody forgot to close it. */
export function demandPermissions(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.permission === undefined) throw new Error(`${String(method)} ${url} declares no permission`)
  })
}
