import { expect, test } from 'vitest'
import { html, raw } from '../../../src/report/page/html.ts'

const evil = `"'><script>alert(1)</script>&`

test('T80 values are escaped in text and in quoted attributes', () => {
  const escaped = '&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;'
  expect(html`<p title="${evil}" lang='${evil}'>${evil}</p>`.text).toBe(
    `<p title="${escaped}" lang='${escaped}'>${escaped}</p>`,
  )
  expect(html`<p>${[evil, 1, undefined, html`<b>${'<'}</b>`]}</p>`.text).toBe(`<p>${escaped}1<b>&#60;</b></p>`)
})

test('T80 raw is the only way out, and stays out of attributes', () => {
  expect(html`<p>${raw('<b>x</b>')}</p>`.text).toBe('<p><b>x</b></p>')
  expect(() => html`<p title="${raw('x')}"></p>`).toThrow('attribute')
  expect(() => html`<p title="${[html`<b></b>`]}"></p>`).toThrow('attribute')
})

test('T80 a value may stand in no unquoted attribute, tag, script, style or handler', () => {
  for (const refused of [
    () => html`<p title=${'x'}></p>`,
    () => html`<p ${'x'}></p>`,
    () => html`<${'p'}></p>`,
    () => html`<p title="a"${'x'}></p>`,
    () => html`<script>${'x'}</script>`,
    () => html`<script type="a>b">${'x'}</script>`,
    () => html`<STYLE>${'x'}</STYLE>`,
    () => html`<script>"</p>"; ${'x'}</script>`,
    () => html`<p onclick="${'x'}"></p>`,
    () => html`<p style="color: ${'red'}"></p>`,
    () => html`<iframe srcdoc="${'x'}"></iframe>`,
  ])
    expect(refused).toThrow()
  expect(html`<script>1 < 2</script><p>${'x'}</p>`.text).toContain('<p>x</p>')
  expect(html`<p title="a > b" class="${'x'}">${'<'}</p>`.text).toBe('<p title="a > b" class="x">&#60;</p>')
})

test('T80 addresses are fragments, https or places of our own', () => {
  expect(html`<a href="#${'x'}">x</a>`.text).toBe('<a href="#x">x</a>')
  expect(html`<a href="${'https://a.test/'}">x</a>`.text).toContain('https://a.test/')
  for (const url of [
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'http://a.test',
    '//a.test',
    '/\\a.test',
    '/\t/a.test',
    '/\n/a.test',
    '',
  ])
    expect(() => html`<a href="${url}">x</a>`, url).toThrow()
  expect(html`<a href="${'/a?b=c'}" hx-get="${'/a'}">x</a>`.text).toBe('<a href="/a?b=c" hx-get="/a">x</a>')
  expect(() => html`<a href="/${'/a.test'}">x</a>`).toThrow()
  expect(() => html`<a hx-get="${'//a.test'}">x</a>`).toThrow()
  expect(() => html`<a hx-on:click="${'x'}">x</a>`).toThrow()
  expect(() => html`<a hx-vals="${'x'}">x</a>`).toThrow()
})
