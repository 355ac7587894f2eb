import type { Digest } from '../core/digest.ts'
import type { Asked, Observation, Question } from '../core/observation.ts'
import { questionKey } from '../core/observation.ts'
import { partsOf } from '../core/reference.ts'
import { EvidenceView } from '../judge/evidence-view.ts'
import type { World } from './examination.ts'

/** Evidence so far: observations with what stands beside them, and the bytes they found, loaded for the pure core. */
export class Gathered {
  readonly observations: Asked[] = []
  private readonly held = new Map<Digest, Uint8Array>()
  private readonly world: World

  constructor(world: World) {
    this.world = world
  }

  readonly bytes = (digest: Digest): Uint8Array | undefined => this.held.get(digest)

  hold(digest: Digest, bytes: Uint8Array): void {
    this.held.set(digest, bytes)
  }

  async add(asked: Asked): Promise<void> {
    this.observations.push(asked)
    const { question, outcome } = asked
    if ('found' in outcome) await this.load(outcome.found)
    if (question.ask === 'log-entry') await this.load(question.envelope) // what was asked about goes into a pack as well
  }

  private async load(digest: Digest): Promise<void> {
    if (this.held.has(digest)) return
    const bytes = await this.world.store.get(digest)
    if (bytes !== undefined) this.held.set(digest, bytes)
  }

  view(): EvidenceView {
    return new EvidenceView(this.observations as readonly Observation[], this.bytes)
  }

  get newest(): number | undefined {
    return this.observations.length === 0 ? undefined : Math.max(...this.observations.map(({ beside }) => beside.at))
  }
}

/**
 * The loop: ask what is open, answer it, ask again; at most `limits.rounds` times (shapes: `limit.rounds`). `aside` is a
 * question whose answer is only told (T91): nobody waits for it as for one that decides.
 */
export async function gather(
  given: readonly Asked[],
  open: (view: EvidenceView) => readonly Question[],
  world: World,
  aside?: Question,
): Promise<Gathered> {
  const passing = aside === undefined ? undefined : questionKey(aside)
  const gathered = new Gathered(world)
  for (const asked of given) await gathered.add(asked)
  for (let round = 0; ; round++) {
    const questions = unique(open(gathered.view()))
    if (questions.length === 0) return gathered
    const answers = await inParallel(questions, world.limits.parallelRequests, (question) =>
      round >= world.limits.rounds
        ? failed(question, 'limit.rounds', world)
        : questionKey(question) === passing
          ? answerInPassing(question, world)
          : answer(question, world, world.signal, gathered.observations),
    )
    for (const asked of answers) await gathered.add(asked)
  }
}

const unique = (questions: readonly Question[]): readonly Question[] => [
  ...new Map(questions.map((question) => [questionKey(question), question])).values(),
]

async function answer(
  question: Question,
  world: World,
  signal: AbortSignal,
  sofar: readonly Asked[] = [],
): Promise<Asked> {
  for (const source of world.sources) {
    if (signal.aborted) break
    const asked = await source.tryAnswer(question, signal, sofar)
    if (asked !== undefined) return asked
  }
  return failed(question, signal.aborted ? 'limit.time' : 'evidence.offline', world)
}

/** An air-gapped site cannot reach the origins of its mirrors: that is found out once a run, and quickly. */
async function answerInPassing(question: Question, world: World): Promise<Asked> {
  const host = 'image' in question ? partsOf(question.image).host : ''
  if (world.lost?.has(host) === true) return failed(question, 'registry.unreachable', world)
  const patience = AbortSignal.any([world.signal, AbortSignal.timeout(world.limits.asideMs)])
  const asked = await answer(question, world, patience)
  const { outcome } = asked
  if ('failed' in outcome && ['limit.time', 'registry.unreachable'].includes(outcome.failed)) world.lost?.add(host)
  return asked
}

type Unanswered = 'limit.rounds' | 'limit.time' | 'evidence.offline' | 'registry.unreachable'
const failed = (question: Question, code: Unanswered, world: World): Asked => ({
  question,
  outcome: { failed: code },
  beside: { from: 'meshproof', at: world.now() },
})

/** Runs at most `width` at a time; the results keep their order. */
export async function inParallel<A, B>(
  items: readonly A[],
  width: number,
  run: (item: A) => B | Promise<B>,
): Promise<B[]> {
  const results: B[] = []
  let next = 0
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await run(items[i] as A)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return results
}
