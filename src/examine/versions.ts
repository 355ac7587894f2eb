import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { rules } from '../core/verdict.ts'

let known: Readonly<Record<string, string>> | undefined

/** Shown beside a verdict, never in it. Read from the packages that are really installed. */
export function versions(): Readonly<Record<string, string>> {
  known ??= {
    meshproof: installed('..'),
    rules: String(rules),
    '@sigstore/verify': installed('@sigstore/verify'),
    '@noble/curves': installed('@noble/curves/nist.js'),
    node: process.versions.node,
    openssl: process.versions.openssl,
  }
  return known
}

function installed(specifier: string): string {
  const file = findPackageJSON(specifier, import.meta.url)
  return file === undefined
    ? 'unknown'
    : (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}
