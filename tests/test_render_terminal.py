"""Nothing a post says can drive a terminal."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from embedarchive.model import Claim, Description, Post
from embedarchive.records import CaptureRecord, EmbedRecord, Lookup, PostRecord, Sighting
from embedarchive.terminal import escape_terminal, render_lookup, render_terminal

ATTACKS = [
    "\x1b]52;c;cm0gLXJmIH4=\x07", "\x1b]0;retitled\x07", "\x1b[2J\x1b[H", "\x9b2J", "\x9d0;x\x9c", "\rforged line",
    "\x08\x08\x08", "\u202egnp.exe", "\u2066x\u2069", "\x07" * 3, "[bold red]markup[/]", "\x00", "\ud800",
]  # fmt: skip

# The colours that rich writes itself.
STYLING = re.compile(r"\x1b\[[0-9;]*m")


def shown(record: PostRecord | EmbedRecord | Lookup) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system="standard")
    console.print(render_lookup(record) if isinstance(record, Lookup) else render_terminal(record, 100))
    return STYLING.sub("", out.getvalue())


def post_saying(text: str) -> PostRecord:
    said = Description(
        author_name=text, author_handle=text, text=text, title=text, alt_text=text, location=text, sources={text: text}
    )
    at = "2026-03-01T00:00:00.000Z"
    best = CaptureRecord(1, "instagram:x", "available", None, (), text, text, 200, at, at, (text,), description=said)
    sighting = Sighting(1, 1, text, text, text, text, at, 1, "embed", "x", text, "f", text, Claim(text, text, text))
    post = Post("instagram", text, text)
    return PostRecord(post, "gone", text, at, observations=(), captures=(best,), best=best, sightings=(sighting,))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_shown_not_obeyed(attack: str) -> None:
    for out in (shown(post_saying(attack)), shown(Lookup(attack, "words", tried=(attack,)))):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", out)


def test_markup_of_the_terminal_library_is_plain_text() -> None:
    assert "[bold red]markup[/]" in shown(post_saying("[bold red]markup[/]"))


@settings(deadline=None)
@given(st.text())
def test_escaping_leaves_no_control(text: str) -> None:
    escaped = escape_terminal(text, lines=True)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", escaped)


def test_line_breaks_of_a_text_are_kept_and_of_a_name_are_not() -> None:
    assert escape_terminal("a\nb", lines=True) == "a\nb"
    assert escape_terminal("a\nb") == "a b"
