/** Rates by processor time of this process, in turns, so that a busy machine slows both sides alike. */
export type Subject = { readonly name: string; readonly run: () => void }

export function rates(subjects: readonly Subject[], rounds = 5, roundMs = 600): ReadonlyMap<string, number> {
  for (const { run } of subjects) for (let i = 0; i < 200; i++) run()
  const found = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const { name, run } of subjects) {
      const cpu = process.cpuUsage()
      const began = performance.now()
      let count = 0
      while (performance.now() - began < roundMs) {
        run()
        count++
      }
      const { user, system } = process.cpuUsage(cpu)
      found.get(name)?.push(count / ((user + system) / 1e6))
    }
  return new Map([...found].map(([name, list]) => [name, median(list)]))
}

export const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
export const ratio = (a: number, b: number): string => (a / b).toFixed(2)
