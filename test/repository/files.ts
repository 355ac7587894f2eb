import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

const notOurs = new Set(['node_modules', '.git', 'coverage'])

/** Paths of all files below a folder of the repository, relative to its root; links are not followed. */
export function filesIn(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder))
    .filter((name) => !notOurs.has(name))
    .map((name) => (folder === '.' ? name : `${folder}/${name}`))
    .flatMap((path) => {
      const kind = lstatSync(join(root, path))
      return kind.isDirectory() ? filesIn(path) : kind.isFile() ? [path] : []
    })
    .sort()
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

export const readJson = (path: string): unknown => JSON.parse(read(path))
