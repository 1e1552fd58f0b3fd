// GET /docs: the API for people, made of the OpenAPI document itself. One page, no scripts, nothing fetched from elsewhere.

import { z } from 'zod'

const named = z.object({ type: z.string().optional(), description: z.string().optional() }).loose()
const shape = z.object({
  properties: z.record(z.string(), named).optional(),
  required: z.array(z.string()).optional(),
})
const content = z.object({ 'application/json': z.object({ schema: shape.loose().optional() }).optional() })
const verb = z.object({
  summary: z.string().optional(),
  description: z.string().optional(),
  parameters: z
    .array(z.object({ name: z.string(), required: z.boolean().optional(), schema: named.optional() }).loose())
    .optional(),
  requestBody: z.object({ content: content.optional() }).optional(),
  responses: z.record(
    z.string(),
    z.object({ content: content.optional(), description: z.string().optional() }),
  ),
})
const document = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string().optional() }),
  paths: z.record(z.string(), z.record(z.string(), verb)),
})

type Verb = z.output<typeof verb>
type Shape = z.output<typeof shape>

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

function fields({ properties = {}, required = [] }: Shape): string {
  const rows = Object.entries(properties).map(([name, { type, description }]) => {
    const need = required.includes(name) ? '' : ' <i>optional</i>'
    return `<tr><td><code>${escapeHtml(name)}</code>${need}<td>${escapeHtml(type ?? '')}<td>${escapeHtml(description ?? '')}`
  })
  return rows.length === 0 ? '' : `<table>${rows.join('')}</table>`
}

const parametersOf = ({ parameters = [] }: Verb): Shape => ({
  properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema ?? {}])),
  required: parameters.filter(({ required }) => required === true).map(({ name }) => name),
})

const schemaOf = (body: { content?: z.output<typeof content> | undefined } | undefined): Shape =>
  body?.content?.['application/json']?.schema ?? {}

function section(path: string, method: string, operation: Verb): string {
  const { summary = '', description = '', requestBody, responses } = operation
  const ok = responses['200']
  const refused = Object.keys(responses).filter((status) => status !== '200')
  return [
    `<section><h2><b>${escapeHtml(method.toUpperCase())}</b> ${escapeHtml(path)}</h2>`,
    `<p>${escapeHtml(summary)}. ${escapeHtml(description)}</p>`,
    '<h3>Arguments</h3>',
    fields(parametersOf(operation)) + fields(schemaOf(requestBody)),
    '<h3>Answer</h3>',
    fields(schemaOf(ok)),
    `<p>Refused with: ${escapeHtml(refused.join(', '))}</p></section>`,
  ].join('\n')
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h2{font-size:1.1rem;border-top:1px solid #ccc;padding-top:1rem}h3{font-size:1rem;margin:.5rem 0}
table{border-collapse:collapse}td{padding:.1rem 1rem .1rem 0;vertical-align:top}code,h2{font-family:ui-monospace,monospace}`

/** The page's HTML. */
export function docsPage(openapi: unknown): string {
  const { info, paths } = document.parse(openapi)
  const sections = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([method, operation]) => section(path, method, operation)),
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(info.title)}</title><style>${STYLE}</style>
<h1>${escapeHtml(info.title)} ${escapeHtml(info.version)}</h1><p>${escapeHtml(info.description ?? '')}</p>
<p>The same as OpenAPI 3.1: <a href="/openapi.json">/openapi.json</a></p>
${sections.join('\n')}</html>`
}
