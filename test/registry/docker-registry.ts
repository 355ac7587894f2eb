/** Debian's docker-registry on loopback: a registry that we did not write, without the referrers API. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const hasDockerRegistry = spawnSync('docker-registry', ['--version']).status === 0
if (!hasDockerRegistry) console.warn('docker-registry tests skipped: it is not installed (apt install docker-registry)')

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

export async function startDockerRegistry(): Promise<{ readonly host: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-registry-'))
  const host = `127.0.0.1:${await freePort()}`
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder } },
    http: { addr: host },
  }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config)) // JSON is YAML
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
  const stop = async () => {
    child.kill()
    await rm(folder, { recursive: true, force: true })
  }
  for (let tries = 0; tries < 400; tries++) {
    const up = await fetch(`http://${host}/v2/`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (up) return { host, stop }
    await sleep(50)
  }
  await stop()
  throw new Error('docker-registry did not start')
}
