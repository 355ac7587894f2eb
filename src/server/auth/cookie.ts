/**
 * Always `__Host-` and Secure: measured, Chromium takes and sends it on http://127.0.0.1 and http://localhost as on https.
 * On plain HTTP elsewhere no browser keeps it, so nobody signs in there.
 */
const name = '__Host-meshproof'
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax'

export const sessionCookie = (secret: string): string => `${name}=${secret}; ${attributes}`
export const noSessionCookie = `${name}=; ${attributes}; Max-Age=0`

/** Two of one name are none: nobody can say which one is ours. */
export function sessionOf(header: string | undefined): string | undefined {
  const found = (header ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  return found.length === 1 && found[0] !== '' ? found[0] : undefined
}
