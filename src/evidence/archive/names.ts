/** `./x`, `x` and `././x` are one name. undefined: the name leads out of the folder, or means different things to two readers (T65). */
export function plainName(name: string, maxBytes: number): string | undefined {
  if (name === '' || Buffer.byteLength(name) > maxBytes || !name.isWellFormed()) return undefined
  // A backslash and a drive letter are a path to some, a letter to others; U+FFFD stands for bytes that were no UTF-8.
  if (/[\u0000-\u001f\u007f\\\ufffd]/.test(name) || /^[A-Za-z]:/.test(name) || name.startsWith('/')) return undefined
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return parts.includes('..') ? undefined : parts.join('/').normalize('NFC')
}
