import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { renderProblem } from '../../../src/cli/render/problem.ts'
import { renderTable } from '../../../src/cli/render/table.ts'
import { lengthOf } from '../../../src/cli/render/text.ts'
import { renderTree } from '../../../src/cli/render/tree.ts'
import { type Code, codes, words } from '../../../src/core/codes.ts'
import { Fault } from '../../../src/core/fault.ts'
import type { Json } from '../../../src/core/json.ts'
import { problemOf } from '../../../src/core/problem.ts'
import { absent, notYet, rejected, trusted, unreachable } from '../../report/answers.ts'

const plain = { columns: 100, colour: false }
const all = [trusted, rejected, absent, unreachable, notYet]
const golden = (name: string) => `./golden/${name}.txt`

test('the table, as a person reads it', async () => {
  await expect(`${renderTable(all, plain)}\n`).toMatchFileSnapshot(golden('table'))
  await expect(`${renderTable([rejected], { ...plain, columns: 60 })}\n`).toMatchFileSnapshot(golden('table-narrow'))
})

test('the tree, as a person reads it', async () => {
  await expect(`${renderTree(rejected, plain)}\n`).toMatchFileSnapshot(golden('tree-rejected'))
  await expect(`${renderTree(unreachable, plain)}\n`).toMatchFileSnapshot(golden('tree-unreachable'))
  await expect(`${renderTree(absent, plain)}\n`).toMatchFileSnapshot(golden('tree-absent'))
})

test('every finding is in the tree', () => {
  for (const answer of all) {
    const tree = renderTree(answer, plain).replace(/\s*\n[│ ]*/g, ' ')
    for (const { findings } of answer.subjects)
      for (const { code, expected, found } of findings)
        for (const text of [
          ...(codes[code].says.includes('{') ? [] : [words(code).says]),
          ...(typeof expected === 'string' && typeof found === 'string' && expected !== found ? [found] : []),
        ])
          expect(tree).toContain(text)
  }
})

test('colour says nothing that the words do not, and is there only when asked for', () => {
  const coloured = { ...plain, colour: true }
  for (const answer of all) {
    expect(renderTree(answer, plain)).not.toContain('\u001b')
    expect(renderTree(answer, coloured)).toContain('\u001b[')
    expect(stripVTControlCharacters(renderTree(answer, coloured))).toBe(renderTree(answer, plain))
  }
  expect(renderTable(all, plain)).not.toContain('\u001b')
  expect(stripVTControlCharacters(renderTable(all, coloured))).toBe(renderTable(all, plain))
})

test('no line is wider than the terminal, but for a word that must stay whole', () => {
  for (const columns of [50, 80, 140])
    for (const line of [
      renderTable(all, { ...plain, columns }),
      ...all.map((one) => renderTree(one, { ...plain, columns })),
    ]
      .join('\n')
      .split('\n'))
      if (lengthOf(line) > columns) expect(line.trim().replace(/^[│├└─ ✓✗?·]*/, '')).toMatch(/\S{30,}/)
})

test('a verdict that could not be told is never called failed or passed', () => {
  const told = renderTree(unreachable, plain)
  expect(told).toContain('could not tell')
  expect(told).not.toMatch(/failed|passed/)
  expect(renderTable([unreachable], plain)).toContain('until 2026-09-01T12:03:00.000Z')
})

describe('a problem is three lines', () => {
  const cases: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
    'request.path-not-found': { found: 'missing.yaml' },
    'request.malformed': { found: 'subject: Invalid input' },
    'request.path-not-allowed': { found: '../secret' },
    'policy.missing': { found: 'docker.io/library/nginx', expected: 'kong-mesh, kuma, kong-mesh-as-documented' },
    'policy.unknown-profile': { found: 'kong', expected: 'kong-mesh, kuma, kong-mesh-as-documented' },
    'policy.malformed': {
      found: '/requirements/0/threshold: too small; /requirements/1/signer: unknown',
      problems: [{ pointer: '/requirements/0/threshold' }, { pointer: '/requirements/1/signer' }],
    },
    'reference.malformed': { found: 'Kong/Kuma CP' },
    'usage.unknown': { found: 'There is no verb "verfy image".' },
    'pack.malformed': { found: 'demo has no index.json' },
    'internal.crash': {},
  }
  test('golden', async () => {
    const texts = Object.entries(cases).map(([code, parameters]) =>
      renderProblem(problemOf(new Fault(code as Code, { parameters })), plain),
    )
    await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot(golden('problems'))
  })
  test('what, where, what next', () => {
    for (const [code, parameters] of Object.entries(cases)) {
      const text = renderProblem(problemOf(new Fault(code as Code, { parameters })), { ...plain, columns: 300 })
      expect(text.split('\n').map((line) => line.split(':')[0])).toEqual(['error', 'where', 'next'])
      expect(text).toContain(code)
    }
  })
})

/** The fifteen that people meet most: a person has read what they say. */
const commonest: readonly (readonly [Code, Readonly<Record<string, string>>])[] = [
  ['requirement.met', {}],
  ['signature.absent', {}],
  ['signature.invalid', {}],
  [
    'identity.san',
    { expected: 'https://github.com/a/b/x.yml@refs/tags/1.0', found: 'https://github.com/c/b/x.yml@refs/tags/1.0' },
  ],
  ['identity.ref', { expected: '…@refs/tags/2.14.3', found: '…@refs/heads/main' }],
  [
    'identity.issuer',
    { expected: 'https://token.actions.githubusercontent.com', found: 'https://accounts.google.com' },
  ],
  ['reference.mismatch', { expected: 'docker.io/kong/kuma-cp', found: 'index.docker.io/kong/kuma-dp' }],
  ['reference.not-signed', {}],
  [
    'certificate.extension-mismatch',
    { expected: 'runnerEnvironment: github-hosted', found: 'runnerEnvironment: self-hosted' },
  ],
  ['certificate.untrusted', {}],
  ['log.absent', { expected: '1', found: '0' }],
  ['registry.not-found', { expected: 'docker.io/kong/kuma-cp:2.14.33' }],
  ['registry.unauthorized', { found: 'registry.example.com' }],
  ['registry.rate-limited', { found: 'registry-1.docker.io', until: '2026-09-01T12:03:00.000Z' }],
  ['registry.unreachable', { found: 'registry-1.docker.io (ENOTFOUND)' }],
]

test('the texts of the fifteen commonest codes', async () => {
  expect(commonest).toHaveLength(15)
  const texts = commonest.map(([code, parameters]) => {
    const { says, next } = words(code, parameters)
    return [code, `  ${says}`, ...(next === undefined ? [] : [`  ${next}`])].join('\n')
  })
  expect(texts.join('')).not.toContain('?')
  await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot(golden('codes'))
})
