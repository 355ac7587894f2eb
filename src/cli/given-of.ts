import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { parseJson } from '../core/json.ts'
import { limits } from '../core/limits.ts'
import type { Given } from '../core/request.ts'

/** What `--given PATH` brings: a layout (a folder), a bundle, JSON lines of bundles, what `cosign download signature` printed, or a log's answer. */
export function givenOf(path: string): Given {
  if (!existsSync(path)) throw new Fault('request.path-not-found', { parameters: { found: path } })
  if (statSync(path).isDirectory()) {
    if (existsSync(join(path, 'index.json'))) return { layout: path }
    throw new Fault('request.path-not-file', {
      parameters: { found: `${path} is a folder without index.json, so no OCI layout` },
    })
  }
  if (!statSync(path).isFile())
    throw new Fault('request.path-not-file', { parameters: { found: `${path} is a pipe or a device` } })
  if (statSync(path).size > limits.givenBytes)
    throw new Fault('request.too-large', { parameters: { expected: String(limits.givenBytes), found: path } })
  const text = readFileSync(path, 'utf8')
  const parsed = parseJson(text.split('\n')[0] ?? '', limits.jsonDepth)
  const whole = 'problem' in parsed ? parseJson(text, limits.jsonDepth) : parsed
  const value = 'problem' in whole ? undefined : whole.value
  const first: unknown = Array.isArray(value) ? value[0] : value
  if (typeof first !== 'object' || first === null) return { bundle: { path } }
  if ('Base64Signature' in first) return { signatures: { path } }
  return isRekorEntry(Object.values(first)[0]) ? { logEntry: { path } } : { bundle: { path } }
}

const isRekorEntry = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'body' in value && 'logID' in value
