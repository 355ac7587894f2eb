import { RE2JS } from 're2js'

/** The one matcher for patterns of people's policies (T77, T83): RE2 syntax, linear time, at most 512 characters. */
export const patternLimit = 512

export type Pattern = { readonly whole: (text: string) => boolean; readonly somewhere: (text: string) => boolean }

/** undefined where the pattern is too long or no RE2 expression. */
export function compilePattern(source: string): Pattern | undefined {
  if (source.length === 0 || source.length > patternLimit) return undefined
  try {
    const compiled = RE2JS.compile(source)
    return { whole: (text) => compiled.matches(text), somewhere: (text) => compiled.matcher(text).find() }
  } catch {
    return undefined
  }
}
