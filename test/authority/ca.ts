import {
  authorityKeyIdentifier,
  basicConstraints,
  type Certified,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  signCertificate,
  subjectKeyIdentifier,
} from './certificate.ts'
import { type KeyAlgorithm, newKey } from './keys.ts'
import { later, type Time, year } from './time.ts'

export interface CertificateAuthority {
  uri: string
  organization: string
  root: Certified
  intermediate: Certified
}

export interface CaOptions {
  at: Time
  algorithm?: KeyAlgorithm
  uri?: string
  organization?: string
  /** Validity of root and intermediate. */
  notBefore?: Time
  notAfter?: Time
}

/** Root and intermediate as Fulcio's: O=…, CN=sigstore and sigstore-intermediate, path lengths 1 and 0. */
export function createCa(options: CaOptions): CertificateAuthority {
  const { at, algorithm = 'p384', uri = 'https://fulcio.authority.test', organization = 'authority.test' } = options
  const notBefore = options.notBefore ?? later(at, -year)
  const notAfter = options.notAfter ?? later(at, 9 * year)
  const root = createRoot({ organization, commonName: 'sigstore', algorithm, notBefore, notAfter, pathLength: 1 })
  const key = newKey(algorithm)
  const intermediate = signCertificate({
    subject: distinguishedName(organization, 'sigstore-intermediate'),
    key,
    by: root,
    notBefore,
    notAfter,
    extensions: [
      keyUsage(['keyCertSign', 'cRLSign']),
      extendedKeyUsage(['codeSigning']),
      basicConstraints(true, 0),
      subjectKeyIdentifier(key),
      authorityKeyIdentifier(root.key),
    ],
  })
  return { uri, organization, root, intermediate }
}

export interface RootOptions {
  organization: string
  commonName: string
  algorithm: KeyAlgorithm
  notBefore: Time
  notAfter: Time
  pathLength?: number
}

/** A self-signed CA certificate. */
export function createRoot(options: RootOptions): Certified {
  const key = newKey(options.algorithm)
  return signCertificate({
    subject: distinguishedName(options.organization, options.commonName),
    key,
    by: 'self',
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    extensions: [
      keyUsage(['keyCertSign', 'cRLSign']),
      basicConstraints(true, options.pathLength),
      subjectKeyIdentifier(key),
      authorityKeyIdentifier(key),
    ],
  })
}
