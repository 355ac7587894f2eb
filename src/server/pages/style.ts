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

button, .button { font: inherit; font-weight: 600; font-size: .93rem; line-height: 1.3; cursor: pointer; border-radius: 9px; border: 1px solid var(--line); background: var(--card); color: var(--ink); padding: .3rem 1rem; min-height: 2.5rem; text-decoration: none; display: inline-flex; align-items: center; justify-content: center; }
button:hover, .button:hover { background: var(--quiet); }
button.main, .button.main { background: var(--link); border-color: var(--link); color: var(--on-link); }
button.main:hover, .button.main:hover { filter: brightness(1.08); }
button.quiet { border-color: transparent; background: none; color: var(--soft); font-weight: 500; padding: .35rem .65rem; min-height: 0; }
button.quiet:hover { color: var(--ink); background: var(--quiet); }
:root { --on-link: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --on-link: #10141b; } }
button:focus-visible, input:focus-visible, select:focus-visible, textarea:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
input[type="text"], input[type="search"], input[type="datetime-local"], select, textarea { font: inherit; font-size: .95rem; color: var(--ink); background: var(--paper); border: 1px solid color-mix(in srgb, var(--soft) 55%, transparent); border-radius: 9px; padding: .3rem .7rem; height: 2.5rem; width: 100%; min-width: 0; }
textarea { display: block; height: auto; resize: vertical; padding: .5rem .7rem; line-height: 1.45; }
textarea.mono { font-size: .84rem; }
input.mono { font-family: var(--mono); font-size: .9rem; }
input::placeholder { color: var(--soft); opacity: 1; }
label { display: block; font-size: .85rem; font-weight: 600; color: var(--soft); margin-bottom: .25rem; }
[aria-invalid="true"] { border-color: var(--fail); }

.door { max-width: 33rem; margin: 6vh auto 0; background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 1.8rem 1.9rem 2rem; }
.door > * + * { margin-top: .85rem; }
.door pre, .told pre { margin-bottom: 0; padding: .7rem .85rem; border-radius: 8px; background: var(--quiet); white-space: pre-wrap; overflow-wrap: anywhere; }
.told { display: grid; grid-template-columns: 1.75rem 1fr; gap: .8rem; border: 1px solid color-mix(in srgb, var(--tone) 32%, transparent); background: var(--tone-bg); border-radius: 12px; padding: .85rem 1rem; overflow-wrap: anywhere; }
.told p + p { margin-top: .25rem; }
.service main > .told { margin: .8rem 0 1rem; }
.service main > .card:first-child { margin: 0 0 2rem; }

.crumbs { font-size: .88rem; margin-bottom: .5rem; display: flex; gap: 1rem; flex-wrap: wrap; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .3rem 1.5rem; margin-bottom: 1rem; }
.head h1.small { font-size: 1.05rem; font-weight: 600; margin: 0; }
.service main h1.mono { font-size: 1.12rem; font-weight: 600; line-height: 1.4; }
.exports { font-size: .88rem; color: var(--soft); display: flex; gap: .7rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.2rem 1.35rem 1.4rem; margin-top: 1.8rem; }
.card h2 { margin-bottom: .8rem; }
.card .lead { margin-bottom: .9rem; }
.ask { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr) auto; gap: .8rem; align-items: start; }
.ask:has(#trust) { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr) minmax(0, 1.6fr) auto; }
.ask .go { padding-top: 1.57rem; }
.hint { font-size: .85rem; color: var(--soft); margin-top: .35rem; }
.wrong { font-size: .88rem; color: var(--fail); margin-top: .35rem; overflow-wrap: anywhere; }
.service .contents { margin-top: 1.1rem; }
.contents strong { font-weight: 500; }
.contents strong .mono { font-weight: 600; }
.contents strong .soft { color: var(--tone); font-size: .9rem; }
.contents .when { white-space: nowrap; font-size: .86em; opacity: .9; }
.more { margin-top: .6rem; font-size: .93rem; }

.tiles { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: .6rem; }
.tiles a { display: grid; grid-template-columns: auto 1fr; gap: 0 .5rem; align-items: center; border: 1px solid var(--line); background: var(--card); border-radius: 12px; padding: .7rem .9rem .75rem; color: inherit; text-decoration: none; }
.tiles a:hover { border-color: var(--link); }
.tiles strong { font-size: 1.5rem; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; grid-column: 1 / -1; grid-row: 1; }
.tiles a > span { font-size: .88rem; color: var(--soft); }
.tiles .none strong { color: var(--soft); font-weight: 500; }
.tiles .none .mark { opacity: .5; }

.days { margin: 0; border: 1px solid var(--line); background: var(--card); border-radius: 12px; padding: .9rem 1rem .6rem; }
.days svg { display: block; width: 100%; height: 5.6rem; }
.days .ground { stroke: var(--line); }
.days .trusted { fill: var(--pass); }
.days .inconclusive { fill: var(--open); }
.days .rejected { fill: var(--fail); }
.days figcaption { display: flex; justify-content: space-between; color: var(--soft); font-size: .8rem; margin-top: .3rem; font-variant-numeric: tabular-nums; }

.waiting, .running, .cancelled { --tone: var(--soft); --tone-bg: var(--quiet); }
.running { --tone: var(--link); --tone-bg: color-mix(in srgb, var(--link) 9%, var(--card)); }
.parked { --tone: var(--open); --tone-bg: var(--open-bg); }
.status { color: var(--tone); font-weight: 600; white-space: nowrap; }
.turns { transform-origin: 14px 14px; animation: turn 1.1s linear infinite; }
@keyframes turn { to { transform: rotate(360deg); } }
@media (prefers-reduced-motion: reduce) { .turns { animation: none; } }

.filters { display: grid; grid-template-columns: minmax(0, 2.4fr) repeat(3, minmax(0, 1fr)) auto; gap: .8rem; align-items: end; margin: .4rem 0 1.3rem; }
.filters .go { display: flex; gap: .8rem; align-items: center; white-space: nowrap; font-size: .93rem; }
form.filters[action="/compare"] { grid-template-columns: 1fr 1fr auto; margin-top: 1.2rem; }
.list { min-width: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; border-collapse: separate; border-spacing: 0; table-layout: auto; font-size: .92rem; overflow: hidden; }
.list thead th { background: var(--card); padding-top: .7rem; padding-bottom: .55rem; }
.list thead th:nth-child(n) { width: auto; }
.list th, .list td { padding: .62rem .9rem; }
.list tbody th { font-weight: 500; overflow-wrap: anywhere; }
.list tbody tr:hover { background: color-mix(in srgb, var(--quiet) 55%, transparent); }
.list td { color: var(--soft); }
.list time, .list abbr, .list td[data-label="Took"] { white-space: nowrap; font-variant-numeric: tabular-nums; }
.list a { text-decoration-color: color-mix(in srgb, var(--link) 35%, transparent); text-underline-offset: 3px; }
.pager { display: flex; gap: .6rem; margin-top: 1.1rem; }
.empty { border: 1px dashed var(--line); border-radius: 12px; padding: 2.4rem 1.4rem; text-align: center; color: var(--soft); }
.empty h2 { color: var(--ink); margin-bottom: .3rem; }

article.state { margin-top: 0; background: var(--tone-bg); border: 1px solid color-mix(in srgb, var(--tone) 30%, transparent); border-radius: 16px; padding: 1.5rem 1.6rem; }
article.state header { display: grid; grid-template-columns: 3.4rem 1fr; gap: 0 1.2rem; align-items: start; }
article.state header .mark { width: 3.4rem; height: 3.4rem; }
article.state header h2 { font-size: 1.12rem; overflow-wrap: anywhere; }
article.state .word { color: var(--tone); font-weight: 700; font-size: 1.05rem; }
article.state > * + * { margin-top: 1.1rem; }
article.state > :not(header) { margin-left: 4.6rem; }
article.state .told { background: var(--card); }
progress { display: block; width: 100%; height: .5rem; appearance: none; border: 0; border-radius: 99px; overflow: hidden; background: color-mix(in srgb, var(--tone) 18%, transparent); }
progress::-webkit-progress-bar { background: color-mix(in srgb, var(--tone) 18%, transparent); }
progress::-webkit-progress-value { background: var(--tone); }
progress::-moz-progress-bar { background: var(--tone); }
progress:indeterminate { background: linear-gradient(90deg, transparent 20%, var(--tone), transparent 80%) 0 / 45% 100% no-repeat color-mix(in srgb, var(--tone) 18%, transparent); animation: wander 1.6s ease-in-out infinite alternate; }
progress:indeterminate::-webkit-progress-bar { background: none; }
progress:indeterminate::-moz-progress-bar { background: none; }
@keyframes wander { to { background-position: 100% 0; } }
@media (prefers-reduced-motion: reduce) { progress:indeterminate { animation: none; background-position: 50% 0; } }
.progress p { margin-top: .45rem; font-size: .93rem; }
.service article { margin-top: .6rem; }
.service article:not(.state) { margin-bottom: 1.4rem; }
.again form { margin-top: .7rem; }
.again .row { display: flex; gap: .5rem; }
.again .row select { flex: 1 1 auto; }
.again .row button { flex: none; }
.again form p { margin-bottom: .5rem; }
.again form + p { margin-top: 1.1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.otherwise { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11.5rem), 1fr)); gap: .7rem .8rem; align-items: start; }
.otherwise details, .otherwise .go { grid-column: 1 / -1; }
.otherwise details { margin-top: 0; border-radius: 9px; background: none; }
.otherwise summary { padding: .45rem .7rem; font-size: .93rem; font-weight: 500; color: var(--soft); }
.otherwise details > .inner { padding: 0 .7rem .7rem; }
.otherwise .wrong { margin-bottom: 0; }
main > .again { margin-top: 2rem; }
.artifacts { list-style: none; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--card); font-size: .92rem; }
.artifacts li { padding: .6rem .95rem; overflow-wrap: anywhere; }
.artifacts li + li { border-top: 1px solid var(--line); }
.answers thead th:nth-child(1) { width: 10rem; }
.answers thead th:nth-child(2) { width: auto; }
.answers thead th:nth-child(3) { width: 12rem; }

.sides { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; margin-top: 1.2rem; }
.side { background: var(--tone-bg); border: 1px solid color-mix(in srgb, var(--tone) 32%, transparent); border-radius: 14px; padding: 1rem 1.1rem; display: grid; grid-template-columns: 2.2rem 1fr; gap: .9rem; overflow-wrap: anywhere; }
.side .seal { width: 2.2rem; height: 2.2rem; color: var(--tone); }
.side .word { color: var(--tone); font-weight: 700; }
.beside { min-width: 34rem; background: var(--card); }
.boxed { border: 1px solid var(--line); border-radius: 12px; background: var(--card); padding: .3rem .5rem; }
.beside thead th:nth-child(n) { width: auto; }
.beside thead th:first-child { width: 11rem; }
.beside th[scope="row"] { font-weight: 600; }
.beside td { overflow-wrap: anywhere; }
.differs > td { background: color-mix(in srgb, var(--link) 6%, transparent); }
.apart { display: inline-block; font-size: .74rem; font-weight: 650; color: var(--link); border: 1px solid currentColor; border-radius: 99px; padding: 0 .45rem; margin-left: .2rem; }
.compared { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .9rem 1rem; }
.compared + .compared { margin-top: .7rem; }
.compared h3 { font-size: .98rem; margin-bottom: .3rem; }

.prose { max-width: 44rem; }
.prose p { margin-top: .6rem; }
.prose ul { padding-left: 1.15rem; margin: .6rem 0; }
.prose li + li { margin-top: .55rem; }

@media (max-width: 40rem) {
  .bar > div { padding: .5rem .9rem; }
  .bar nav { order: 3; flex-basis: 100%; }
  .bar nav ul { margin-left: -.65rem; }
  .bar form { margin-left: auto; }
  .service main { padding-top: 1.4rem; }
  .ask, .ask:has(#trust), .filters, form.filters[action="/compare"] { grid-template-columns: minmax(0, 1fr); }
  .filters { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .filters .wide { grid-column: 1 / -1; }
  .ask .go { padding-top: 0; }
  .ask .go button { width: 100%; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tiles a { padding: .55rem .7rem .6rem; }
  .sides { grid-template-columns: minmax(0, 1fr); }
  .beside { min-width: 0; }
  .list tbody tr { padding: .65rem .9rem .7rem; border-top: 1px solid var(--line); }
  .list tbody th, .list tbody td { padding: .06rem 0; border: 0; display: block; }
  .list tbody td[data-label] { font-size: .86rem; }
  .list tbody tr:first-child { border-top: 0; }
  article.state { padding: 1.1rem 1rem 1.2rem; }
  article.state header { grid-template-columns: 2.4rem 1fr; gap: 0 .8rem; }
  article.state header .mark { width: 2.4rem; height: 2.4rem; }
  article.state > :not(header) { margin-left: 0; }
  .again .row { flex-wrap: wrap; }
}
@media print {
  .bar nav, .bar form, .filters, .ask, .exports, .pager, .again form, .crumbs { display: none; }
  .service article { break-before: auto; }
}
`
