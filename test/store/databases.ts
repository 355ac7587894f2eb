/** The same tests over each database that the service runs on. */
import { afterAll, beforeAll, describe } from 'vitest'
import { type Limits, limits } from '../../src/core/limits.ts'
import { prepareQueue } from '../../src/jobs/bullmq.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { hasPostgres, type Postgres, startPostgres } from './postgres.ts'
import { preparedFolder } from './prepared.ts'

export type Opened = {
  readonly kind: Database['kind']
  readonly database: () => Database
  /** Only of PostgreSQL. */
  readonly server: () => Postgres
  readonly errors: unknown[]
}

/** One migrated database of each kind for a block of tests, which tell their rows apart by ids of their own. */
export function overEachDatabase(tests: (opened: Opened) => void, some: Partial<Limits> = {}): void {
  describe('over PGlite', () => block('pglite', tests, { ...limits, ...some }))
  describe.skipIf(!hasPostgres)('over PostgreSQL', () => block('postgresql', tests, { ...limits, ...some }))
}

function block(kind: Database['kind'], tests: (opened: Opened) => void, some: Limits): void {
  let database: Database | undefined
  let server: Postgres | undefined
  const errors: unknown[] = []
  beforeAll(async () => {
    server = kind === 'postgresql' ? await startPostgres() : undefined
    const place = server === undefined ? await preparedFolder() : { url: await server.createDatabase() }
    database = await openDatabase(place, some, (error) => errors.push(error))
    await migrate(database)
    await prepareQueue(database.queuePool)
  })
  afterAll(async () => {
    await database?.close()
    await server?.stop()
  })
  tests({ kind, errors, database: () => there(database), server: () => there(server) })
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not there')
  return value
}
