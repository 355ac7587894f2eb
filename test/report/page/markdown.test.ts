import { expect, test } from 'vitest'
import { markdownHtml } from '../../../src/report/page/markdown.ts'

test('headings, paragraphs and lists; bold, emphasis and code in them', () => {
  expect(markdownHtml('# A\n\nOne **two** *three*\n`four`.\n\n## B\n- x\n- y `z`\n').text).toBe(
    '<h1>A</h1><p>One <strong>two</strong> <em>three</em> <code>four</code>.</p><h2 class="section">B</h2><ul><li>x</li><li>y <code>z</code></li></ul>',
  )
})

test('T80 markup in it is text', () => {
  expect(markdownHtml('# <b>\n\n**<i>** <script>').text).toBe(
    '<h1>&#60;b&#62;</h1><p><strong>&#60;i&#62;</strong> &#60;script&#62;</p>',
  )
})
