/** npm run codes: takes out of the two lists the codes that got a test or a use, and says what is left. */
import { existsSync, writeFileSync } from 'node:fs'
import { codesUnused, codesWithoutTest, lists } from '../test/repository/codes.ts'
import { readJson } from '../test/repository/files.ts'

for (const [path, open] of [
  [lists.withoutTest, codesWithoutTest()],
  [lists.unused, codesUnused()],
]) {
  const listed = existsSync(path) ? readJson(path) : open
  const left = listed.filter((code) => open.includes(code))
  writeFileSync(path, `${JSON.stringify(left, null, 2)}\n`)
  console.log(`${path}: ${left.length} left, ${listed.length - left.length} taken out`)
}
