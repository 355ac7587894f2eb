/** Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint): read strictly, so that nobody reads two truths. */
import { describe, expect, test } from 'vitest'
import { parseCheckpoint, parseNote } from '../../src/core/signed-note.ts'

const signature = Buffer.from('0123456789').toString('base64')
const line = (name = 'log.example', encoded = signature) => `\u2014 ${name} ${encoded}\n`
const root = Buffer.alloc(32, 7).toString('base64')
const text = `log.example\n42\n${root}\n`
const note = `${text}\n${line()}`

test('a note: its text with the last newline, and every signature', () => {
  const read = parseNote(`${text}\n${line()}${line('witness.example')}`)
  expect(read?.text).toBe(text)
  expect(read?.lines).toEqual(['log.example', '42', root])
  expect(read?.signatures.map(({ name }) => name)).toEqual(['log.example', 'witness.example'])
  expect(read?.signatures[0]?.hint.toString()).toBe('0123')
  expect(read?.signatures[0]?.signature.toString()).toBe('456789')
})

test('the last empty line ends the text: an extension may be empty', () => {
  const read = parseNote(`${text}\nmore\n\n${line()}`)
  expect(read?.text).toBe(`${text}\nmore\n`)
})

describe('T19 what is no note', () => {
  test.each([
    ['nothing', ''],
    ['no signature', `${text}\n`],
    ['no empty line', `${text}${line()}`],
    ['no newline at the end', note.slice(0, -1)],
    ['a hyphen for the dash', note.replace('\u2014', '-')],
    ['an en dash', note.replace('\u2014', '\u2013')],
    [
      'two blanks',
      note.replace('log.example 0', 'log.example  0').replace(`log.example ${signature}`, `log.example  ${signature}`),
    ],
    ['a plus in the name', `${text}\n${line('log+1')}`],
    ['a blank in the name', `${text}\n${line('a b')}`],
    ['no name', `${text}\n\u2014  ${signature}\n`],
    ['base64 that is none', `${text}\n${line('log.example', 'QQ')}`],
    ['a signature of nothing', `${text}\n${line('log.example', Buffer.from('0123').toString('base64'))}`],
    ['one good line and one that is none', `${note}x\n`],
    ['carriage returns', note.replaceAll('\n', '\r\n')],
    ['too long', `${'x'.repeat(65_000)}\n${note}`.padEnd(70_000, '\n')],
  ])('T19 %s', (_, envelope) => expect(parseNote(envelope)).toBeUndefined())
})

describe('checkpoints', () => {
  const of = (body: string) => parseCheckpoint(`${body}\n${line()}`)

  test('origin, size, root; further lines are extensions', () => {
    expect(of(text)).toMatchObject({ origin: 'log.example', size: 42n, root: Buffer.alloc(32, 7) })
    expect(of(`${text}Timestamp: 1\nmore\n`)?.size).toBe(42n)
    expect(of(`log.example\n0\n${root}\n`)?.size).toBe(0n)
    expect(of(`log.example\n9223372036854775807\n${root}\n`)?.size).toBe(9223372036854775807n)
  })

  test.each([
    ['no origin', `\n42\n${root}\n`],
    ['a leading zero', `log.example\n042\n${root}\n`],
    ['a sign', `log.example\n+42\n${root}\n`],
    ['a negative size', `log.example\n-1\n${root}\n`],
    ['hexadecimal', `log.example\n0x2a\n${root}\n`],
    ['no number', `log.example\nmany\n${root}\n`],
    ['20 digits', `log.example\n${'1'.repeat(20)}\n${root}\n`],
    ['a short root', `log.example\n42\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a root that is no base64', `log.example\n42\n${root.slice(0, -1)}\n`],
    ['no root', 'log.example\n42\n'],
    ['no size', 'log.example\n'],
  ])('T19 %s', (_, body) => {
    expect(of(text)).toBeDefined()
    expect(of(body)).toBeUndefined()
  })
})
