import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, which their size does not tell: begun last, they would leave a worker without work. */
const longest = [
  ...['crash/pglite', 'crash/postgresql', 'server/pages/browser', 'cli/service', 'cli/binary', 'workers/verification'],
  ...['jobs/replay-all', 'cli/emit', 'corpus/corpus', 'server/service-command', 'cli/log', 'workers/replays'],
].map((name) => `/test/${name}.test.ts`)

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const i = longest.findIndex((path) => moduleId.endsWith(path))
      return i < 0 ? longest.length : i
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // Measured: half of what opening PGlite costs is an optimising compiler, for code that a test runs once.
    execArgv: ['--liftoff-only'],
  },
})
