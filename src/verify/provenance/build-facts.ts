import { z } from 'zod'

/**
 * What a provenance statement says of the build, in one form for SLSA v0.2 (slsa.dev/spec/v0.2/provenance) and v1
 * (slsa.dev/spec/v1.0/provenance), as GitHub's builders write them. Every place that names the source is kept, so that
 * they can be held against each other and against the certificate (T56).
 */
export type BuildFacts = {
  readonly builder: string
  readonly buildType: string
  readonly places: readonly SourcePlace[]
  readonly ref: string | undefined
  readonly commit: string | undefined
  readonly trigger: string | undefined
  /** Path of the workflow that called the builder. */
  readonly workflow: string | undefined
  readonly repositoryId: string | undefined
  readonly ownerId: string | undefined
  readonly run: { readonly id: string; readonly attempt: string } | undefined
  /** The branch from which a tag was made, where the event says so; the certificate does not back it. */
  readonly baseRef: string | undefined
  readonly inputs: Readonly<Record<string, string>>
  /** Keys of `externalParameters` that this build type does not know (T59). */
  readonly unknown: readonly string[]
}
/** `refless`: the builder names no ref there (slsa-verifier: delegators only). `scheme`: of the URI; `git+https` unless said. */
export type SourcePlace = {
  readonly place: string
  readonly uri: string
  readonly commits: readonly string[]
  readonly refless?: boolean
  readonly scheme?: 'https'
}

export const predicateTypes = { v02: 'https://slsa.dev/provenance/v0.2', v1: 'https://slsa.dev/provenance/v1' } as const

const text = z.string().max(4096)
const digests = z.record(z.string(), z.string()).nullish()
const material = z.object({ uri: text, digest: digests })
const loose = z.record(z.string(), z.unknown())

const v02 = z.object({
  builder: z.object({ id: text }),
  buildType: text,
  invocation: z.object({
    configSource: z.object({ uri: text, digest: digests, entryPoint: text.nullish() }),
    environment: loose.nullish(),
  }),
  metadata: z.object({ buildInvocationID: text.nullish(), buildInvocationId: text.nullish() }).nullish(),
  materials: z.array(material).min(1).max(1024),
})

const v1 = z.object({
  buildDefinition: z.object({
    buildType: text,
    externalParameters: loose,
    internalParameters: loose.nullish(),
    resolvedDependencies: z.array(material).min(1).max(1024),
  }),
  runDetails: z.object({
    builder: z.object({ id: text }),
    metadata: z.object({ invocationId: text.nullish() }).nullish(),
  }),
})

/** undefined where the predicate has not the shape that its type demands (T53: each type has its own reader). */
export function readBuild(predicateType: string, predicate: unknown): BuildFacts | undefined {
  if (predicateType === predicateTypes.v02) return readV02(predicate)
  if (predicateType === predicateTypes.v1) return readV1(predicate)
  return undefined
}

const string = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' && Number.isSafeInteger(value)
      ? String(value)
      : undefined
const filled = (value: unknown): string | undefined => string(value) || undefined
/** Both names of a Git commit: a statement may give either, and where it gives both they must agree. */
const commitsOf = (digest: Readonly<Record<string, string>> | null | undefined): readonly string[] =>
  [digest?.['sha1'], digest?.['gitCommit']].filter((one) => one !== undefined)

function readV02(predicate: unknown): BuildFacts | undefined {
  const checked = v02.safeParse(predicate)
  if (!checked.success) return undefined
  const { builder, buildType, invocation, metadata, materials } = checked.data
  const environment = invocation.environment ?? {}
  const { configSource } = invocation
  const id = filled(environment['github_run_id'])
  const [source] = materials
  return {
    builder: builder.id,
    buildType,
    places: [
      { place: '/predicate/invocation/configSource', uri: configSource.uri, commits: commitsOf(configSource.digest) },
      ...(source === undefined
        ? []
        : [{ place: '/predicate/materials/0', uri: source.uri, commits: commitsOf(source.digest) }]),
    ],
    ref: filled(environment['github_ref']),
    commit: filled(environment['github_sha1']),
    trigger: filled(environment['github_event_name']),
    workflow: configSource.entryPoint ?? undefined,
    repositoryId: filled(environment['github_repository_id']),
    ownerId: filled(environment['github_repository_owner_id']),
    run:
      id === undefined
        ? runOf(metadata?.buildInvocationID ?? metadata?.buildInvocationId ?? '')
        : { id, attempt: filled(environment['github_run_attempt']) ?? '' },
    baseRef: baseRefOf(environment['github_event_payload']),
    inputs: inputsOf(environment['github_event_payload']),
    unknown: [],
  }
}

/** `5201390337-1` */
function runOf(invocation: string): BuildFacts['run'] {
  const [, id, attempt] = /^(\d{1,20})-(\d{1,6})$/.exec(invocation) ?? []
  return id === undefined || attempt === undefined ? undefined : { id, attempt }
}

const delegated = 'https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0'
/**
 * Keys of `externalParameters` by build type, and of what stands in them where that is no map of the caller's; what is not
 * listed is unknown and fails (T59).
 */
const parameters: Readonly<Record<string, Readonly<Record<string, readonly string[] | 'free'>>>> = {
  'https://slsa.dev/container-based-build/v0.1?draft': {
    source: ['uri', 'digest'],
    builderImage: ['uri', 'digest'],
    configPath: 'free',
    buildConfig: 'free',
  },
  [delegated]: { inputs: 'free', vars: 'free' },
  'https://actions.github.io/buildtypes/workflow/v1': { workflow: ['path', 'ref', 'repository'] },
}

function unknownParameters(buildType: string, external: Readonly<Record<string, unknown>>): readonly string[] {
  const known = Object.hasOwn(parameters, buildType) ? (parameters[buildType] ?? {}) : {}
  return Object.entries(external)
    .flatMap(([key, value]) => {
      const inside = Object.hasOwn(known, key) ? known[key] : undefined
      if (inside === undefined) return [key]
      if (inside === 'free') return []
      return Object.keys(asObject(value)).flatMap((name) => (inside.includes(name) ? [] : [`${key}.${name}`]))
    })
    .sort()
}

const placeAt = (
  place: string,
  uri: string | undefined,
  digest: Readonly<Record<string, string>> | null | undefined,
  more: Pick<SourcePlace, 'refless' | 'scheme'> = {},
): readonly SourcePlace[] =>
  uri === undefined ? [] : [{ place: `/predicate/buildDefinition/${place}`, uri, commits: commitsOf(digest), ...more }]

function readV1(predicate: unknown): BuildFacts | undefined {
  const checked = v1.safeParse(predicate)
  if (!checked.success) return undefined
  const { buildDefinition: definition, runDetails } = checked.data
  const external = definition.externalParameters
  const internal = definition.internalParameters ?? {}
  const github = asObject(internal['github'])
  const workflow = asObject(external['workflow'])
  const source = asObject(external['source'])
  const [first] = definition.resolvedDependencies
  const run = /\/actions\/runs\/(\d{1,20})\/attempts\/(\d{1,6})$/.exec(runDetails.metadata?.invocationId ?? '')
  const workflowRef = string(internal['GITHUB_WORKFLOW_REF'])
  const repository = string(workflow['repository'])
  const running = filled(internal['GITHUB_REPOSITORY'])
  const runId = filled(internal['GITHUB_RUN_ID'])
  return {
    builder: runDetails.builder.id,
    buildType: definition.buildType,
    places: [
      ...placeAt('externalParameters/source', string(source['uri']), strings(source['digest'])),
      ...placeAt(
        'externalParameters/workflow',
        repository === undefined ? undefined : `${repository}@${string(workflow['ref']) ?? ''}`,
        undefined,
        { scheme: 'https' },
      ),
      ...placeAt('resolvedDependencies/0', first?.uri, first?.digest, { refless: definition.buildType === delegated }),
      ...placeAt(
        'internalParameters/GITHUB_REPOSITORY',
        running === undefined ? undefined : `git+https://github.com/${running}`,
        undefined,
        { refless: true },
      ),
    ],
    ref: filled(internal['GITHUB_REF']) ?? filled(workflow['ref']),
    commit: filled(internal['GITHUB_SHA']),
    trigger: filled(internal['GITHUB_EVENT_NAME']) ?? filled(github['event_name']),
    workflow:
      filled(workflow['path']) ??
      (workflowRef === undefined ? undefined : /^[^/]+\/[^/]+\/(.+)@/.exec(workflowRef)?.[1]),
    repositoryId: filled(internal['GITHUB_REPOSITORY_ID']) ?? filled(github['repository_id']),
    ownerId: filled(internal['GITHUB_REPOSITORY_OWNER_ID']) ?? filled(github['repository_owner_id']),
    run:
      run !== null
        ? { id: run[1] ?? '', attempt: run[2] ?? '' }
        : runId === undefined
          ? undefined
          : { id: runId, attempt: filled(internal['GITHUB_RUN_ATTEMPT']) ?? '' },
    baseRef: baseRefOf(internal['GITHUB_EVENT_PAYLOAD']),
    inputs: { ...inputsOf(internal['GITHUB_EVENT_PAYLOAD']), ...strings(external['inputs']) },
    unknown: unknownParameters(definition.buildType, external),
  }
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

function strings(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(asObject(value)).flatMap(([key, one]) =>
      typeof one === 'string'
        ? [[key, one]]
        : typeof one === 'boolean' || typeof one === 'number'
          ? [[key, String(one)]]
          : [],
    ),
  )
}

/** GitHub's push event names the branch of a tag, its release event the commitish it was made from. */
function baseRefOf(event: unknown): string | undefined {
  const { base_ref: base, release } = asObject(event)
  const target = filled(asObject(release)['target_commitish'])
  return (
    filled(base) ?? (target === undefined ? undefined : target.startsWith('refs/') ? target : `refs/heads/${target}`)
  )
}

/** Inputs of a workflow that was started by hand stand in the event. */
const inputsOf = (event: unknown): Readonly<Record<string, string>> => strings(asObject(event)['inputs'])

export const knowsBuildType = (predicateType: string, buildType: string): boolean =>
  predicateType === predicateTypes.v1 ? Object.hasOwn(parameters, buildType) : v02Types.includes(buildType)

const v02Types: readonly string[] = [
  'https://github.com/slsa-framework/slsa-github-generator/go@v1',
  'https://github.com/slsa-framework/slsa-github-generator/generic@v1',
  'https://github.com/slsa-framework/slsa-github-generator/container@v1',
]
