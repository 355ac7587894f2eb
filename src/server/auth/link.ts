import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Service } from '../../jobs/service.ts'

/** A new sign-in link as a person opens it. */
export async function newLink({ access, limits, config }: Service, origin: string): Promise<string> {
  const { secret } = await access.makeLink(limits.signInLinkMs)
  return `${config.origin ?? origin}/sign-in?link=${secret}`
}

/**
 * Says how to sign in: on a terminal by a link, elsewhere by a file that only its owner can read, so that no link gets
 * into a log. Returns the lines to print.
 */
export async function announceLink(
  service: Service,
  how: { readonly origin: string; readonly folder: string | undefined; readonly terminal: boolean },
): Promise<readonly string[]> {
  const { origin, folder, terminal } = how
  if (!terminal && folder === undefined) return ['Sign in with a link of: meshproof sign-in-link']
  const link = await newLink(service, origin)
  if (terminal || folder === undefined) return [`Sign in once with ${link}`]
  const file = join(folder, 'sign-in-link')
  writeFileSync(`${file}.new`, `${link}\n`, { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600) // one that was there before keeps its mode otherwise
  renameSync(`${file}.new`, file)
  return [`The link to sign in once is in ${file}`]
}
