/** A secret for one place. `identity-token` is what `docker login` keeps for registries with OAuth 2. */
export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity-token'; readonly token: string }
  | { readonly kind: 'bearer'; readonly token: string }

/** Which secret belongs to which place; `host` and `path` as references spell them. */
export interface Credentials {
  for(host: string, path: string, signal: AbortSignal): Promise<Credential | undefined>
}

export const anonymous: Credentials = { for: () => Promise.resolve(undefined) }

export const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
