/**
 * T80: whatever came from outside, made visible before it reaches a terminal, a page or a log. Control characters (ESC among
 * them), bidirectional overrides, invisible and unpaired characters and line breaks of every kind become `\u001b`; letters of
 * any script stay. Idempotent.
 */
export const printable = (text: string): string => text.replace(hidden, escaped)

/** The same, and everything outside ASCII as well: where a Cyrillic `о` must be told from a Latin one. */
export const printableAscii = (text: string): string => printable(text).replace(/[^ -~]/gu, escaped)

/** Controls, formats (bidi, zero width, tags), unpaired surrogates, private use, separators; blanks that are no space. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu

function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`
}
