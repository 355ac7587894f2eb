/** A throw-away Redis on loopback. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../store/postgres.ts'

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
if (!hasRedis) console.warn('tests over Redis skipped: it is not installed (apt install redis-server)')

export type Redis = {
  readonly url: string
  /** One command, such as FLUSHALL. */
  command(text: string): Promise<string>
  kill(): Promise<void>
  /** Empty: nothing of it is kept on a disk. */
  start(): Promise<void>
  stop(): Promise<void>
}

export async function startRedis(): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-redis-'))
  const port = await freePort()
  let server: ChildProcess | undefined
  const command = (text: string): Promise<string> =>
    new Promise((resolve, fail) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`${text}\r\n`))
      socket.once('error', fail)
      socket.once('data', (answer) => {
        socket.end()
        resolve(answer.toString().trim())
      })
    })
  const start = async () => {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
    server = spawn('redis-server', flags, { stdio: 'ignore' })
    for (let tries = 0; ; tries++)
      try {
        if ((await command('PING')) === '+PONG') return
      } catch (error) {
        if (tries > 400) throw error
        await sleep(25)
      }
  }
  const kill = async () => {
    const running = server
    server = undefined
    if (running === undefined) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    command,
    kill,
    start,
    stop: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
