import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The corpus stands beside the repository and is never copied into it; tests that need it say so where it is missing. */
export const corpus =
  process.env['MESHPROOF_CORPUS'] ?? fileURLToPath(new URL('../../../../shared/corpus', import.meta.url))

export const hasField = existsSync(`${corpus}/field/serve.py`)
if (!hasField) console.warn('field cases skipped: no corpus (set MESHPROOF_CORPUS)')

export const caseFile = (id: string, file: string): string => `${corpus}/field/${id}/${file}`
