import { archiveVersionOf } from '../core/archive-name.ts'
import type { ArtifactDigests, Digest } from '../core/digest.ts'
import type { Json, Sealed } from '../core/json.ts'
import { type Asked, digestsIn, sealEvidence } from '../core/observation.ts'
import { readsTrust } from '../core/policy.ts'
import { isProblem, nameOf, parseReference, type Reference } from '../core/reference.ts'
import type { Role, SubjectAnswer, VerdictAnswer } from '../core/request.ts'
import { formatTime, type Time } from '../core/time.ts'
import { type AskedOf, type Inputs, makeInputs, noWaivers, sealVerdict, type Verdict, worst } from '../core/verdict.ts'
import { formatVersion, versionOf } from '../core/version.ts'
import { askImage, type ImageAsked, originOf, resolveRoot } from '../judge/ask.ts'
import { askArtifact } from '../judge/ask-artifact.ts'
import { judge } from '../judge/judge.ts'
import { meansPlatform, readTree } from '../judge/tree.ts'
import type { Examination, ExaminedTrust, World } from './examination.ts'
import { type Gathered, gather } from './gather.ts'

/** What an examination leaves behind: the answer, and every document that its verdicts name. */
export type Examined = {
  readonly answer: VerdictAnswer
  readonly evidence: Sealed
  /** Every question with its answer, and who gave it when. */
  readonly asked: readonly Asked[]
  /** The trusted root that was read, if any was. */
  readonly trust: ExaminedTrust | undefined
  readonly documents: ReadonlyMap<Digest, Uint8Array>
  readonly verdicts: readonly { readonly inputs: Inputs; readonly verdict: Verdict }[]
}

type Judged = {
  readonly subject: Inputs['subject']
  readonly asked: AskedOf
  readonly role: Role
  readonly platform?: string
}

/** Ask, answer, … judge. The one loop, for the command line, workers, admission and replay. */
export async function examine(examination: Examination, world: World): Promise<Examined> {
  const { subject, policy } = examination
  const image: ImageAsked | undefined =
    'image' in subject && !isProblem(parseReference(subject.image))
      ? {
          reference: subject.image,
          name: subject.name,
          signatureRepository: examination.signatureRepository,
          platform: examination.platform,
          ...(world.history !== undefined && { history: world.history }),
        }
      : undefined
  const gathered = await gather(
    examination.given,
    (view) => {
      if (image !== undefined) return askImage(image, policy.policy, view, world.limits)
      const artifact = 'image' in subject ? undefined : 'file' in subject ? subject.digests.sha256 : subject.digest
      return artifact === undefined ? [] : askArtifact(artifact, policy.policy, view, world.limits)
    },
    world,
    image === undefined ? undefined : originOf(image.reference, image.name),
  )
  const evidence = sealEvidence(gathered.observations)
  const at = examination.at ?? gathered.newest ?? world.now()
  const trust = readsTrust(policy.policy) ? await examination.trust : undefined
  for (const document of [evidence, policy.sealed, noWaivers, ...(trust === undefined ? [] : [trust])])
    gathered.hold(document.digest, document.bytes)
  const answered: Awaited<ReturnType<typeof decideOne>>[] = []
  for (const judged of subjectsOf(examination, image, gathered, world))
    answered.push(await decideOne(judged, { examination, trust, evidence, gathered, at, world }))
  const answer = {
    schema: 'urn:meshproof:answer:v1' as const,
    ...(examination.id !== undefined && { id: examination.id }),
    verdict: worst(answered.map(({ verdict }) => verdict.outcome)),
    at: formatTime(at),
    subjects: answered.map((one) => one.answer),
    versions: world.versions,
  }
  return {
    answer,
    evidence,
    asked: gathered.observations,
    trust,
    documents: documentsOf(gathered, [
      evidence.digest,
      policy.sealed.digest,
      noWaivers.digest,
      ...(trust === undefined ? [] : [trust.digest]),
    ]),
    verdicts: answered.map(({ inputs, verdict }) => ({ inputs, verdict })),
  }
}

/** Which digests are judged: root and every member with a platform, or those of one platform. */
function subjectsOf(
  examination: Examination,
  image: ImageAsked | undefined,
  gathered: Gathered,
  world: World,
): readonly Judged[] {
  const { subject, platform } = examination
  if (!('image' in subject)) return [artifact(subject, examination.installed)]
  const parts = parseReference(subject.as)
  if (image === undefined || isProblem(parts))
    return [{ subject: { unresolved: subject.image }, asked: { as: subject.as, name: subject.name }, role: 'root' }]
  const version = parts.tag === undefined ? undefined : versionOf(parts.tag)
  const asked: AskedOf = {
    as: subject.as,
    name: subject.name,
    ...(version !== undefined && { version: formatVersion(version) }),
  }
  const view = gathered.view()
  const root = resolveRoot(image, view).digest
  if (root === undefined) return [{ subject: { unresolved: subject.image }, asked, role: 'root' }]
  const rooted: Judged = { subject: root, asked: { ...asked, root }, role: 'root' }
  const manifest = view.observations.find(
    ({ question }) => question.ask === 'manifest' && question.digest === root,
  )?.outcome
  const tree =
    manifest !== undefined && 'found' in manifest
      ? readTree(root, manifest.mediaType, view.bytes, world.limits)
      : undefined
  if (tree === undefined || 'problem' in tree || !tree.isIndex) return [rooted]
  const members = tree.members
    .filter((member) => platform === undefined || meansPlatform(platform, member.platform))
    .map(
      (member): Judged => ({
        subject: member.digest,
        asked: { ...asked, root },
        role: 'member',
        platform: member.platform,
      }),
    )
  // T89: a member that we cannot speak of is said to be there, and is no reason to leave out the others.
  for (const { digest, platform: its } of tree.foreign)
    if (platform === undefined || meansPlatform(platform, its))
      members.push({
        subject: { unresolved: `${nameOf(parts)}@${digest}` as Reference },
        asked,
        role: 'member',
        platform: its,
      })
  if (platform !== undefined && members.length === 0) return [{ ...rooted, asked: { ...rooted.asked, platform } }]
  return platform === undefined ? [rooted, ...members] : members
}

function artifact(
  subject: Exclude<Examination['subject'], { image: unknown }>,
  installed: Examination['installed'],
): Judged {
  const beside = installed !== undefined && { installed }
  if ('file' in subject)
    return {
      subject: subject.digests.sha256,
      asked: { name: subject.file, ...versionOfArchive(subject.file), ...digestsOf(subject.digests), ...beside },
      role: 'artifact',
    }
  const { digest, name, version } = subject
  return {
    subject: digest,
    asked: { ...(name !== undefined && { name }), ...(version !== undefined && { version }), ...beside },
    role: 'artifact',
  }
}

/** The version that a release archive claims by its name; a claim like a tag. */
const versionOfArchive = (name: string): Pick<AskedOf, 'version'> => {
  const version = archiveVersionOf(name)
  return version === undefined ? {} : { version }
}

const digestsOf = ({ sha384, sha512 }: ArtifactDigests): Pick<AskedOf, 'digests'> =>
  sha384 === undefined && sha512 === undefined
    ? {}
    : { digests: { ...(sha384 !== undefined && { sha384 }), ...(sha512 !== undefined && { sha512 }) } }

type Case = {
  readonly examination: Examination
  readonly trust: ExaminedTrust | undefined
  readonly evidence: Sealed
  readonly gathered: Gathered
  readonly at: number
  readonly world: World
}

async function decideOne(
  judged: Judged,
  of: Case,
): Promise<{ readonly answer: SubjectAnswer; readonly inputs: Inputs; readonly verdict: Verdict }> {
  const { examination, trust, evidence, gathered, at, world } = of
  const { policy, subject } = examination
  const asOf: Time | undefined = policy.policy.trust?.maxAge === undefined ? undefined : trust?.asOf
  const inputs = makeInputs({
    subject: judged.subject,
    asked: judged.asked,
    evidence: evidence.digest,
    trust: trust?.digest ?? null,
    ...(asOf !== undefined && { trustAsOf: asOf }),
    policy: policy.sealed.digest,
    waivers: noWaivers.digest,
  })
  const verdict = judge(inputs, gathered.bytes, at, world.limits)
  // A file is measured by sha256; other hashes only when something asks for them.
  if (
    'file' in subject &&
    judged.asked.digests === undefined &&
    verdict.findings.some(({ code }) => code === 'artifact.bytes-needed')
  )
    return decideOne({ ...judged, asked: { ...judged.asked, ...digestsOf(await subject.measure()) } }, of)
  const { confirmed, name } = policy.policy
  const answer: SubjectAnswer = {
    subject: judged.subject,
    role: judged.role,
    ...(judged.platform !== undefined && { platform: judged.platform }),
    verdictId: sealVerdict(verdict).digest,
    outcome: verdict.outcome,
    holds: verdict.holds,
    inputs,
    findings: verdict.findings,
    beside: {
      policy: { name, ...(confirmed !== undefined && { confirmed: confirmed as unknown as Json }) },
      ...(trust !== undefined && {
        trust: { name: trust.name, ...(trust.asOf !== undefined && { age: ageOf(trust.asOf, at) }) },
      }),
      asked: gathered.observations.map(({ question, beside }) => ({
        question,
        from: beside.from,
        at: formatTime(beside.at),
        ...(beside.retryAfter !== undefined && { retryAfter: beside.retryAfter }),
        ...(beside.detail !== undefined && { detail: beside.detail }),
      })),
      unread: examination.unread,
    },
  }
  return { answer, inputs, verdict }
}

const ageOf = (asOf: Time, at: number): string => `P${Math.max(0, Math.floor((at - Date.parse(asOf)) / 86_400_000))}D`

/** Everything that the verdicts stand on, by digest. */
function documentsOf(gathered: Gathered, named: readonly Digest[]): ReadonlyMap<Digest, Uint8Array> {
  const documents = new Map<Digest, Uint8Array>()
  for (const digest of [...named, ...digestsIn(gathered.observations)]) {
    const bytes = gathered.bytes(digest)
    if (bytes !== undefined) documents.set(digest, bytes)
  }
  return documents
}
