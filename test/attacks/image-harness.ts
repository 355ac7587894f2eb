/** Images of a layout that is brought along: one way from a small release to an answer, without network. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Code } from '../../src/core/codes.ts'
import { type Limits, limits } from '../../src/core/limits.ts'
import type { Name } from '../../src/core/reference.ts'
import type { Given, SubjectAnswer, VerdictAnswer } from '../../src/core/request.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import { withoutDownloads } from '../../src/examine/downloaded.ts'
import { offline } from '../../src/examine/examination.ts'
import { examine } from '../../src/examine/examine.ts'
import { prepare, readRequest } from '../../src/examine/prepare.ts'
import {
  cosignTag,
  type LegacySignature,
  type SimpleSigningOptions,
  signatureManifest,
  simpleSigning,
} from '../authority/cosign-legacy.ts'
import { githubDefaults } from '../authority/github.ts'
import { type Artifact, image, index, type LayoutEntry, layout } from '../authority/oci.ts'
import { authority, now, policyWith, root } from './harness.ts'

export const repository = 'docker.io/kong/kuma-cp'
export const notary = 'docker.io/kong/notary'
export const reference = `${repository}:2.14.3`

/** An index over two platforms, as Kong releases it. */
export type Release = { readonly index: Artifact; readonly amd64: Artifact; readonly arm64: Artifact }
export function release(content = 'kuma-cp'): Release {
  const of = (platform: string) => image({ platform, content: `${content} ${platform}` })
  const [amd64, arm64] = [of('linux/amd64'), of('linux/arm64')]
  return { index: index([amd64, arm64]), amd64, arm64 }
}

/** A signature as Kong makes it: its identity, its annotations, its name. */
export const signatureOf = (of: Artifact, changes: Partial<SimpleSigningOptions> = {}): LegacySignature =>
  simpleSigning(authority, { digest: of.digest, optional: kongAnnotations, ...changes })
export const kongAnnotations = {
  repo: 'Kong/kong-mesh',
  workflow: 'build-test-distribute',
  sha: githubDefaults.sha,
}

/** An image under its tag, and signatures at the place where cosign 2 puts them. */
export const tagged = (artifact: Artifact, name = reference): LayoutEntry => ({ artifact, reference: name })
export const signedAt = (
  of: Artifact,
  signatures: readonly Pick<LegacySignature, 'payload' | 'layer'>[] = [signatureOf(of)],
  place = repository,
): LayoutEntry => ({ artifact: signatureManifest(signatures), reference: `${place}:${cosignTag(of.digest)}` })
/** A document that refers to another, under no tag. */
export const referring = (artifact: Artifact, place = repository): LayoutEntry => ({ artifact, reference: place })

export type ImageCase = {
  readonly layout: readonly LayoutEntry[]
  /** What is asked for; default the image of the release. */
  readonly image?: string
  readonly policy?: object
  readonly platform?: string
  readonly signatureRepository?: string
  /** What is pulled from there is known by that name. */
  readonly mirrors?: Readonly<Record<string, string>>
  readonly limits?: Partial<Limits>
  readonly given?: readonly Given[]
  readonly root?: object
  readonly at?: string
  /** Changes the layout after it was written. */
  readonly alter?: (folder: string) => void
}

export async function imageAnswer(of: ImageCase): Promise<VerdictAnswer> {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-image-'))
  const clock = () => Date.parse(of.at ?? now)
  const store = memoryStore()
  const bounds = { ...limits, ...of.limits }
  try {
    layout(folder, of.layout)
    of.alter?.(folder)
    const request = readRequest({
      subject: { image: of.image ?? reference },
      given: [{ layout: '.' }, ...(of.given ?? [])],
      policy: of.policy ?? policyWith(),
      trust: { root: { base64: Buffer.from(JSON.stringify(of.root ?? root)).toString('base64') } },
      ...(of.platform !== undefined && { platform: of.platform }),
      ...(of.signatureRepository !== undefined && { signatureRepository: of.signatureRepository }),
      at: of.at ?? now,
      offline: true,
    })
    const { examination, sources } = await prepare(withoutDownloads(request), {
      paths: { root: folder, confined: true },
      store,
      limits: bounds,
      now: clock,
      publicGood: () => Promise.resolve(undefined),
      canonicalName: (name) => (of.mirrors?.[name] ?? name) as Name,
    })
    const world = { store, sources: [...sources, offline(clock)], now: clock, limits: bounds, versions: {} }
    return (await examine(examination, { ...world, signal: new AbortController().signal })).answer
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** `role platform`: verdict and the code that decided it. */
export type Told = Readonly<Record<string, string>>

export const told = ({ subjects }: VerdictAnswer): Told =>
  Object.fromEntries(
    subjects.map((subject) => [
      [subject.role, ...(subject.platform === undefined ? [] : [subject.platform])].join(' '),
      `${subject.outcome} ${codeOf(subject)}`,
    ]),
  )

/** The code of the first requirement's finding. */
export function codeOf({ findings }: SubjectAnswer): Code {
  const [only, second] = findings.filter(({ candidate, demand }) => !candidate && demand === '/requirements/0')
  if (only === undefined || second !== undefined) throw new Error('not one finding decides')
  return only.code
}

const met = 'trusted requirement.met'
export const allTrusted: Told = { root: met, 'member linux/amd64': met, 'member linux/arm64': met }

/** The verdict of the whole, and of every subject in its order. */
export async function expectTold(of: ImageCase, expected: Told): Promise<VerdictAnswer> {
  const answer = await imageAnswer(of)
  expect(told(answer)).toEqual(expected)
  expect(
    answer.subjects.map(({ role, platform }) => [role, ...(platform === undefined ? [] : [platform])].join(' ')),
  ).toEqual(Object.keys(expected))
  return answer
}

/** All subjects share one reason. */
export async function expectEach(of: ImageCase, expected: string): Promise<VerdictAnswer> {
  const answer = await imageAnswer(of)
  const all = told(answer)
  expect(all).toEqual(Object.fromEntries(Object.keys(all).map((key) => [key, expected])))
  expect(answer.verdict).toBe(expected.split(' ')[0])
  return answer
}

export const expectTrusted = (of: ImageCase): Promise<VerdictAnswer> => expectEach(of, met)

export const notesOf = ({ subjects }: VerdictAnswer): readonly Code[] => [
  ...new Set(
    subjects.flatMap(({ findings }) => findings.filter(({ demand }) => demand === undefined).map(({ code }) => code)),
  ),
]
