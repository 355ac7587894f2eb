/** JSON pointers (RFC 6901). */
export const pointerToken = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${pointerToken(String(part))}`).join('')
