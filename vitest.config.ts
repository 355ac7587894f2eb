import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Measured: half of what opening PGlite costs is an optimising compiler, for code that a test runs once.
    execArgv: ['--liftoff-only'],
  },
})
