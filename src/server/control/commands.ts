import { z } from 'zod'
import type { Json } from '../../core/json.ts'
import { replayPage } from '../../jobs/replay-all.ts'
import { replayStored, type Serving } from '../../jobs/stored-replay.ts'
import { insteadOf } from '../api/instead.ts'
import { shown } from '../api/replays.ts'
import * as shapes from '../api/shapes.ts'
import { notStored } from '../api/stored.ts'
import { shownToken } from '../api/tokens.ts'
import { newLink } from '../auth/link.ts'

/** What the command line asks of the service, in its own process or in the one that has the data folder. */
export const commandShape = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('sign-in-link') }),
  z.strictObject({ do: z.literal('token create'), ...shapes.tokenRequest.shape }),
  z.strictObject({ do: z.literal('token list') }),
  z.strictObject({ do: z.literal('token revoke'), id: shapes.idShape }),
  z.strictObject({
    do: z.literal('replay'),
    verdict: shapes.digestShape,
    instead: shapes.replayRequest.optional(),
  }),
  z.strictObject({ do: z.literal('replay all'), after: shapes.idShape.optional(), restore: z.boolean() }),
])
export type Command = z.input<typeof commandShape>

const day = 24 * 60 * 60_000

/** Whoever can open the database, or the socket in the data folder, is the operator. */
export async function perform(service: Serving, command: z.output<typeof commandShape>, origin: string): Promise<Json> {
  const { access, limits } = service
  switch (command.do) {
    case 'sign-in-link':
      return { link: await newLink(service, origin) }
    case 'token create': {
      const { name, scopes, days } = command
      const keepMs = days === undefined ? limits.tokenMs : Math.min(days * day, limits.tokenMostMs)
      const made = await access.makeToken({ name, scopes, keepMs }, await access.operator())
      return { id: made.id, token: made.secret, expiresAt: made.expiresAt.toISOString() }
    }
    case 'token list':
      return { tokens: (await access.tokens()).map(shownToken) }
    case 'token revoke':
      if (!(await access.revokeToken(command.id, await access.operator()))) throw notStored(command.id, 'token')
      return {}
    case 'replay':
      return shown(
        await replayStored(service, command.verdict, await insteadOf(service, command.instead ?? {})),
      ) as unknown as Json
    case 'replay all':
      return (await replayPage(service, command.after, command.restore)) as unknown as Json
  }
}
