import type { ExitCode } from './problem.ts'

type Page = { readonly what: string; readonly example: string; readonly flags?: readonly (readonly [string, string])[] }

const policyFlags: NonNullable<Page['flags']> = [
  ['--policy FILE, --profile NAME', 'what is demanded; without either, the profile that speaks of the image'],
  ['--key FILE', "own public key (cosign's spelling); with -a key=value, --insecure-ignore-tlog"],
  ['--certificate-identity[-regexp], --certificate-oidc-issuer', "a keyless signer (cosign's spelling)"],
  ['--trusted-root FILE', 'another Sigstore than the public one'],
  ['--given PATH', 'evidence brought along: a layout, a bundle, what cosign download signature printed'],
  ['--at TIME, --offline', 'judge at another time; make no network call'],
  ['-o table|json, --explain, --explain cosign', 'how it is shown'],
  ['--save-pack FOLDER', 'keep the evidence, to judge again from it'],
]

const emitFlags: NonNullable<Page['flags']> = [
  ['--emit-vsa FILE', 'sign the verdict as a SLSA summary (VSA), and beside it an in-toto result (SVR) of what passed'],
  [
    '--signing-key FILE',
    "the verifier's private key, in PEM (also --key); MESHPROOF_SIGNING_PASSPHRASE opens a locked one",
  ],
  ['--resource-uri URI', 'where readers fetch the artifact from; for an image, oci://NAME@DIGEST unless said'],
  ['--verifier-id URI, --emit-svr FILE, --emit-as bundle|envelope', 'who verifies; where the result goes; its form'],
]

const slsaFlags: NonNullable<Page['flags']> = [
  ['--source-uri U, --source-tag T, --source-versioned-tag V, --source-branch B', "slsa-verifier's spelling"],
  ['--builder-id ID, --build-workflow-input K=V', 'without --builder-id: the generators of slsa-framework'],
  ['--print-provenance', 'the signed statement on standard output, the table on standard error'],
]

export const pages: Readonly<Record<string, Page>> = {
  'verify image': {
    what: 'finds, verifies and judges the signatures and the provenance of images',
    example: 'meshproof verify image kong/kuma-cp:2.14.3',
    flags: [
      ['-f FILE', 'a list of references, or Kubernetes manifests'],
      ['--platform OS/ARCH', 'judge the images of this platform only'],
      ['--signature-repository NAME', 'where signatures are kept (also COSIGN_REPOSITORY, --provenance-repository)'],
      ...slsaFlags,
      ...policyFlags,
      ...emitFlags,
    ],
  },
  'verify bundle': {
    what: 'verifies Sigstore bundles over a file or a digest',
    example: 'meshproof verify bundle --bundle app.sigstore.json --key key.pub app.tar.gz',
    flags: [...policyFlags, ...emitFlags],
  },
  'verify binary': {
    what: 'verifies where files were built, by their SLSA provenance',
    example: 'meshproof verify binary kong-mesh-2.14.3-*.tar.gz --security-assets security-assets.tar.gz',
    flags: [
      ['NAME=sha256:DIGEST', 'in place of a file that is not at hand'],
      ['https://…', 'in place of a file of these flags or of the artifact: downloaded, measured, not kept'],
      ['--provenance FILE', 'bundles or envelopes, one or as lines (also --provenance-path)'],
      ['--security-assets FILE', 'the security-assets.tar.gz of a Kong Mesh release; what it holds is found inside'],
      ...slsaFlags,
      [
        '--policy FILE, --profile NAME',
        'what is demanded; without any of these, the profile that knows the file by its name',
      ],
      ...policyFlags.filter(([name]) => !/^--(?:policy|key|certificate)/.test(name)),
      ...emitFlags,
    ],
  },
  'verify vsa': {
    what: 'verifies what another verifier says of an artifact: its SLSA summary (VSA)',
    example:
      'meshproof verify vsa app.tar.gz --vsa app.vsa.json --key verifier.pub --verifier-id https://verifier.example/v1 --resource-uri https://example.com/app.tar.gz --verified-level SLSA_BUILD_LEVEL_3',
    flags: [
      ['FILE, sha256:DIGEST, --subject-digest sha256:DIGEST', 'the artifact; each of several must be vouched for'],
      ['--vsa FILE, --attestation-path FILE', 'bundles or envelopes, one or as lines'],
      ['--verifier-id URI, --resource-uri URI', 'whose summary, of what; exact'],
      ['--verified-level LEVEL', 'the least of a SLSA track, or a word that must stand there; several at will'],
      ['--max-age P7D', 'how long ago it may have been verified'],
      ['--key FILE, --public-key-path FILE', "the verifier's public key; no log is asked for then, a policy can ask"],
      ['--public-key-id ID, --public-key-hash-algo SHA256', 'what the envelope must call it; the hash it signs with'],
      [
        '--certificate-identity[-regexp], --certificate-oidc-issuer',
        'or who signs keyless, in a log, at a signed time',
      ],
      ['--policy FILE, --profile NAME', 'in place of all that: a policy with a `vsa` in a requirement'],
      ['--print-attestation', 'the signed statement on standard output, the table on standard error'],
      ...policyFlags.filter(([name]) => !/^--(?:policy|key|certificate)/.test(name)),
    ],
  },
  'verify install': {
    what: 'compares installed programs with the archive they came from',
    example:
      'meshproof verify install /opt/kong-mesh --archive kong-mesh-2.14.3-linux-amd64.tar.gz --security-assets security-assets.tar.gz',
    flags: [
      ['DIR|FILE', 'the folder that holds kuma-cp, kuma-dp, kumactl, envoy or their bin; or one of them'],
      ['--archive FILE', 'the release archive'],
      ['the flags of verify binary', 'its provenance, and what that must be'],
    ],
  },
  'verify batch': {
    what: 'one request a line in, one answer a line out',
    example: 'meshproof verify batch requests.ndjson > answers.ndjson',
    flags: [
      ['--root DIR', 'where the paths of the lines begin'],
      ['-j N', 'how many at a time'],
      ['--save-pack FOLDER', 'keep the evidence'],
    ],
  },
  replay: {
    what: 'judges a pack, a stored verdict by its digest, or all that is stored, again, offline: the same, or otherwise',
    example: 'meshproof replay pack --profile kong-mesh-as-documented',
    flags: [
      ['--policy FILE, --profile NAME, --trusted-root FILE, --at TIME', 'asked otherwise; shows what differs'],
      [
        '--all',
        'every verdict of the database, in the service that runs or without one: whether each is the same, byte for byte (exit code 0), differs (1), or stands on what was altered or lost (3)',
      ],
      ['--restore', 'with --all: writes again what is lost or altered of the rows of verdicts and findings'],
      ['-o table|json, --explain', 'how it is shown'],
    ],
  },
  'policy check': {
    what: 'names line and column of what is wrong with a policy',
    example: 'meshproof policy check policy.yaml',
  },
  'config print': { what: 'each setting with its value and where it came from', example: 'meshproof config print' },
  'cache info': { what: 'what the cache holds', example: 'meshproof cache info' },
  'cache prune': { what: 'makes the cache smaller; --all empties it', example: 'meshproof cache prune --all' },
  start: {
    what: 'runs the service, all in one process',
    example: 'meshproof start',
    flags: [
      ['--demo', 'load the shipped demonstration first; a second time adds nothing'],
      ['MESHPROOF_PORT, MESHPROOF_LISTEN', 'where it listens: 127.0.0.1:8080 unless said otherwise'],
      ['MESHPROOF_DATA', "where it keeps what it remembers; default: the user's state directory"],
      [
        'DATABASE_URL, REDIS_URL',
        'PostgreSQL in place of the folder, Redis for the queue (also DATABASE_URL_FILE, REDIS_URL_FILE)',
      ],
    ],
  },
  serve: {
    what: 'answers over HTTP; verifies only where there is no DATABASE_URL',
    example: 'meshproof serve',
    flags: [['--demo', 'load the shipped demonstration first; a second time adds nothing']],
  },
  worker: {
    what: 'verifies what the queue of DATABASE_URL holds; any number may run',
    example: 'meshproof worker',
  },
  migrate: { what: 'makes the tables of this version in the database of DATABASE_URL', example: 'meshproof migrate' },
  'sign-in-link': {
    what: 'makes a link that signs a browser in, once',
    example: 'meshproof sign-in-link',
  },
  'token create': {
    what: 'makes a token for a program, and prints it once',
    example: 'meshproof token create ci',
    flags: [
      [
        '--scope SCOPE',
        'what it may, several times; without: verifications:read, verifications:write and evidence:read',
      ],
      ['--days N', 'how long it is good; without: 90'],
    ],
  },
  'token list': { what: 'lists tokens, without their secrets', example: 'meshproof token list' },
  'token revoke': {
    what: 'makes a token useless',
    example: 'meshproof token revoke 019aa7c2-5b1e-7c3d-9f00-1c2d3e4f5a6b',
  },
  demo: { what: 'verifies a shipped release, without network', example: 'npm run demo' },
}

export function print(verb: string): ExitCode {
  const page = pages[verb]
  if (page !== undefined) {
    process.stdout.write(`meshproof ${verb}: ${page.what}\n\n  ${page.example}\n`)
    for (const [flag, words] of page.flags ?? []) process.stdout.write(`\n  ${flag}\n      ${words}\n`)
    return 0
  }
  process.stdout.write('meshproof: proof, not promise, that a service mesh runs what it should\n\n')
  for (const [name, { what, example }] of Object.entries(pages))
    process.stdout.write(`  ${name.padEnd(15)} ${what}\n  ${''.padEnd(15)}   ${example}\n`)
  process.stdout.write('\nExit codes: 0 all trusted, 1 rejected, 2 usage or configuration, 3 inconclusive.\n')
  return 0
}
