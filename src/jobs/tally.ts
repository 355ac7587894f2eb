import type { Asked, Question } from '../core/observation.ts'

type Counted = { readonly labels: Readonly<Record<string, string>>; count: number }

/** Counts by labels; whoever counts gives labels of closed sets only (T81). */
class Tally {
  readonly #counted = new Map<string, Counted>()

  add(labels: Counted['labels']): void {
    const key = JSON.stringify(labels)
    const known = this.#counted.get(key)
    if (known === undefined) this.#counted.set(key, { labels, count: 1 })
    else known.count++
  }

  all(): Iterable<Readonly<Counted>> {
    return this.#counted.values()
  }
}

/** What this process has asked of the world, and what it did not have to. */
export class Tallies {
  /** Exchanges over HTTP, logins and redirects among them. */
  readonly registry = new Tally()
  readonly log = new Tally()
  readonly hits = new Tally()
  readonly misses = new Tally()

  /** One exchange with its status; undefined: no answer. */
  exchanged(whom: 'registry' | 'log', status: number | undefined): void {
    this[whom].add({
      result: status === 429 ? '429' : status === undefined ? 'failed' : `${Math.floor(status / 100)}xx`,
    })
  }

  /** A question that was answered from what is remembered, or by asking. */
  answered({ ask }: Question, { beside: { from } }: Asked): void {
    if (from === 'cache' || from.startsWith('cache of ')) this.hits.add({ ask })
    else if (from !== 'meshproof') this.misses.add({ ask })
  }
}
