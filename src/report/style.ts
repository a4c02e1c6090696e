// The style of a report: calm, in light and dark, on a phone and on paper.
import { plotColours, plotStyle } from "./line-plot.ts";

export const style: string = `
:root { color-scheme: light dark; --ground: #fbfbfa; --text: #1d2129; --soft: #f0f1f2; --tile: #e9eaec; --mark: #2563a8; ${plotColours.light} }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14161a; --text: #e4e7ec; --soft: #1d2026; --tile: #0b0c0f; --mark: #6eaef0; ${plotColours.dark} }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 40px 20px 80px; }
h1, h2, h3, p, figure, pre, ul { margin: 0; }
h1 { font-size: 2.1rem; line-height: 1.2; font-weight: 650; letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; font-weight: 650; margin-bottom: 12px; }
h3 { font-size: .95rem; font-weight: 600; margin: 20px 0 8px; }
small { font-weight: 400; color: var(--quiet); font-size: .82rem; margin-left: 6px; }
section { margin-top: 44px; }
section section { margin-top: 0; }
.kind { color: var(--quiet); font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; margin-bottom: 4px; }
.summary { font-size: 1.05rem; color: var(--quiet); margin-top: 6px; }
.note { color: var(--quiet); font-size: .92rem; max-width: 68ch; }
.note + table, .note + .step > .images:first-child { margin-top: 14px; }
.headline { margin-top: 28px; }
.figure { font-size: 3.6rem; line-height: 1.1; font-weight: 650; letter-spacing: -.03em; font-variant-numeric: tabular-nums; }
.figure span { font-size: 1.5rem; font-weight: 400; color: var(--quiet); letter-spacing: 0; }
aside { background: var(--soft); border-left: 3px solid var(--s1); border-radius: 4px; padding: 10px 16px; margin-top: 24px; font-size: .92rem; overflow-wrap: anywhere; }
aside ul { padding-left: 18px; }
.images { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(var(--size), 100%), 1fr)); gap: 8px; max-width: calc(10 * (var(--size) + 8px)); }
.images figcaption { font-size: .72rem; line-height: 1.35; color: var(--quiet); text-align: center; padding-top: 2px; overflow-wrap: anywhere; }
.images img { display: block; width: 100%; height: auto; image-rendering: pixelated; border-radius: 3px; background: var(--tile); }
.bars { display: block; width: 100%; height: 14px; fill: var(--s0); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr)); gap: 28px; }
.chart figcaption { color: var(--quiet); font-size: .85rem; padding: 2px 4px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; }
thead th { color: var(--quiet); font-size: .8rem; font-weight: 400; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
.bars-table td, .bars-table thead th { color: var(--quiet); }
.bars-table td:nth-child(3), .bars-table td:nth-child(4), .bars-table thead th { white-space: nowrap; }
.bars-table .bar { width: 32%; color: var(--text); }
.bar div { position: relative; background: var(--soft); border-radius: 3px; }
.bar div::before { content: ""; position: absolute; inset: 0 auto 0 0; width: var(--share); background: var(--mark); opacity: .28; border-radius: 3px; }
.ours .bar div::before { opacity: .75; }
.ours th { font-weight: 650; }
.paper .bar div::before { background: var(--quiet); }
.bar span { position: relative; padding: 0 8px; font-weight: 600; }
.facts th { width: 8.5em; color: var(--quiet); font-weight: 400; }
.facts td { overflow-wrap: anywhere; }
pre { background: var(--soft); border-radius: 6px; padding: 12px 14px; overflow-x: auto; font: .85rem/1.5 ui-monospace, "SF Mono", Consolas, monospace; margin-top: 8px; }
.facts + .note { margin-top: 18px; }
details { margin-top: 14px; }
summary { cursor: pointer; color: var(--quiet); font-size: .92rem; }
@media (max-width: 640px) {
  main { padding: 24px 16px 60px; }
  .figure { font-size: 2.8rem; }
  .bars-table thead { display: none; }
  .bars-table tr { display: grid; grid-template-columns: minmax(8em, 1fr) auto; padding: 8px 0; border-bottom: 1px solid var(--line); }
  .bars-table th, .bars-table td { border: 0; padding: 0 8px 0 0; }
  .bars-table .bar { grid-column: 1 / -1; width: 100%; padding: 3px 0; order: 2; }
  .bars-table td:nth-child(3) { order: 1; padding: 0; }
  .bars-table td:nth-child(3):not(:empty)::before { content: "± "; }
  .bars-table td:nth-child(4) { order: 3; }
  .bars-table td:nth-child(5) { order: 4; padding: 0; text-align: right; }
  .bars-table .paper td:nth-child(4) { display: none; }
  .bars-table .paper td:nth-child(5) { grid-column: 1 / -1; text-align: left; }
  .images { --size: 58px !important; gap: 6px; }
  .facts th { width: 6.5em; }
}
@media print { main { max-width: none; padding: 0; } section.step { break-inside: avoid; } }
${plotStyle}`;
