/** T82: an exit code never lies, however the program ends. */
import { spawn } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanEnv, ended, meshproof, program, scratch, start } from './process.ts'
import { authority, key, policyFiles } from './scene.ts'

const room = scratch()
const files = policyFiles(room.path)
const bundle = join(room.path, 'app.sigstore.json')
const app = join(room.path, 'app')
const huge = join(room.path, 'huge')
afterAll(() => room.remove())

beforeAll(() => {
  const { bundle: signed } = authority.sign({ message: 'hello', signer: key, log: 'none', timestamp: false })
  writeFileSync(bundle, JSON.stringify(signed))
  writeFileSync(app, 'hello')
  // Sparse: nothing on disk, minutes to read.
  const file = openSync(huge, 'w')
  ftruncateSync(file, 200 * 1024 ** 3)
  closeSync(file)
})

const verify = (file: string) => ['verify', 'bundle', '--bundle', bundle, '--policy', files.policy, file]

test('the twin of all below ends well', async () => {
  const { code, stdout, stderr } = await meshproof(verify(app))
  expect(code, stdout + stderr).toBe(0)
})

describe('T82 signals', () => {
  test.for([
    ['SIGINT', { code: 130, signal: null }],
    ['SIGTERM', { code: null, signal: 'SIGTERM' }],
    ['SIGKILL', { code: null, signal: 'SIGKILL' }],
  ] as const)('%s while a large file is read', async ([signal, how]) => {
    const ready =
      'data:text/javascript,const on=process.on;process.on=function(e,f){if(e==="SIGINT")process.stderr.write("up\\n");return on.call(this,e,f)}'
    const child = start(verify(huge), { node: ['--import', ready] })
    const ending = ended(child)
    await new Promise((up) => child.stderr?.once('data', up))
    await sleep(300)
    child.kill(signal)
    const { code, signal: by, stdout } = await ending
    expect({ code, signal: by }).toEqual(how)
    expect(stdout).toBe('')
  })
})

describe('T82 nobody reads', () => {
  const sh = (command: string) =>
    ended(
      spawn('bash', ['-o', 'pipefail', '-c', command], {
        env: { ...cleanEnv(), MP: `${process.execPath} ${program}`, ARGS: verify(app).join(' ') },
        stdio: 'pipe',
      }),
    )

  test('the reader left before the answer', async () => {
    const { code } = await sh('$MP $ARGS -o json | true')
    expect(code).toBe(3)
  })

  test('a full disk', async () => {
    const { code } = await sh('$MP $ARGS -o json > /dev/full')
    expect(code).toBe(3)
  })

  test('a closed stdout does not turn an answer that is not trusted into 0', async () => {
    writeFileSync(join(room.path, 'other'), 'not hello')
    const { code } = await sh(`$MP $ARGS ${join(room.path, 'other')} >&-; exit $?`)
    expect(code).not.toBe(0)
  })
})

describe('T82 a crash is inconclusive', () => {
  /** Once the program listens, something in it breaks. */
  const breaking = (how: string) =>
    `data:text/javascript,const on=process.on;process.on=function(e,f){if(e==="SIGINT")setImmediate(()=>{${how}});return on.call(this,e,f)}`

  test.for([
    ['an exception', 'throw new Error("canary-of-the-cause")'],
    ['a rejection', 'Promise.reject(new Error("canary-of-the-cause"))'],
    ['something that is no error', 'throw "canary-of-the-cause"'],
  ] as const)('%s', async ([, how]) => {
    const { code, stdout, stderr } = await meshproof(verify(huge), { node: ['--import', breaking(how)] })
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^error: .*nothing was decided/)
    expect(stderr).not.toContain('canary-of-the-cause')
  })

  test('its cause is there for who asks', async () => {
    const node = ['--import', breaking('throw new Error("canary-of-the-cause")')]
    const { stderr } = await meshproof(verify(huge), { node, env: { MESHPROOF_DEBUG: '1' } })
    expect(stderr).toContain('canary-of-the-cause')
  })

  test('no memory', async () => {
    const { code, signal } = await meshproof(verify(app), { node: ['--max-old-space-size=8'] })
    expect(code === 0 ? 'trusted' : (signal ?? code)).not.toBe('trusted')
  })
})
