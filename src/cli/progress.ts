import type { HashProgress } from '../evidence/given/hash-pool.ts'

const bar = 24
const everyMs = 250

/** A bar on standard error while large files are hashed; on a terminal only, and wiped away at the end (T83). */
export function hashProgress(stream: NodeJS.WriteStream): { readonly told: HashProgress; readonly end: () => void } {
  if (stream.isTTY !== true) return { told: () => {}, end: () => {} }
  let last = 0
  return {
    told: (done, total) => {
      const now = Date.now()
      if (total < 1 || now - last < everyMs) return
      last = now
      const share = Math.min(1, done / total)
      const full = '█'.repeat(Math.round(share * bar)).padEnd(bar, '░')
      stream.write(`\r\u001b[2K${full} ${Math.floor(share * 100)}%  ${size(done)} of ${size(total)} hashed`)
    },
    end: () => {
      if (last > 0) stream.write('\r\u001b[2K')
    },
  }
}

const size = (bytes: number): string =>
  bytes < 1024 ** 3 ? `${Math.round(bytes / 1024 ** 2)} MiB` : `${(bytes / 1024 ** 3).toFixed(1)} GiB`
