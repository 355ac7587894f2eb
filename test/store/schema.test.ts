import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { newId } from '../../src/store/id.ts'
import { read } from '../repository/files.ts'
import { overEachDatabase } from './databases.ts'

/** `table.column: type`, as TypeScript says it of a row. */
function declared(): string[] {
  const text = read('src/store/tables.ts')
  const tables = text.slice(text.indexOf('export type Tables = {'), text.indexOf('\n}\n'))
  return [...tables.matchAll(/readonly (\w+): \{([^}]*)\}/g)].flatMap(([, table, columns]) =>
    (columns ?? '')
      .split(/[;\n]/)
      .map((column) => column.trim())
      .filter((column) => column !== '')
      .map((column) => `${table}.${plain(column)}`),
  )
}

const plain = (column: string): string => {
  const [name = '', type = ''] = column.split(/: ?(.*)/)
  const nullable = type.endsWith(' | null')
  const bare = type.replace(/ \| null$/, '')
  const known = /^(?:Buffer|Time|Document|string|number|Generated<(?:number|boolean)>)$/.exec(bare)?.[0]
  const kind = known?.replace(/^Generated<(\w+)>$/, '$1') ?? 'string' // a union of words is text
  return `${name}: ${kind}${nullable ? ' | null' : ''}`
}

const kinds: Readonly<Record<string, string>> = {
  uuid: 'string',
  text: 'string',
  bytea: 'Buffer',
  'timestamp with time zone': 'Time',
  jsonb: 'Document',
  integer: 'number',
  boolean: 'boolean',
}

overEachDatabase(({ database }) => {
  test('the rows that TypeScript knows are those of the migrated database', async () => {
    const { rows } = await sql<{ t: string; c: string; type: string; nullable: string }>`
      SELECT table_name AS t, column_name AS c, data_type AS type, is_nullable AS nullable
      FROM information_schema.columns WHERE table_schema = 'meshproof'`.execute(database().db)
    const real = rows.map(
      ({ t, c, type, nullable }) => `${t}.${c}: ${kinds[type] ?? type}${nullable === 'YES' ? ' | null' : ''}`,
    )
    expect(real.length).toBeGreaterThan(100)
    expect(declared().sort()).toEqual(real.sort())
  })

  test('a record can be added, and neither changed nor taken away', async () => {
    const { db } = database()
    const id = newId()
    await db
      .insertInto('record')
      .values({ id, kind: 'request', bytes: Buffer.from('{}'), at: new Date() })
      .execute()
    const refused = { code: '23001', message: expect.stringContaining('append-only') as unknown }
    await expect(
      db.updateTable('record').set({ kind: 'verdict' }).where('id', '=', id).execute(),
    ).rejects.toMatchObject(refused)
    await expect(db.deleteFrom('record').where('id', '=', id).execute()).rejects.toMatchObject(refused)
    await expect(sql`TRUNCATE meshproof.record`.execute(db)).rejects.toMatchObject(refused)
    const upsert = db
      .insertInto('record')
      .values({ id, kind: 'verdict', bytes: Buffer.from('x'), at: new Date() })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ kind: 'verdict' }))
    await expect(upsert.execute()).rejects.toMatchObject(refused)
    expect(await db.selectFrom('record').select('kind').where('id', '=', id).execute()).toEqual([{ kind: 'request' }])
  })

  test('every foreign key has an index that begins with its columns', async () => {
    const { rows } = await sql<{ key: string }>`
      SELECT c.conrelid::regclass || ' (' || string_agg(a.attname, ', ') || ')' AS key
      FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
      WHERE c.contype = 'f' AND c.connamespace = 'meshproof'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
          AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
      GROUP BY c.oid, c.conrelid`.execute(database().db)
    expect(rows).toEqual([])
  })
})
