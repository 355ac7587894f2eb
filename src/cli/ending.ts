export type Ending = {
  /** SIGTERM asks for a gentle end; SIGINT, or a terminal, launcher or reader of the log that is gone, for one at once. */
  readonly asked: Promise<'gently' | 'at once'>
  /** R17: a second signal hurries a gentle one. */
  readonly hurried: AbortSignal
}

/** How a service is asked to end; takes signals and output over from `main`. Its input is not read: most have none. */
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
  process.once('SIGHUP', atOnce)
  process.stdout.removeAllListeners('error').on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') atOnce() // any other trouble, such as a full disk, costs lines of the log only
  })
  process.once('disconnect', atOnce)
  return { asked: promise, hurried: hurry.signal }
}
