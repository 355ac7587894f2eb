/** Strict standard base64 (RFC 4648 section 4, padded): what does not re-encode to itself is refused (L11). */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
