import { Fault } from '../core/fault.ts'
import type { ExitCode } from './problem.ts'

/** One file per verb, loaded only when it is called: a verb pays for what it needs. */
type Verb = (args: readonly string[]) => Promise<ExitCode>
const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  'verify image': async () => (await import('./verify-image.ts')).run,
  'verify bundle': async () => (await import('./verify-bundle.ts')).run,
  'verify binary': async () => (await import('./verify-binary.ts')).run,
  'verify vsa': async () => (await import('./verify-vsa.ts')).run,
  'verify install': async () => (await import('./verify-install.ts')).run,
  'verify batch': async () => (await import('./verify-batch.ts')).run,
  replay: async () => (await import('./replay.ts')).run,
  'policy check': async () => (await import('./policy-check.ts')).run,
  'config print': async () => (await import('./config-print.ts')).run,
  'cache info': async () => (await import('./cache-verbs.ts')).info,
  'cache prune': async () => (await import('./cache-verbs.ts')).prune,
  start: async () => (await import('./serve.ts')).start,
  serve: async () => (await import('./serve.ts')).run,
  worker: async () => (await import('./worker.ts')).run,
  migrate: async () => (await import('./migrate.ts')).run,
  'sign-in-link': async () => (await import('./sign-in-link.ts')).run,
  'token create': async () => (await import('./token.ts')).create,
  'token list': async () => (await import('./token.ts')).list,
  'token revoke': async () => (await import('./token.ts')).revoke,
  demo: async () => (await import('./demo.ts')).run,
}

async function main(args: readonly string[]): Promise<ExitCode> {
  const [first = '--help', second = ''] = args
  if (first === '--version' || first === 'version') return (await import('./version.ts')).print()
  const wanted = [`${first} ${second}`, first].find((name) => Object.hasOwn(verbs, name))
  if (first === '--help' || first === '-h' || first === 'help')
    return (await import('./help.ts')).print(args.slice(1).join(' '))
  const load = wanted === undefined ? undefined : verbs[wanted]
  if (wanted === undefined || load === undefined)
    throw new Fault('usage.unknown', {
      parameters: {
        found: `There is no verb "${args
          .filter((arg) => !arg.startsWith('-'))
          .slice(0, 2)
          .join(' ')}".`,
      },
    })
  const rest = args.slice(wanted.split(' ').length)
  if (rest.includes('--help') || rest.includes('-h')) return (await import('./help.ts')).print(wanted)
  return (await load())(rest)
}

/** T82: whatever ends us without a verdict is 3 (inconclusive), never 0. */
function crash(error: unknown): void {
  process.exitCode = 3
  void import('./crash.ts').then(({ tell }) => process.exit(tell(error))).catch(() => process.exit(3))
}

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
process.on('SIGINT', () => process.exit(130))
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that left early (head, less) has not seen the verdict: not 0.
  if (error.code === 'EPIPE') process.exit(3)
  crash(error)
})

process.exitCode = 3
main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
  // Whatever still waits for an answer (a name that nobody resolves) must not keep a person waiting.
  process.stdout.write('', (error) => process.exit(error ? 3 : code))
}, crash)
