import { expect, test } from 'vitest'
import { cosignCommand } from '../../src/cli/render/cosign.ts'
import { renderProblem } from '../../src/cli/render/problem.ts'
import { renderTable } from '../../src/cli/render/table.ts'
import { renderTree } from '../../src/cli/render/tree.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Policy } from '../../src/core/policy.ts'
import { problemOf } from '../../src/core/problem.ts'
import { renderPage } from '../../src/report/page/page.ts'
import { answerOf, digest, rejectedBy, subjectFinding, trusted } from './answers.ts'
import { everywhere, hostile } from './hostile.ts'

const plain = { columns: 100, colour: false }

/** Whatever reaches a terminal: printable characters and line ends of ours, nothing else. */
const isPrintable = (text: string): boolean => !/[^\P{C}\n]|[\u2028\u2029]/u.test(text)

test('T80 a hostile name through the table, the tree and a problem', () => {
  for (const answer of [rejectedBy(hostile), everywhere]) {
    for (const text of [renderTable([answer], plain), renderTree(answer, plain)]) {
      expect(isPrintable(text)).toBe(true)
      expect(text).toContain('\\u001b[2K')
      expect(text).toContain('\\u202e')
      // The forged line stands inside a line of ours, never at its beginning.
      expect(text.split('\n').some((line) => line.trimStart().startsWith('✓ trusted\\u000d'))).toBe(false)
    }
    const coloured = renderTree(answer, { ...plain, colour: true })
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderTree(answer, plain))
  }
  const parameters = { found: hostile, expected: hostile, problems: [{ pointer: hostile }] }
  for (const code of ['request.path-not-found', 'policy.missing', 'policy.malformed', 'usage.unknown'] as const) {
    const text = renderProblem(problemOf(new Fault(code, { parameters })), plain)
    expect(isPrintable(text)).toBe(true)
  }
  const answer = {
    schema: 'urn:meshproof:answer:v1',
    problem: problemOf(new Fault('usage.unknown', { parameters })),
  } as const
  expect(isPrintable(renderTable([answer], plain))).toBe(true)
  expect(isPrintable(renderTree(answer, plain))).toBe(true)
})

test('T80 a hostile name in the command for cosign is a word of the shell, and its comments stay comments', () => {
  const policy: Policy = {
    schema: 'urn:meshproof:policy:v1',
    name: hostile,
    images: [{ name: hostile as never, signatures: hostile as never }],
    requirements: [
      {
        id: hostile,
        candidate: 'signature',
        signer: { issuer: hostile, identity: { is: hostile }, certificate: { runnerEnvironment: hostile } },
        annotations: { [hostile]: hostile },
      },
    ],
  }
  const text = cosignCommand(policy, everywhere)
  expect(isPrintable(text)).toBe(true)
  const lines = text.split('\n')
  expect(lines.every((line) => /^(?:#|COSIGN_REPOSITORY=|cosign | {2})/.test(line))).toBe(true)
  // Every value stands in quotes: without them nothing of it is left.
  const words = lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/\$?'(?:[^'\\]|\\.)*'/g, ''))
  expect(words.join(' ')).not.toMatch(/[$`;<>()]|evil/)
})

test('T80 a hostile name on a page is text', () => {
  const page = renderPage([everywhere, rejectedBy(hostile)], {
    title: hostile,
    at: '2026-09-01T10:00:00.000Z',
    intro: [hostile],
    stories: [hostile],
    replay: hostile,
  })
  expect(page).not.toMatch(/<script|<img/i)
  expect(page.replace(/="[^"]*"/g, '')).not.toMatch(/<[^>]*\son\w+/i)
  expect(page).not.toContain('\u001b')
  expect(page).not.toContain('\u202e')
  expect(page).toContain('&#60;script&#62;')
})

test('T80 a name that only looks like the expected one is told apart', () => {
  const answer = rejectedBy(
    'https://github.com/K\u043eng/kong-mesh/.github/workflows/kuma-_build_publish.yaml@refs/tags/2.14.3',
  )
  for (const text of [
    renderTable([answer], plain),
    renderTree(answer, plain),
    renderPage([answer], { title: 'x', at: '2026-09-01T10:00:00.000Z' }),
  ]) {
    expect(text).toContain('K\\u043eng')
    expect(text).not.toContain('\u043e')
  }
})

test('T80 a very long value is cut and says so', () => {
  const answer = answerOf(
    trusted.subjects.map(({ subject, role, findings }) => ({
      subject,
      role,
      outcome: 'trusted',
      findings: [
        ...findings,
        subjectFinding(digest('a'), { code: 'bundle.fields-unknown', basis: 'none', found: 'x'.repeat(1e6) }),
      ],
    })),
    'trusted',
  )
  for (const text of [renderTable([answer], plain), renderTree(answer, plain)]) {
    expect(text.length).toBeLessThan(50_000)
    expect(text).toContain('(1000000 characters)')
  }
})
