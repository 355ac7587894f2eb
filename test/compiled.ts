import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where the processes of all tests share what V8 made of the program. */
export const compiled = join(tmpdir(), `meshproof-test-compiled-${process.getuid?.()}`)
