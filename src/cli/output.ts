/** How text is written to a stream: its width, and colours only on a terminal that wants them (NO_COLOR, FORCE_COLOR). */
export type OutputOptions = { readonly columns: number; readonly colour: boolean }

export function outputOptions(stream: NodeJS.WriteStream): OutputOptions {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0'
  const refused = (NO_COLOR !== undefined && NO_COLOR !== '') || FORCE_COLOR === '0' || TERM === 'dumb'
  return { columns: stream.columns ?? 100, colour: forced || (stream.isTTY === true && !refused) }
}
