import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Downloads } from '../core/downloads.ts'
import { Fault } from '../core/fault.ts'
import type { Limits } from '../core/limits.ts'
import type { Given, GivenAtHand, Request, RequestAtHand } from '../core/request.ts'
import { readSecurityAssets } from '../evidence/archive/security-assets.ts'

/** The addresses that a request wants something from. */
export const addressesIn = ({ subject, given = [] }: Request): readonly string[] => [
  ...('url' in subject ? [subject.url] : []),
  ...given.flatMap((one) => (isRemote(one) ? [addressOf(one)] : [])),
]

type Remote = Exclude<Given, GivenAtHand>
const isRemote = (one: Given): one is Remote =>
  ('bundle' in one && 'url' in one.bundle) || ('securityAssets' in one && typeof one.securityAssets !== 'string')
const addressOf = (one: Remote): string => ('bundle' in one ? one.bundle.url : one.securityAssets.url)

/**
 * A request with everything at hand: a file that is elsewhere is measured and known by its digest and its name, what vouches
 * for it is brought along. So it is judged, stored and replayed as if a person had downloaded it.
 */
export async function downloaded(
  request: Request,
  downloads: Downloads | undefined,
  limits: Limits,
): Promise<RequestAtHand> {
  const [first] = addressesIn(request)
  if (first === undefined) return withoutDownloads(request)
  if (request.offline === true || downloads === undefined)
    throw new Fault('evidence.offline', { status: 422, parameters: { found: first } })
  const { subject, given = [] } = request
  return {
    ...request,
    given: await Promise.all(given.map(async (one) => (isRemote(one) ? bring(one, downloads, limits) : one))),
    subject: 'url' in subject ? { digest: await downloads.measure(subject.url), name: nameOf(subject.url) } : subject,
  }
}

/** The same without a look at the world, for whoever only reads the request. */
export function withoutDownloads(request: Request): RequestAtHand {
  const { subject, given, ...rest } = request
  return {
    ...rest,
    ...(given !== undefined && { given: given.filter((one): one is GivenAtHand => !isRemote(one)) }),
    subject: 'url' in subject ? { digest: `sha256:${'0'.repeat(64)}`, name: nameOf(subject.url) } : subject,
  }
}

/** As a browser would name the file. */
function nameOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? ''
  try {
    return basename(decodeURIComponent(path))
  } catch {
    return basename(path)
  }
}

async function bring(one: Remote, downloads: Downloads, limits: Limits): Promise<GivenAtHand> {
  const most = 'bundle' in one ? limits.givenBytes : limits.assetsBytes
  const { place, discard } = await downloads.save(addressOf(one), most)
  try {
    if ('bundle' in one) return bundleOf(await readFile(place))
    const assets = await readSecurityAssets(place, limits)
    if ('provenance' in assets) return bundleOf(assets.provenance)
    throw new Fault(assets.failed, { status: 422, parameters: { found: assets.found } })
  } finally {
    await discard()
  }
}

const bundleOf = (bytes: Uint8Array): GivenAtHand => ({ bundle: { base64: Buffer.from(bytes).toString('base64') } })
