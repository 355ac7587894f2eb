import { printable } from '../../core/printable.ts'

/** Markup that is safe to write; only `html` and `raw` make it. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
export type Value = string | number | Html | undefined | readonly Value[]

/** The only way out of escaping: for markup of our own that holds nothing from outside. */
export const raw = (text: string): Html => new Html(text)

/** T80: a template whose values are made printable and escaped by where they stand; where none can be safe, it throws. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const places = known.get(strings) ?? placesOf(strings)
  known.set(strings, places)
  return new Html(strings.map((part, i) => (i === 0 ? part : placed(values[i - 1], places[i - 1]) + part)).join(''))
}

/** Text, the attribute that a value stands in (with what stands before it there), or a place where none may. */
type Place = 'text' | 'refused' | { readonly attribute: string; readonly before: string }
const known = new WeakMap<TemplateStringsArray, readonly Place[]>()
const urls = /^(?:href|src|action|formaction|cite|poster|data|xlink:href|hx-get|hx-post)$/i
const code = /^(?:on.*|style|srcdoc|srcset|(?:data-)?hx-(?!(?:get|post|target|select|swap|trigger)$).*)$/i
/** A fragment, another site by https, or a place of our own: never `//host`, which a browser also reads in `/\host`. */
const safeUrl = /^(?:#|https:\/\/|\/(?![/\\]))/

function placed(value: Value, place: Place = 'refused'): string {
  if (place === 'refused') throw new Error('a value may stand in text or in a quoted attribute, nowhere else')
  if (Array.isArray(value)) return value.map((one: Value) => placed(one, place)).join('')
  if (value instanceof Html && place === 'text') return value.text
  if (value instanceof Html) throw new Error('markup may not stand in an attribute')
  const text = value === undefined ? '' : printable(String(value))
  if (place !== 'text' && urls.test(place.attribute) && !safeUrl.test(place.before + text))
    throw new Error(`${place.attribute} takes #, https: or a path of our own only`)
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Walks the markup between the values as a browser would: text, tag, quoted attribute, script or style. */
function placesOf(strings: TemplateStringsArray): readonly Place[] {
  let inside: 'text' | 'tag' | 'code' | '"' | "'" = 'text'
  let element = ''
  let seen = ''
  return strings.slice(0, -1).map((part): Place => {
    for (const [token] of part.matchAll(/<\/?[a-zA-Z][\w:-]*|<!--|[>"']|[^<>"']+|</g)) {
      if (inside === 'text' && token.startsWith('<!--')) throw new Error('no comments')
      const opens = token.startsWith('<') && token.length > 1
      if ((inside === 'text' && opens) || (inside === 'code' && token.toLowerCase() === `</${element}`)) {
        inside = 'tag'
        element = token.slice(1).toLowerCase()
        seen = ''
      } else if (inside === 'tag' && token === '>') inside = /^(?:script|style|iframe)$/.test(element) ? 'code' : 'text'
      else if (inside === 'tag' && (token === '"' || token === "'")) {
        inside = token
        seen = `${/([^\s=]+)\s*=\s*$/.exec(seen)?.[1] ?? ''}=`
      } else if (token === inside) {
        inside = 'tag'
        seen = ''
      } else seen += token
    }
    if (inside === 'text') return /<\/?$/.test(part) ? 'refused' : 'text'
    if (inside !== '"' && inside !== "'") return 'refused'
    const [attribute = ''] = seen.split('=', 1)
    return attribute === '' || code.test(attribute)
      ? 'refused'
      : { attribute, before: seen.slice(attribute.length + 1) }
  })
}
