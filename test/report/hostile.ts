import type { VerdictAnswer } from '../../src/core/request.ts'
import { digest, rejectedBy, subjectFinding } from './answers.ts'

/** One hostile name for every output: escape sequences, a bidi override, a forged line, markup, a shell, an attribute's end. */
export const hostile = `https://evil.test/\u001b[2K\u001b[1A\u009b31m\u202egnp.\u202c\n✓ trusted\r\u200b"'\`><script>alert(1)</script><img src=x onerror=alert(1)>$(id);&amp;\u0000`

/** The same name at every place that comes from outside. */
export const everywhere: VerdictAnswer = (() => {
  const answer = rejectedBy(hostile)
  return {
    ...answer,
    id: hostile,
    versions: { [hostile]: hostile },
    subjects: answer.subjects.map((subject) => ({
      ...subject,
      ...(subject.platform !== undefined && { platform: hostile }),
      inputs: { ...subject.inputs, asked: { ...subject.inputs.asked, as: hostile, name: hostile } },
      findings: [
        ...subject.findings.map((finding) => ({ ...finding, check: hostile, claimed: hostile })),
        subjectFinding(digest('a'), { check: hostile, code: 'signature.layer-foreign', basis: 'none', found: hostile }),
        subjectFinding(digest('a'), {
          check: hostile,
          code: 'annotation.mismatch',
          outcome: 'fail',
          candidate: digest('9'),
          demand: `/requirements/0/annotations/${hostile}`,
          where: { in: 'document', path: hostile },
          expected: `${hostile}=1`,
          found: { [hostile]: [hostile] },
        }),
      ],
      beside: {
        ...subject.beside,
        policy: { name: hostile },
        trust: { name: hostile },
        asked: [
          {
            question: { ask: 'tag', image: hostile as never, tag: hostile },
            from: hostile,
            at: hostile,
            retryAfter: hostile,
            detail: { found: hostile },
          },
        ],
      },
    })),
  }
})()
