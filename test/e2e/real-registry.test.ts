/** A release as cosign 2 and cosign 3 published it, in a registry that we did not write, asked as a mirror of docker.io. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AnyAnswer, meshproof, scratch } from '../cli/process.ts'
import { hasDockerRegistry, startDockerRegistry } from '../registry/docker-registry.ts'
import { askedOf, hasRelease, type Line, layoutOf, linesOf, release } from '../registry/kong-release.ts'
import { pushLayout } from '../registry/push-layout.ts'

const rows = [
  'sig2-good',
  'sig2-good-timestamp',
  'sig2-junk-and-good',
  'sig2-index-only',
  'sig2-platforms-only',
  'sig2-no-log',
  'sig2-owner-other',
  'sig2-renamed',
  'sig2-payload-of-another-image',
  'sig3-good',
  'sig3-good-fallback',
  'sig3-good-rekor2',
  'sig3-junk-and-good',
  'sig3-mix',
  'sig3-attestation-as-signature',
  'sig3-ref-other-tag',
].map((name) => `cases/${name}`)

const all = (hasRelease ? [...rows, 'release-cosign2', 'release-cosign3'] : []).flatMap((row) =>
  (['kong-release-layout', 'kong-release-profile'] as const).flatMap((kind) => linesOf(kind, row)),
)

describe.skipIf(!hasRelease || !hasDockerRegistry)('docker-registry', () => {
  const room = scratch()
  const answers = new Map<string, AnyAnswer>()
  let stop = () => Promise.resolve()

  beforeAll(async () => {
    const registry = await startDockerRegistry()
    stop = registry.stop
    const pushed = [...new Set(all.map((line) => line.row))]
    await Promise.all(pushed.map((row) => pushLayout(registry.host, layoutOf(row), `${row}/`)))
    const mirrors = pushed.map((row) => `  "${registry.host}/${row}": "docker.io"`)
    writeFileSync(`${room.path}/config.yaml`, `mirrors:\n${mirrors.join('\n')}\n`)
    const lines = all.map((line) => JSON.stringify(askedOf(`${registry.host}/${line.row}`, line)))
    const env = { MESHPROOF_CONFIG: `${room.path}/config.yaml` }
    const ran = await meshproof(['verify', 'batch', '-', '--root', release], { env, input: lines.join('\n') })
    for (const [i, answer] of ran.answers.entries()) answers.set(keyOf(all[i]), answer)
  })
  afterAll(async () => {
    await stop()
    room.remove()
  })

  test.for(all.map((line) => [line.row, line.kind, line.strict, line] as const))('%s, %s: %s', ([, , , line]) => {
    const answer = answers.get(keyOf(line))
    expect(answer?.verdict, JSON.stringify(answer?.problem)).toBe(line.strict)
    expect(line.expect).toContain(line.strict)
  })
})

const keyOf = (line: Line | undefined): string => `${line?.kind} ${line?.request.id} ${line?.request.subject.image}`
