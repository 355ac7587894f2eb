/**
 * Every code that a finding, an observation, a problem or a fault may carry: what a person reads and what to do next.
 * `{expected}`, `{found}` and other `{names}` are filled in by `words`. A literal outside this table does not compile.
 */
type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info'
type Row = { readonly says: string; readonly next?: string; readonly severity: Severity }

const row = (severity: Severity, says: string, next?: string): Row =>
  next === undefined ? { says, severity } : { says, next, severity }

const retry = 'Try again later, or bring the evidence along: --given or a pack, given in a request to the API.'
const stop = 'Do not run this artifact. Get it again from its publisher and compare the digests.'

export const codes = {
  // requirements and candidates
  'requirement.met': row('info', 'The requirement is met.'),
  'requirement.not-yet': row('info', 'The requirement applies from version {expected}; this is {found}.'),
  'demand.met': row('info', 'As demanded: {expected}.'),
  'demand.not-evaluated': row('info', 'There was nothing to hold this demand against.'),

  'signature.verified': row('info', 'The signature is good.'),
  'signature.absent': row(
    'critical',
    'No signature was found for this digest.',
    'If the image is a mirror, its signatures were probably not copied: name the repository that keeps them (Kong keeps them in docker.io/kong/notary): --signature-repository, or signatureRepository in a request to the API; or bring them along: --given, or given there.',
  ),
  'signature.invalid': row('critical', 'The signature does not verify with the key it names.', stop),
  'signature.key-unknown': row('critical', 'None of the keys of the policy made this signature.', stop),
  'signature.key-id': row(
    'high',
    'The envelope calls its key {found}; {expected} is demanded.',
    'The signature is good; ask with the name that the signer uses, or with none.',
  ),
  'signature.malformed': row(
    'high',
    'A signature lacks a part that it must have: {expected}.',
    'Ask the publisher to sign again; a copying tool may have dropped annotations.',
  ),
  'signature.algorithm': row(
    'high',
    'The key or algorithm is not allowed: {found}. Allowed are P-256, P-384, P-521, Ed25519 and RSA of 2048 bits or more with SHA-2.',
    'Sign again with an allowed key.',
  ),
  'signature.not-evaluated': row('info', 'The signature could not be checked, since what it stands on is missing.'),
  'signature.layer-foreign': row('info', 'A layer of another type stands at the place of signatures: {found}.'),
  'signature.subject-foreign': row(
    'info',
    'A document found at the place of signatures belongs to another image: {found}.',
  ),
  'signature.contradicts': row('info', 'Several good signatures disagree about where the artifact was built: {found}.'),
  'signature.extra': row('info', 'Beside the good signature stand others that do not meet the requirement: {found}.'),

  'certificate.verified': row(
    'info',
    'The certificate chains to a trusted authority and was valid at every signed time.',
  ),
  'certificate.absent': row('critical', 'The signature brings no certificate, but a keyless signer is demanded.', stop),
  'certificate.malformed': row('high', 'The certificate cannot be read.', 'Ask the publisher to sign again.'),
  'certificate.untrusted': row(
    'critical',
    'The certificate was not issued by an authority of the trusted root.',
    "If it belongs to another Sigstore instance, ask with that instance's root: --trusted-root, trust in a request to the API, or the one that a page lets you choose.",
  ),
  'certificate.role': row('critical', 'The certificate may not be used to sign code: {found}.', stop),
  'certificate.names': row(
    'critical',
    'The certificate must carry exactly one subject alternative name; it has {found}.',
    stop,
  ),
  'certificate.issuer-disagrees': row(
    'critical',
    'The certificate names two different issuers: {expected} and {found}.',
    stop,
  ),
  'certificate.extension-twice': row('critical', 'The certificate carries an extension twice: {found}.', stop),
  'certificate.extension-absent': row(
    'high',
    'The certificate lacks {expected}.',
    'Older certificates do not have it; use a newer release, or a policy that does not demand it.',
  ),
  'certificate.extension-mismatch': row(
    'critical',
    'The certificate says {found}; the policy demands {expected}.',
    stop,
  ),
  'certificate.extension-met': row('info', 'The certificate says {found}.'),
  'certificate.not-evaluated': row('info', 'The certificate could not be checked, since what it stands on is missing.'),

  'sct.counted': row('info', 'Certificate transparency logs shown, of distinct operators: {found}.'),
  'sct.absent': row(
    'high',
    'Certificate transparency logs that the certificate shows: {found}; the policy demands {expected}.',
    stop,
  ),
  'sct.invalid': row('high', 'A certificate timestamp (SCT) does not verify.', stop),
  'sct.log-unknown': row('info', 'A certificate timestamp comes from a log that the trusted root does not know.'),
  'sct.not-evaluated': row('info', 'The certificate timestamps could not be checked.'),

  'time.counted': row('info', 'Signed times: {found}.'),
  'time.absent': row(
    'high',
    'Signed times: {found}; the policy demands {expected}.',
    'Without a signed time nobody knows whether the certificate was still valid. Ask the publisher for a timestamp.',
  ),
  'time.outside-certificate': row(
    'critical',
    'A signed time lies outside the life of the certificate: {found}; valid {expected}.',
    stop,
  ),
  'time.in-future': row('high', 'A signed time lies in the future: {found}.', 'Check the clock of this machine.'),
  'time.invalid': row(
    'high',
    'A timestamp does not verify: it was not made over this signature, or was altered.',
    stop,
  ),
  'time.authority-unknown': row('info', 'A timestamp comes from an authority that the trusted root does not know.'),
  'time.malformed': row('high', 'A timestamp cannot be read.', 'Ask the publisher to sign again.'),
  'time.not-evaluated': row('info', 'The signed times could not be checked.'),

  'log.counted': row('info', 'Transparency logs in which it is entered, of distinct operators: {found}.'),
  'log.absent': row(
    'critical',
    'Transparency logs in which it is shown: {found}; the policy demands {expected}.',
    'Ask the publisher to sign with a log entry; do not run the artifact until then.',
  ),
  'log.invalid': row(
    'critical',
    'The log entry is not shown to be in the log: its promise, proof or checkpoint does not verify.',
    stop,
  ),
  'log.entry-mismatch': row('critical', 'The log entry belongs to another artifact or signature.', stop),
  'log.entry-other-key': row('critical', 'The log entry names another certificate or key.', stop),
  'log.unknown': row(
    'high',
    'The log entry comes from a log that the trusted root does not know or that was not in service then.',
    'If it belongs to another Sigstore instance, ask with its root: --trusted-root, trust in a request to the API, or the one that a page lets you choose.',
  ),
  'log.proof-absent': row(
    'high',
    'The log entry brings a promise but no inclusion proof.',
    'Ask for a bundle with a proof, or lower transparency.proof in the policy.',
  ),
  'log.promise-only': row('info', 'The log promised this entry (SET); no inclusion proof came with it.'),
  'log.entry-malformed': row('high', 'The log entry cannot be read.', 'Ask the publisher to sign again.'),
  'log.entry-unsupported': row(
    'medium',
    'The log entry is of a kind that is not spoken here: {found}.',
    'Report it to us; a newer version may read it.',
  ),
  'log.checkpoint-malformed': row(
    'medium',
    'The checkpoint of the log cannot be read.',
    'A newer version may read it; this alone says nothing against the log.',
  ),
  'log.checkpoint': row('info', 'The checkpoint says: {found}.'),
  'log.inclusion-not-shown': row(
    'medium',
    'No log entry of this signature is at hand.',
    'Let the log be asked (without --offline, or offline in a request to the API), or bring its answer along: --given, or given there.',
  ),
  'log.unreachable': row(
    'medium',
    'The transparency log could not be reached: {found}.',
    'Check the network and the proxy, or name another address of the log with MESHPROOF_LOG_URL.',
  ),
  'log.rate-limited': row(
    'medium',
    'The transparency log {found} limits requests until {until}.',
    'Wait, and try again.',
  ),
  'log.failed': row('medium', 'The transparency log gave no usable answer: {found}.', retry),
  'log.not-evaluated': row('info', 'The log entry could not be checked.'),

  'payload.bound': row('info', 'The signed statement is about this very digest.'),
  'payload.digest-mismatch': row('critical', 'The signature was made for another artifact: {found}.', stop),
  'payload.digest-weak': row(
    'high',
    'The signed statement names its artifact by {found} only; none of SHA-256, SHA-384 and SHA-512.',
    'Ask the publisher to sign again, with a digest that nobody can make twice.',
  ),
  'payload.type': row('critical', 'The signed document is of type {found}; {expected} is demanded.', stop),
  'payload.malformed': row('high', 'The signed document cannot be read.', 'Ask the publisher to sign again.'),
  'payload.duplicate-key': row(
    'critical',
    'The signed document has a key twice ({found}): two readers could read two truths.',
    stop,
  ),
  'payload.fields-unknown': row('info', 'The signed statement has fields that are not known here: {found}.'),
  'payload.not-evaluated': row('info', 'The signed document could not be checked.'),

  'identity.met': row('info', 'Signed by {found}.'),
  'identity.issuer': row('critical', 'The identity was vouched for by {found}; the policy demands {expected}.', stop),
  'identity.san': row('critical', 'Signed by {found}; the policy demands {expected}.', stop),
  'identity.owner-case': row(
    'critical',
    "Signed by {found}; the policy demands {expected}. They differ in case only: GitHub's spelling is exact.",
    'Correct the spelling in the policy if it is yours.',
  ),
  'identity.ref': row(
    'critical',
    'Signed from {found}; the policy demands {expected}.',
    'A branch or another release made this. Use the image of the release tag.',
  ),
  'identity.source-ref': row('critical', 'The workflow was called from {found}, but speaks as {expected}.', stop),
  'identity.ref-not-demanded': row(
    'info',
    'The policy does not say from which ref the signature must come; this one is from {found}.',
  ),
  'identity.version-not-compared': row('info', 'No version is known, so any release tag was accepted: {found}.'),
  'identity.loose': row('info', 'The pattern is searched anywhere in the identity, so it also lets through: {found}.'),
  'identity.not-evaluated': row('info', 'The identity was not read, since the certificate is not verified.'),

  'annotation.met': row('info', 'Signed annotation {found}.'),
  'annotation.absent': row('high', 'The signed annotation {expected} is missing.', stop),
  'annotation.mismatch': row('critical', 'The signed annotation says {found}; the policy demands {expected}.', stop),
  'annotation.not-evaluated': row('info', 'Annotations were not read, since the signature is not verified.'),

  'reference.malformed': row(
    'medium',
    'This is no image reference: {found}.',
    'Write name:tag, name@sha256:<64 hex>, or both.',
  ),
  'reference.digest-unsupported': row(
    'medium',
    'A digest of this family is not spoken here: {found}.',
    'Pin by sha256.',
  ),
  'reference.met': row('info', 'Signed for {found}.'),
  'reference.mismatch': row(
    'critical',
    'Signed for {found}, asked for {expected}: another image under this name.',
    'Stop and find out who renamed it; for a mirror, map it in the configuration.',
  ),
  'reference.not-signed': row(
    'medium',
    'This form of signature signs no image name, so a renamed image could not be told.',
    'Use a policy without reference, or ask the publisher for the older form as well.',
  ),
  'reference.name-unknown': row(
    'medium',
    'No name was asked, so the signed name has nothing to be compared with.',
    'Ask with the name of the image.',
  ),
  'reference.signed-for': row('info', 'Signed for {found}.'),
  'reference.unsigned-name': row('info', 'This form of signature signs no image name.'),
  'reference.not-evaluated': row('info', 'The signed name was not read, since the signature is not verified.'),

  'predicate.met': row('info', 'Predicate type {found}.'),
  'predicate.type': row(
    'high',
    'The attestation is of type {found}; the policy demands {expected}.',
    'Ask for the attestation of the demanded type.',
  ),
  'predicate.not-evaluated': row('info', 'The predicate was not read, since the signature is not verified.'),
  'attestation.absent': row(
    'high',
    'No attestation was found for this digest.',
    'Attestations kept elsewhere can be brought along: --given, or given in a request to the API.',
  ),
  'provenance.absent': row(
    'high',
    'No provenance was found for this digest.',
    'The registry has none; attestations kept elsewhere can be brought along: --given, or given in a request to the API.',
  ),
  'provenance.not-given': row(
    'medium',
    'No provenance came along for {found}, and there is no place where it could be looked for.',
    'Give it with --provenance FILE or --security-assets FILE, or as given in a request to the API. {where}',
  ),
  'provenance.not-evaluated': row('info', 'The statement was not read, since the signature is not verified.'),
  'provenance.agrees': row('info', 'The statement agrees with the certificate: built from {found}.'),
  'provenance.consistent': row(
    'info',
    'The statement, under a key of the policy, does not contradict itself: built from {found}.',
  ),
  'provenance.builder-met': row('info', 'Built by {found}.'),
  'provenance.source-met': row('info', 'Built from {found}.'),
  'provenance.triggered-by': row('info', 'The build was started by {found}.'),
  'provenance.name-differs': row('low', 'The statement calls this file {found}; it was asked as {expected}.'),
  'provenance.builder': row('critical', 'Built by {found}; the policy demands {expected}.', stop),
  'provenance.source': row('critical', 'Built from {found}; the policy demands {expected}.', stop),
  'provenance.mismatch': row('critical', 'The statement says {found}; the certificate says {expected}.', stop),
  'provenance.predicate': row(
    'high',
    'The provenance cannot be understood: {found}; known is {expected}.',
    'A newer version of meshproof may read it.',
  ),
  'provenance.payload': row('critical', 'The provenance is not signed as a statement: {found}.', stop),
  'provenance.subject': row('critical', 'The provenance was made for {found}, not for {expected}.', stop),
  'provenance.one-build': row('info', 'Signature and provenance come from one build: {found}.'),
  'provenance.builds-differ': row(
    'critical',
    'What was demanded of one build comes from different ones: {found}; the policy demands {expected}.',
    stop,
  ),
  'provenance.trigger': row('critical', 'The build was started by {found}; the policy demands {expected}.', stop),
  'provenance.workflow': row('critical', 'Built by the workflow {found}; the policy demands {expected}.', stop),
  'provenance.inputs': row('high', 'The build had the input {found}; the policy demands {expected}.', stop),

  'vsa.absent': row(
    'high',
    'No verification summary was found for this digest.',
    'Ask the verifier for its summary (VSA), and bring it along: --attestation-path or --given, given in a request to the API.',
  ),
  'vsa.not-given': row(
    'medium',
    'No verification summary came along for {found}, and there is no place where it could be looked for.',
    'Give it with --attestation-path FILE, or as given in a request to the API.',
  ),
  'vsa.not-evaluated': row('info', 'The summary was not read, since what it stands on is not verified.'),
  'vsa.passed': row('info', 'Its verifier let it pass: {found}.'),
  'vsa.says': row('info', 'The summary says: {found}.'),
  'vsa.type': row(
    'high',
    'The summary is of type {found}; {expected} is the one that is known.',
    'Ask the verifier for a summary of that version.',
  ),
  'vsa.malformed': row(
    'high',
    'The summary lacks what it must have, or has it in another form: {found}.',
    'Ask the verifier to issue it again.',
  ),
  'vsa.levels-malformed': row(
    'high',
    'The summary lists a level that SLSA does not know, a second one of a track, or none at all: {found}.',
    'Ask the verifier to issue it again.',
  ),
  'vsa.payload': row('critical', 'The summary is not signed as a statement: {found}.', stop),
  'vsa.subject': row('critical', 'The summary was made for {found}, not for {expected}.', stop),
  'vsa.not-passed': row('critical', 'The verifier did not let this artifact pass: {found}.', stop),
  'vsa.verifier': row(
    'critical',
    'The summary is of the verifier {found}; the policy demands {expected}.',
    'Whoever may sign for one verifier does not speak for another. Ask the one that you trust.',
  ),
  'vsa.resource': row('critical', 'The summary speaks of {found}; the policy demands {expected}.', stop),
  'vsa.level': row(
    'high',
    'The summary vouches for {found}; the policy demands {expected}.',
    'Use an artifact that was built as the policy demands.',
  ),
  'vsa.policy': row(
    'high',
    'The verifier held it against the policy {found}; {expected} is demanded.',
    'Ask the verifier to verify it again, under the policy that counts.',
  ),
  'vsa.stale': row(
    'medium',
    'The summary is of {found}; it may be at most {expected} old, and not of the future.',
    'Ask the verifier to verify it again.',
  ),
  'signing.key-unreadable': row(
    'medium',
    'The key to sign with, {found}, cannot be used: {why}.',
    'Give a private key in PEM: P-256, P-384, P-521, Ed25519 or RSA of 2048 bits or more. openssl ecparam -genkey -name prime256v1 -noout makes one.',
  ),
  'signing.own-key': row(
    'high',
    'The policy {found} trusts the very key that is to sign the summary: that would be proof of itself.',
    'Sign with a key of the verifier that no policy of its own trusts.',
  ),
  'signing.not-written': row(
    'medium',
    '{found} cannot be written.',
    'Name a new file in a folder that can be written.',
  ),

  'artifact.bytes-needed': row(
    'medium',
    'This signature can only be checked with the bytes of the artifact; a verdict stands on its digests ({found}).',
    'Where a longer hash is missing, give the file itself. An Ed25519 signature over a file cannot be checked here: use cosign verify-blob, or have an envelope signed (cosign attest-blob).',
  ),

  'archive.malformed': row(
    'medium',
    'The archive cannot be read: {found}.',
    'Get it again; the download may be cut short.',
  ),
  'archive.path-unsafe': row(
    'high',
    'The archive holds a name that leads out of its folder: {found}.',
    'Do not unpack it. Get it again from its publisher.',
  ),
  'archive.entry-unsafe': row(
    'high',
    'The archive holds a link, a device or an entry of an unknown kind: {found}.',
    'Do not unpack it without looking at where that leads.',
  ),
  'archive.name-twice': row(
    'high',
    'Two entries of the archive have one name: {found}.',
    'Two programs could read two files from it. Get it again from its publisher.',
  ),
  'archive.file-absent': row('medium', 'The archive holds no {found}.', 'Check that it is the right archive.'),
  'limit.archive': row(
    'medium',
    'The archive is larger than is read: {found}.',
    'Nothing that swells like this is a release; find out what it is.',
  ),

  'install.equal': row('info', 'Installed is {found}: the very program of the archive.'),
  'install.differs': row(
    'critical',
    'Installed is {found}; the archive holds {expected}.',
    'Stop the program, keep a copy of it, and install again from the archive.',
  ),
  'install.not-in-archive': row(
    'high',
    'Installed is {found}, but the archive holds no {expected}.',
    'Find out where this program came from.',
  ),
  'install.not-installed': row('info', 'Not installed there: {expected}.'),
  'install.nothing-found': row(
    'medium',
    'None of the programs is installed there: no {expected}.',
    'Name the folder that holds them or their bin, or one of the programs.',
  ),
  'install.member-ambiguous': row(
    'medium',
    'The archive holds different programs named {expected}: {found}.',
    'Compare by hand which of them was installed.',
  ),

  // images and registries
  'image.nested-index': row('medium', 'An index within an index is not judged.', 'Name the inner digest.'),
  'image.platform-absent': row(
    'high',
    'The image has no platform {expected}; it has {found}.',
    'Name one of the platforms it has.',
  ),
  'image.malformed': row('medium', 'The manifest cannot be read.', 'Push the image again.'),
  'image.attestation-child': row(
    'info',
    'The index also lists {found} documents without a platform; they are not images.',
  ),
  'image.tag-moved': row(
    'high',
    'The tag was seen elsewhere before: {expected}. Now it is {found}.',
    'Find out who moved it: a release stays where it is. The verdict is about the digest.',
  ),
  'image.evidence-gone': row(
    'high',
    'What stood at {found} before is no longer there, in part or whole: {expected}.',
    'Find out who removed it. What was seen is kept under these digests.',
  ),
  'release.not-allowed': row(
    'medium',
    'Nothing is downloaded from {found}: it is not on the list of this installation, is private, or speaks no TLS.',
    'Name the host in MESHPROOF_RELEASE_ALLOWED, or bring the file and its provenance along.',
  ),
  'release.not-found': row('medium', 'There is no file at {found}.', 'Check the address and the version.'),
  'release.unavailable': row('medium', 'The file could not be downloaded: {found}.', retry),
  'registry.tag-moved': row('medium', 'The tag now names another digest: {found}.', 'Find out who moved it.'),
  'registry.not-found': row('high', 'The registry does not know {expected}.', 'Check the spelling and the tag.'),
  'registry.unauthorized': row(
    'medium',
    'The registry {found} wants a login.',
    'Log in (docker login, where meshproof runs) and try again.',
  ),
  'registry.denied': row(
    'medium',
    'The registry refused the answer at {found}. Some registries say 403 for a tag that is not there.',
    'Log in with an account that may read it, or bring the evidence along: --given, or given in a request to the API.',
  ),
  'registry.rate-limited': row(
    'medium',
    'The registry {found} limits requests until {until}.',
    'Wait, or log in (docker login): accounts have higher limits.',
  ),
  'registry.unreachable': row(
    'medium',
    'The registry could not be reached: {found}.',
    'Check the network and the proxy, or work from a pack: meshproof replay PACK. npm run demo shows a verification without network.',
  ),
  'registry.failed': row('medium', 'The registry answered with an error: {found}.', retry),
  'registry.malformed': row('medium', "The registry's answer cannot be read.", retry),
  'registry.digest-mismatch': row(
    'critical',
    'The registry sent other bytes than the digest says: expected {expected}, found {found}.',
    'Stop: the registry or something on the way alters content.',
  ),
  'registry.size-mismatch': row('high', 'What was sent is not as long as was announced.', retry),
  'registry.too-large': row(
    'medium',
    'The answer is larger than {expected} bytes.',
    'Nothing that large is a signature; find out what it is.',
  ),
  'registry.redirect-refused': row(
    'medium',
    'The registry sent us elsewhere for an answer that nothing guards: {found}.',
    'Ask the registry itself, or register the host.',
  ),
  'registry.address-refused': row(
    'medium',
    'The address is private and was not registered: {found}.',
    'Type the registry on the command line, or register it with MESHPROOF_REGISTRY_INSECURE where meshproof runs.',
  ),
  'registry.insecure-refused': row(
    'medium',
    'The registry {found} speaks plain HTTP.',
    'Allow it by name with MESHPROOF_REGISTRY_INSECURE.',
  ),
  'registry.realm-refused': row(
    'medium',
    'The registry wants us to log in at another place: {found}.',
    'Register that host if you trust it.',
  ),
  'registry.tls-failed': row(
    'high',
    'The connection to {found} is not safe: its certificate does not verify.',
    'Give the CA with MESHPROOF_REGISTRY_CA or SSL_CERT_FILE. There is no switch that ignores it.',
  ),
  'registry.media-type-unsupported': row(
    'medium',
    'The image is of a format that is not spoken here: {found}.',
    'Rebuild or convert the image.',
  ),
  'registry.mirror-behind': row(
    'low',
    'The mirror and its origin name different digests: {expected} and {found}.',
    'The verdict is about the digest of the host that was asked.',
  ),
  'registry.insecure': row('low', 'The registry {found} was asked without TLS, as configured.'),
  'limit.time': row('medium', 'The time for this request is over.', retry),
  'limit.memory': row(
    'medium',
    'Reading its evidence took more memory than one request may have.',
    'Nothing that large is a signature: look at what is attached to the image.',
  ),
  'limit.rounds': row('medium', 'Too many rounds of questions.', 'Report it to us with the reference.'),
  'limit.candidates': row(
    'medium',
    'More than {expected} signatures stand beside the image.',
    'Bring the one along: --given, or given in a request to the API.',
  ),
  'limit.layers': row(
    'medium',
    'The signature manifest has more than {expected} layers.',
    'Bring the signature along: --given, or given in a request to the API.',
  ),
  'limit.referrers': row(
    'medium',
    'More than {expected} documents refer to the image.',
    'Bring the signature along: --given, or given in a request to the API.',
  ),
  'limit.members': row(
    'medium',
    'The index lists more than {expected} images.',
    'Name one platform: --platform, or platform in a request to the API.',
  ),
  'limit.subjects': row(
    'medium',
    'The statement lists more than {expected} subjects, or digests of one.',
    'Ask the publisher for a statement about fewer files.',
  ),
  'limit.bytes': row('medium', 'The document is larger than {expected} bytes.', 'Nothing that large is a signature.'),
  'evidence.offline': row(
    'medium',
    'This would have to be asked, and the request is offline.',
    'Ask without --offline, or offline in a request to the API; or bring the evidence along.',
  ),
  'evidence.nothing-given': row(
    'medium',
    'A digest alone was asked, and no evidence came along.',
    'Give a bundle or signature: --given or --bundle, or given in a request to the API.',
  ),
  'evidence.digest-mismatch': row(
    'critical',
    'What was brought along was altered: a blob does not hash to its name {found}.',
    'Copy it again from its source.',
  ),
  'evidence.missing': row(
    'medium',
    'A piece of evidence is missing or altered: {found}.',
    'Of a pack: save it again. Of the service: restore it from a back-up.',
  ),
  'evidence.malformed': row('medium', 'What was brought along cannot be read.', 'Check which file was given.'),
  'bundle.malformed': row(
    'medium',
    'The bundle cannot be read.',
    'Check that the file is a Sigstore bundle and complete.',
  ),
  'bundle.ambiguous': row('critical', 'The bundle holds two contents, a message signature and an envelope.', stop),
  'bundle.unsupported': row(
    'medium',
    'The bundle is of a version that is not spoken here: {found}.',
    'A newer version of meshproof may read it.',
  ),
  'bundle.fields-unknown': row('info', 'The bundle has fields that are not known here: {found}.'),

  // trust and policy
  'trust.malformed': row(
    'high',
    'The trusted root cannot be used: {found}.',
    'It must be a trusted_root.json of Sigstore: check where it came from, and that it is complete.',
  ),
  'trust.unavailable': row(
    'medium',
    'No trusted root is at hand.',
    'Connect once, or give one: --trusted-root, or trust in a request to the API.',
  ),
  'trust.other-root': row(
    'high',
    'The policy names the trusted root {expected}; {found} was given.',
    'Give the root that the policy names.',
  ),
  'trust.stale': row(
    'medium',
    'The trusted root is older than the policy allows ({expected}): {found}.',
    'Connect to refresh it.',
  ),
  'trust.refresh-failed': row(
    'medium',
    'The trusted root could not be refreshed; the last good one stays in use.',
    'The cause stands beside it. Without a network, MESHPROOF_TRUST_REFRESH=false ends the tries.',
  ),
  'trust.name-reserved': row(
    'low',
    'The name {found} is given by the service alone, to what it got from TUF.',
    'Choose another name, and let requests or policies name the root by its digest.',
  ),
  'trust.entry-unusable': row('low', 'A part of the trusted root is not used: {found}.'),
  'policy.missing': row(
    'medium',
    'No profile knows {found}, and no policy was given.',
    'Name one: --policy FILE or --profile NAME, policy in a request to the API, or one that the page lists. Profiles: {expected}.',
  ),
  'policy.unknown-profile': row('medium', 'There is no profile {found}.', 'Profiles: {expected}.'),
  'policy.malformed': row(
    'medium',
    'The policy does not load: {found}.',
    'Correct it where that says; meshproof policy check FILE shows line and column.',
  ),
  'policy.out-of-scope': row('medium', 'The policy does not speak of {found}.', 'Use a policy that names it.'),
  'policy.not-signed-by-design': row('info', 'Nobody promises a signature for this image.'),
  'policy.nothing-applies': row(
    'medium',
    'No demand of the policy applies to version {found}: nothing is proven.',
    'Use a version that is signed.',
  ),
  'policy.unconfirmed': row('info', 'The profile {found} has not been confirmed on a real release.'),
  'policy.twin-not-promised': row(
    'info',
    "Kong's documentation never promised a signature for its UBI images; this one is a twin of {found}.",
  ),
  'policy.as-documented': row('info', "This profile asks what the vendor's page asks, and so lets through: {found}."),

  // requests, configuration, the program
  'request.malformed': row(
    'medium',
    'The request is not readable: {found}.',
    'See the shape of a request in docs/requests.md.',
  ),
  'request.path-not-found': row('medium', 'There is no file {found}.', 'Check the path.'),
  'request.path-not-file': row(
    'medium',
    '{found}.',
    'Name a regular file: what comes through a pipe has to be written to one first.',
  ),
  'request.path-not-allowed': row(
    'medium',
    'The path {found} leads out of its folder.',
    'Name a file beneath it, or give --root. The API takes no path: send the bytes as base64.',
  ),
  'request.too-large': row('medium', 'The request is larger than {expected} bytes.', 'Split it.'),
  'request.at-malformed': row('medium', 'This is no time: {found}.', 'Write it as 2026-11-25T13:00:00Z.'),
  'usage.unknown': row('medium', '{found}', 'meshproof --help lists what there is.'),
  'data.in-use': row(
    'medium',
    'Another process has the data folder {found}.',
    'Stop it first, name another folder with MESHPROOF_DATA, or run several processes on PostgreSQL with DATABASE_URL.',
  ),
  'data.unusable': row(
    'medium',
    'The data folder {found} cannot be made or written.',
    'Name one that can with MESHPROOF_DATA.',
  ),
  'database.changed': row(
    'high',
    'The migration {found} was applied in other words than this version has.',
    'Run the version of meshproof that applied it, or restore the database.',
  ),
  'database.newer': row(
    'medium',
    'The database knows the migration {found}, which this version does not.',
    'Run the newer version of meshproof that applied it.',
  ),
  'database.pending': row(
    'medium',
    'The database lacks migrations: {found}.',
    'Run meshproof migrate with a role that may create tables.',
  ),
  'database.unreachable': row(
    'medium',
    'The database does not answer.',
    'Nothing was lost. Try again; an operator finds what is missing at /readyz?verbose.',
  ),
  'database.not-there': row(
    'medium',
    'The database {found} does not answer.',
    'Check DATABASE_URL, and that PostgreSQL runs there and lets this host in.',
  ),
  'service.port-in-use': row(
    'medium',
    'Something else listens on {found}.',
    'Stop it, or name another port with MESHPROOF_PORT (of a worker: MESHPROOF_OPERATIONS_PORT).',
  ),
  'service.address': row(
    'medium',
    'The address {found} is none that this process may listen on.',
    'Name another one with MESHPROOF_LISTEN and MESHPROOF_PORT.',
  ),
  'database.full': row(
    'high',
    'The database has no room left: nothing was kept of this.',
    'Make room on its disk. What was acknowledged before is there; send this again.',
  ),
  'database.stopped': row(
    'high',
    'The database in the data folder has ended itself: {found}.',
    'Make room on its disk if there is none, and start meshproof again: what was acknowledged is there.',
  ),
  'request.too-many': row(
    'medium',
    'There are {found} requests that wait or run; no more than {expected} may.',
    'Send it again later; Retry-After says when.',
  ),
  'request.worker-died': row(
    'high',
    'The process that worked on it died, {found} times.',
    'Look into the log of the workers for what ended them; then retry the request.',
  ),
  'request.no-route': row('low', 'There is nothing at {found}.', 'The pages begin at /, the API at /api/v1.'),
  'request.unknown': row('low', 'There is no request {found}.', 'List them at /api/v1/verifications.'),
  'request.media-type': row(
    'low',
    'The body is {found}; it must be {expected}.',
    'Say what it is in the header Content-Type.',
  ),
  'request.state': row('low', 'The request is {found}, so it cannot be {expected}.', 'Look at its state first.'),
  'request.precondition': row(
    'low',
    'What is stored under this name is no longer what If-Match says: it is {found}.',
    'Read it again, then write with its ETag.',
  ),
  'request.precondition-missing': row(
    'low',
    'Something is stored under this name already: {found}.',
    'Send its ETag in If-Match, so that nobody is overwritten unseen.',
  ),
  'request.rate-limited': row('low', 'More requests than {expected} a minute.', 'Wait as long as Retry-After says.'),
  'store.unknown': row('low', 'There is no {expected} {found}.', 'The lists of the API show what there is.'),
  'store.altered': row(
    'critical',
    'The stored bytes no longer hash to their name {found}.',
    'Somebody or something changed the database: restore it from a back-up, and find out who.',
  ),
  'store.unreadable': row(
    'critical',
    'What is stored of a request is not what was written: it cannot be read.',
    'Somebody or something changed the database: restore it from a back-up, and find out who.',
  ),
  'access.unauthenticated': row(
    'low',
    'Nobody is signed in.',
    'In a browser, open a link of meshproof sign-in-link; elsewhere send a token of meshproof token create as Authorization: Bearer.',
  ),
  'access.forbidden': row('low', 'This needs the permission {expected}.', 'Use a token that has it.'),
  'access.cross-site': row(
    'medium',
    'The browser says that another site sent this: {found}.',
    'Use the pages of meshproof itself; programs send a token.',
  ),
  'access.link-unusable': row(
    'low',
    'This sign-in link was used before, has expired or is not one of ours.',
    'meshproof sign-in-link makes a new one.',
  ),
  'registry.not-allowed': row(
    'medium',
    'The registry {found} is not on the list of this service: {expected}.',
    'An operator adds it with registry.allowed (MESHPROOF_REGISTRY_ALLOWED).',
  ),
  'queue.unreachable': row(
    'medium',
    'The queue does not answer.',
    'Nothing is lost: what is asked for stands in the database and is added again.',
  ),
  'traces.not-sent': row(
    'low',
    'Traces could not be sent to where OTEL_EXPORTER_OTLP_ENDPOINT says.',
    'Look at the collector; nothing else depends on it.',
  ),
  'service.busy': row('low', 'The service has all the {expected} that it takes.', 'Try again as Retry-After says.'),
  'request.idempotency-conflict': row(
    'medium',
    'The Idempotency-Key was used for another request.',
    'Use a new key for each new request.',
  ),
  'config.malformed': row(
    'medium',
    'The configuration does not load: {found}.',
    'Correct the value where it is named; meshproof config print then shows all of them and where they come from.',
  ),
  'pack.malformed': row(
    'medium',
    'This is no evidence pack: {found}.',
    'A pack is a folder written by --save-pack, or what the evidence pack of a verdict unpacks to.',
  ),
  'internal.crash': row(
    'high',
    'meshproof failed on its own: nothing was decided.',
    'Report it to us with the output of meshproof --version.',
  ),
} as const satisfies Record<string, Row>

export type Code = keyof typeof codes
export const isCode = (text: string): text is Code => Object.hasOwn(codes, text)
/** An earlier stage stood in the way: such a code repeats a reason, and is none of its own. */
export const isNotEvaluated = (code: Code): boolean => code.endsWith('.not-evaluated')
export const severityOf = (code: Code): Severity => codes[code].severity

/** The sentence of a code and what to do next, with `{names}` filled from the parameters. */
export function words(
  code: Code,
  parameters: Readonly<Record<string, string | undefined>> = {},
): { says: string; next?: string } {
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '?')
  const { says, next }: Row = codes[code]
  return next === undefined ? { says: fill(says) } : { says: fill(says), next: fill(next) }
}
