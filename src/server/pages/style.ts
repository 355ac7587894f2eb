/** What the pages of the service add to the style of a verdict. */
export const serviceStyle = `
.service main { padding-top: 2.2rem; padding-bottom: 4rem; }
.service main:focus { outline: none; }
.service main h1 { font-size: 1.6rem; margin-bottom: .3rem; overflow-wrap: anywhere; }
.service main h2 { font-size: 1.08rem; font-weight: 650; }
.service .verdict h2 { font-size: 1.12rem; }
.service .lead { max-width: 44rem; color: var(--soft); }
.bar { background: var(--card); border-bottom: 1px solid var(--line); }
.bar > div { max-width: 62rem; margin: 0 auto; padding: .55rem 1.25rem; display: flex; align-items: center; gap: .3rem 1.6rem; flex-wrap: wrap; }
.brand { display: inline-flex; align-items: center; gap: .5rem; color: var(--ink); text-decoration: none; font-weight: 700; letter-spacing: -.01em; font-size: 1.06rem; }
.brand svg { color: var(--link); }
.bar nav { flex: 1 1 auto; }
.bar ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem .3rem; }
.bar nav a { display: block; padding: .35rem .65rem; border-radius: 8px; color: var(--soft); text-decoration: none; font-size: .93rem; }
.bar nav a:hover { color: var(--ink); background: var(--quiet); }
.bar nav a[aria-current] { color: var(--ink); font-weight: 650; box-shadow: inset 0 -2px 0 var(--link); border-radius: 8px 8px 0 0; }

button, .button { font: inherit; font-weight: 600; font-size: .93rem; line-height: 1.3; cursor: pointer; border-radius: 9px; border: 1px solid var(--line); background: var(--card); color: var(--ink); padding: .5rem .9rem; text-decoration: none; display: inline-block; }
button:hover, .button:hover { background: var(--quiet); }
button.main, .button.main { background: var(--link); border-color: var(--link); color: var(--on-link); }
button.main:hover, .button.main:hover { filter: brightness(1.08); }
button.quiet { border-color: transparent; background: none; color: var(--soft); font-weight: 500; padding: .35rem .65rem; }
button.quiet:hover { color: var(--ink); background: var(--quiet); }
:root { --on-link: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --on-link: #10141b; } }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
input[type="text"], input[type="search"], select { font: inherit; font-size: .95rem; color: var(--ink); background: var(--paper); border: 1px solid color-mix(in srgb, var(--soft) 55%, transparent); border-radius: 9px; padding: .5rem .7rem; width: 100%; min-width: 0; }
input.mono { font-family: var(--mono); font-size: .9rem; }
input::placeholder { color: var(--soft); opacity: 1; }
label { display: block; font-size: .85rem; font-weight: 600; color: var(--soft); margin-bottom: .25rem; }
[aria-invalid="true"] { border-color: var(--fail); }

.door { max-width: 33rem; margin: 6vh auto 0; background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 1.8rem 1.9rem 2rem; }
.door > * + * { margin-top: .85rem; }
.door pre, .told pre { margin-bottom: 0; padding: .7rem .85rem; border-radius: 8px; background: var(--quiet); white-space: pre-wrap; overflow-wrap: anywhere; }
.told { display: grid; grid-template-columns: 1.75rem 1fr; gap: .8rem; border: 1px solid color-mix(in srgb, var(--tone) 32%, transparent); background: var(--tone-bg); border-radius: 12px; padding: .85rem 1rem; overflow-wrap: anywhere; }
.told p + p { margin-top: .25rem; }
`
