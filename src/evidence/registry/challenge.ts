/** What a 401 offers (RFC 9110 section 11.6.1): `Bearer realm="…",service="…"`, or Basic. */
export type Challenge =
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string }
  | { readonly scheme: 'basic' }

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** Quoted, or bare up to the next comma: some servers leave the quotes of a URL out. */
const parameter = new RegExp(`^(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`)
const scheme = new RegExp(`^(${token})(?=\\s|,|$)`)

/** The challenge that we can meet; a token is preferred, since it does not show the password to the registry. */
export function readChallenge(headers: readonly string[]): Challenge | undefined {
  const offers = headers.flatMap(offersOf)
  const bearer = offers.find(({ name, parameters }) => name === 'bearer' && parameters.has('realm'))
  const service = bearer?.parameters.get('service')
  if (bearer !== undefined)
    return { scheme: 'bearer', realm: bearer.parameters.get('realm') ?? '', ...(service !== undefined && { service }) }
  return offers.some(({ name }) => name === 'basic') ? { scheme: 'basic' } : undefined
}

type Offer = { readonly name: string; readonly parameters: Map<string, string> }

function offersOf(text: string): readonly Offer[] {
  const offers: Offer[] = []
  let rest = text.slice(0, 4096)
  while (rest !== '') {
    const pair = parameter.exec(rest)
    const name = pair === null ? scheme.exec(rest) : null
    const [, key = '', quoted, plain = ''] = pair ?? []
    if (pair !== null) offers.at(-1)?.parameters.set(key.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain)
    else if (name !== null) offers.push({ name: (name[1] ?? '').toLowerCase(), parameters: new Map() })
    rest = rest.slice(pair?.[0].length ?? name?.[0].length ?? 1).replace(/^[\s,]+/, '')
  }
  return offers
}
