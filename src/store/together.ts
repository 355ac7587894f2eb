import { isTrouble } from './trouble.ts'

/**
 * Statements cost more than their rows: what is asked for while one is under way goes into the next one, together. Each is
 * answered as if it were alone; where some of many fail, each is tried by itself.
 */
export function together<A, B>(
  run: (all: readonly A[]) => Promise<readonly B[]>,
  limits: { readonly most: number; readonly bytes: number },
  sizeOf: (one: A) => number = () => 0,
): (one: A) => Promise<B> {
  type Waiting = { readonly one: A; readonly done: (value: B) => void; readonly fail: (error: unknown) => void }
  const waiting: Waiting[] = []
  let busy = false
  const take = (): readonly Waiting[] => {
    let [count, bytes] = [0, 0]
    for (const { one } of waiting) {
      bytes += sizeOf(one)
      if (count === limits.most || (count > 0 && bytes > limits.bytes)) break
      count++
    }
    return waiting.splice(0, count)
  }
  const answer = async (some: readonly Waiting[]): Promise<void> => {
    try {
      const values = await run(some.map(({ one }) => one))
      for (const [i, { done }] of some.entries()) done(values[i] as B)
    } catch (error) {
      if (some.length === 1 || isTrouble(error)) for (const { fail } of some) fail(error)
      else for (const each of some) await answer([each])
    }
  }
  const work = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) await answer(take())
    busy = false
  }
  return (one) =>
    new Promise<B>((done, fail) => {
      waiting.push({ one, done, fail })
      if (!busy) void work()
    })
}
