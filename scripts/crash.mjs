/** npm run crash [ROUNDS]: kill -9 at each named point of the service, 100 times unless said otherwise. */
import { spawnSync } from 'node:child_process'

const rounds = process.argv[2] ?? '100'
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/crash'], {
  stdio: 'inherit',
  env: { ...process.env, MESHPROOF_CRASH_ROUNDS: rounds },
})
process.exit(status ?? 1)
