import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { locate, type Paths } from './files.ts'

/** Where programs lie in what was named: the folder itself, one that was unpacked there, or the root of a machine. */
const folders = ['', 'bin', 'usr/local/bin', 'usr/bin'] as const

export type InstalledPlace = { readonly program: string; readonly at: string; readonly place: string }

/** The programs of a folder, or the one program that was named; `at` is the path below it, as a person would say it. */
export function findInstalled(path: string, programs: readonly string[], paths: Paths): readonly InstalledPlace[] {
  const place = locate(path, paths)
  if (statSync(place).isFile()) {
    const name = basename(path)
    return programs.includes(name) ? [{ program: name, at: name, place }] : []
  }
  return programs.flatMap((program) =>
    folders.flatMap((folder) => {
      const at = folder === '' ? program : `${folder}/${program}`
      if (!existsSync(join(place, at))) return []
      const file = locate(join(path, at), paths)
      return statSync(file).isFile() ? [{ program, at, place: file }] : []
    }),
  )
}
