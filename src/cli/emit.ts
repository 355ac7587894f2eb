import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { Fault } from '../core/fault.ts'
import { readPublicKey } from '../core/keys.ts'
import { isKeys, type Policy } from '../core/policy.ts'
import type { Done } from '../examine/shop.ts'
import { type Issued, issue } from '../report/model/summary.ts'
import { type KeyProblem, type KeySigner, readSigningKey, signStatement } from '../report/sign.ts'
import type { Statement } from '../verify/statement/in-toto.ts'
import { usage } from './flags.ts'

/** Signs what came of one request and keeps it in files; made before anything is verified, so that it is no work for nothing. */
export type Emitter = { readonly write: (done: readonly Done[]) => Promise<void> }

const passphrase = 'MESHPROOF_SIGNING_PASSPHRASE'

export type Emission = {
  /** Where the summary goes; the result goes beside it where nothing else is said. */
  readonly vsa: string
  readonly svr: string | undefined
  readonly envelope: boolean
  readonly keyFile: string
  readonly verifier: string | undefined
  readonly resource: string | undefined
}

export function emitterOf({ vsa, svr = beside(vsa), envelope: bare, keyFile, verifier, resource }: Emission): Emitter {
  if (svr === vsa) throw usage('--emit-vsa and --emit-svr name one file.')
  for (const file of [vsa, svr])
    if (existsSync(file)) throw usage(`--emit-vsa writes new files; there is something in ${file} already.`)
  const signer = signerOf(keyFile)
  const issuer = { verifier: verifier ?? 'urn:meshproof:verifier:v1', resource }
  const text = async (statement: Statement): Promise<string> => {
    const bundle = await signStatement(statement, signer)
    const { dsseEnvelope: envelope } = bundle
    return `${JSON.stringify(bare ? envelope : bundle)}\n`
  }
  return {
    write: async (done) => {
      const [only] = done
      if (only === undefined) return say('Nothing was signed: nothing was judged.')
      const { policy } = only.examination.policy
      if (isTrusted(signer, policy)) throw new Fault('signing.own-key', { parameters: { found: policy.name } }) // T62
      const issued = issue(only.examined.answer, policy, issuer)
      if ('nothing' in issued) return say(why[issued.nothing])
      const files: [string, string][] = [[vsa, await text(issued.vsa)]]
      if (issued.svr !== undefined) files.push([svr, await text(issued.svr)])
      for (const [file, content] of files) keep(file, content)
      say(told(issued, vsa, svr))
    },
  }
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const why = {
  inconclusive: 'Nothing was signed: the verdict is inconclusive, and a summary can only say PASSED or FAILED.',
  'without-digest': 'Nothing was signed: no digest was found that a summary could be about.',
  'without-resource': 'Nothing was signed: name what the artifact is known by, with --resource-uri.',
} as const

function told({ vsa, svr }: Issued, file: string, beside: string): string {
  const { verificationResult, verifiedLevels } = vsa.predicate
  const first = `Signed ${file}: a summary (VSA), ${[verificationResult, ...verifiedLevels.filter((level) => level !== verificationResult)].join(', ')}.`
  return svr === undefined
    ? `${first} No SVR beside it: that lists only what passed.`
    : `${first} Signed ${beside}: a result (SVR) of ${svr.predicate.properties.length} properties.`
}

/** `app.vsa.json` → `app.vsa.svr.json`. */
function beside(file: string): string {
  const end = extname(file)
  return `${file.slice(0, file.length - end.length)}.svr${end}`
}

function keep(file: string, content: string): void {
  try {
    writeFileSync(file, content, { flag: 'wx' })
  } catch (cause) {
    throw new Fault('signing.not-written', { cause, parameters: { found: file } })
  }
}

function signerOf(file: string): KeySigner {
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
    if ((statSync(file).mode & 0o077) !== 0) say(`Others on this machine may read ${file}: chmod 600 keeps it yours.`)
  } catch (cause) {
    throw new Fault('request.path-not-found', { parameters: { found: file }, cause })
  }
  const read = readSigningKey(pem, process.env[passphrase] || undefined)
  if (!('problem' in read)) return read
  throw new Fault('signing.key-unreadable', { parameters: { found: file, why: wordsOf(read.problem) } })
}

function wordsOf(problem: KeyProblem): string {
  if (typeof problem === 'object') return `it is ${problem.foreign}`
  const words = {
    'not-a-key': 'it is no private key in PEM',
    cosign: "it is sealed in cosign's own form, which only cosign opens",
    locked: `it is locked, and ${passphrase} is not set`,
    'wrong-passphrase': `${passphrase} does not open it`,
  }
  return words[problem]
}

/** T62: whoever trusts what he signs himself proves nothing. */
function isTrusted(signer: KeySigner, { requirements }: Policy): boolean {
  return requirements.some(
    ({ signer: trusted }) =>
      isKeys(trusted) &&
      trusted.keys.some(({ key }) => {
        const read = readPublicKey(Buffer.from(key.base64, 'base64'))
        return typeof read !== 'string' && read.equals(signer.publicKey)
      }),
  )
}
