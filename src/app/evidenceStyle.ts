/** The style of the report: system font, one accent colour, 4.5:1 contrast in light and dark, and a page for paper. */
export const reportStyle = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --paper: #ffffff; --line: #d0d7de; --soft: #f6f8fa; --accent: #0b5cad; --good: #116329; --warn: #8a4600; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #9aa4af; --paper: #0d1117; --line: #30363d; --soft: #161b22; --accent: #6cb6ff; --good: #56d364; --warn: #f0a04b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 2rem 1.25rem 4rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: var(--paper); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
section { border-top: 1px solid var(--line); margin-top: 2.25rem; padding-top: 1.5rem; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
.quiet, .question { color: var(--quiet); margin: .25rem 0; }
.answer { font-size: 1.1rem; }
.status { font-weight: 600; white-space: nowrap; }
.met { color: var(--good); } .attention { color: var(--warn); } .notAvailable { color: var(--quiet); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .75rem 1.5rem; margin: 1rem 0; }
dl div { min-width: 0; } dt { color: var(--quiet); font-size: .875rem; } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .925rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0 .5rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; } tbody th { font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.control { display: inline-block; margin-right: .75rem; }
ul { padding-left: 1.25rem; }
summary { cursor: pointer; color: var(--accent); }
@media print {
  :root { --text: #000; --quiet: #333; --paper: #fff; --line: #999; --accent: #000; --good: #000; --warn: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  section { break-inside: auto; } h2, caption { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; }
  .wide { overflow: visible; } details { display: block; } details::details-content { content-visibility: visible; block-size: auto; }
  a { text-decoration: none; }
  @page { margin: 18mm 15mm; }
}
`;
