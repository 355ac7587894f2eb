import {
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  subjectKeyIdentifier,
} from '../authority/certificate.ts'
import { implicit, sequence } from '../authority/der.ts'
import { newKey } from '../authority/keys.ts'
import { day, later } from '../authority/time.ts'

export type TlsIdentity = { readonly key: string; readonly cert: string; readonly ca: string }

/** A CA of its own and a server certificate by it, for an address or a DNS name, for tests of TLS on loopback. */
export function tlsIdentity({
  ip = '127.0.0.1',
  name,
  expired = false,
}: {
  ip?: string
  name?: string
  expired?: boolean
} = {}): TlsIdentity {
  const now = new Date()
  const ca = signCertificate({
    subject: distinguishedName('test', 'registry CA'),
    key: newKey(),
    by: 'self',
    notBefore: later(now, -3 * day),
    notAfter: later(now, day),
    extensions: [basicConstraints(true), keyUsage(['keyCertSign'])],
  })
  const key = newKey()
  const san = name === undefined ? implicit(7, Buffer.from(ip.split('.').map(Number))) : implicit(2, Buffer.from(name))
  const leaf = signCertificate({
    subject: distinguishedName('test', 'registry'),
    key,
    by: ca,
    notBefore: later(now, -2 * day),
    notAfter: later(now, expired ? -day : day),
    extensions: [
      basicConstraints(false),
      extendedKeyUsage(['serverAuth']),
      subjectKeyIdentifier(key),
      { oid: '2.5.29.17', value: sequence(san) },
    ],
  })
  return { key: key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), cert: leaf.pem, ca: ca.pem }
}
