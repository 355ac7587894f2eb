import type { Code } from '../../core/codes.ts'
import type { Json } from '../../core/json.ts'
import type { Builder, Provenance } from '../../core/policy.ts'
import type { LeafFacts } from '../certificate/leaf.ts'
import type { Book } from '../signature/book.ts'
import type { Matter } from '../signature/matter.ts'
import { type Backing, backedByCertificate, backedByKey } from './backing.ts'
import { type BuildFacts, knowsBuildType, readBuild } from './build-facts.ts'
import { type BuilderRow, defaultBuilders, isReleaseRef, parseBuilder, splitBuilder } from './builders.ts'
import { holdSource } from './hold-source.ts'
import { formatSource, parseSource, sameRepository } from './source.ts'

/** What a verified statement brings; undefined where the signature or the statement could not be verified. `leaf`: none under a key. */
export type Proven = {
  readonly leaf: LeafFacts | undefined
  readonly predicateType: string
  readonly predicate: unknown
  /** Names of the subjects that are this artifact. */
  readonly names: readonly string[]
}

/**
 * The identity of a builder from the table: certificate exactly the workflow that signs for it, at a release tag, and the
 * statement names the same (T57). Issuer: GitHub's, which is the only one that such certificates come from.
 */
export function holdBuilder(
  signer: Builder,
  leaf: LeafFacts | undefined,
  build: BuildFacts | undefined,
  matter: Matter,
  book: Book,
): void {
  const kind = matter.isImage ? 'images' : matter.name === undefined ? undefined : 'files'
  const rows = signer.builder === 'trusted' ? defaultBuilders(kind) : rowsOf(signer.builder)
  if (leaf === undefined || (build === undefined && builderProblem(signer, rows, leaf, undefined) === undefined)) {
    book.demand('/signer/builder', 'error', leaf === undefined ? 'identity.not-evaluated' : 'provenance.not-evaluated')
    return
  }
  const problem = builderProblem(signer, rows, leaf, build)
  if (problem !== undefined) book.demand('/signer/builder', 'fail', 'provenance.builder', problem)
  else
    book.demand('/signer/builder', 'pass', 'provenance.builder-met', {
      expected: signer.builder,
      found: build?.builder ?? '',
    })
}

/** First the certificate, then, where there is a statement, what that says. */
function builderProblem(
  signer: Builder,
  known: readonly BuilderRow[],
  leaf: LeafFacts,
  build: BuildFacts | undefined,
): { readonly expected: string; readonly found: string } | undefined {
  const problem = (expected: string, found: string) => ({ expected, found: found.slice(0, 1024) })
  if (leaf.issuer !== githubIssuer) return problem(githubIssuer, leaf.issuer ?? 'none')
  const signed = splitBuilder(leaf.san)
  const wanted = signer.builder === 'trusted' ? undefined : parseBuilder(signer.builder)
  const rows = known.filter((row) => row.signedBy.includes(signed.id))
  if (rows.length === 0) return problem(signer.builder, leaf.san)
  if (!isReleaseRef(signed.ref)) return problem(`${signed.id}@refs/tags/vX.Y.Z`, leaf.san)
  if (build === undefined) return undefined
  const said = splitBuilder(build.builder)
  const row = rows.find(({ id }) => id === said.id)
  if (row === undefined) return problem(rows.map(({ id }) => id).join(' or '), build.builder)
  // A delegator signs for a workflow of another repository, which has refs of its own; everybody else signs for himself.
  if (row.id === signed.id && said.ref !== signed.ref) return problem(leaf.san, build.builder)
  if (!isReleaseRef(said.ref)) return problem(`${said.id}@refs/tags/vX.Y.Z`, build.builder)
  return wanted?.ref !== undefined && said.ref !== wanted.ref
    ? problem(`${said.id}@${wanted.ref}`, build.builder)
    : undefined
}

const rowsOf = (builder: string): readonly BuilderRow[] => {
  const row = parseBuilder(builder)?.row
  return row === undefined ? [] : [row]
}

const githubIssuer = 'https://token.actions.githubusercontent.com'

/** The claims of the statement against the certificate, then against the policy. */
export function holdProvenance(
  provenance: Provenance,
  proven: Proven | undefined,
  byBuilder: boolean,
  matter: Matter,
  book: Book,
): BuildFacts | undefined {
  if (proven === undefined) {
    for (const place of placesOf(provenance)) book.demand(place, 'error', 'provenance.not-evaluated')
    return undefined
  }
  const { leaf, predicateType, predicate, names } = proven
  const build = readBuild(predicateType, predicate)
  if (build === undefined) {
    book.demand('/provenance', 'fail', 'provenance.predicate', { found: predicateType.slice(0, 200) })
    return undefined
  }
  const backing = leaf === undefined ? backedByKey(build) : backedByCertificate(leaf)
  const first = mismatch(build, backing, predicateType)
  const agrees = leaf === undefined ? 'provenance.consistent' : 'provenance.agrees'
  if (first !== undefined)
    book.demand('/provenance', 'fail', first.code, { expected: first.expected, found: first.found })
  else book.demand('/provenance', 'pass', agrees, { found: build.places[0]?.uri ?? '' })
  if (!byBuilder && leaf !== undefined) holdNamedBuilder(build, leaf, book)
  holdSource(provenance, build, backing, matter, book)
  holdRest(provenance, build, backing, book)
  if (provenance.fileName === 'demanded') holdFileName(names, matter, book)
  else if (!matter.isImage && matter.name !== undefined && !names.includes(matter.name))
    book.note('provenance.name-differs', { expected: matter.name, found: shown(names) }) // T63
  return build
}

/** Pointers of all that a provenance demand asks. */
export function placesOf(provenance: Provenance): readonly string[] {
  const { source, trigger, workflow, inputs, fileName } = provenance
  return [
    '/provenance',
    ...(source === undefined
      ? []
      : [
          '/provenance/source/uri',
          ...(['tag', 'versionedTag', 'branch'] as const)
            .filter((key) => source[key] !== undefined)
            .map((key) => `/provenance/source/${key}`),
        ]),
    ...(trigger === undefined ? [] : ['/provenance/trigger']),
    ...(workflow === undefined ? [] : ['/provenance/workflow']),
    ...(inputs === undefined ? [] : ['/provenance/inputs']),
    ...(fileName === undefined ? [] : ['/provenance/fileName']),
  ]
}

type Difference = { readonly code: Code; readonly expected: Json; readonly found: Json }

/** T56, T60: what the statement says and its backing can tell must agree; the first place where they do not. */
function mismatch(build: BuildFacts, backing: Backing, predicateType: string): Difference | undefined {
  const certified = backing.by === 'certificate'
  if (certified && !knowsBuildType(predicateType, build.buildType))
    return { code: 'provenance.predicate', expected: 'a known build type', found: build.buildType.slice(0, 200) }
  if (certified && build.unknown.length > 0)
    return {
      code: 'provenance.predicate',
      expected: 'known external parameters',
      found: build.unknown.slice(0, 8).join(', '),
    } // T59
  const differs = (name: string, expected: string | undefined, found: string | undefined): Difference | undefined =>
    expected === undefined || found === undefined || expected === found
      ? undefined
      : { code: 'provenance.mismatch', expected: `${name} ${expected}`, found: `${name} ${found.slice(0, 512)}` }
  const { commit, ref } = backing
  for (const place of build.places) {
    const spelled = !certified || place.uri.startsWith(`${place.scheme ?? 'git+https'}://`)
    const source = spelled ? parseSource(place.uri) : undefined
    const shownPlace = `${place.place} ${place.uri.slice(0, 512)}`
    if (source === undefined || !sameRepository(source, backing.source))
      return {
        code: 'provenance.mismatch',
        expected: backing.source === undefined ? 'a repository' : formatSource(backing.source),
        found: shownPlace,
      }
    if (certified && source.ref === undefined && place.refless !== true)
      return { code: 'provenance.mismatch', expected: ref === undefined ? 'a ref' : `ref ${ref}`, found: shownPlace }
    const other = place.commits.find((one) => one !== commit)
    const found = differs('ref', ref, source.ref) ?? differs('commit', commit, other)
    if (found !== undefined) return found
  }
  const { run } = build
  return (
    differs('ref', ref, build.ref) ??
    differs('commit', commit, build.commit) ??
    differs('trigger', backing.trigger, build.trigger) ??
    differs('repository id', backing.repositoryId, build.repositoryId) ??
    differs('owner id', backing.ownerId, build.ownerId) ??
    differs('run', backing.run, run === undefined || run.attempt === '' ? undefined : `${run.id}/${run.attempt}`)
  )
}

/** A keyless policy names the builder's workflow itself; the statement must name the same one. */
function holdNamedBuilder(build: BuildFacts, leaf: LeafFacts, book: Book): void {
  const met = build.builder === leaf.san
  book.demand('/provenance', met ? 'pass' : 'fail', met ? 'provenance.builder-met' : 'provenance.builder', {
    expected: leaf.san,
    found: build.builder.slice(0, 1024),
  })
}

function holdRest({ trigger, workflow, inputs }: Provenance, build: BuildFacts, backing: Backing, book: Book): void {
  const { trigger: event } = backing
  if (trigger !== undefined) {
    const met = event !== undefined && trigger.includes(event)
    book.demand('/provenance/trigger', met ? 'pass' : 'fail', met ? 'demand.met' : 'provenance.trigger', {
      expected: trigger.join(' or '),
      found: event ?? 'none',
    }) // T09
  } else if (event !== undefined) book.note('provenance.triggered-by', { found: event })
  if (workflow !== undefined) {
    const found = backing.workflowName
    book.demand(
      '/provenance/workflow',
      found === workflow ? 'pass' : 'fail',
      found === workflow ? 'demand.met' : 'provenance.workflow',
      { expected: workflow, found: found ?? 'none' },
    )
  }
  if (inputs !== undefined) {
    const wrong = Object.entries(inputs).find(
      ([key, value]) => !Object.hasOwn(build.inputs, key) || build.inputs[key] !== value,
    )
    book.demand(
      '/provenance/inputs',
      wrong === undefined ? 'pass' : 'fail',
      wrong === undefined ? 'demand.met' : 'provenance.inputs',
      {
        expected: wrong === undefined ? Object.keys(inputs).sort().join(', ') : `${wrong[0]}=${wrong[1]}`,
        ...(wrong !== undefined && {
          found: `${wrong[0]}=${Object.hasOwn(build.inputs, wrong[0]) ? (build.inputs[wrong[0]] ?? '') : '-'}`.slice(
            0,
            512,
          ),
        }),
      },
    )
  }
}

/** T63: an archive under another's name is another archive, though both digests stand in the list. */
function holdFileName(names: readonly string[], matter: Matter, book: Book): void {
  const place = '/provenance/fileName'
  if (matter.name === undefined) {
    book.demand(place, 'error', 'reference.name-unknown')
    return
  }
  const met = names.includes(matter.name)
  book.demand(place, met ? 'pass' : 'fail', met ? 'demand.met' : 'provenance.subject', {
    expected: matter.name,
    found: shown(names),
  })
}

const shown = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.slice(0, 4).join(', ').slice(0, 512)
