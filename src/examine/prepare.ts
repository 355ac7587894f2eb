import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { archiveVersionOf } from '../core/archive-name.ts'
import { type Digest, digestOf, isDigest } from '../core/digest.ts'
import { Fault } from '../core/fault.ts'
import type { Json } from '../core/json.ts'
import type { Limits } from '../core/limits.ts'
import type { EvidenceStore } from '../core/observation.ts'
import { readsTrust } from '../core/policy.ts'
import {
  formatReference,
  isProblem,
  type Name,
  nameOf,
  parseName,
  parseReference,
  type Reference,
} from '../core/reference.ts'
import { type Bytes, type Request, type RequestAtHand, requestSchema } from '../core/request.ts'
import { parseTime } from '../core/time.ts'
import { formatVersion, versionOf } from '../core/version.ts'
import { type HashFile, hashFile, locateFile, measureFile, type Paths, readBytes } from '../evidence/given/files.ts'
import type { LayoutSource } from '../evidence/given/layout.ts'
import { bringAlong, type ReadAssets } from '../evidence/given/pieces.ts'
import { profileFor, profileForFile, profileNamed, profileNames } from '../policy/profiles/table.ts'
import { type LoadedPolicy, loadPolicy, type PolicyProblem } from '../policy/read.ts'
import { type Examination, type ExaminedSubject, type ExaminedTrust, type Source, sometimes } from './examination.ts'
import { measureInstallation, withPrograms } from './installation.ts'

/** What the installation and the shell know, beside the request itself. */
export type Shop = {
  readonly paths: Paths
  readonly store: EvidenceStore
  readonly limits: Limits
  readonly now: () => number
  /** The public-good root, or undefined where none can be had. */
  readonly publicGood: (offline: boolean) => Promise<ExaminedTrust | undefined>
  /** A stored document; the command line has none. */
  readonly document?: (digest: Digest) => Promise<Uint8Array | undefined>
  /** Mirrors of the installation: what is pulled from here is known by that name. */
  readonly canonicalName?: (name: Name) => Name
  /** How files are hashed; default: in place. */
  readonly hash?: HashFile
  readonly readAssets?: ReadAssets
}

export type Prepared = {
  readonly examination: Examination
  readonly sources: readonly Source[]
  readonly offline: boolean
}

/** Reads a request of the wire or of a line; throws a `Fault` for what is wrong with the request itself. */
export function readRequest(value: unknown): Request {
  const checked = requestSchema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw new Fault('request.malformed', {
    parameters: { found: `${issue?.path.map(String).join('.') || 'request'}: ${issue?.message ?? ''}` },
  })
}

export async function prepare(request: RequestAtHand, shop: Shop): Promise<Prepared> {
  const offline = request.offline === true
  const subject = await subjectOf(request, shop)
  const asked = await policyFor(request, subject, shop)
  const policy = request.installed === undefined ? asked : withPrograms(asked)
  const artifact = 'digest' in subject ? subject.digest : 'file' in subject ? subject.digests.sha256 : undefined
  const brought = await bringAlong(
    request.given ?? [],
    artifact,
    shop.paths,
    shop.store,
    shop.now(),
    shop.limits,
    shop.readAssets,
  )
  const installation =
    request.installed === undefined
      ? undefined
      : await measureInstallation(request.installed, archiveOf(subject), policy, shop)
  const signatureRepository =
    request.signatureRepository === undefined ? undefined : parseName(request.signatureRepository)
  if (request.signatureRepository !== undefined && signatureRepository === undefined)
    throw new Fault('reference.malformed', { parameters: { found: request.signatureRepository } })
  const at = request.at === undefined ? undefined : parseTime(request.at)
  if (request.at !== undefined && at === undefined)
    throw new Fault('request.at-malformed', { parameters: { found: request.at } })
  const examination: Examination = {
    id: request.id,
    subject,
    policy,
    trust: readsTrust(policy.policy) ? (await trustOf(request, shop, offline)).root : undefined,
    signatureRepository,
    platform: request.platform,
    installed: installation?.files,
    at,
    given: [...brought.observations, ...(installation === undefined ? [] : [installation.members])],
    unread: brought.layouts.flatMap((layout) => layout.unread()),
  }
  return { examination, sources: brought.layouts.map((layout) => sourceOf(layout, shop)), offline }
}

function archiveOf(subject: PreparedSubject): { readonly place: string; readonly digest: Digest } {
  if ('file' in subject) return { place: subject.place, digest: subject.digests.sha256 }
  throw new Fault('request.malformed', { parameters: { found: 'installed: the subject is no file' } })
}

const sourceOf = (layout: LayoutSource, { now }: Shop): Source =>
  sometimes(
    'given',
    now,
    (question) => layout.tryAnswer(question),
    () => (layout.altered === undefined ? undefined : { found: layout.altered }),
  )

async function subjectOf({ subject }: RequestAtHand, shop: Shop): Promise<PreparedSubject> {
  if ('image' in subject) return imageOf(subject.image, shop)
  if ('file' in subject) return fileOf(subject.file, shop)
  if (!isDigest(subject.digest)) throw new Fault('reference.malformed', { parameters: { found: subject.digest } })
  return { digest: subject.digest, ...claimedName(subject.name) }
}

/** A file has a place only here: nothing later reads it again but to measure it. */
type PreparedSubject =
  | Exclude<ExaminedSubject, { file: unknown }>
  | (Extract<ExaminedSubject, { file: unknown }> & { readonly place: string })

async function fileOf(file: string, shop: Shop): Promise<PreparedSubject> {
  const place = locateFile(file, shop.paths)
  let digests = await measured(place, file, ['sha256'], shop.hash)
  const measure = async () => {
    digests = await measured(place, file, ['sha256', 'sha384', 'sha512'], shop.hash)
    return digests
  }
  return { file: basename(file), place, digests, measure, measured: () => digests }
}

async function measured(
  place: string,
  path: string,
  hashes: readonly ('sha256' | 'sha384' | 'sha512')[],
  hash: HashFile = hashFile,
) {
  try {
    if (!statSync(place).isFile()) throw new Error('a folder, a pipe or a device: it cannot be measured twice')
    return await measureFile(place, hashes, hash)
  } catch (cause) {
    throw new Fault('request.path-not-found', { parameters: { found: path }, cause })
  }
}

/** Names with a path are images; anything else is a file's name. A name is a claim, never a place. */
function claimedName(name: string | undefined): { readonly name?: string; readonly version?: string } {
  if (name === undefined) return {}
  const parts = parseReference(name)
  if (isProblem(parts) || !name.includes('/')) {
    const claimed = archiveVersionOf(name)
    return { name, ...(claimed !== undefined && { version: claimed }) }
  }
  const version = parts.tag === undefined ? undefined : versionOf(parts.tag)
  return { name: nameOf(parts), ...(version !== undefined && { version: formatVersion(version) }) }
}

export function imageOf(
  text: string,
  shop: Pick<Shop, 'canonicalName'>,
): { readonly image: Reference; readonly name: Name; readonly as: Reference } {
  const parts = parseReference(text)
  if (isProblem(parts)) {
    const [before = ''] = text.split('@')
    const named = parseReference(before)
    if (parts.code !== 'reference.digest-unsupported' || isProblem(named))
      throw new Fault(parts.code, { parameters: { found: parts.found } })
    // T89: what we do not speak is said of the subject, and never dropped in favour of the tag.
    const unspoken = `${formatReference(named)}@${text.slice(before.length + 1)}` as Reference
    return { image: unspoken, as: unspoken, name: shop.canonicalName?.(nameOf(named)) ?? nameOf(named) }
  }
  const image = formatReference(parts)
  const name = nameOf(parts)
  return { image, as: image, name: shop.canonicalName?.(name) ?? name }
}

async function policyFor({ policy }: RequestAtHand, subject: ExaminedSubject, shop: Shop): Promise<LoadedPolicy> {
  if ('profile' in policy && typeof policy.profile === 'string') return namedProfile(policy.profile, subject)
  if ('document' in policy) {
    const bytes = await shop.document?.(policy.document as Digest)
    const loaded = bytes === undefined ? undefined : loadPolicy(JSON.parse(Buffer.from(bytes).toString('utf8')))
    if (loaded === undefined || 'problems' in loaded)
      throw new Fault('policy.malformed', { parameters: { found: String(policy.document) } })
    return loaded
  }
  return policyFromValue(policy, shop.paths, shop.limits)
}

/** `auto` finds the profile that speaks of the image or the file; there is no default policy. */
function namedProfile(name: string, subject: ExaminedSubject): LoadedPolicy {
  const expected = profileNames.join(', ')
  if (name === 'auto') {
    const image = 'image' in subject ? subject.name : undefined
    const file = 'file' in subject ? subject.file : 'digest' in subject ? subject.name : undefined
    const profile = image !== undefined ? profileFor(image) : file === undefined ? undefined : profileForFile(file)
    if (profile === undefined)
      throw new Fault('policy.missing', { parameters: { found: image ?? file ?? 'this artifact', expected } })
    return profile
  }
  const profile = profileNamed(name)
  if (profile === undefined) throw new Fault('policy.unknown-profile', { parameters: { found: name, expected } })
  return profile
}

/** A policy as a person or a line writes it: paths of keys become bytes before anything is read or hashed. */
export function policyFromValue(value: unknown, paths: Paths, limits: Limits): LoadedPolicy {
  const loaded = loadPolicy(withBytes(value, paths, limits))
  if ('policy' in loaded) return loaded
  throw policyFault(loaded.problems)
}

/** Why a policy does not load, for people and for programs. */
export const policyFault = (problems: readonly PolicyProblem[], status?: number): Fault =>
  new Fault('policy.malformed', {
    ...(status !== undefined && { status }),
    parameters: {
      found: problems.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join('; '),
      problems: problems as unknown as Json,
    },
  })

export function withBytes(value: unknown, paths: Paths, limits: Limits): unknown {
  if (typeof value !== 'object' || value === null || !('requirements' in value) || !Array.isArray(value.requirements))
    return value
  const requirements = value.requirements.map((requirement: unknown) => {
    const signer = (requirement as { readonly signer?: { readonly keys?: unknown } } | null)?.signer
    if (signer === undefined || !Array.isArray(signer.keys)) return requirement
    const keys = signer.keys.map((one: unknown) => {
      const key = (one as { readonly key?: unknown } | null)?.key
      return isPath(key)
        ? { ...(one as object), key: { base64: readBytes(key, paths, limits.policyBytes).toString('base64') } }
        : one
    })
    return { ...(requirement as object), signer: { ...signer, keys } }
  })
  return { ...value, requirements }
}

const isPath = (value: unknown): value is Extract<Bytes, { path: string }> =>
  typeof value === 'object' && value !== null && 'path' in value && typeof value.path === 'string'

/** A file is read now, so that a wrong path is the request's problem; the public root comes while images are asked for. */
async function trustOf(
  request: RequestAtHand,
  shop: Shop,
  offline: boolean,
): Promise<{ readonly root: Examination['trust'] }> {
  const { trust = 'public-good' } = request
  if (trust === 'public-good') return { root: shop.publicGood(offline) }
  if ('root' in trust) {
    const bytes = readBytes(trust.root, shop.paths, shop.limits.trustedRootBytes)
    return {
      root: { digest: digestOf(bytes), bytes, name: 'path' in trust.root ? basename(trust.root.path) : 'given' },
    }
  }
  const bytes = await shop.document?.(trust.document)
  return { root: bytes === undefined ? undefined : { digest: trust.document, bytes, name: trust.document } }
}
