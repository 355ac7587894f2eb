/** What Fulcio writes into a certificate for a GitHub Actions token (fulcio/pkg/identity/ciprovider, github-workflow). */
import type { IssueOptions } from './leaf.ts'

export interface GithubOptions extends IssueOptions {
  owner?: string
  repository?: string
  /** Path of the workflow file that was started. */
  workflow?: string
  /** The workflow's `name:`. */
  workflowName?: string
  ref?: string
  /** Commit of the source, 40 hex characters. */
  sha?: string
  trigger?: string
  runner?: 'github-hosted' | 'self-hosted' | (string & {})
  repositoryId?: string
  ownerId?: string
  runId?: string
  attempt?: number
  visibility?: 'public' | 'private' | 'internal'
  /** The workflow that signs (`job_workflow_ref`), where it is a called one: what is not given is the caller's. */
  signer?: { owner?: string; repository?: string; workflow?: string; ref?: string; sha?: string }
  tokenIssuer?: string
}

export const githubIssuer = 'https://token.actions.githubusercontent.com'

export const githubDefaults = {
  owner: 'Kong',
  repository: 'kong-mesh',
  workflow: '.github/workflows/kuma-_build_publish.yaml',
  workflowName: 'build-test-distribute',
  ref: 'refs/tags/2.14.3',
  sha: '3f1c8e0b5d7a94c2610fbe8d27a5c9043e6b18d7',
  trigger: 'push',
  runner: 'github-hosted',
  repositoryId: '310000143',
  ownerId: '962416',
  runId: '19340021177',
  attempt: 1,
  visibility: 'private',
} as const

/** Options of `issueCertificate` for such a token; `extensions`, `san` and the rest go on top. */
export function githubIssueOptions(options: GithubOptions = {}): IssueOptions {
  const {
    owner,
    repository,
    workflow,
    workflowName,
    ref,
    sha,
    trigger,
    runner,
    repositoryId,
    ownerId,
    runId,
    attempt,
    visibility,
  } = {
    ...githubDefaults,
    ...options,
  }
  const source = `https://github.com/${owner}/${repository}`
  const signer = { owner, repository, workflow, ref, sha, ...options.signer }
  const signerUri = `https://github.com/${signer.owner}/${signer.repository}/${signer.workflow}@${signer.ref}`
  return {
    ...options,
    san: options.san ?? signerUri,
    issuer: options.issuer === undefined ? (options.tokenIssuer ?? githubIssuer) : options.issuer,
    extensions: {
      githubWorkflowTrigger: trigger,
      githubWorkflowSHA: sha,
      githubWorkflowName: workflowName,
      githubWorkflowRepository: `${owner}/${repository}`,
      githubWorkflowRef: ref,
      buildSignerURI: signerUri,
      buildSignerDigest: signer.sha,
      runnerEnvironment: runner,
      sourceRepositoryURI: source,
      sourceRepositoryDigest: sha,
      sourceRepositoryRef: ref,
      sourceRepositoryIdentifier: repositoryId,
      sourceRepositoryOwnerURI: `https://github.com/${owner}`,
      sourceRepositoryOwnerIdentifier: ownerId,
      buildConfigURI: `${source}/${workflow}@${ref}`,
      buildConfigDigest: sha,
      buildTrigger: trigger,
      runInvocationURI: `${source}/actions/runs/${runId}/attempts/${attempt}`,
      sourceRepositoryVisibilityAtSigning: visibility,
      subject: `repo:${owner}/${repository}:ref:${ref}`,
      ...options.extensions,
    },
  }
}
