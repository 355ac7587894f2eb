import { afterAll, beforeAll, describe } from 'vitest'
import { hasPostgres, type Postgres, startPostgres } from '../store/postgres.ts'
import { prepare } from '../store/prepared.ts'
import { crashing } from './crash.ts'

describe.skipIf(!hasPostgres)('over PostgreSQL', () => {
  let server: Postgres
  let prepared = ''
  beforeAll(async () => {
    server = await startPostgres()
    prepared = await server.createDatabase()
    await prepare({ url: prepared })
  })
  afterAll(() => server.stop())

  crashing(async () => ({ url: await server.createDatabase(prepared) }))
})
