"""The look, as CSS text: ink on paper, one accent. Shared by the card and the reading room. Pure."""

from __future__ import annotations

TOKENS = """\
:root {
  color-scheme: light dark;
  --paper: #f6f2e9; --sheet: #fffdf8; --ink: #1d1a16; --ink-2: #5b544a; --rule: #dcd4c4; --well: #ece6d9;
  --accent: #9a2e1b; --on-accent: #fffdf8; --found: #f5dfa6; --imported: #0d5c75; --memento: #5d3f8c;
  --serif: "Iowan Old Style", "Palatino Linotype", "URW Palladio L", P052, "Noto Serif", Georgia, serif;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "Noto Sans Mono", "DejaVu Sans Mono", monospace;
  --t-1: .8125rem; --t0: .9375rem; --t1: 1.0625rem; --t2: 1.375rem; --t3: 1.875rem; --t4: 2.625rem;
  --s1: .25rem; --s2: .5rem; --s3: .75rem; --s4: 1rem; --s5: 1.5rem; --s6: 2.5rem; --s7: 4rem;
  --round: 3px;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #151411; --sheet: #1e1c18; --ink: #ece7db; --ink-2: #aba393; --rule: #3a362e; --well: #100f0d;
    --accent: #f0917a; --on-accent: #1a1512; --found: #6a5314; --imported: #7cc4dc; --memento: #c3a8ef;
  }
}
"""

POST = """\
.post { background: var(--sheet); border: 1px solid var(--rule); border-radius: var(--round); color: var(--ink);
  font: var(--t0)/1.5 var(--sans); overflow: hidden; overflow-wrap: anywhere;
  box-shadow: 0 1px 2px rgb(0 0 0 / .05), 0 10px 30px -18px rgb(0 0 0 / .25); }
.post a { color: inherit; text-decoration-color: var(--accent); text-underline-offset: .2em; }
.post a:focus-visible, .post summary:focus-visible, .post .slides:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 2px; }
.post-by { display: flex; align-items: center; gap: var(--s3); padding: var(--s4) var(--s5) var(--s3); }
.post-face { flex: none; width: 2.75rem; height: 2.75rem; border-radius: 50%; object-fit: cover;
  background: var(--well);
  display: grid; place-items: center; font: 600 var(--t1)/1 var(--serif); color: var(--ink-2); }
.post-who { min-width: 0; flex: 1; line-height: 1.3; }
.post-name { font: 600 var(--t1)/1.3 var(--serif); }
.post-tick { color: var(--ink-2); font-size: var(--t-1); }
.post-handle, .post-when { color: var(--ink-2); font-size: var(--t-1); }
.post-when { flex: none; text-align: end; line-height: 1.35; }
.slides { display: flex; overflow-x: auto; scroll-snap-type: x mandatory; background: var(--well); margin: 0;
  padding: 0; list-style: none; }
.slides > li { flex: 0 0 100%; scroll-snap-align: start; display: grid; place-items: center; position: relative;
  min-width: 0; }
.slides img, .slides video { display: block; max-width: 100%; width: 100%; height: auto; max-height: 46rem;
  object-fit: contain; }
.slides audio { display: block; width: calc(100% - 2 * var(--s5)); margin: var(--s4) 0; }
.slide-n { position: absolute; inset-block-start: var(--s3); inset-inline-end: var(--s3);
  font: var(--t-1)/1 var(--sans); color: #fff;
  background: rgb(0 0 0 / .68); padding: .35em .6em; border-radius: 1em; }
.slides-hint { display: flex; align-items: center; justify-content: space-between; gap: var(--s3);
  margin: 0; padding: var(--s2) var(--s5) 0; color: var(--ink-2); font-size: var(--t-1); }
.blur { position: relative; overflow: hidden; min-height: 8rem; }
.blurred { filter: blur(2.5rem); pointer-events: none; }
.blur-box:checked ~ .blurred { filter: none; pointer-events: auto; }
.blur-box { position: absolute; opacity: 0; }
.blur-ask { position: absolute; inset: 0; z-index: 1; display: grid; place-items: center; padding: var(--s4);
  text-align: center; font-size: var(--t-1); cursor: pointer; }
.blur-ask span { background: var(--sheet); border-radius: var(--round); padding: var(--s3) var(--s5); max-width: 18rem;
  text-wrap: balance; }
.blur-ask b { display: block; margin-top: var(--s1); text-decoration: underline; text-decoration-color: var(--accent);
  text-underline-offset: .2em; }
.blur-ask:hover b { color: var(--accent); }
.blur-box:focus-visible + .blur-ask span { outline: 2px solid var(--accent); outline-offset: 2px; }
.blur-box:checked + .blur-ask { position: static; display: block; text-align: start; color: var(--ink-2); padding: 0; }
.blur-box:checked + .blur-ask span { display: block; max-width: none; padding: 0 var(--s5) var(--s3); }
.blur-box:checked + .blur-ask b { display: inline; }
.blur-box:checked + .blur-ask .blur-show, .blur-box:not(:checked) + .blur-ask .blur-hide { display: none; }
.post-gap { margin: 0; padding: var(--s5); text-align: center; color: var(--ink-2); border: 1px dashed var(--rule);
  width: 100%; box-sizing: border-box; }
.post-title { font: 600 var(--t2)/1.3 var(--serif); margin: 0; padding: var(--s3) var(--s5); }
.post-title + .post-text { padding-top: 0; }
.post-text { font: var(--t1)/1.6 var(--serif); margin: 0; padding: var(--s3) var(--s5) var(--s4);
  white-space: pre-wrap; }
.post-text.large { font-size: var(--t2); line-height: 1.5; padding-block: var(--s4); }
.post-facts { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s4); margin: 0; padding: 0 var(--s5) var(--s4);
  list-style: none;
  color: var(--ink-2); font-size: var(--t-1); }
.post-claim { margin: 0; padding: var(--s3) var(--s5) 0; color: var(--ink-2); font-size: var(--t-1); }
.post-edited { margin: 0; padding: 0 var(--s5) var(--s4); color: var(--ink-2); font-size: var(--t-1); }
.post-edited summary { cursor: pointer; }
.post-edited p { margin: var(--s2) 0 0; white-space: pre-wrap; font-family: var(--serif); font-size: var(--t0); }
.post-missing { margin: var(--s3) var(--s5) var(--s4); padding: var(--s3) var(--s4);
  border-inline-start: 3px solid var(--accent); background: var(--well); font-size: var(--t-1); }
.post-missing ul { margin: 0; padding-inline-start: 1.1em; }
.post-missing strong { display: block; }
.post-shot summary { cursor: pointer; padding: var(--s3) var(--s5); font-size: var(--t-1); color: var(--ink-2);
  border-top: 1px solid var(--rule); }
.post-shot img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.post-shot figure { margin: 0; background: var(--well); }
.post-foot { border-top: 1px solid var(--rule); padding: var(--s3) var(--s5) var(--s4); font-size: var(--t-1);
  color: var(--ink-2); line-height: 1.55; }
.post-foot p { margin: 0; }
.post-foot code { font-family: var(--mono); font-size: .92em; }
.status { display: inline-flex; align-items: baseline; gap: .45em; color: var(--ink); font-weight: 600; }
.status svg { flex: none; width: .8em; height: .8em; align-self: center; }
.status.gone { color: var(--accent); }
.origin { display: inline-flex; align-items: baseline; gap: .45em; font-weight: 600; color: var(--imported); }
.origin.memento { color: var(--memento); }
.origin svg { flex: none; width: .9em; height: .9em; align-self: center; }
.post-origin { margin: 0; padding: var(--s3) var(--s5); font-size: var(--t-1); background: var(--well);
  border-inline-start: 4px solid var(--imported); }
.post-origin.memento { border-inline-start-color: var(--memento); }
.post-origin .origin svg { align-self: flex-start; margin-top: .3em; }
time[title] { text-decoration: underline dotted var(--rule); text-underline-offset: .2em; cursor: help; }
@media (max-width: 30rem) {
  .post-by { flex-wrap: wrap; }
  .post-when { flex-basis: 100%; text-align: start; }
  .post-by, .post-text, .post-edited, .post-foot, .post-title, .post-facts, .post-claim, .slides-hint, .post-shot summary {
    padding-inline: var(--s4); }
}
@media (prefers-reduced-motion: no-preference) { .slides { scroll-behavior: smooth; } }
"""

INLINE = (
    ":host { display: block; max-width: 35rem; margin: 1.5rem auto; direction: ltr; text-align: start; } "
    "* { box-sizing: border-box; }"
)
"""In somebody else's page, which may run from right to left: the card's own words do not, and a post's run as they are."""

CARD = """\
* { box-sizing: border-box; }
html { background: var(--paper); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
body { margin: 0; padding: clamp(.5rem, 3vw, 2rem); }
.post { max-width: 35rem; margin: 0 auto; }
@media print { html { background: none; } .post { box-shadow: none; } }
"""
