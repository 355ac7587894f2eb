import { z } from 'zod'
import { decodeBase64 } from '../core/base64.ts'
import { type ExtensionName, extensionNames } from '../core/certificate-extensions.ts'
import { type Digest, isDigest } from '../core/digest.ts'
import { converted } from '../core/fields.ts'
import { limits } from '../core/limits.ts'
import { compilePattern } from '../core/pattern.ts'
import { type Name, parseName } from '../core/reference.ts'
import { readLevels } from '../core/slsa-level.ts'
import { versionOf } from '../core/version.ts'

/** The one schema of a policy document. Unknown keys are refused (T03); what demands nothing does not load (T04, T93). */
const text = z.string().min(1).max(2048)
const name = converted<Name>(parseName, 'a name without tag or digest, such as docker.io/kong/kuma-cp')
const digest = z
  .string()
  .refine(isDigest, 'sha256:<64 lower-case hex>')
  .transform((value) => value as Digest)
const version = z
  .string()
  .refine((value) => versionOf(value) !== undefined && !value.startsWith('v'), 'a full version, such as 2.7.4')
const count = z.number().int().min(0).max(16)
const extensionName = z.enum(extensionNames as [ExtensionName, ...ExtensionName[]])
const duration = z
  .string()
  .regex(/^P(?!$)(\d{1,5}D)?(T(?=\d)(\d{1,5}H)?(\d{1,5}M)?)?$/, 'a duration such as P7D or PT1H')
const pattern = z
  .string()
  .refine((value) => compilePattern(value) !== undefined, 'an RE2 pattern of at most 512 characters')

const segment = z
  .string()
  .min(1)
  .max(256)
  .refine(
    (value) => !/[\s@]/.test(value) && !value.startsWith('/') && !value.endsWith('/'),
    'no spaces, no @, no slash at the ends',
  )
const identity = z.union([
  z.strictObject({ is: text }),
  z.strictObject({ matches: pattern, loose: z.literal(true).optional() }),
  z.strictObject({
    host: segment.refine((value) => !value.includes('/'), 'a host'),
    owner: segment,
    repository: segment.refine((value) => !value.includes('/'), 'a repository without its owner'),
    workflow: segment,
    ref: z
      .union([z.strictObject({ tag: text }), z.strictObject({ branch: text }), z.literal('release-tag')])
      .optional(),
  }),
])

const keyless = z.strictObject({ issuer: text, identity, certificate: z.partialRecord(extensionName, text).optional() })
const key = z.strictObject({
  key: z.strictObject({ base64: z.string().refine((value) => decodeBase64(value) !== undefined, 'strict base64') }),
  hash: z.enum(['sha256', 'sha384', 'sha512']).optional(),
  id: z.string().max(2048).optional(),
})
const keys = z.strictObject({ keys: z.array(key).min(1).max(limits.keysPerRequirement) })
const builder = z.strictObject({ builder: text })

const summary = z.strictObject({
  verifier: text,
  resource: text,
  levels: z
    .array(text)
    .min(1)
    .max(16)
    .refine((list) => !('problem' in readLevels(list)), 'levels of SLSA, one of each track, or words of the verifier')
    .optional(),
  policy: z
    .strictObject({ uri: text.optional(), digest: digest.optional() })
    .refine(({ uri, digest: bound }) => (uri ?? bound) !== undefined, 'a uri, a digest or both')
    .optional(),
  maxAge: duration.optional(),
})

const requirementId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
const requirement = z
  .strictObject({
    id: requirementId,
    candidate: z.enum(['signature', 'attestation']),
    signer: z.union([keyless, keys, builder]),
    threshold: z.number().int().min(1).max(16).optional(),
    transparency: z
      .strictObject({
        log: count.optional(),
        sct: count.optional(),
        time: count.optional(),
        proof: z.boolean().optional(),
      })
      .optional(),
    annotations: z
      .record(
        z.string().min(1).max(256),
        z.union([
          z.string().max(2048),
          z.strictObject({ certificate: extensionName, optional: z.literal(true).optional() }),
        ]),
      )
      .optional(),
    reference: text
      .refine((value) => value === 'asked' || parseName(value) !== undefined, 'asked, or the name of an image')
      .optional(),
    predicateType: z.array(text).min(1).max(16).optional(),
    provenance: z
      .strictObject({
        source: z
          .strictObject({
            uri: text,
            tag: z.union([text, z.strictObject({ release: z.literal(true) })]).optional(),
            versionedTag: text.optional(),
            branch: text.optional(),
          })
          .optional(),
        trigger: z.array(text).min(1).max(16).optional(),
        workflow: text.optional(),
        inputs: z.record(z.string(), z.string()).optional(),
        fileName: z.literal('demanded').optional(),
      })
      .optional(),
    vsa: summary.optional(),
    from: version.optional(),
  })
  .refine(
    ({ vsa, candidate, provenance, predicateType, signer }) =>
      vsa === undefined ||
      (candidate === 'attestation' && (provenance ?? predicateType) === undefined && !('builder' in signer)),
    { path: ['vsa'], message: 'an attestation by keys or an identity, which is no provenance and whose type is known' },
  )
  .refine(
    (value) =>
      value.threshold === undefined ||
      value.threshold === 1 ||
      ('keys' in value.signer && value.signer.keys.length >= value.threshold),
    { path: ['threshold'], message: 'more than one needs as many keys' },
  )

export const policySchema = z
  .strictObject({
    schema: z.literal('urn:meshproof:policy:v1'),
    name: z.string().min(1).max(128),
    confirmed: z
      .union([z.literal('unconfirmed'), z.strictObject({ release: text, pack: digest, date: text })])
      .optional(),
    images: z
      .array(
        z.strictObject({
          name,
          signatures: name.optional(),
          twinOf: name.optional(),
          signed: z.literal('no').optional(),
          note: text.optional(),
        }),
      )
      .min(1)
      .max(512)
      .optional(),
    inherit: z
      .array(z.enum(['signature', 'attestation']))
      .max(2)
      .optional(),
    recheck: duration.optional(),
    trust: z.strictObject({ root: digest.optional(), maxAge: duration.optional() }).optional(),
    sameBuild: z
      .array(z.strictObject({ of: z.array(text).min(2).max(16), by: z.enum(['commit', 'run']) }))
      .max(16)
      .optional(),
    installed: z
      .array(z.strictObject({ id: requirementId, program: segment.refine((value) => !value.includes('/'), 'a name') }))
      .min(1)
      .max(64)
      .optional(),
    requirements: z.array(requirement).min(1).max(limits.requirements),
  })
  .refine(({ installed = [] }) => new Set(installed.map(({ program }) => program)).size === installed.length, {
    path: ['installed'],
    message: 'a program twice',
  })
  .refine((value) => new Set(value.requirements.map(({ id }) => id)).size === value.requirements.length, {
    path: ['requirements'],
    message: 'two requirements with one id',
  })
  .refine(
    (value) =>
      (value.sameBuild ?? []).every(({ of }) => of.every((id) => value.requirements.some((one) => one.id === id))),
    { path: ['sameBuild'], message: 'names a requirement that is not there' },
  )
