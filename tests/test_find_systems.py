"""What content systems, plugins, libraries and consent tools write, each as it is found in articles: embeds, and what looks
like one and is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedarchive.detect import find_embeds

TABLE = Path(__file__).parent / "pages" / "systems.tsv"
PAGE = "<html><body><article><h1>A story</h1><p>Before.</p>{}<p>After.</p></article></body></html>"


@pytest.mark.parametrize("prefilter", [True, False], ids=["prefiltered", "thorough"])
def test_what_systems_write(prefilter: bool) -> None:
    lines = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    wrong = {}
    for name, keys, markup in lines:
        found = find_embeds(PAGE.format(markup), url="https://news.example/2026/a-story", prefilter=prefilter).embeds
        got = [e.post.key if e.post else None for e in found]
        if got != ([] if keys == "-" else keys.split()):
            wrong[name] = got
    assert len(lines) > 300
    assert wrong == {}


def test_a_stream_is_read_whose_rows_end_in_another_script() -> None:
    quote = '<blockquote class="twitter-tweet"><p>It is back.</p>&mdash; M (@m) <a href="https://x.com/m/status/1349129669258448897">x</a></blockquote>'
    size = f"{len(quote.encode()):x}"
    pieces = [f"2:T{size},", quote[:30], quote[30:] + '3:["$","p",null,{}]\n']
    scripts = "".join(f"<script>self.__next_f.push([1,{_write(piece)}])</script>" for piece in pieces)
    embed = find_embeds(PAGE.format(scripts), url="https://news.example/2026/a-story").embeds[0]
    assert embed.post is not None
    assert (embed.post.key, embed.claim.text, embed.layer) == ("x:1349129669258448897", "It is back.", "state")


def _write(text: str) -> str:
    return json.dumps(text).replace("<", "\\u003c")
