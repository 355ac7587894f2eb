import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { type Html, html } from '../../report/page/html.ts'

const reply = z.looseObject({ description: z.string(), content: z.record(z.string(), z.unknown()).optional() })
const operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  tags: z.array(z.string()),
  parameters: z.array(
    z.looseObject({ name: z.string(), in: z.string(), required: z.boolean(), description: z.string().optional() }),
  ),
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(z.string(), reply),
})
const shape = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
})
type Operation = z.output<typeof operation>

/** The document for people: no script, so that it needs no exception from the strictest policy. */
export function apiPage(reply: FastifyReply, document: object): FastifyReply {
  const { paths, components } = shape.parse(document)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method: method.toUpperCase(), one })),
  )
  const tags = [...new Set(operations.flatMap(({ one }) => one.tags))]
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>API · meshproof</title></head>
<body><main><h1>API of meshproof</h1>
<p>This page is made from <a href="/api/v1/openapi.json">openapi.json</a>, which is made from the schemas that read the requests. A program sends a token as <code>Authorization: Bearer mp_…</code>; <code>meshproof token create</code> makes one.</p>
<nav aria-label="Operations"><ul>${operations.map(({ method, path, one }) => html`<li><a href="${`#${one.operationId}`}"><code>${method} ${path}</code></a> ${one.summary}</li>`)}</ul></nav>
${tags.map((tag) => html`<section><h2>${tag}</h2>${operations.filter(({ one }) => one.tags.includes(tag)).map(operationHtml)}</section>`)}
<section><h2>Schemas</h2>${Object.entries(components.schemas).map(([name, schema]) => html`<details id="${`schema-${name}`}"><summary>${name}</summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`)}</section>
</main></body></html>`
  return reply.type('text/html; charset=utf-8').send(page.text)
}

const operationHtml = ({ path, method, one }: { path: string; method: string; one: Operation }): Html =>
  html`<article id="${one.operationId}"><h3><code>${method} ${path}</code></h3><p>${one.summary} ${one.description ?? ''}</p>
${
  one.parameters.length === 0
    ? undefined
    : html`<table><caption>Parameters</caption><tbody>${one.parameters.map((parameter) => html`<tr><th scope="row"><code>${parameter.name}</code></th><td>${parameter.in}${parameter.required ? ', required' : ''}</td><td>${parameter.description ?? ''}</td></tr>`)}</tbody></table>`
}
${one.requestBody === undefined ? undefined : html`<p>Body: ${contentHtml(one.requestBody.content)}</p>`}
<table><caption>Answers</caption><tbody>${Object.entries(one.responses).map(([status, { description, content }]) => html`<tr><th scope="row">${status}</th><td>${description}</td><td>${contentHtml(content ?? {})}</td></tr>`)}</tbody></table></article>`

const reference = z.looseObject({ schema: z.looseObject({ $ref: z.string() }) })

const contentHtml = (content: Readonly<Record<string, unknown>>): readonly Html[] =>
  Object.entries(content).map(([type, value]) => {
    const name = reference.safeParse(value).data?.schema.$ref.split('/').at(-1)
    return html`<code>${type}</code> ${name === undefined ? undefined : html`<a href="${`#schema-${name}`}">${name}</a>`} `
  })
