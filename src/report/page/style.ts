/** The page's one style sheet: no font, image or script from anywhere; light and dark, screen and paper. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f7f6f3; --card: #ffffff; --ink: #1c1e22; --soft: #5c6169; --line: #dedbd4; --quiet: #efede8;
  --pass: #1d6f47; --pass-bg: #e6f2ea; --fail: #a8231b; --fail-bg: #fbe9e7; --open: #7a5200; --open-bg: #fbf0d9;
  --link: #1f5fa8; --cut: #ffffff; --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131519; --card: #1b1e24; --ink: #e8e6e1; --soft: #a0a5ae; --line: #31353d; --quiet: #23272e;
    --pass: #6cc795; --pass-bg: #16291f; --fail: #ff8f84; --fail-bg: #331a19; --open: #e6b95c; --open-bg: #2e2614;
    --link: #8ab8f0; --cut: #131519;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main, .top, .foot { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
.top { padding-top: 2.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2, h3, p { margin: 0; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; border-radius: 4px; }
code, pre, .mono { font-family: var(--mono); font-size: .86em; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.pass { --tone: var(--pass); --tone-bg: var(--pass-bg); }
.fail { --tone: var(--fail); --tone-bg: var(--fail-bg); }
.unknown { --tone: var(--open); --tone-bg: var(--open-bg); }
.not-applicable, .claimed, .unreached, .note { --tone: var(--soft); --tone-bg: var(--quiet); }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.intro { max-width: 46rem; margin-top: .9rem; }
.intro p + p { margin-top: .5rem; }
.contents { list-style: none; margin: 1.6rem 0 0; padding: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--card); overflow: hidden; }
.contents li + li { border-top: 1px solid var(--line); }
.contents a { display: grid; grid-template-columns: 1.75rem 1fr; gap: .1rem .75rem; padding: .8rem 1rem; color: inherit; text-decoration: none; }
.contents a:hover { background: var(--quiet); }
.contents .mark { grid-row: span 2; align-self: center; }
.contents strong { font-weight: 600; overflow-wrap: anywhere; }
.contents .soft { overflow-wrap: anywhere; font-size: .93rem; }

article { margin: 2.25rem 0 3.5rem; }
.verdict { background: var(--tone-bg); border: 1px solid color-mix(in srgb, var(--tone) 32%, transparent); border-radius: 16px; padding: 1.5rem 1.6rem 1.6rem; display: grid; grid-template-columns: 3.4rem 1fr; gap: 0 1.2rem; }
.verdict .seal { width: 3.4rem; height: 3.4rem; color: var(--tone); }
.verdict h2 { font-size: 1.12rem; font-weight: 600; overflow-wrap: anywhere; line-height: 1.35; }
.verdict .word { color: var(--tone); font-weight: 700; letter-spacing: .01em; font-size: 1.05rem; }
.verdict .reason { grid-column: 2; font-size: 1.22rem; line-height: 1.45; margin-top: .85rem; overflow-wrap: anywhere; text-wrap: pretty; }
.verdict .reason .mono { font-size: .84em; }
.verdict .next { grid-column: 2; margin-top: .6rem; }
.verdict .story { grid-column: 2; margin-top: .85rem; padding-top: .85rem; border-top: 1px solid color-mix(in srgb, var(--tone) 25%, transparent); }
.label { color: var(--soft); font-size: .8rem; font-weight: 600; letter-spacing: .03em; }

.compare { grid-column: 2; margin: 1rem 0 0; display: grid; gap: 2px; border-radius: 10px; overflow: hidden; }
.compare > div { background: var(--card); padding: .55rem .85rem; display: grid; grid-template-columns: 5rem 1fr; gap: .75rem; align-items: baseline; }
.compare dt { color: var(--soft); font-size: .82rem; font-weight: 600; }
.compare dd { margin: 0; font-family: var(--mono); font-size: .86rem; overflow-wrap: anywhere; }
.compare .same { color: var(--soft); }
mark { background: color-mix(in srgb, var(--tone) 20%, transparent); color: inherit; border-radius: 3px; padding: .08em .12em; font-weight: 700; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.expected { --tone: var(--pass); }
.found { --tone: var(--fail); }

.section { margin: 2rem 0 .9rem; font-size: 1.02rem; font-weight: 650; }
.who { display: flex; flex-wrap: wrap; gap: .4rem .5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.who li { border: 1px solid var(--line); background: var(--card); border-radius: 999px; padding: .12rem .7rem; font-size: .88rem; }
.group + .group { margin-top: 2.4rem; padding-top: 1.8rem; border-top: 1px solid var(--line); }
.group > h3 { margin: 0 0 .7rem; font-size: 1.02rem; font-weight: 650; display: flex; gap: .6rem; align-items: center; flex-wrap: wrap; }

.chain { list-style: none; margin: 0; padding: 0; }
.chain > li { display: grid; grid-template-columns: 3.4rem 1fr; gap: 0 1.2rem; }
.rail { display: flex; flex-direction: column; align-items: center; }
.rail .links { flex: 1 1 auto; width: 20px; min-height: 1.5rem; height: 1.5rem; margin: 1px 0; }
.rail .broken { flex: 0 0 58px; width: 44px; height: 58px; color: var(--tone); }
.rail .pad { flex: 1 1 auto; width: 20px; }
.body { padding-bottom: 1.5rem; min-width: 0; padding-top: .12rem; }
.body h4 { margin: 0; font-size: .98rem; font-weight: 650; display: flex; flex-wrap: wrap; gap: .1rem .6rem; align-items: baseline; }
.body h4 small { font-weight: 500; color: var(--tone); font-size: .85rem; }
.body .mono { display: block; margin-top: .12rem; font-size: .86rem; }
.body .values { margin: .15rem 0 0; padding: 0; list-style: none; font-size: .9rem; }
.body .values .mono { display: inline; }
.body .says { margin-top: .15rem; color: var(--soft); }
.unreached .body { opacity: .72; }
.mark { display: inline-grid; place-items: center; width: 1.75rem; height: 1.75rem; flex: none; color: var(--tone); }
.mark svg { width: 100%; height: 100%; }
.cut { fill: none; stroke: var(--cut); stroke-width: 2.6; stroke-linecap: round; stroke-linejoin: round; }
.dot { fill: var(--cut); }
.mark.small { width: 1.05rem; height: 1.05rem; vertical-align: -.16rem; }
.facts { list-style: none; margin: .5rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .35rem; }
.facts > li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .16rem .55rem .2rem .4rem; font-size: .87rem; overflow-wrap: anywhere; max-width: 100%; }
.facts > li .mono { display: inline; font-size: .93em; }
.facts > .wide { flex-basis: 100%; border-color: color-mix(in srgb, var(--tone) 45%, transparent); background: var(--tone-bg); padding: .5rem .7rem .65rem .55rem; }
.facts > .wide .compare { margin-top: .5rem; }

details { border: 1px solid var(--line); border-radius: 12px; background: var(--card); margin-top: .75rem; }
summary { cursor: pointer; padding: .7rem 1rem; font-weight: 600; }
details > .inner { padding: 0 1rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 46rem; table-layout: fixed; font-size: .88rem; }
thead th:nth-child(1) { width: 9.2rem; }
thead th:nth-child(2) { width: 32%; }
thead th:nth-child(5) { width: 7.4rem; }
.outcome { white-space: nowrap; }
td .mono { overflow-wrap: anywhere; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
.proven { color: var(--pass); font-weight: 650; white-space: nowrap; }
.group-head th { background: var(--quiet); font-size: .85rem; font-weight: 600; overflow-wrap: anywhere; }

.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: .75rem; margin-top: 1.8rem; }
.pair > div { display: grid; gap: .75rem; align-content: start; }
.panel { border: 1px solid var(--line); border-radius: 12px; background: var(--card); padding: 1rem 1.1rem 1.1rem; min-width: 0; }
.panel h3 { font-size: .98rem; font-weight: 650; margin-bottom: .5rem; }
.panel ul { margin: 0; padding: 0 0 0 1.15rem; font-size: .93rem; }
.panel li + li { margin-top: .4rem; }
.panel dl { margin: 0; display: grid; grid-template-columns: 7rem 1fr; gap: .35rem .8rem; font-size: .93rem; }
.panel dt { color: var(--soft); }
.panel dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.panel pre { margin: .5rem 0 0; padding: .7rem .85rem; border-radius: 8px; background: var(--quiet); white-space: pre-wrap; overflow-wrap: anywhere; }
.panel p + p, .panel ul + p { margin-top: .5rem; }
.notes { list-style: none; margin: 1rem 0 0; padding: 0; }
.notes li { border-left: 3px solid var(--open); background: var(--open-bg); border-radius: 0 8px 8px 0; padding: .45rem .8rem; font-size: .93rem; overflow-wrap: anywhere; }
.notes li + li { margin-top: .4rem; }
.foot { padding-bottom: 3rem; color: var(--soft); font-size: .88rem; }

@media (max-width: 40rem) {
  main, .top, .foot { padding-left: .9rem; padding-right: .9rem; }
  .verdict { grid-template-columns: 2.4rem 1fr; padding: 1.1rem 1rem 1.2rem; gap: 0 .8rem; }
  .verdict .seal { width: 2.4rem; height: 2.4rem; }
  .verdict .reason, .verdict .next, .verdict .story, .verdict > .compare { grid-column: 1 / -1; }
  .verdict .reason { font-size: 1.1rem; }
  .compare > div { grid-template-columns: 1fr; gap: .1rem; }
  .chain > li { grid-template-columns: 2.4rem 1fr; gap: 0 .8rem; }
  .rail .broken { width: 38px; }
  table, tbody, tr, td, th[scope="rowgroup"] { display: block; min-width: 0; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-top: 1px solid var(--line); padding: .4rem 0; }
  th, td { border: 0; padding: .12rem .2rem; }
  .group-head { padding: 0; }
  .group-head th { padding: .4rem .5rem; }
  td[data-label]:empty { display: none; }
  td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-size: .8rem; font-weight: 600; }
  .panel dl { grid-template-columns: 1fr; gap: 0; }
  .panel dd { margin-bottom: .5rem; }
}
@media print {
  :root { --paper: #fff; --card: #fff; }
  body { font-size: 10.5pt; }
  .contents, .skip { display: none; }
  article { break-before: page; margin-top: 0; }
  .chain > li, .panel, tr { break-inside: avoid; }
  table { min-width: 0; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  details, .panel, .verdict { border-color: #999; }
}
`
