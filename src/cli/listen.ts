import type { FastifyInstance } from 'fastify'
import { Fault } from '../core/fault.ts'

/** The address under which it is reached; a port or an address that cannot be had is said by name. */
export async function listen(app: Pick<FastifyInstance, 'listen'>, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const found = `${host}:${port}`
    if (code === 'EADDRINUSE') throw new Fault('service.port-in-use', { status: 500, cause, parameters: { found } })
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new Fault('service.address', { status: 500, cause, parameters: { found } })
    throw cause
  }
}
