/** SLSA provenance v0.2 as slsa-github-generator v2 writes it, for a build whose certificate has the same options. */
import { type GithubOptions, githubDefaults } from './github.ts'

export const generators = {
  container: '.github/workflows/generator_container_slsa3.yml',
  generic: '.github/workflows/generator_generic_slsa3.yml',
} as const

export type ProvenanceOptions = {
  readonly generator?: keyof typeof generators
  /** Release tag of the generator. */
  readonly generatorRef?: string
  /** The build that is told of. */
  readonly github?: GithubOptions
  readonly subjects: readonly { readonly name: string; readonly digest: Readonly<Record<string, string>> }[]
  /** Changes the statement after it was put together, before it is signed. */
  readonly edit?: (statement: ProvenanceStatement) => unknown
}

export type ProvenanceStatement = ReturnType<typeof statementOf>

/** Options of the certificate: the generator signs, called by the workflow of `github`. */
export function generatorCertificate({
  generator = 'container',
  generatorRef = 'refs/tags/v2.1.0',
  github,
}: Omit<ProvenanceOptions, 'subjects'> = {}): GithubOptions {
  return {
    workflow: '.github/workflows/build-test-distribute.yaml',
    ...github,
    signer: {
      owner: 'slsa-framework',
      repository: 'slsa-github-generator',
      workflow: generators[generator],
      ref: generatorRef,
      sha: 'f7dd8c54c2067bafc12ca7a55595d5ee9b75204a',
      ...github?.signer,
    },
  }
}

/** The statement of such a build; everything in it agrees with `generatorCertificate` of the same options. */
export function provenance(options: ProvenanceOptions): object {
  const statement = statementOf(options)
  return (options.edit?.(statement) ?? statement) as object
}

function statementOf({
  generator = 'container',
  generatorRef = 'refs/tags/v2.1.0',
  github = {},
  subjects,
}: ProvenanceOptions) {
  const { owner, repository, ref, sha, trigger, repositoryId, ownerId, runId, attempt } = {
    ...githubDefaults,
    ...github,
  }
  const uri = `git+https://github.com/${owner}/${repository}@${ref}`
  return {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    subject: subjects,
    predicate: {
      builder: {
        id: `https://github.com/slsa-framework/slsa-github-generator/${generators[generator]}@${generatorRef}`,
      },
      buildType: `https://github.com/slsa-framework/slsa-github-generator/${generator}@v1`,
      invocation: {
        configSource: { uri, digest: { sha1: sha }, entryPoint: '.github/workflows/build-test-distribute.yaml' },
        parameters: {},
        environment: {
          github_event_name: trigger,
          github_event_payload: { ref },
          github_ref: ref,
          github_ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
          github_repository_id: repositoryId,
          github_repository_owner: owner,
          github_repository_owner_id: ownerId,
          github_run_attempt: String(attempt),
          github_run_id: runId,
          github_sha1: sha,
        },
      },
      metadata: {
        buildInvocationID: `${runId}-${attempt}`,
        completeness: { parameters: true, environment: false, materials: false },
        reproducible: false,
      },
      materials: [{ uri, digest: { sha1: sha } }],
    },
  }
}
