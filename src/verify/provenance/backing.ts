import type { LeafFacts } from '../certificate/leaf.ts'
import type { BuildFacts } from './build-facts.ts'
import { parseSource, type Source } from './source.ts'

/**
 * Who vouches for what a statement says of its build. Under a certificate that is the authority that issued it; under a key of
 * the policy there is only the statement, which must at least not contradict itself.
 */
export type Backing = {
  readonly by: 'certificate' | 'key'
  /** Who called the workflow (T07). */
  readonly source: Source | undefined
  readonly ref: string | undefined
  readonly commit: string | undefined
  readonly trigger: string | undefined
  readonly workflowName: string | undefined
  readonly repositoryId: string | undefined
  readonly ownerId: string | undefined
  readonly run: string | undefined
}

export function backedByCertificate({ extensions }: LeafFacts): Backing {
  const { sourceRepositoryURI, githubWorkflowRepository: repository } = extensions
  const uri = sourceRepositoryURI ?? (repository === undefined ? undefined : `https://github.com/${repository}`)
  const [, id, attempt] = /\/actions\/runs\/(\d+)\/attempts\/(\d+)$/.exec(extensions.runInvocationURI ?? '') ?? []
  return {
    by: 'certificate',
    source: uri === undefined ? undefined : parseSource(uri),
    ref: extensions.sourceRepositoryRef ?? extensions.githubWorkflowRef,
    commit: extensions.sourceRepositoryDigest ?? extensions.githubWorkflowSHA,
    trigger: extensions.buildTrigger ?? extensions.githubWorkflowTrigger,
    workflowName: extensions.githubWorkflowName,
    repositoryId: extensions.sourceRepositoryIdentifier,
    ownerId: extensions.sourceRepositoryOwnerIdentifier,
    run: id === undefined ? undefined : `${id}/${attempt}`,
  }
}

export function backedByKey(build: BuildFacts): Backing {
  const [first] = build.places
  const source = first === undefined ? undefined : parseSource(first.uri)
  return {
    by: 'key',
    source,
    ref: build.ref ?? source?.ref,
    commit: build.commit ?? first?.commits[0],
    trigger: build.trigger,
    workflowName: undefined,
    repositoryId: undefined,
    ownerId: undefined,
    run: undefined,
  }
}
