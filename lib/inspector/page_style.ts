/** The looks of the page, light and dark, down to small screens. */
export const STYLE: string = `
:root {
  --bg: #f6f7f9; --card: #fff; --ink: #1b2330; --soft: #5d6878; --line: #e2e6ec; --hover: #f1f4f8;
  --accent: #3557d6; --good: #177a4b; --good-bg: #e0f4e9; --warn: #8a5a00; --warn-bg: #fdf1d6;
  --bad: #b3261e; --bad-bg: #fde7e5; --shadow: 0 1px 2px rgb(16 24 40 / 6%), 0 4px 16px rgb(16 24 40 / 5%);
  color-scheme: light;
}
:root[data-theme=dark] {
  --bg: #10141b; --card: #181e27; --ink: #e6eaf1; --soft: #97a3b4; --line: #29313d; --hover: #1f2732;
  --accent: #8ea8ff; --good: #6fd7a3; --good-bg: #123526; --warn: #f0c36a; --warn-bg: #3a2c0d;
  --bad: #ff9d94; --bad-bg: #421a18; --shadow: 0 1px 2px rgb(0 0 0 / 40%);
  color-scheme: dark;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink);
  font: 14px/1.5 ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
code, .mono, td.mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; font-size: 12.5px; }
header { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; gap: 12px 20px;
  padding: 12px 24px; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; flex: 1 1 auto; align-items: center; gap: 12px; min-width: 0; }
.brand svg { flex: none; fill: var(--accent); stroke: var(--accent); stroke-width: 1.6; }
h1 { margin: 0; font-size: 16px; line-height: 1.25; overflow-wrap: anywhere; }
#subtitle { margin: 0; color: var(--soft); font-size: 12px; }
form { position: relative; flex: 1 1 280px; max-width: 560px; margin-left: auto; }
input { width: 100%; padding: 8px 34px 8px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--bg);
  color: inherit; font: inherit; }
input::placeholder { color: var(--soft); }
kbd { position: absolute; right: 10px; top: 8px; padding: 0 6px; border: 1px solid var(--line); border-radius: 5px;
  color: var(--soft); font: 12px/20px ui-monospace, monospace; pointer-events: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.pill { display: inline-block; padding: 1px 10px; border-radius: 99px; font-size: 12px; font-weight: 600; white-space: nowrap;
  background: var(--hover); color: var(--soft); }
.pill.good { background: var(--good-bg); color: var(--good); }
.pill.warn { background: var(--warn-bg); color: var(--warn); }
.pill.bad { background: var(--bad-bg); color: var(--bad); }
button { padding: 5px 12px; border: 1px solid var(--line); border-radius: 7px; background: var(--card); color: inherit;
  font: inherit; font-size: 13px; cursor: pointer; }
button:hover { background: var(--hover); }
button.quiet { border-color: transparent; background: none; font-size: 17px; line-height: 1; }
button.danger { color: var(--bad); }
button.link { padding: 0; border: 0; background: none; color: var(--accent); text-align: left; overflow-wrap: anywhere; }
button.link:hover { text-decoration: underline; }
#tabs { display: flex; gap: 4px; padding: 12px 24px 0; overflow-x: auto; scrollbar-width: none; }
#tabs button { border: 0; background: none; color: var(--soft); font-weight: 600; white-space: nowrap; }
#tabs button[aria-selected=true] { background: var(--card); color: var(--ink); box-shadow: var(--shadow); }
#tabs .count { margin-left: 6px; color: var(--soft); font-weight: 400; font-size: 12px; }
main { padding: 16px 24px 48px; outline: none; }
.card, #explanation, #problem { margin: 0 0 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--card);
  box-shadow: var(--shadow); }
.card > h2 { display: flex; align-items: center; gap: 10px; margin: 0; padding: 12px 16px; font-size: 14px; }
.card > h2 input { width: 220px; margin-left: auto; padding: 4px 10px; font-weight: 400; font-size: 13px; }
.card > h2 small { color: var(--soft); font-weight: 400; }
#explanation, #problem { margin: 16px 24px 0; padding: 14px 18px; }
#explanation { border-left: 4px solid var(--accent); }
#explanation.bad, #problem { border-left: 4px solid var(--bad); }
#explanation.good { border-left-color: var(--good); }
#explanation h2 { display: flex; gap: 10px; align-items: center; margin: 0 0 6px; font-size: 15px; overflow-wrap: anywhere; }
#explanation h2 button { margin-left: auto; }
#explanation p { margin: 4px 0; }
#explanation ol { margin: 4px 0; padding-left: 22px; }
#problem { white-space: pre-line; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th { padding: 6px 16px; border-bottom: 1px solid var(--line); color: var(--soft); font-size: 12px; font-weight: 600;
  text-align: left; white-space: nowrap; }
td { padding: 8px 16px; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: var(--hover); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.wide { min-width: 220px; }
.soft { color: var(--soft); }
.bad-text { color: var(--bad); }
.party { display: block; }
#explanation p .party { display: inline; }
td button + button { margin-left: 6px; }
td button:not(.link) { margin-block: -4px; }
td button.link { min-width: 90px; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 1px; background: var(--line);
  border-top: 1px solid var(--line); border-radius: 0 0 12px 12px; overflow: hidden; }
.facts div { padding: 10px 16px; background: var(--card); }
.facts dt { color: var(--soft); font-size: 12px; }
.facts dd { margin: 0; font-size: 17px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.facts dd.mono { font-size: 12.5px; line-height: 25px; }
dl { margin: 0; }
.empty { padding: 20px 16px; color: var(--soft); }
.more { padding: 10px 16px; }
.timeline td { padding-block: 4px; }
.buckets { display: flex; flex-wrap: wrap; gap: 8px; padding: 0 16px 12px; }
.buckets button[aria-pressed=true] { border-color: var(--accent); color: var(--accent); font-weight: 600; }
@media (max-width: 640px) {
  header, main { padding-inline: 14px; } #tabs { padding-inline: 10px; }
  #explanation, #problem { margin-inline: 14px; }
  header { gap: 10px; } .brand { flex: 1 1 0; } form { order: 9; flex-basis: 100%; max-width: none; }
  #theme { padding-inline: 4px; }
  th, td { padding-inline: 12px; }
}
@media (prefers-reduced-motion: no-preference) { .pill, tr { transition: background .2s; } }
`;
