export type Tag = { readonly name: string; readonly attributes: ReadonlyMap<string, string> }
const empty = new Set(['meta', 'br', '!doctype', 'link', 'input'])
const drawn = new Set(['path', 'circle', 'rect'])

/** Reads the page as strictly as XML, attributes always quoted, and gives its tags; throws where one is left open. */
export function tagsOf(text: string): readonly Tag[] {
  const tags: Tag[] = []
  const open: string[] = []
  const body = text.replace(/<style>[^<]*<\/style>/, '<style></style>')
  for (const [whole, slash, name = '', rest = ''] of body.matchAll(
    /<(\/?)([!\w-]+)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*\/?>|[<>]/g,
  )) {
    if (name === '') throw new Error(`a bare ${whole}`)
    if (slash === '/') {
      if (open.pop() !== name) throw new Error(`</${name}>`)
      continue
    }
    tags.push({
      name,
      attributes: new Map([...rest.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])),
    })
    if (!empty.has(name) && !(drawn.has(name) && whole.endsWith('/>'))) open.push(name)
  }
  if (open.length > 0) throw new Error(`${open.join(' ')} left open`)
  return tags
}
