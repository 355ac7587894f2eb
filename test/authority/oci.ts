/** OCI images, indexes and layouts (opencontainers/image-spec), small and deterministic. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { bytesOf, ociDigest } from './bytes.ts'

export interface Descriptor {
  mediaType: string
  size: number
  digest: string
  artifactType?: string
  annotations?: Record<string, string>
  platform?: Platform
}

export interface Platform {
  architecture: string
  os: string
  variant?: string
}

/** A manifest (or index) with every blob that it needs, other manifests included. */
export interface Artifact {
  mediaType: string
  /** The manifest's bytes. */
  bytes: Buffer
  digest: string
  size: number
  artifactType?: string
  platform?: Platform
  /** digest → bytes of what the manifest refers to. */
  blobs: Map<string, Buffer>
}

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  empty: 'application/vnd.oci.empty.v1+json',
} as const

export function descriptor(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, size: bytes.length, digest: ociDigest(bytes) }
}

/** An artifact from its manifest (an object becomes JSON, bytes stay) and its blobs. */
export function artifact(
  mediaType: string,
  manifest: object,
  blobs: Iterable<Uint8Array> = [],
  artifactType?: string,
): Artifact {
  const bytes = manifest instanceof Uint8Array ? Buffer.from(manifest) : Buffer.from(JSON.stringify(manifest))
  return {
    ...descriptor(mediaType, bytes),
    bytes,
    blobs: new Map([...blobs].map((blob) => [ociDigest(blob), Buffer.from(blob)])),
    ...(artifactType === undefined ? {} : { artifactType }),
  }
}

export interface ImageOptions {
  /** `os/architecture` or `os/architecture/variant`; default `linux/amd64`. */
  platform?: string
  /** The one file's bytes, at `path`. */
  content?: string | Uint8Array
  path?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  /** Default OCI; `docker` as what Kong publishes. */
  flavour?: 'oci' | 'docker'
  created?: string
}

export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/')
  return { architecture, os, ...(variant === undefined ? {} : { variant }) }
}

/** One layer with one file. */
export function image(options: ImageOptions = {}): Artifact {
  const docker = options.flavour === 'docker'
  const platform = parsePlatform(options.platform ?? 'linux/amd64')
  const path = options.path ?? 'usr/bin/kuma-cp'
  const tar = tarOf(path, bytesOf(options.content ?? `#!/bin/sh\necho ${platform.architecture}\n`))
  const layer = gzipSync(tar)
  const created = options.created ?? '1970-01-01T00:00:00Z'
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      created,
      config: { Entrypoint: [`/${path}`], ...(options.labels === undefined ? {} : { Labels: options.labels }) },
      rootfs: { type: 'layers', diff_ids: [ociDigest(tar)] },
      history: [{ created, created_by: `COPY ${path}` }],
    }),
  )
  const mediaType = docker ? mediaTypes.dockerManifest : mediaTypes.manifest
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: descriptor(docker ? mediaTypes.dockerConfig : mediaTypes.config, config),
    layers: [descriptor(docker ? mediaTypes.dockerLayer : mediaTypes.layer, layer)],
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  }
  return { ...artifact(mediaType, manifest, [config, layer]), platform }
}

export interface IndexOptions {
  flavour?: 'oci' | 'docker'
  annotations?: Record<string, string>
  /** Any change of the members' descriptors. */
  members?: (members: Descriptor[]) => Descriptor[]
}

/** An index (Docker: manifest list) over these manifests, with all their blobs. */
export function index(images: readonly Artifact[], options: IndexOptions = {}): Artifact {
  const mediaType = options.flavour === 'docker' ? mediaTypes.dockerIndex : mediaTypes.index
  const members = images.map((one) => ({
    ...descriptor(one.mediaType, one.bytes),
    ...(one.platform === undefined ? {} : { platform: one.platform }),
    ...(one.artifactType === undefined ? {} : { artifactType: one.artifactType }),
  }))
  const manifest = {
    schemaVersion: 2,
    mediaType,
    manifests: options.members === undefined ? members : options.members(members),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  }
  const whole = artifact(mediaType, manifest)
  for (const one of images) for (const [digest, blob] of reachable(one)) whole.blobs.set(digest, blob)
  return whole
}

/** The manifest itself and everything below it. */
export function reachable(one: Artifact): Map<string, Buffer> {
  return new Map([...one.blobs, [one.digest, one.bytes]])
}

/** What goes into a layout: the artifact under a full reference, `host/repository:tag` or `host/repository`, which takes its digest. */
export interface LayoutEntry {
  artifact: Artifact
  reference: string
}

/** Writes an OCI layout whose `org.opencontainers.image.ref.name` are full references. Returns index.json's object. */
export function layout(folder: string, entries: readonly LayoutEntry[]): { manifests: Descriptor[] } {
  const blobs = join(folder, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })
  const manifests = entries.map(({ artifact: one, reference }): Descriptor => {
    for (const [digest, bytes] of reachable(one)) writeFileSync(join(blobs, digest.replace('sha256:', '')), bytes)
    const tagged = reference.includes('@') || /:[^/]+$/.test(reference)
    return {
      ...descriptor(one.mediaType, one.bytes),
      ...(one.artifactType === undefined ? {} : { artifactType: one.artifactType }),
      annotations: { 'org.opencontainers.image.ref.name': tagged ? reference : `${reference}@${one.digest}` },
    }
  })
  const whole = { schemaVersion: 2, mediaType: mediaTypes.index, manifests }
  writeFileSync(join(folder, 'index.json'), `${JSON.stringify(whole, undefined, 1)}\n`)
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  return whole
}

/** A ustar archive of one executable file (POSIX.1-1988), dated 1970. */
function tarOf(path: string, content: Buffer): Buffer {
  const head = Buffer.alloc(512)
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`
  head.write(path, 0)
  head.write(octal(0o755, 8), 100)
  head.write(octal(0, 8), 108)
  head.write(octal(0, 8), 116)
  head.write(octal(content.length, 12), 124)
  head.write(octal(0, 12), 136)
  head.write('        ', 148)
  head.write('0', 156)
  head.write('ustar\x0000', 257)
  let sum = 0
  for (const byte of head) sum += byte
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512)
  return Buffer.concat([head, content, padding, Buffer.alloc(1024)])
}
