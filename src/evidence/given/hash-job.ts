/** What a thread is told to hash, and what it tells in return. */
export type HashJob = { readonly place: string; readonly hashes: readonly string[] }
export type HashNews = { readonly read: number } | { readonly hex: readonly string[] } | { readonly failed: string }
