import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import { isId } from '../../store/id.ts'
import type { Key } from '../../store/requests.ts'

const shape = z.strictObject({ at: z.iso.datetime(), id: z.string().refine(isId), of: z.string() })

/** Where a page ended. It belongs to one list, filter and order; with another it is refused. */
export function pageToken({ createdAt, id }: Key, list: object): string {
  return Buffer.from(JSON.stringify({ at: createdAt, id, of: nameOf(list) })).toString('base64url')
}

export function readPageToken(token: string | undefined, list: object): Key | undefined {
  if (token === undefined) return undefined
  const read = shape.safeParse(jsonOf(token))
  if (!read.success || read.data.of !== nameOf(list))
    throw new Fault('request.malformed', {
      parameters: { found: 'query.page_token: it is of another list, filter or order' },
    })
  return { createdAt: read.data.at, id: read.data.id }
}

const nameOf = (list: object): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(list)
          .filter(([, value]) => value !== undefined)
          .sort(),
      ),
    )
    .digest('base64url')
    .slice(0, 16)

function jsonOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
