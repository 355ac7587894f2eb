/** R14: names that cannot be looked up, of a real resolver. Needs a resolver of its own, which only root may have. */
import type { ChildProcess } from 'node:child_process'
import { spawnSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { policyWith } from '../server/scene.ts'
import type { Verification } from '../server/service.ts'
import { preparedFolder } from '../store/prepared.ts'
import { meshproof, scratch, start } from './process.ts'

const room = scratch()
const server = '127.0.0.153'
const resolver = join(room.path, 'resolv.conf')
writeFileSync(resolver, `nameserver ${server}\noptions timeout:1 attempts:1\n`)
const within = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolver]

type Zone = Map<string, { readonly code: number } | { readonly a: string } | { readonly aaaa: string }>
const zone: Zone = new Map([
  ['gone.example', { code: 3 }],
  ['broken.example', { code: 2 }],
  ['six.example', { aaaa: '3ffe0000000000000000000000000001' }],
])

/** RFC 1035: one question, one answer at most. */
function answerTo(question: Buffer): Buffer {
  const labels: string[] = []
  let at = 12
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = question.readUInt16BE(at + 1)
  const asked = question.subarray(0, at + 5)
  const known = zone.get(labels.join('.').toLowerCase()) ?? { code: 3 }
  const address = 'a' in known && type === 1 ? known.a : 'aaaa' in known && type === 28 ? known.aaaa : undefined
  const bytes = Buffer.from(address ?? '', 'hex')
  const found = Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]), bytes])
  const answer = Buffer.concat([asked, ...(address === undefined ? [] : [found])])
  answer.writeUInt16BE(0x8180 | ('code' in known ? known.code : 0), 2)
  answer.fill(0, 4, 12).writeUInt16BE(1, 4)
  answer.writeUInt16BE(address === undefined ? 0 : 1, 6)
  return answer
}

async function listen(): Promise<Socket | undefined> {
  const socket = createSocket('udp4')
  socket.on('message', (question, { port, address }) => socket.send(answerTo(question), port, address))
  return new Promise((done) => {
    socket.once('error', () => done(undefined)).bind(53, server, () => done(socket))
  })
}

const names = spawnSync(within[0] ?? '', [...within.slice(1), 'true']).status === 0 ? await listen() : undefined
if (names === undefined) console.warn('R14 skipped: a resolver of its own cannot be had here')

describe.skipIf(names === undefined)('names that cannot be looked up', () => {
  let service: ChildProcess
  let origin = ''
  let token = ''
  beforeAll(async () => {
    const env = {
      MESHPROOF_DATA: (await preparedFolder()).folder,
      MESHPROOF_PORT: '0',
      MESHPROOF_REGISTRY_ALLOWED: [...zone.keys()].join(' '),
    }
    service = start(['start'], { env, within })
    origin = await new Promise<string>((listening, failed) => {
      service.once('exit', () => failed(new Error('the service ended')))
      if (service.stdout !== null)
        createInterface(service.stdout).on('line', (line) => {
          const [, address] = /listens on (\S+)/.exec(line) ?? []
          if (address !== undefined) listening(address)
        })
    })
    let made = await meshproof(['token', 'create', 'names'], { env })
    while (made.stderr.includes('data.in-use')) made = await meshproof(['token', 'create', 'names'], { env })
    token = made.stdout.trim()
  }, 180_000)
  afterAll(() => {
    service.kill('SIGKILL')
    names?.close()
    room.remove()
  })

  /** The verdict, and what was heard of the registry. */
  const ask = async (host: string) => {
    const asked = await fetch(`${origin}/api/v1/verifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=55' },
      body: JSON.stringify({ subject: { image: `${host}/team/app:1.0.0` }, policy: policyWith() }),
    })
    const { outcome, answer } = (await asked.json()) as Verification
    const findings = (answer?.subjects ?? []).flatMap((subject) => subject.findings)
    const heard = /\(((?:UND_ERR_|E)[A-Z0-9_]+)\)/.exec(JSON.stringify(answer))?.[1]
    return { outcome, codes: findings.map(({ code }) => code), heard }
  }

  test('R14: one that does not exist, one that nobody answers for, one of IPv6 only are told apart', async () => {
    const unreachable = { outcome: 'inconclusive', codes: expect.arrayContaining(['registry.unreachable']) }
    expect(await ask('gone.example')).toEqual({ ...unreachable, heard: 'ENOTFOUND' })
    expect(await ask('broken.example')).toEqual({ ...unreachable, heard: 'EAI_AGAIN' })
    const six = await ask('six.example')
    expect(six).toMatchObject(unreachable)
    expect(six.heard).toMatch(/^(?!ENOTFOUND|EAI_AGAIN)/)
  })

  test('R14: that a name is not there is not remembered', async () => {
    zone.set('gone.example', { a: '7f000001' })
    expect((await ask('gone.example')).codes).toContain('registry.address-refused')
  })
})
