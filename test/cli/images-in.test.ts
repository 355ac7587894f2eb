/** `-f FILE`: a list of references, or Kubernetes manifests in which images are found. */
import { expect, test } from 'vitest'
import { imagesIn } from '../../src/cli/images-in.ts'
import { meshproof } from './process.ts'

test.for([
  ['a list', 'kong/kuma-cp:2.14.3\n\n# kept for later\nkong/kuma-dp:2.14.3 # a remark\nkong/kuma-cp:2.14.3\n', 2],
  [
    'ports and digests',
    `localhost:5000/a/b:1\nregistry.example/a@sha256:${'1'.repeat(64)}\nc:1@sha256:${'2'.repeat(64)}`,
    3,
  ],
  ['one name', 'nginx', 1],
  ['Windows line ends', 'a/b:1\r\nc/d:2\r\n', 2],
  ['nothing', '\n# nothing\n', 0],
] as const)('%s', ([, text, count]) => {
  expect(imagesIn(text)).toHaveLength(count)
})

const pod = (images: readonly string[], indent: string): string =>
  [
    'containers:',
    ...images.map((image) => `- name: x\n  image: ${image}`),
    'initContainers:',
    '- name: init\n  image: kong/kuma-init:2.14.3',
  ]
    .join('\n')
    .replaceAll(/^/gm, indent)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: cp, annotations: { image: not/an-image:1 } }
spec:
  template:
    spec:
${pod(['kong/kuma-cp:2.14.3', '"kong/kuma-dp:2.14.3"'], '      ')}
`
const cronJob = `apiVersion: batch/v1
kind: CronJob
spec:
  jobTemplate:
    spec:
      template:
        spec:
${pod(['kong/kumactl:2.14.3'], '          ')}
`
const list = { apiVersion: 'v1', kind: 'List', items: [{ kind: 'Pod', spec: { containers: [{ image: 'a/pod:1' }] } }] }
const ephemeral = { kind: 'Pod', spec: { containers: [{ name: 'x' }], ephemeralContainers: [{ image: 'a/debug:1' }] } }

test.for([
  ['a deployment', deployment, ['kong/kuma-cp:2.14.3', 'kong/kuma-dp:2.14.3', 'kong/kuma-init:2.14.3']],
  ['a cron job', cronJob, ['kong/kumactl:2.14.3', 'kong/kuma-init:2.14.3']],
  [
    'several documents, each image once',
    `---\n${deployment}---\n# nothing\n---\n${cronJob}`,
    ['kong/kuma-cp:2.14.3', 'kong/kuma-dp:2.14.3', 'kong/kuma-init:2.14.3', 'kong/kumactl:2.14.3'],
  ],
  ['a list in JSON', JSON.stringify(list), ['a/pod:1']],
  ['indented JSON', JSON.stringify(list, undefined, 2), ['a/pod:1']],
  ['a container for a look inside', JSON.stringify(ephemeral), ['a/debug:1']],
  ['an anchor that is used again', 'a: &c\n  containers: [{ image: a/b:1 }]\nb: *c\n', ['a/b:1']],
  ['manifests without a pod', 'kind: ConfigMap\ndata:\n  image: a/b:1\n', []],
] as const)('%s', ([, text, images]) => {
  expect(imagesIn(text)).toEqual(images)
})

test.for([
  ['YAML that does not parse', 'kind: [\n'],
  [
    'aliases that multiply',
    `a: &a [x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [${Array(9).fill(i === 0 ? '*a' : `*b${i - 1}`)}]`).join('\n')}\n`,
  ],
] as const)('%s: refused, and nothing is guessed', ([, text]) => {
  expect(() => imagesIn(text)).toThrowError(expect.objectContaining({ code: 'request.malformed' }))
})

test('from a file and from standard input, several at once, one answer each in order', async () => {
  const args = ['verify', 'image', 'kong/kuma-cni:2.14.3', '-f', '-', '--offline', '-o', 'json']
  const { answers, code } = await meshproof(args, { input: deployment })
  expect(answers.map(({ id }) => id)).toEqual([
    'kong/kuma-cni:2.14.3',
    'kong/kuma-cp:2.14.3',
    'kong/kuma-dp:2.14.3',
    'kong/kuma-init:2.14.3',
  ])
  expect(code).toBe(3)
})
