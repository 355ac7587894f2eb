import { styleText } from 'node:util'
import type { State } from '../../report/model/finding-view.ts'

/** How a terminal is written to: its width, and whether it takes colours. The caller knows; nothing here looks. */
export type TextOptions = { readonly columns: number; readonly colour: boolean }

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style | readonly Style[], text: string) => string

export const painter =
  ({ colour }: TextOptions): Paint =>
  (style, text) =>
    colour && text !== '' ? styleText([...[style].flat()], text, { validateStream: false }) : text

/** Marks say it without colour. */
export const outcomeMarks = {
  trusted: { mark: '✓', style: 'green' },
  rejected: { mark: '✗', style: 'red' },
  inconclusive: { mark: '?', style: 'yellow' },
} as const satisfies Record<string, { mark: string; style: Style }>

export const stateMarks: Readonly<
  Record<State | 'claimed' | 'unreached', { readonly mark: string; readonly style: Style }>
> = {
  pass: { mark: '✓', style: 'green' },
  fail: { mark: '✗', style: 'red' },
  unknown: { mark: '?', style: 'yellow' },
  'not-applicable': { mark: '–', style: 'dim' },
  note: { mark: '·', style: 'cyan' },
  claimed: { mark: '~', style: 'dim' },
  unreached: { mark: '○', style: 'dim' },
}

/** Lines of at most `width` characters, broken at spaces; a longer word stays whole, so that it can be copied. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && lengthOf(longer) > Math.max(width, 1)) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

export const lengthOf = (text: string): number => [...text].length
export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - lengthOf(text)))

/** A text under a hanging indent; `first` stands before its first line. */
export function hang(first: string, indent: number, text: string, columns: number): readonly string[] {
  const [head = '', ...rest] = wrap(text, columns - indent)
  return [pad(first, indent) + head, ...rest.map((line) => ' '.repeat(indent) + line)]
}

/** `1 image`, `3 images`. */
export const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`
