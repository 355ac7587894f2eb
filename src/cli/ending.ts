export type Ending = {
  /** SIGTERM asks for a gentle end; SIGINT, or a launcher that is gone, for one at once. */
  readonly asked: Promise<'gently' | 'at once'>
  /** R17: a second signal hurries a gentle one. */
  readonly hurried: AbortSignal
}

/** How a service is asked to end; takes the signals over from `main`. */
export function ending(): Ending {
  const hurry = new AbortController()
  const { promise, resolve } = Promise.withResolvers<'gently' | 'at once'>()
  const atOnce = () => {
    resolve('at once')
    hurry.abort()
  }
  process.once('SIGTERM', () => {
    process.once('SIGTERM', atOnce)
    resolve('gently')
  })
  process.removeAllListeners('SIGINT').once('SIGINT', atOnce)
  process.once('disconnect', atOnce)
  return { asked: promise, hurried: hurry.signal }
}
