import { X509Certificate } from '@sigstore/core'
import { expect, test } from 'vitest'
import { createAuthority } from './authority.ts'
import { fulcioOid } from './fulcio-extensions.ts'
import type { IssueOptions } from './leaf.ts'

const authority = createAuthority({ caAlgorithm: 'p256' })

function extensions(options: IssueOptions | undefined, github = true): [string, string][] {
  const { der } = github ? authority.githubCertificate(options) : authority.issueCertificate(options)
  return X509Certificate.parse(der).extensions.map((one) => [
    one.subs[0]?.toOID() ?? '',
    one.subs.at(-1)?.value.toString('latin1') ?? '',
  ])
}

test('a GitHub certificate has what Fulcio writes, in its order', () => {
  const found = extensions({}).filter(([oid]) => oid.startsWith('1.3.6.1.4.1.57264.1.'))
  const arcs = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24]
  expect(found.map(([oid]) => Number(oid.split('.').at(-1)))).toEqual(arcs)
  const values = new Map(found)
  expect(values.get(fulcioOid('issuerV1'))).toBe('https://token.actions.githubusercontent.com')
  expect(values.get(fulcioOid('issuer'))).toBe('\x0c+https://token.actions.githubusercontent.com')
  expect(values.get(fulcioOid('sourceRepositoryURI'))).toBe('\x0c!https://github.com/Kong/kong-mesh')
  expect(values.get(fulcioOid('sourceRepositoryOwnerIdentifier'))).toBe('\x0c\x06962416')
})

test('a called workflow signs for its caller', () => {
  const signer = {
    owner: 'slsa-framework',
    repository: 'slsa-github-generator',
    workflow: '.github/workflows/g.yml',
    ref: 'refs/tags/v2.1.0',
  }
  const parsed = X509Certificate.parse(authority.githubCertificate({ signer }).der)
  expect(parsed.subjectAltName).toBe(
    'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/g.yml@refs/tags/v2.1.0',
  )
  expect(parsed.extension(fulcioOid('buildConfigURI'))?.value.toString()).toContain('Kong/kong-mesh')
})

test('extensions can be taken away, changed, given twice', () => {
  const oid = fulcioOid('sourceRepositoryURI')
  expect(extensions({ extensions: { sourceRepositoryURI: null } }).some(([one]) => one === oid)).toBe(false)
  const values = (first: boolean) =>
    extensions({ duplicateExtension: { extension: 'sourceRepositoryURI', value: 'x', first } })
      .filter(([one]) => one === oid)
      .map(([, value]) => value)
  expect(values(true)).toEqual(['\x0c\x01x', '\x0c!https://github.com/Kong/kong-mesh'])
  expect(values(false)).toEqual(['\x0c!https://github.com/Kong/kong-mesh', '\x0c\x01x'])
  expect(
    extensions({ san: [], issuer: null, keyUsage: null, extendedKeyUsage: null, sct: 'none' }, false).map(
      ([one]) => one,
    ),
  ).toEqual(['2.5.29.14', '2.5.29.35'])
})

test('names of every type, and CA certificates', () => {
  const email = authority.issueCertificate({ san: 'someone@example.test', sanType: 'email' })
  expect(X509Certificate.parse(email.der).subjectAltName).toBe('someone@example.test')
  const isCA = authority.issueCertificate({ isCA: true, keyUsage: ['keyCertSign', 'digitalSignature'] })
  expect(X509Certificate.parse(isCA.der).isCA).toBe(true)
})
