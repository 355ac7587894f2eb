import { type Html, html } from './html.ts'

/** The little of Markdown that our own documents use: headings, paragraphs, lists; bold, emphasis, code and nothing else inline. */
export function markdownHtml(text: string): Html {
  const blocks = text
    .split(/\n{2,}|\n(?=#)|(?<=^#.*)\n/m)
    .map((block) => block.trim())
    .filter((block) => block !== '')
  return html`${blocks.map(blockHtml)}`
}

function blockHtml(block: string): Html {
  if (block.startsWith('## ')) return html`<h2 class="section">${inline(block.slice(3))}</h2>`
  if (block.startsWith('# ')) return html`<h1>${inline(block.slice(2))}</h1>`
  if (block.startsWith('- '))
    return html`<ul>${block
      .slice(2)
      .split('\n- ')
      .map((item) => html`<li>${inline(item)}</li>`)}</ul>`
  return html`<p>${inline(block)}</p>`
}

const inline = (text: string): Html =>
  html`${text
    .replaceAll('\n', ' ')
    .split(/(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`)/)
    .map((part) =>
      part.startsWith('**')
        ? html`<strong>${part.slice(2, -2)}</strong>`
        : part.startsWith('*')
          ? html`<em>${part.slice(1, -1)}</em>`
          : part.startsWith('`')
            ? html`<code>${part.slice(1, -1)}</code>`
            : part,
    )}`
