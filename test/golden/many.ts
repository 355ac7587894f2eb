/** Many requests that share nothing but their policy and their trusted root, as `finish` keeps them; one of three is trusted, one rejected, one inconclusive. */
import { createHash } from 'node:crypto'
import { limits } from '../../src/core/limits.ts'
import { memoryStore } from '../../src/evidence/store/memory.ts'
import { withoutDownloads } from '../../src/examine/downloaded.ts'
import { offline } from '../../src/examine/examination.ts'
import { examine } from '../../src/examine/examine.ts'
import { prepare, readRequest } from '../../src/examine/prepare.ts'
import { versions } from '../../src/examine/versions.ts'
import type { Database } from '../../src/store/database.ts'
import { keepImported } from '../../src/store/imports.ts'
import { finishedOf } from '../../workers/finished.ts'
import { createAuthority } from '../authority/authority.ts'
import { signatureManifest, simpleSigning } from '../authority/cosign-legacy.ts'

const authority = createAuthority()
const root = Buffer.from(JSON.stringify(authority.trustedRoot()))
const name = 'registry.example/team/app'
const policy = {
  schema: 'urn:meshproof:policy:v1',
  name: 'many',
  requirements: [
    {
      id: 'own',
      candidate: 'signature',
      signer: {
        issuer: 'https://token.actions.githubusercontent.com',
        identity: {
          is: 'https://github.com/Kong/kong-mesh/.github/workflows/kuma-_build_publish.yaml@refs/tags/2.14.3',
        },
      },
      reference: 'asked',
    },
  ],
}

/** Judges the request of this number and keeps it; the id of its row. */
export async function keepOne(database: Database, number: number): Promise<string> {
  const spec = requestOf(number)
  const store = memoryStore()
  const now = () => Date.parse('2026-01-15T14:00:00Z')
  const { examination, sources } = await prepare(withoutDownloads(readRequest(spec)), {
    paths: 'none',
    store,
    limits,
    now,
    publicGood: () => Promise.resolve(undefined),
  })
  const world = { store, sources: [...sources, offline(now)], now, limits, versions: versions() }
  const examined = await examine(examination, { ...world, signal: AbortSignal.timeout(60_000) })
  const wanted = {
    spec: Buffer.from(JSON.stringify(spec)),
    subject: `${name}:${number}`,
    policy: 'many',
    principal: null,
  }
  const id = await keepImported(database, wanted, finishedOf({ examination, examined }))
  if (id === undefined) throw new Error(`${number} is there already`)
  return id
}

function requestOf(number: number): object {
  const digest = `sha256:${createHash('sha256').update(`image ${number}`).digest('hex')}`
  const reference = number % 3 === 2 ? 'registry.example/team/other' : name
  const signature = simpleSigning(authority, { digest, reference })
  const base64 = (bytes: Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') })
  return {
    subject: { digest, name: `${name}:1.0.${number}` },
    given:
      number % 3 === 1
        ? []
        : [{ signatureManifest: base64(signatureManifest([signature]).bytes), payloads: [base64(signature.payload)] }],
    policy,
    trust: { root: base64(root) },
    offline: true,
  }
}
