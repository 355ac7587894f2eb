/** At most `width` tasks at once for each key, in the order in which they came. */
export class Gate {
  readonly #width: number
  readonly #lanes = new Map<string, { running: number; readonly waiting: (() => void)[] }>()

  constructor(width: number) {
    this.#width = width
  }

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(key) ?? { running: 0, waiting: [] }
    this.#lanes.set(key, lane)
    if (lane.running < this.#width) lane.running++
    else await new Promise<void>((go) => lane.waiting.push(go)) // the place is handed over, so `running` stays
    try {
      return await task()
    } finally {
      const next = lane.waiting.shift()
      if (next !== undefined) next()
      else if (--lane.running === 0) this.#lanes.delete(key)
    }
  }
}
