/** The one stylesheet. System fonts, nothing from another host; light and dark; down to 320 px. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --surface: #ffffff; --line: #d5dbe2; --text: #1a2027; --quiet: #55606d;
  --accent: #1257b0; --accent-text: #ffffff; --focus: #1257b0;
  --good: #17663a; --good-ground: #e3f3e9; --busy: #1257b0; --busy-ground: #e4eefb;
  --wait: #4a5562; --wait-ground: #e9edf1; --bad: #a3211f; --bad-ground: #fbe7e6; --warn: #7a4a00; --warn-ground: #fcf0d9;
  --gap: 1rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151a; --surface: #1a2027; --line: #36404b; --text: #e8ecf1; --quiet: #a3afbb;
    --accent: #8ab8ff; --accent-text: #0b1a30; --focus: #8ab8ff;
    --good: #7fd6a2; --good-ground: #17321f; --busy: #8ab8ff; --busy-ground: #182a45;
    --wait: #b5c0cb; --wait-ground: #29313a; --bad: #ff9c97; --bad-ground: #451b1b; --warn: #f3c26b; --warn-ground: #3c2b0d;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: break-word; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--surface); padding: .5rem 1rem; z-index: 1; }
header.site { border-bottom: 1px solid var(--line); background: var(--surface); }
header.site div { max-width: 72rem; margin: 0 auto; padding: .8rem 1.25rem; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; }
header.site .name { font-weight: 650; color: inherit; text-decoration: none; }
header.site nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
main.wide { max-width: 72rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .6rem; }
p { margin: .5rem 0; }
.lead { font-size: 1.1rem; color: var(--quiet); margin-bottom: 1.5rem; max-width: 40rem; }
.quiet { color: var(--quiet); }
.small { font-size: .9rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: .25rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: .7rem; padding: 1.1rem 1.25rem; margin: var(--gap) 0; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.25rem; margin: 0; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; }
fieldset { border: 0; padding: 0; margin: 1.75rem 0 0; min-width: 0; }
legend { font-size: 1.2rem; font-weight: 650; padding: 0; margin-bottom: .25rem; }
.choice { display: grid; grid-template-columns: 1.5rem 1fr; gap: 0 .75rem; background: var(--surface); border: 1px solid var(--line); border-radius: .7rem; padding: 1rem 1.1rem; margin: .7rem 0; }
.choice:has(> input:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.choice input { width: 1.25rem; height: 1.25rem; margin: .15rem 0 0; accent-color: var(--accent); }
.choice .inner { display: grid; grid-template-columns: 1.5rem 1fr; gap: 0 .6rem; margin: .7rem 0 0; }
.choice .inner span { grid-column: 2; }
.choice .inner label { color: var(--text); }
.choice > div { grid-column: 2; color: var(--quiet); min-width: 0; }
.choice label { font-weight: 600; }
details { margin-top: .4rem; }
summary { cursor: pointer; color: var(--accent); }
ul.plain { list-style: none; margin: .5rem 0 0; padding: 0; }
ul.plain li { padding: .2rem 0; }
code, pre { font-family: ui-monospace, "Cascadia Code", Menlo, Consolas, monospace; font-size: .875em; }
code { overflow-wrap: anywhere; }
pre { background: var(--wait-ground); border-radius: .5rem; padding: .9rem 1rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; margin: .6rem 0; }
.field { margin: 1rem 0; }
.field label { display: block; font-weight: 600; }
.field input, .field textarea { width: 100%; font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--quiet); border-radius: .45rem; padding: .6rem .7rem; margin-top: .3rem; }
.field .quiet { margin: .15rem 0 0; font-size: .9rem; }
button, .button { display: inline-block; font: inherit; font-weight: 600; border: 1px solid var(--accent); border-radius: .5rem; padding: .65rem 1.2rem; background: var(--accent); color: var(--accent-text); cursor: pointer; text-decoration: none; }
button.second, .button.second { background: transparent; color: var(--accent); }
button.small, .button.small { padding: .3rem .75rem; font-size: .9rem; }
button.danger { border-color: var(--bad); color: var(--bad); background: transparent; }
.actions { display: flex; flex-wrap: wrap; gap: .7rem; margin: 1.5rem 0 0; align-items: center; }
.actions form { margin: 0; }
.state { display: inline-flex; align-items: center; gap: .4em; border-radius: 1rem; padding: .1rem .7rem; font-size: .9rem; font-weight: 600; white-space: nowrap; }
.state.collecting { color: var(--good); background: var(--good-ground); }
.state.catchingUp { color: var(--busy); background: var(--busy-ground); }
.state.waiting, .state.notRunYet { color: var(--wait); background: var(--wait-ground); }
.state.needsAttention { color: var(--bad); background: var(--bad-ground); }
.state.degraded { color: var(--warn); background: var(--warn-ground); }
.state.notAvailable, .state.paused, .state.disabled { color: var(--wait); border: 1px solid var(--line); }
.note { border-left: 4px solid var(--busy); background: var(--busy-ground); border-radius: .3rem .6rem .6rem .3rem; padding: .9rem 1.1rem; margin: 1.25rem 0; }
.note.bad { border-color: var(--bad); background: var(--bad-ground); }
.note.good { border-color: var(--good); background: var(--good-ground); }
.note h2 { margin: 0 0 .25rem; font-size: 1.1rem; }
.note p { margin: .3rem 0; }
ol.steps { list-style: none; padding: 0; margin: 1.5rem 0; }
ol.steps li { display: grid; grid-template-columns: 1.75rem 1fr; gap: .75rem; padding: .5rem 0; position: relative; }
ol.steps li:not(:last-child)::before { content: ""; position: absolute; left: .85rem; top: 2.2rem; bottom: -.4rem; width: 2px; background: var(--line); }
ol.steps .mark { width: 1.75rem; height: 1.75rem; border-radius: 50%; display: grid; place-items: center; border: 2px solid var(--line); background: var(--surface); font-size: .85rem; font-weight: 700; color: var(--quiet); z-index: 1; }
ol.steps .done .mark { border-color: var(--good); color: var(--good); background: var(--good-ground); }
ol.steps .now .mark { border-color: var(--busy); color: var(--busy); background: var(--busy-ground); }
ol.steps .stopped .mark { border-color: var(--bad); color: var(--bad); background: var(--bad-ground); }
ol.steps .ahead { color: var(--quiet); }
ol.steps h2 { font-size: 1rem; margin: 0; }
ol.steps .now h2, ol.steps .stopped h2 { font-weight: 650; }
ol.steps .done h2, ol.steps .ahead h2 { font-weight: 400; }
ol.steps p { margin: .1rem 0 0; color: var(--quiet); font-size: .95rem; }
.scroll { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding-bottom: .4rem; }
th, td { text-align: left; padding: .55rem .8rem .55rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { font-size: .85rem; font-weight: 600; color: var(--quiet); }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td p { margin: 0; }
.why { width: 40%; }
td time, .button.small { white-space: nowrap; }
td .state + p { margin-top: .3rem; }
.tight { min-width: 6rem; }
.source { min-width: 15rem; }
.source code { font-size: .8rem; font-weight: 400; }
.counts { display: flex; flex-wrap: wrap; gap: .7rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.counts a { display: block; background: var(--surface); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem 1rem; min-width: 8.5rem; color: inherit; text-decoration: none; }
.counts strong { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .7rem; margin: 1.5rem 0 0; }
.figures div { background: var(--surface); border: 1px solid var(--line); border-radius: .6rem; padding: .5rem .9rem; }
.figures dt { color: var(--quiet); font-size: .85rem; }
.figures dd { margin: 0; font-weight: 650; font-variant-numeric: tabular-nums; }
.contents { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 1.25rem 0 0; }
.chart svg { display: block; width: 100%; height: auto; background: var(--surface); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem; }
.chart rect { fill: var(--accent); }
.chart text { fill: var(--quiet); }
.chart line { stroke: var(--line); }
.chart .narrow { display: none; }
.figures-table { width: auto; margin: .4rem 0; }
.figures-table th, .figures-table td { padding: .15rem 1.2rem .15rem 0; font-weight: 400; }
.gaps { padding-left: 1.2rem; }
.gaps li { margin: .4rem 0; padding-left: .2rem; }
.gaps li::marker { content: "× "; color: var(--bad); font-weight: 700; }
.tick { display: flex; flex-wrap: wrap; gap: .3rem .6rem; align-items: center; margin: .45rem 0; }
.tick input { width: 1.15rem; height: 1.15rem; accent-color: var(--accent); margin: 0; }
.tick label { flex: 1 1 12rem; }
select { font: inherit; font-size: .95rem; color: inherit; background: var(--surface); border: 1px solid var(--quiet); border-radius: .45rem; padding: .35rem .5rem; max-width: 100%; }
.card fieldset { margin-top: 1rem; }
.heat { border-collapse: separate; border-spacing: 2px; width: 100%; }
.heat th, .heat td { border: 0; padding: 0; }
.heat tbody th { padding-right: .8rem; font-weight: 400; min-width: 9rem; max-width: 15rem; line-height: 1.25; position: sticky; left: 0; background: var(--surface); }
.heat td { height: 1.35rem; min-width: .72rem; border-radius: .2rem; text-align: center; font-size: .7rem; line-height: 1.35rem; font-weight: 700; background: var(--wait-ground); color: var(--wait); }
.heat td.whole { background: var(--good); color: var(--surface); }
.heat td.open { background: var(--busy-ground); color: var(--busy); }
.heat td.lost { background: var(--bad); color: var(--surface); }
.heat thead th { font-size: .7rem; font-weight: 400; text-align: left; max-width: .72rem; white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; font-size: .9rem; color: var(--quiet); padding: 0; list-style: none; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem 2rem; color: var(--quiet); font-size: .9rem; }
@media (max-width: 40rem) {
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  main, main.wide { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.45rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dt { margin-top: .6rem; font-size: .9rem; }
  .actions > *, .actions button { width: 100%; text-align: center; }
  table.stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table.stack, table.stack tbody, table.stack tr, table.stack th, table.stack td { display: block; }
  table.stack tr { padding: .8rem 0; border-bottom: 1px solid var(--line); }
  table.stack th.source { min-width: 0; }
  table.stack th, table.stack td { border: 0; padding: .12rem 0; text-align: left; white-space: normal; }
  table.stack td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
  table.stack td.empty { display: none; }
}
@media print { .actions, header.site nav, .skip { display: none; } body { background: #fff; } }
@media (prefers-reduced-motion: no-preference) {
  ol.steps .now .mark { animation: breathe 2s ease-in-out infinite; }
  @keyframes breathe { 50% { box-shadow: 0 0 0 .3rem var(--busy-ground); } }
}
`;
