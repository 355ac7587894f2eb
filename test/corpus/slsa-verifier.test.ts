/** slsa-verifier's own tables of its unit tests, each row as a build that is really signed and judged. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import type { SubjectAnswer } from '../../src/core/request.ts'
import { corpus, hasCorpus } from '../attacks/corpus.ts'
import { authority, digestsOf, judged, message, policyOf } from '../attacks/harness.ts'
import type { GithubOptions } from '../authority/github.ts'
import { generatorCertificate, type ProvenanceStatement, provenance } from '../authority/provenance.ts'

type Row = Readonly<Record<string, unknown>> & { readonly name: string }
type Text = string | undefined

const folder = join(corpus, 'vectors')
const files = hasCorpus && existsSync(folder) ? readdirSync(folder).filter((name) => /^slsa-verifier\./.test(name)) : []
const nameOf = (file: string) => file.replace(/^slsa-verifier\./, '').replace(/\.json$/, '')
const rowsOf = (name: string): readonly Row[] =>
  (JSON.parse(readFileSync(join(folder, `slsa-verifier.${name}.json`), 'utf8')) as { rows: Row[] }).rows

const generator = 'https://github.com/slsa-framework/slsa-github-generator'
const workflows = '/.github/workflows'
/** Constants of upstream's source that rows name. */
const constants: Readonly<Record<string, string>> = {
  generatorGenericSlsa3: `${workflows}/generator_generic_slsa3.yml`,
  delegatorGenericSlsa3: `${workflows}/delegator_generic_slsa3.yml`,
  builderGoSlsa3GitURL: `${generator}${workflows}/builder_go_slsa3.yml`,
}
function text(value: unknown): string {
  if (typeof value === 'string') return value === '+' ? '' : value
  const { $go, $id, args } = value as { $go?: unknown[]; $id?: string; args?: unknown[] }
  return $id !== undefined ? (constants[$id] ?? '') : ($go ?? args ?? []).map(text).join('')
}

type Build = {
  readonly source?: { readonly uri: string; readonly tag?: Text; readonly versionedTag?: Text; readonly branch?: Text }
  readonly github?: GithubOptions
  /** SAN of the certificate; the statement names the same builder unless `said`. */
  readonly san?: string
  readonly said?: string
  readonly builder?: string
  readonly inputs?: object
  readonly edit?: (statement: ProvenanceStatement) => void
  readonly artifact?: Parameters<typeof judged>[0]['artifact']
}

const uri = 'github.com/Kong/kong-mesh'
const sha256 = digestsOf(message).sha256
const go = `${generator}${workflows}/builder_go_slsa3.yml`

async function judge({ source = { uri }, inputs, edit, ...of }: Build): Promise<SubjectAnswer | Fault> {
  const san = of.san ?? `${go}@refs/tags/v2.1.0`
  const options = { generator: 'generic', github: of.github ?? {}, subjects: [subjectOf()] } as const
  const statement = provenance({
    ...options,
    edit: (one) => {
      one.predicate.builder.id = of.said ?? san
      edit?.(one)
      return one
    },
  })
  const { bundle } = authority.sign({ payload: statement, github: { ...generatorCertificate(options), san } })
  const policy = policyOf({
    id: 'P',
    candidate: 'attestation',
    signer: { builder: of.builder ?? 'trusted' },
    provenance: { source: JSON.parse(JSON.stringify(source)) as object, ...(inputs !== undefined && { inputs }) },
  })
  try {
    return await judged({ evidence: { bundle }, artifact: of.artifact ?? { digest: sha256 }, policy })
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}
function subjectOf() {
  return { name: 'artifact', digest: { sha256: sha256.slice('sha256:'.length) } }
}

type Prov = { tag?: string; branch?: string; workflowInputs?: object; subjects?: { Digest: Record<string, string> }[] }
const provOf = (row: Row) => (row['prov'] ?? {}) as Prov
const workflowOf = (row: Row) => row['workflow'] as { SourceRepository: string; SubjectWorkflow: string }

/** What a row says of a build. Of rows that upstream takes only while it tests itself, ours takes none. */
const tables: Readonly<Record<string, (row: Row) => Build>> = {
  'gha.Test_VerifyVersionedTag': (row) => ({
    github: { ref: provOf(row).tag ?? '' },
    source: { uri, versionedTag: row['tag'] as Text },
  }),
  'gha.Test_VerifyTag': (row) => ({
    github: { ref: provOf(row).tag ?? '' },
    source: { uri, tag: (row['tag'] as Text) ?? '' },
  }),
  'gha.Test_VerifyBranch': (row) => ({
    github: { ref: provOf(row).branch ?? '' },
    source: { uri, branch: (row['branch'] as Text) ?? '' },
  }),
  'gha.Test_VerifyDigest': (row) => ({
    artifact: { digest: `sha256:${row['artifactHash'] as string}` },
    edit: (one) => Object.assign(one, { subject: provOf(row).subjects?.map(({ Digest: digest }) => ({ digest })) }),
  }),
  'gha.Test_VerifyWorkflowInputs': (row) => ({
    inputs: row['inputs'] as object,
    edit: ({ predicate }) =>
      Object.assign(predicate.invocation.environment, { github_event_payload: { inputs: provOf(row).workflowInputs } }),
  }),
  'gha.Test_verifySourceURI': (row) => ({
    github: { owner: 'some', repository: 'repo', ref: 'v1.2.3' },
    source: { uri: row['expectedSourceURI'] as string },
    edit: ({ predicate }) => {
      predicate.invocation.configSource.uri = (row['provTriggerURI'] as Text) ?? ''
      predicate.materials = predicate.materials.map((one) => ({ ...one, uri: (row['provMaterialsURI'] as Text) ?? '' }))
      predicate.invocation.environment.github_ref = 'v1.2.3'
    },
  }),
  'gha.Test_VerifyCertficateSourceRepository': (row) => ({
    ...bySourceOf(row),
    source: { uri: row['source'] as string },
  }),
  'gha.Test_VerifyBuilderIdentity': (row) => {
    const { ExpectedID: id } = (row['buildOpts'] ?? {}) as { ExpectedID?: unknown }
    const { $id: defaults } = (row['defaults'] ?? {}) as { $id?: string }
    return {
      ...bySourceOf(row),
      san: workflowOf(row).SubjectWorkflow,
      ...(row['byob'] === true && { said: `${generator}${workflows}/builder_maven_slsa3.yml@refs/tags/v1.2.3` }),
      ...(id !== undefined && { builder: text(id) }),
      ...(defaults === 'defaultContainerTrustedReusableWorkflows' && {
        artifact: { digest: sha256, name: 'docker.io/some/image' },
      }),
    }
  },
  'gha.Test_verifyTrustedBuilderRef': (row) => ({ san: `${go}@${row['builderRef'] as string}` }),
  'utils.Test_IsValidBuilderTag': (row) => ({ san: `${go}@${row['ref'] as string}` }),
  'gha.Test_verifyTrustedBuilderID': (row) => {
    const path = text(row['path'])
    const tag = (row['tag'] as string).replace(/^(?!refs\/)/, 'refs/tags/') // Fulcio writes whole refs only
    const id = row['id'] === undefined || row['id'] === null ? undefined : text(row['id'])
    const delegated = row['byob'] === true
    const maven = `${generator}${workflows}/builder_maven_slsa3.yml`
    return {
      san: `${path.startsWith('https://') ? path : `https://github.com/${path}`}@${tag}`,
      ...(delegated ? { said: `${maven}@${tag}`, builder: maven } : { ...(id !== undefined && { builder: id }) }),
    }
  },
  'gha.Test_isTrustedDelegatorBuilder': (row) => ({
    san: row['certBuilderID'] as string,
    said: `${generator}${workflows}/builder_maven_slsa3.yml@refs/tags/v1.2.3`,
    // Which delegators are trusted is data of ours; a caller that trusts none of them names another builder.
    builder: row['result'] === true ? 'trusted' : `${generator}${workflows}/some_delegator.yml`,
  }),
  'gha.Test_isValidDelegatorBuilderID': (row) => ({
    san: `${generator}${workflows}/delegator_generic_slsa3.yml@refs/tags/v1.2.3`,
    said: `https://github.com/${row['builderID'] as string}`,
    builder: 'https://github.com/some/builderID',
  }),
  'gha.Test_verifyBuilderIDExactMatch': (row) => named(row['builderID'] as string, row['expectedID'] as string),
  'utils.Test_MatchesLoose': (row) => named(row['trustedBuilderID'] as string, row['match'] as string),
  'utils.Test_ParseBuilderID': (row) => named('some/name@v1.2.3', row['builderID'] as string),
  'utils.Test_ParseGitURIAndRef': (row) => ({
    github: { owner: 'kubernetes', repository: 'kubernetes', ref: 'v1.0.0' },
    source: { uri: 'github.com/kubernetes/kubernetes' },
    edit: ({ predicate }) => {
      predicate.materials = predicate.materials.map((one) => ({ ...one, uri: row['uri'] as string }))
    },
  }),
}

function bySourceOf(row: Row): Build {
  const [owner = '', repository = ''] = workflowOf(row).SourceRepository.split('/').slice(-2)
  return {
    github: { owner, repository, trigger: 'workflow_dispatch' },
    source: { uri: `github.com/${owner}/${repository}` },
  }
}

/** Builders of the rows have no host; certificates name whole tags. */
function named(trusted: string, match: string): Build {
  const [path = '', ...tag] = trusted.split('@')
  const ref = tag.length === 0 ? 'refs/tags/v1.2.3' : tag.join('@').replace(/^(?!refs\/)/, 'refs/tags/')
  return { san: `https://github.com/${path}@${ref}`, builder: match === '' ? '' : `https://github.com/${match}` }
}

/** Rows that upstream takes and we do not, or that ask something else there; each with the reason. */
const ours: Readonly<Record<string, string>> = {
  'gha.Test_verifyTrustedBuilderRef main allowed for builder w/ testing enabled': 'upstream tests itself',
  'gha.Test_verifyTrustedBuilderRef main allowed for test repo w/ testing enabled': 'upstream tests itself',
  'utils.Test_IsValidBuilderTag valid semver: pre-release (testing)': 'upstream tests itself',
  'gha.Test_isValidDelegatorBuilderID invalid builder ref e2e repo with testing enabled': 'upstream tests itself',
  'gha.Test_verifySourceURI match source no git no material ref (npm)': 'npm packages are out of scope',
  'gha.Test_verifySourceURI match source no git no material ref (byob)':
    'a v1 statement there; delegators are rows of the corpus',
}
/** Upstream compares two spellings of one tag as different unless the caller allows it; to us they are one. */
const oneSpelling = (row: Row): boolean =>
  row['allowRef'] !== true && [row['trustedBuilderID'], row['match']].some((id) => String(id).includes('refs/tags/'))

/** Tables of what has no counterpart here. */
const elsewhere: Readonly<Record<string, string>> = {
  'gha.TestWorkflowIdentity': 'splits a certificate name; the tables of builders do',
  'utils.Test_BuilderIDNew': 'the form of a Go type; Test_ParseBuilderID asks the same',
  'utils.Test_MatchesFull': 'used for npm only',
  'utils.Test_IsValidJreleaserBuilderTag': 'JReleaser is no builder of ours',
  'utils.Test_NormalizeGitURI': 'a step before Test_verifySourceURI',
  'utils.Test_ParseGitRef': 'a step before the tables of tags and branches',
  'utils.Test_ValidateGitRef': 'a step before the tables of tags and branches',
  'vsa.Test_extractSLSALevels': 'not provenance',
  'vsa.Test_matchVerifiedLevels': 'not provenance',
}

const isGood = (row: Row): boolean =>
  'result' in row ? row['result'] === true : (row['err'] ?? row['expected'] ?? '') === ''

describe.runIf(files.length > 0)('tables of slsa-verifier', () => {
  test('each is judged here, or has a reason why not', () => {
    expect(files.map(nameOf).filter((name) => !(name in tables) && !(name in elsewhere))).toEqual([])
  })

  test.for(Object.keys(tables).filter((name) => files.some((file) => nameOf(file) === name)))('%s', async (name) => {
    const rows = rowsOf(name).filter((row) => !(name === 'utils.Test_MatchesLoose' && oneSpelling(row)))
    const [wrong, outcomes] = [[] as string[], new Set<boolean>()]
    for (const row of rows) {
      const build = tables[name]?.(row) ?? {}
      const answer = await judge(build)
      const trusted = 'outcome' in answer && answer.outcome === 'trusted'
      const right = isGood(row) && !(`${name} ${row.name}` in ours)
      outcomes.add(right)
      if (trusted !== right) wrong.push(`${row.name}: ${trusted ? 'trusted' : 'refused'} ${codesOf(answer)}`)
    }
    expect(wrong).toEqual([])
    expect(outcomes.size, 'rows of one kind only').toBeGreaterThan(0)
  })

  test('every exception is one of a row that is there', () => {
    const there = new Set(files.flatMap((file) => rowsOf(nameOf(file)).map((row) => `${nameOf(file)} ${row.name}`)))
    expect(Object.keys(ours).filter((row) => !there.has(row))).toEqual([])
  })
})

const codesOf = (answer: SubjectAnswer | Fault): string =>
  answer instanceof Fault
    ? answer.code
    : answer.findings
        .filter(({ outcome }) => outcome !== 'pass')
        .map(({ code, expected, found }) => `${code} ${String(expected)} / ${String(found)}`)
        .join('; ')
