import { parentPort, workerData } from 'node:worker_threads'
import { readSecurityAssets } from '../evidence/archive/security-assets.ts'
import { readingOnce } from '../evidence/given/pieces.ts'
import { loadConfig } from '../examine/config.ts'
import { keeperOf } from '../examine/keeper.ts'
import type { LineJob, LineNews } from './batch-job.ts'
import { answerLine, told } from './batch-line.ts'
import { report } from './cause.ts'

/** One line after another, offline; whoever sent the last one does not wait for those before it to be read. */
const keeper = {
  ...keeperOf(loadConfig(process.env), process.env, report),
  readAssets: readingOnce(readSecurityAssets),
}
const root = String(workerData)
let last: Promise<unknown> = Promise.resolve()

parentPort?.on('message', ({ place, line }: LineJob) => {
  last = last.then(async () => {
    const answered = await answerLine(Buffer.from(line), root, keeper, 'offline')
    const news: LineNews = { place, ...(answered !== undefined && { told: told(answered) }) }
    parentPort?.postMessage(news)
  })
})

const ready: LineNews = { ready: true }
parentPort?.postMessage(ready)
