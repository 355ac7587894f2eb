import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Code } from '../core/codes.ts'
import { limits } from '../core/limits.ts'
import type { VerdictAnswer } from '../core/request.ts'
import type { VerdictOutcome } from '../core/verdict.ts'
import type { PackedRequest } from '../evidence/pack/format.ts'
import { type OpenPack, readPack } from '../evidence/pack/read.ts'
import { replay } from '../examine/replay.ts'
import { versions } from '../examine/versions.ts'
import { profileNamed } from '../policy/profiles/table.ts'
import { renderPage } from '../report/page/page.ts'
import { readFlags, usage } from './flags.ts'
import { type OutputOptions, outputOptions } from './output.ts'
import type { ExitCode } from './problem.ts'
import { renderTable } from './render/table.ts'
import { hang, painter } from './render/text.ts'

/** What each image of the shipped pack must come to, and what happened to it. */
type Foreseen = {
  readonly image: string
  readonly verdict: VerdictOutcome
  readonly code: Code
  readonly story: string
}

const foreseen: readonly Foreseen[] = [
  {
    image: 'docker.io/kong/kuma-cp:2.14.3',
    verdict: 'trusted',
    code: 'requirement.met',
    story: 'The good one: built and signed by the release workflow, at the tag of this version, for this name.',
  },
  {
    image: 'docker.io/kong/kuma-dp:2.14.3',
    verdict: 'rejected',
    code: 'reference.mismatch',
    story:
      'Renamed: somebody pushed kumactl under the name of kuma-dp and left its signatures where they were. They are genuine, and say which image they are for.',
  },
  {
    image: 'docker.io/kong/kuma-init:2.14.3',
    verdict: 'rejected',
    code: 'identity.ref',
    story:
      'A pull request: the right workflow, run for a change that nobody had reviewed. Its certificate says so; a pattern without an end does not look.',
  },
  {
    image: 'docker.io/kong/kuma-cni:2.14.3',
    verdict: 'rejected',
    code: 'certificate.extension-mismatch',
    story:
      "The right workflow at the right tag, but on somebody's own machine instead of a fresh one of GitHub's: whoever owns it could have changed what was built.",
  },
]

const intro = [
  'A demonstration without network: four images of a small release shaped like that of Kong Mesh, one good and three attacked.',
  "It has its own throw-away authority, made once for this purpose; the public Sigstore does not know it. Nothing here says anything about Kong's real images.",
]
const documented = 'kong-mesh-as-documented'

export async function run(args: readonly string[]): Promise<ExitCode> {
  const { positionals } = readFlags(args, {})
  if (positionals.length > 0) throw usage('meshproof demo takes no arguments.')
  return demo(process.stdout)
}

/** Verifies the shipped pack, shows why, writes the page. 0 when every verdict is as foreseen, else 1. */
export async function demo(
  out: { write(text: string): unknown },
  options: OutputOptions = outputOptions(process.stdout),
  place: string = join(import.meta.dirname, '../../demo/pack'),
): Promise<0 | 1> {
  const { pack, bytes } = await readPack(place, limits)
  const shown = await Promise.all(foreseen.map((one) => judgeOne(one, pack.requests, bytes)))
  const answers = shown.flatMap(({ answer }) => answer ?? [])
  const stories = shown.map((one) => `${one.story} ${vendorWords(one)}`)
  const again = `node bin/meshproof.mjs replay ${relative(process.cwd(), place) || '.'}`
  const paint = painter(options)
  const say = (text: string, indent = 0) => `${hang('', indent, text, options.columns).join('\n')}\n`
  out.write(`${intro.map((text) => say(text)).join('')}\n${renderTable(answers, options)}\n\n`)
  out.write(`${paint('bold', 'What happened')}\n`)
  for (const [i, { image }] of foreseen.entries()) out.write(`  ${image}\n${say(stories[i] ?? '', 4)}`)
  const wrong = shown.filter(({ asForeseen }) => !asForeseen)
  const page = writePage(
    renderPage(answers, {
      title: 'Four images, four verdicts: a demonstration',
      at: new Date().toISOString(),
      intro,
      stories,
      replay: `${again} --explain`,
    }),
  )
  out.write('\n')
  if (page !== undefined) out.write(`The same, to read and to show:  ${paint('bold', page)}\n`)
  out.write(`Judge it again, every finding:  ${again} --explain\n`)
  out.write(`Under the vendor's own words:   ${again} --profile ${documented}\n\n`)
  out.write(
    wrong.length === 0
      ? say(`${paint('green', '✓')} All ${foreseen.length} verdicts are as foreseen.`)
      : wrong.map(({ image, got }) => say(`${paint('red', '✗')} Not as foreseen: ${image} is ${got}.`)).join(''),
  )
  return wrong.length === 0 ? 0 : 1
}

type Shown = Foreseen & {
  readonly answer: VerdictAnswer | undefined
  readonly vendor: VerdictOutcome | undefined
  readonly asForeseen: boolean
  readonly got: string
}

async function judgeOne(one: Foreseen, requests: readonly PackedRequest[], bytes: OpenPack['bytes']): Promise<Shown> {
  const request = requests.find(({ id }) => id === one.image)
  if (request === undefined)
    return { ...one, answer: undefined, vendor: undefined, asForeseen: false, got: 'not in the pack' }
  const { answer } = await replay(request, bytes, {}, versions())
  const policy = profileNamed(documented)
  const vendor =
    policy === undefined ? undefined : (await replay(request, bytes, { policy }, versions())).answer.verdict
  const deciding = answer.subjects.flatMap(({ findings }) => findings.filter(isDecisive))
  const broken = deciding.filter(({ outcome }) => outcome !== 'pass')
  const codes = [...new Set((broken.length > 0 ? broken : deciding).map(({ code }) => code))]
  const got = `${answer.verdict} (${codes.join(', ')})`
  return { ...one, answer, vendor, got, asForeseen: got === `${one.verdict} (${one.code})` }
}

const isDecisive = ({ demand, candidate }: { readonly demand?: string; readonly candidate?: string }): boolean =>
  candidate === undefined && /^\/requirements\/\d+$/.test(demand ?? '')

/** The vendor's command as a profile, judged here and now: never a claim. */
const vendorWords = ({ vendor, verdict }: Shown): string =>
  `The command on the vendor's page ${vendor !== 'trusted' ? 'would refuse it' : verdict === 'trusted' ? 'accepts it, too' : 'would let it through'}.`

/** A folder that is nobody else's: in a shared one another user could have laid a link there. */
function writePage(page: string): string | undefined {
  for (const folder of [tmpdir(), process.cwd()])
    try {
      const file = join(mkdtempSync(join(folder, 'meshproof-demo-')), 'verdicts.html')
      writeFileSync(file, page)
      return file
    } catch {}
  return undefined
}
