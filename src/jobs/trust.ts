import type { Report } from '../core/cause.ts'
import { Fault } from '../core/fault.ts'
import type { Limits } from '../core/limits.ts'
import type { TrustedRoots } from '../store/trusted-roots.ts'
import { parseTrustedRoot } from '../verify/trust/trusted-root.ts'

export type RefreshRoot = (
  metadata: Uint8Array | undefined,
  signal: AbortSignal,
) => Promise<{ readonly bytes: Uint8Array; readonly metadata: Uint8Array }>

type Parts = {
  readonly roots: TrustedRoots
  readonly refreshRoot: RefreshRoot
  readonly limits: Limits
  readonly report: Report
}

/** Asks TUF where that is due and no other process does. The network is waited for outside of any transaction. */
export async function refreshTrust({ roots, refreshRoot, limits, report }: Parts, leaving: AbortSignal): Promise<void> {
  const claim = await roots.claim()
  if (claim === undefined) return
  let got: Awaited<ReturnType<RefreshRoot>>
  try {
    got = await refreshRoot(claim.metadata, leaving)
    demandUsable(got.bytes, limits)
  } catch (cause) {
    if (leaving.aborted) return roots.handBack(claim)
    report(new Fault('trust.refresh-failed', { status: 503, cause }))
    return roots.failed(claim) // T68: the last good root stays
  }
  await roots.confirm(claim, got)
}

/** What TUF vouches for and nobody can read would end all verification, so it takes the place of nothing. */
function demandUsable(bytes: Uint8Array, { trustedRootBytes, jsonDepth }: Limits): void {
  const root = bytes.length > trustedRootBytes ? { problem: 'too large' } : parseTrustedRoot(bytes, jsonDepth)
  if ('problem' in root || root.authorities.length === 0) {
    const found = 'problem' in root ? root.problem : 'no certificate authority'
    throw new Fault('trust.malformed', { status: 503, parameters: { found } })
  }
}
