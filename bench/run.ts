import { availableParallelism } from 'node:os'
import { batch } from './batch.ts'
import { hashing } from './hash.ts'
import { inProcess } from './in-process.ts'
import { asProcess } from './process.ts'
import { builds } from './provenance.ts'
import { replays } from './replay.ts'
import { starts } from './start.ts'

/** All figures of the README, as ratios within one run. Medians; the machine should have nothing else to do. */
console.log(`Node ${process.versions.node}, ${availableParallelism()} cores, ${process.platform} ${process.arch}`)
inProcess()
batch()
builds()
asProcess()
await hashing()
await starts()
await replays()
