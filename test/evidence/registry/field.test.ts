import { describe, expect, onTestFinished, test } from 'vitest'
import { hasPython, play } from '../../registry/serve.ts'
import { corpus, hasField } from './field.ts'
import { ask, client, referrers, resolve, tag, word } from './setup.ts'

async function scene(id: string) {
  const played = await play(`${corpus}/field/serve.py`, `${corpus}/field/${id}`)
  onTestFinished(() => played.stop())
  const a = played.hosts['a'] ?? ''
  return { ...played, a, one: client(Object.values(played.hosts)) }
}

/** What the signatures of an image are looked for with. */
async function lookups(
  a: string,
  one: ReturnType<typeof client>,
  ref: string,
): Promise<{ digest: string; sig: string; referrers: string }> {
  const digest = word((await ask(one, resolve(a, ref))).outcome)
  const outcome = async (question: Parameters<typeof ask>[1]) => word((await ask(one, question)).outcome)
  return {
    digest,
    sig: await outcome(tag(a, `${digest.replace(':', '-')}.sig`)),
    referrers: await outcome(referrers(a, digest)),
  }
}
const found = expect.stringMatching(/^sha256:/)

describe.skipIf(!hasField || !hasPython)('field', () => {
  test('T87 F-001', async () => {
    const { a, one } = await scene('F-001')
    expect(await lookups(a, one, ':a')).toEqual({ digest: found, sig: 'registry.denied', referrers: 'registry.denied' })
    expect(await lookups(a, one, ':b')).toEqual({ digest: found, sig: 'registry.denied', referrers: found })
  })

  test('T86 F-004', async () => {
    const { a, one, log } = await scene('F-004')
    expect(await lookups(a, one, ':a')).toEqual({ digest: found, sig: found, referrers: 'registry.redirect-refused' })
    expect(await lookups(a, one, ':b')).toEqual({
      digest: found,
      sig: 'absent',
      referrers: 'registry.redirect-refused',
    })
    expect((await log()).filter(({ host }) => host === 'b')).toEqual([])
  })

  test('T28 F-007', async () => {
    const { a, one } = await scene('F-007')
    expect(await lookups(a, one, ':1')).toEqual({ digest: found, sig: found, referrers: 'absent' })
  })

  test('T89 F-008', async () => {
    const { a, one } = await scene('F-008')
    expect(word((await ask(one, resolve(a, ':1'))).outcome)).toBe('registry.media-type-unsupported')
  })

  test('T73 F-058', async () => {
    const { a, one } = await scene('F-058')
    const words = (await Promise.all([1, 2, 3].map(() => ask(one, resolve(a, ':1'))))).map(({ outcome }) =>
      word(outcome),
    )
    expect(words).toEqual([found, found, found])
  })

  test('F-062 name:tag@digest is asked by its digest, the tag beside it', async () => {
    const { a, one } = await scene('F-062')
    const digest = 'sha256:e265a98d6dd5b828558bc0d24c6ec4a2e6d8ce30da62e0801b6af3a72039cc22'
    expect(word((await ask(one, resolve(a, `:1@${digest}`))).outcome)).toBe(digest)
    expect(word((await ask(one, resolve(a, ':1'))).outcome)).not.toBe(digest)
  })
})
