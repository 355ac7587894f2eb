import { defineConfig } from 'vitest/config'

/** Live tools, each skipped with one line where it is missing: `npm run test:interop`, no part of `npm test`. */
export default defineConfig({
  test: { include: ['test/interop/**/*.interop.ts'], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 1 },
})
