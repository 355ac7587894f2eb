import type { Lookups, Remembered } from '../core/lookups.ts'

export function memoryLookups(): Lookups {
  const held = new Map<string, Remembered>()
  return {
    recall: (key) => Promise.resolve(held.get(key)),
    remember: (key, what) => {
      held.set(key, what)
      return Promise.resolve()
    },
  }
}
