/** Holds every answer against the document of the API: its status, its type, and its body against the schema. */
import Ajv2020 from 'ajv/dist/2020.js'

type Content = Readonly<Record<string, { readonly schema?: object }>>
type Operation = { readonly responses: Readonly<Record<string, { readonly content?: Content }>> }
export type Document = {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}
export type Answered = {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly type: string
  readonly text: string
}

/** Throws where an answer is not as the document says. */
export function conformance(document: Document): (answered: Answered) => void {
  const ajv = new Ajv2020.default({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema({ $id: 'https://document.invalid/', components: document.components })
  const known = new Map<object, (value: unknown) => boolean>()
  const accepts = (schema: object, value: unknown): string | undefined => {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"https://document.invalid/#/components/')
    const validate = known.get(schema) ?? ajv.compile(JSON.parse(text) as object)
    known.set(schema, validate)
    return validate(value) ? undefined : ajv.errorsText((validate as { errors?: null | [] }).errors).slice(0, 600)
  }
  const patterns = Object.keys(document.paths)
    .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`) }))
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length)

  return ({ method, path, status, type, text }) => {
    const found = patterns.find(({ pattern }) => pattern.test(path))
    const operation = found === undefined ? undefined : document.paths[found.path]?.[method.toLowerCase()]
    if (operation === undefined) throw new Error(`${method} ${path} is not in the document`)
    const reply = operation.responses[String(status)]
    const what = `${method} ${path} ${status} ${type}`
    if (reply === undefined) throw new Error(`${what}: a status that the document does not have`)
    if (status === 204 || status === 304) {
      if (text !== '') throw new Error(`${what}: a body`)
      return
    }
    const [media = ''] = type.split(';')
    const content = reply.content?.[media]
    if (content === undefined) throw new Error(`${what}: a type that the document does not have`)
    const { schema } = content
    if (schema === undefined || media === 'text/csv' || media === 'text/event-stream') return
    const values = media === 'application/x-ndjson' ? text.split('\n').filter((line) => line !== '') : [text]
    for (const value of values) {
      const wrong = accepts(schema, JSON.parse(value))
      if (wrong !== undefined) throw new Error(`${what}: ${wrong}\n${value.slice(0, 400)}`)
    }
  }
}
