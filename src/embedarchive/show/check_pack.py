"""The page that checks a dropped evidence pack, as one file: also to be kept, and opened from a disk. Pure."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from embedarchive.show.style import CARD, TOKENS
from embedarchive.show.tags import Html, join, tag

STYLE = """\
header { max-width: 40rem; margin: 0 auto; padding: var(--s4) 0; border-bottom: 1px solid var(--rule);
  font: 600 var(--t1)/1 var(--serif); }
header a { color: inherit; text-decoration: none; }
header a:hover { text-decoration: underline; }
main { max-width: 40rem; margin: 0 auto; font: var(--t0)/1.55 var(--sans); color: var(--ink); }
h1 { font: 600 var(--t3)/1.2 var(--serif); margin: var(--s5) 0 var(--s4); }
label { display: block; padding: var(--s6) var(--s5); border: 1px dashed var(--ink-2); border-radius: var(--round);
  background: var(--sheet); text-align: center; cursor: pointer; }
label:focus-within { outline: 2px solid var(--accent); outline-offset: 2px; }
input { display: block; margin: var(--s4) auto 0; max-width: 100%; color: inherit; font: inherit; }
#says { font: var(--t2)/1.45 var(--serif); margin: var(--s5) 0 var(--s3); overflow-wrap: anywhere; min-height: 1.5em; }
#says.bad { color: var(--accent); }
#found { font: var(--t-1)/1.6 var(--mono); padding-inline-start: 1.2em; overflow-wrap: anywhere; }
.soft { color: var(--ink-2); }
"""


def hash_source(source: str) -> str:
    """A script or style as a content security policy names it. Pure."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


@cache
def load_script() -> str:
    return files("embedarchive.show").joinpath("static", "check-pack.js").read_text("utf-8")


@cache
def find_policy() -> str:
    """What the page may do: run its own script, and nothing else. It can send nothing anywhere."""
    style = hash_source(TOKENS + CARD + STYLE)
    return (
        f"default-src 'none'; script-src {hash_source(load_script())}; style-src {style}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def render_check_page(room: str = "") -> str:
    """The whole page; `room`, where it is served, is the address of the reading room that it leads back to."""
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=find_policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", "Check an evidence pack"),
        tag("style", Html(TOKENS + CARD + STYLE)),
    )
    main = tag(
        "main",
        tag("h1", "Check an evidence pack"),
        tag("label", "Drop a pack here, or choose it.", tag("input", type="file", id="pack", accept=".zip")),
        tag("p", id="says", role="status"),
        tag("ul", id="found"),
        tag("p", "Nothing leaves this page: it computes everything itself, also when it was saved and is opened from a disk. "
                 "Time stamps, and the bodies in the web archive, are checked by the verify.py in the pack.",
            class_="soft"),
    )  # fmt: skip
    header = ""
    if room:
        header = tag("header", tag("a", "Reading room", href=room))
    script = tag("script", Html(load_script()))
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{header}{main}{script}</body></html>\n'
