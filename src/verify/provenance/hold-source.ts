import type { Provenance } from '../../core/policy.ts'
import type { Book } from '../signature/book.ts'
import { releaseRefs } from '../signature/identity.ts'
import type { Matter } from '../signature/matter.ts'
import type { Backing } from './backing.ts'
import type { BuildFacts } from './build-facts.ts'
import { formatSource, parseSource, sameRepository } from './source.ts'

/** Where the build came from: repository, tag, branch, each as it is backed. */
export function holdSource(
  { source }: Provenance,
  build: BuildFacts,
  backing: Backing,
  matter: Matter,
  book: Book,
): void {
  if (source === undefined) return
  const wanted = parseSource(source.uri)
  const met =
    sameRepository(wanted, backing.source) && build.places.every(({ uri }) => sameRepository(wanted, parseSource(uri)))
  book.demand('/provenance/source/uri', met ? 'pass' : 'fail', met ? 'provenance.source-met' : 'provenance.source', {
    expected: source.uri,
    found: backing.source === undefined ? 'none' : formatSource(backing.source),
  })
  const ref = backing.ref ?? build.ref ?? parseSource(build.places[0]?.uri ?? '')?.ref ?? 'none'
  const say = (key: 'tag' | 'versionedTag' | 'branch', good: boolean, expected: string, found = ref) =>
    book.demand(
      `/provenance/source/${key}`,
      good ? 'pass' : 'fail',
      good ? 'provenance.source-met' : 'provenance.source',
      { expected, found },
    )
  if (typeof source.tag === 'string')
    say('tag', ref === `refs/tags/${source.tag}`, `refs/tags/${source.tag}`) // T58
  else if (source.tag !== undefined) {
    const release = releaseRefs(matter.version)
    say('tag', release.accepts(ref), release.words)
    if (release.note !== undefined) book.note(release.note, { found: ref })
  }
  if (source.versionedTag !== undefined)
    say('versionedTag', matchesVersion(source.versionedTag, ref), source.versionedTag)
  if (source.branch !== undefined) {
    // Of a tag the event says from which branch it was made; that is the builder's word, not the certificate's.
    const branch = ref.startsWith('refs/tags/') ? (build.baseRef ?? 'none') : ref
    say('branch', branch === `refs/heads/${source.branch}`, `refs/heads/${source.branch}`, branch)
  }
}

/** A semantic version as Go spells it (golang.org/x/mod/semver), short forms too; build metadata never counts. */
const versioned =
  /^v(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?)?$/

export const isVersionedTag = (text: string): boolean => versioned.test(text)

/** slsa-verifier's versioned tag: the parts that are given are equal, missing parts are free; a pre-release belongs to the patch. */
function matchesVersion(wanted: string, ref: string): boolean {
  const ours = versioned.exec(wanted)
  const theirs = ref.startsWith('refs/tags/') ? versioned.exec(ref.slice('refs/tags/'.length)) : null
  if (ours === null || theirs === null) return false
  const [, major, minor, patch, preRelease] = ours
  return (
    major === theirs[1] &&
    (minor === undefined || minor === (theirs[2] ?? '0')) &&
    (patch === undefined || (patch === (theirs[3] ?? '0') && preRelease === theirs[4]))
  )
}
