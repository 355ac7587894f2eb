/** Causes go to the log (stderr, with MESHPROOF_DEBUG=1), never into an answer. */
export function report(error: unknown): void {
  if (process.env['MESHPROOF_DEBUG'] === '1') console.error(error)
}
