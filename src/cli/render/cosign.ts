import type { ExtensionName } from '../../core/certificate-extensions.ts'
import {
  type IdentityParts,
  isKeyless,
  isKeys,
  type Keyless,
  type Policy,
  type Requirement,
  transparencyOf,
} from '../../core/policy.ts'
import { printable } from '../../core/printable.ts'
import type { Answer, VerdictAnswer } from '../../core/request.ts'
import { summaryType } from '../../verify/summary/vsa.ts'

/**
 * `--explain cosign`: the command that comes closest to each requirement, and what it leaves out. Flags are those of
 * cosign 2 and 3 (`cosign verify --help`).
 */
export function cosignCommand(policy: Policy, answer: Answer): string {
  if (!('verdict' in answer)) return '# Nothing was judged, so there is no command.'
  return policy.requirements.map((requirement) => commandOf(requirement, policy, answer)).join('\n\n')
}

/** A flag and its value, and what it does not say. */
type Part = { readonly flags: readonly string[]; readonly missing: readonly string[] }
const part = (flags: readonly string[], ...missing: readonly string[]): Part => ({ flags, missing })

function commandOf(requirement: Requirement, policy: Policy, answer: VerdictAnswer): string {
  const { name, as, version } = answer.subjects[0]?.inputs.asked ?? {}
  const lent = (policy.inherit ?? ['signature', 'attestation']).includes(requirement.candidate)
  const isFile = answer.subjects.every(({ role }) => role === 'artifact')
  const what = isFile ? filePart(requirement, answer) : part(imagesOf(answer, lent))
  const parts = [
    signerPart(requirement, version),
    annotationsPart(requirement, isFile),
    typePart(requirement),
    transparencyPart(requirement),
    restPart(requirement, policy, !lent && answer.subjects.some(({ role }) => role === 'member')),
  ]
  const verb = verbs[requirement.candidate][isFile ? 'file' : 'image']
  const lines = [...parts.flatMap(({ flags }) => flags), ...what.flags]
  const place = policy.images?.find((image) => image.name === name)?.signatures
  const repository = place === undefined ? '' : `COSIGN_REPOSITORY=${quoted(place)} `
  const unsaid = [...parts, what].flatMap((one) => one.missing)
  const missing = unsaid.length === 0 ? [] : [...unsaid, 'that one and the same signature meets all of this list']
  return [
    `# ${printable(requirement.id)} of ${printable(policy.name)}, as near as cosign comes for ${printable(as ?? name ?? 'this artifact')}:`,
    [`${repository}cosign ${verb}`, ...lines].join(' \\\n  '),
    ...(missing.length === 0 ? [] : ['# What cosign cannot be told, and meshproof demands:']),
    ...missing.map((text) => `#   - ${text}`),
  ].join('\n')
}

const verbs = {
  signature: { image: 'verify', file: 'verify-blob' },
  attestation: { image: 'verify-attestation', file: 'verify-blob-attestation' },
} as const

/** A file stands for itself; of a digest alone cosign verifies attestations only. */
function filePart({ candidate, provenance }: Requirement, { subjects }: VerdictAnswer): Part {
  const [only] = subjects
  const name = only?.inputs.asked.name
  const digest = typeof only?.subject === 'string' ? only.subject.slice('sha256:'.length) : ''
  const bundle = flag('bundle', 'bundle.json')
  if (name !== undefined)
    return part(
      [bundle, quoted(name)],
      ...(provenance?.fileName === undefined ? [] : ['the name of the file: a renamed one would pass']),
    )
  return candidate === 'attestation'
    ? part([bundle, flag('digest', digest), '--digestAlg=sha256'])
    : part([bundle, 'FILE'], 'a digest alone: cosign reads the file')
}

/** By digest. What the index lends to its members is asked of the index; else of each, since cosign looks at no member. */
function imagesOf({ subjects }: VerdictAnswer, lent: boolean): readonly string[] {
  const roots = subjects.filter(({ role }) => role !== 'member')
  const all = (lent && roots.length > 0 ? roots : subjects).flatMap(({ subject, inputs }) => {
    const name = inputs.asked.as?.replace(/@.*$/s, '').replace(/:[^:/]*$/, '') ?? inputs.asked.name
    if (typeof subject !== 'string') return [quoted(subject.unresolved)]
    return [quoted(name === undefined ? subject : `${name}@${subject}`)]
  })
  return [...new Set(all)]
}

function signerPart({ signer }: Requirement, version: string | undefined): Part {
  if (isKeys(signer)) {
    const [, ...others] = signer.keys
    return part(
      ['--key=policy.pub'],
      ...(others.length > 0
        ? [`several keys at once: the policy knows ${signer.keys.length}, cosign takes one a call`]
        : []),
      ...(signer.keys.some(({ hash }) => hash !== undefined) ? ['which hash a key signs with'] : []),
    )
  }
  if (!isKeyless(signer)) return builderPart(signer.builder)
  const extensions = [
    sourceRefPart(signer),
    ...Object.entries(signer.certificate ?? {}).map(([key, value]) => extensionPart(key as ExtensionName, value)),
  ]
  return part(
    [
      identityFlag(signer.identity, version),
      flag('certificate-oidc-issuer', signer.issuer),
      ...extensions.flatMap(({ flags }) => flags),
    ],
    ...extensions.flatMap(({ missing }) => missing),
  )
}

/** A builder signs at its release tags, with a token of GitHub's. */
function builderPart(builder: string): Part {
  if (builder === 'trusted') return part([], 'any of the builders that meshproof knows')
  const [id = '', ref] = builder.split('@')
  const tag =
    ref === undefined
      ? 'refs/tags/v[0-9]+\\.[0-9]+\\.[0-9]+'
      : escaped(ref.startsWith('refs/') ? ref : `refs/tags/${ref}`)
  return part(
    [
      flag('certificate-identity-regexp', `^${escaped(`${id}@`)}${tag}$`),
      flag('certificate-oidc-issuer', 'https://token.actions.githubusercontent.com'),
    ],
    'that the statement names the same builder as the certificate',
  )
}

function identityFlag(identity: Keyless['identity'], version: string | undefined): string {
  if ('is' in identity) return flag('certificate-identity', identity.is)
  if ('matches' in identity)
    return flag('certificate-identity-regexp', identity.loose === true ? identity.matches : `^(?:${identity.matches})$`)
  const ref = exactRef(identity)
  const start = `https://${identity.host}/${identity.owner}/${identity.repository}/${identity.workflow}@`
  return ref !== undefined
    ? flag('certificate-identity', start + ref)
    : flag('certificate-identity-regexp', `^${escaped(start)}${refPattern(identity, version)}$`)
}

function exactRef({ ref }: IdentityParts): string | undefined {
  if (ref === undefined || ref === 'release-tag') return undefined
  return 'tag' in ref ? `refs/tags/${ref.tag}` : `refs/heads/${ref.branch}`
}

const refPattern = ({ ref }: IdentityParts, version: string | undefined): string =>
  ref === undefined
    ? '.+'
    : version === undefined
      ? 'refs/tags/v?[0-9]+\\.[0-9]+\\.[0-9]+'
      : `refs/tags/v?${escaped(version)}`

/** T115: a branch that calls the workflow at a tag has the tag in its identity; only an exact ref can be asked of both. */
function sourceRefPart({ identity, certificate }: Keyless): Part {
  if (!('owner' in identity)) return part([])
  const own = certificate?.sourceRepositoryURI === `https://${identity.host}/${identity.owner}/${identity.repository}`
  const ref = exactRef(identity)
  return ref !== undefined && own
    ? part([flag('certificate-github-workflow-ref', ref)])
    : part([], 'that the workflow was called from the ref that it speaks for: a branch can call it at a tag')
}

/** The claims of GitHub that cosign has flags for; it reads them of the older extensions (1.2 to 1.6). */
function extensionPart(name: ExtensionName, value: string): Part {
  const repository = /^https:\/\/github\.com\/([^/]+\/[^/]+)$/.exec(value)?.[1]
  switch (name) {
    case 'buildTrigger':
    case 'githubWorkflowTrigger':
      return part([flag('certificate-github-workflow-trigger', value)])
    case 'sourceRepositoryURI':
      return repository === undefined
        ? part([], `the source repository: ${printable(value)}`)
        : part([flag('certificate-github-workflow-repository', repository)])
    case 'githubWorkflowRepository':
      return part([flag('certificate-github-workflow-repository', value)])
    case 'sourceRepositoryDigest':
    case 'githubWorkflowSHA':
      return part([flag('certificate-github-workflow-sha', value)])
    case 'sourceRepositoryRef':
    case 'githubWorkflowRef':
      return part([flag('certificate-github-workflow-ref', value)])
    case 'githubWorkflowName':
      return part([flag('certificate-github-workflow-name', value)])
    case 'runnerEnvironment':
      return part([], `the runner: ${printable(value)}; a self-hosted one would pass`)
    default:
      return part([], `${name} of the certificate: ${printable(value)}`)
  }
}

function annotationsPart({ annotations = {}, candidate }: Requirement, isFile: boolean): Part {
  const parts = Object.entries(annotations).map(([key, value]) =>
    typeof value === 'string' && candidate === 'signature' && !isFile
      ? part([`-a ${quoted(`${key}=${value}`)}`])
      : part(
          [],
          typeof value === 'string'
            ? `annotation ${printable(key)} of ${isFile ? 'a file' : 'an attestation'}`
            : `that annotation ${printable(key)} equals ${value.certificate} of the certificate`,
        ),
  )
  return part(
    parts.flatMap(({ flags }) => flags),
    ...parts.flatMap(({ missing }) => missing),
  )
}

function typePart({ candidate, vsa, predicateType = vsa === undefined ? [] : [summaryType] }: Requirement): Part {
  const [first, ...others] = predicateType
  if (candidate === 'signature' || first === undefined) return part([])
  return part(
    [flag('type', first)],
    ...(others.length > 0 ? [`one of several predicate types: ${printable(others.join(', '))}`] : []),
  )
}

/** cosign demands one log entry and one SCT unless told otherwise. */
function transparencyPart(requirement: Requirement): Part {
  const { log, sct, time, proof } = transparencyOf(requirement)
  const keyless = !isKeys(requirement.signer)
  const more = [log > 1 && `${log} logs`, sct > 1 && `${sct} certificate logs`, time > 1 && `${time} signed times`]
  return part(
    [...(log === 0 ? ['--insecure-ignore-tlog'] : []), ...(keyless && sct === 0 ? ['--insecure-ignore-sct'] : [])],
    ...more.filter((text) => text !== false).map((text) => `${text} of distinct operators`),
    ...(proof ? ['an inclusion proof: a promise (SET) would do'] : []),
  )
}

function restPart(
  { reference, threshold = 1, provenance, vsa }: Requirement,
  { sameBuild }: Policy,
  each: boolean,
): Part {
  const missing = [
    reference !== undefined &&
      'the signed name (docker-reference): an image of another name, pushed again under this one, would pass',
    threshold > 1 && `${threshold} signatures of distinct keys`,
    provenance !== undefined &&
      'what the provenance says (source, trigger, builder): only a --policy in CUE or Rego could',
    vsa !== undefined &&
      'what the summary says (verifier, resource, result, level): only a --policy in CUE or Rego could',
    sameBuild !== undefined && 'that signature and provenance come from one build',
    each && 'that every platform is signed: only the digests on the line are looked at',
  ]
  return part([], ...missing.filter((text) => text !== false))
}

const flag = (name: string, value: string): string => `--${name}=${quoted(value)}`
/** Go's regular expressions (RE2): every character that means something there. */
const escaped = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')

/** A word of a POSIX shell; what cannot be seen is written in `$'…'`, so that nothing reaches a terminal by itself (T80). */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  const shown = printable(text)
  if (shown === text) return `'${text.replaceAll("'", "'\\''")}'`
  return `$'${text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replace(/[^ -~]/gu, bytes)}'`
}
const bytes = (character: string): string =>
  [...Buffer.from(character, 'utf8')].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
