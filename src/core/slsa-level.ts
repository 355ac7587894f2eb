/**
 * Levels and properties as a verification summary lists them (slsa.dev/spec/v1.2/verification_summary, "SlsaResult"):
 * `SLSA_<TRACK>_LEVEL_<N>` implies the levels below it in its track, of which it is the only one; `UNEVALUATED` claims none.
 */
export type SlsaLevels = {
  /** Track → level; -1 is `UNEVALUATED`. */
  readonly tracks: ReadonlyMap<string, number>
  /** Properties that the specification names, and words of the verifier's own: compared as they stand. */
  readonly words: ReadonlySet<string>
}

export const unevaluated = 'SLSA_BUILD_LEVEL_UNEVALUATED'
export const failedLevel = 'FAILED'

/** slsa.dev/spec/v1.2/verified-properties; nobody else may begin a word with `SLSA_`. */
const properties: readonly string[] = ['SLSA_SOURCE_TWO_PARTY_REVIEWED', 'SLSA_BUILD_REPRODUCED']

/** What the specification does not allow is named: a level that is none, or a second one of a track. */
export function readLevels(list: readonly string[]): SlsaLevels | { readonly problem: string } {
  const tracks = new Map<string, number>()
  const words = new Set<string>()
  for (const text of list) {
    if (!text.startsWith('SLSA_') || properties.includes(text)) {
      words.add(text)
      continue
    }
    const [, track, level] = /^SLSA_([A-Z][A-Z0-9]*)_LEVEL_(\d{1,3}|UNEVALUATED)$/.exec(text) ?? []
    if (track === undefined || level === undefined || tracks.has(track)) return { problem: text }
    tracks.set(track, level === 'UNEVALUATED' ? -1 : Number(level))
  }
  return { tracks, words }
}

/** The first of the wanted levels that is not reached. */
export function lackingLevel(wanted: readonly string[], { tracks, words }: SlsaLevels): string | undefined {
  return wanted.find((text) => {
    const one = readLevels([text])
    if ('problem' in one) return true
    const [track] = one.tracks
    return track === undefined ? !words.has(text) : (tracks.get(track[0]) ?? Number.NEGATIVE_INFINITY) < track[1]
  })
}
