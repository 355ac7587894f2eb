/**
 * The same question asked at the same time is asked once. A follower shares what was found, but no failure that may pass
 * (F-058): it asks again, at most once for a fault, and always where the leader merely ran out of its own time.
 */
export class Flights<T> {
  readonly #open = new Map<string, Promise<T>>()
  readonly #verdict: (result: T) => 'keep' | 'fault' | 'gave-up'

  constructor(verdict: (result: T) => 'keep' | 'fault' | 'gave-up') {
    this.#verdict = verdict
  }

  async join(key: string, lead: () => Promise<T>): Promise<T> {
    for (let faults = 0; ; ) {
      const open = this.#open.get(key)
      if (open === undefined) return this.#start(key, lead)
      const result = await open
      const verdict = this.#verdict(result)
      if (verdict === 'keep' || (verdict === 'fault' && ++faults > 1)) return result
    }
  }

  #start(key: string, lead: () => Promise<T>): Promise<T> {
    const flight = lead().finally(() => {
      if (this.#open.get(key) === flight) this.#open.delete(key)
    })
    this.#open.set(key, flight)
    return flight
  }
}
