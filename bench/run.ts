import { availableParallelism } from 'node:os'
import { batch } from './batch.ts'
import { hashing } from './hash.ts'
import { inProcess } from './in-process.ts'
import { asProcess } from './process.ts'
import { builds } from './provenance.ts'
import { replays } from './replay.ts'
import { service } from './service.ts'
import { starts } from './start.ts'

const parts: Readonly<Record<string, () => void | Promise<void>>> = {
  inProcess,
  batch: () => batch(),
  builds: () => builds(),
  process: () => asProcess(),
  hashing: () => hashing(),
  service: () => service(),
  starts: () => starts(),
  replays: () => replays(),
}

/** All figures of the README, as ratios within one run, or the parts that are named. Medians; the machine should have nothing else to do. */
console.log(`Node ${process.versions.node}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`)
const named = process.argv.slice(2)
for (const [name, run] of Object.entries(parts)) if (named.length === 0 || named.includes(name)) await run()
