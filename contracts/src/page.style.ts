/** Look and behaviour of the page. Without the script everything is there to read; only the search box is missing. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dfe4ea; --back: #fff; --panel: #f6f8fa; --link: #0a58ca; --get: #0b6e4f; --put: #9a5b00; --event: #5b3fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #2c3540; --back: #12171d; --panel: #1a2129; --link: #7db3ff; --get: #5fd0a5; --put: #f0b25a; --event: #b9a3ff; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; font: 15px/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: var(--ink); background: var(--back); }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
header { position: sticky; top: 0; z-index: 1; display: flex; gap: 1.5rem; align-items: center; padding: .7rem 1.5rem; background: var(--back); border-bottom: 1px solid var(--line); }
header h1 { font-size: 1.05rem; margin: 0; white-space: nowrap; }
header input { flex: 1; max-width: 32rem; font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .35rem .7rem; }
header output { color: var(--soft); font-size: .85rem; white-space: nowrap; }
.page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 3.3rem; align-self: start; height: calc(100vh - 3.3rem); overflow: auto; padding: 1rem 1.5rem; border-right: 1px solid var(--line); font-size: .9rem; }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; } nav li li { padding-left: .9rem; } nav > ul > li > a { font-weight: 600; }
main { padding: 1rem 2rem 6rem; max-width: 66rem; }
h2 { margin: 2.2rem 0 .3rem; font-size: 1.35rem; } h3 { margin: 1.6rem 0 .5rem; font-size: 1rem; color: var(--soft); } h4 { margin: 1rem 0 .3rem; font-size: .85rem; color: var(--soft); }
.intro { color: var(--soft); margin: 0 0 1rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .35rem 0; background: var(--back); }
details[open] { border-color: var(--soft); }
summary { display: flex; flex-wrap: wrap; gap: .3rem .9rem; align-items: baseline; padding: .45rem .8rem; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover, details[open] > summary { background: var(--panel); border-radius: 6px; }
summary .what { margin-left: auto; color: var(--soft); font-size: .9rem; text-align: right; }
.method { font: 700 12px/1 ui-monospace, Menlo, monospace; min-width: 3.2em; color: var(--get); } .method.put { color: var(--put); } .method.event { color: var(--event); }
.inside { padding: .2rem .9rem .9rem; border-top: 1px solid var(--line); }
.role { display: inline-block; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 0 .6em; margin-right: .3em; font-size: .82rem; }
.id, .bounds, .optional { color: var(--soft); font-size: .85rem; } .bounds { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } th { text-align: left; color: var(--soft); font-weight: 500; font-size: .8rem; }
td, th { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; } td:first-child { width: 34%; } td:nth-child(2) { width: 28%; }
pre { background: var(--panel); border-radius: 6px; padding: .8rem; overflow: auto; max-height: 28rem; }
.type { margin: .2rem 0; } [hidden] { display: none !important; }
@media (max-width: 60rem) { .page { display: block; } nav { display: none; } main { padding: 1rem; } header { padding: .6rem 1rem; } }
`;

export const script = `
const box = document.querySelector('input'), count = document.querySelector('output');
const items = [...document.querySelectorAll('details')].map((item) => [item, item.dataset.words.toLowerCase()]);
const groups = [...document.querySelectorAll('main section')];
const search = () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  for (const [item, text] of items) { item.hidden = !words.every((word) => text.includes(word)); if (!item.hidden) found += 1; }
  for (const group of groups) group.hidden = words.length > 0 && !group.querySelector('details:not([hidden])');
  count.value = words.length === 0 ? '' : found + ' found · ' + found + ' 项';
};
const show = () => { const item = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (item instanceof HTMLDetailsElement) { item.hidden = false; item.open = true; item.scrollIntoView(); } };
box.hidden = false; box.addEventListener('input', search);
addEventListener('keydown', (event) => { if (event.key === '/' && document.activeElement !== box) { event.preventDefault(); box.focus(); } });
addEventListener('hashchange', show); show();
`;
