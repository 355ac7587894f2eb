import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { HashJob, HashNews } from './hash-job.ts'

/** One file after another, read in 1 MiB pieces into the same memory: any size, flat. */
const piece = Buffer.allocUnsafeSlow(1024 * 1024)
const newsBytes = 64 * piece.length

parentPort?.on('message', ({ place, hashes }: HashJob) => {
  const say = (news: HashNews) => parentPort?.postMessage(news)
  try {
    const states = hashes.map((name) => createHash(name))
    const file = openSync(place, 'r')
    try {
      let read = 0
      for (let count = readSync(file, piece); count > 0; count = readSync(file, piece)) {
        const part = count === piece.length ? piece : piece.subarray(0, count)
        for (const state of states) state.update(part)
        read += count
        if (read % newsBytes === 0) say({ read })
      }
    } finally {
      closeSync(file)
    }
    say({ hex: states.map((state) => state.digest('hex')) })
  } catch (error) {
    say({ failed: error instanceof Error ? error.message : String(error) })
  }
})
