/** JSON pointers (RFC 6901). */
export const pointerToken = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
/** The other way: the key that a token spells. */
export const keyOfToken = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~')
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${pointerToken(String(part))}`).join('')

/** Where a document first is not what its schema says, as `a.0.b`; empty where that is the document itself. */
export const firstPlace = (error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] }): string =>
  error.issues[0]?.path.map(String).join('.') ?? ''
