"""Nothing a post says can drive a terminal."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from embedarchive.core.model import Claim, Description, Post
from embedarchive.library.records import (
    Appearance,
    ArticleLine,
    CaptureRecord,
    EmbedRecord,
    Hit,
    Lookup,
    Placed,
    PostLine,
    PostRecord,
)
from embedarchive.show.terminal import escape_terminal, render_lookup, render_terminal

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
    appearance = Appearance(1, 1, text, text, text, text, at, 1, "embed", "x", text, "f", text, Claim(text, text, text))
    post = Post("instagram", text, text)
    return PostRecord(
        post,
        "gone",
        at,
        reason=text,
        kept="partial",
        said=said,
        observations=(),
        captures=(best,),
        best=best,
        appearances=(appearance,),
    )


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


# ---------------------------------------------------------------------------------------------------------------- lists

KEY = "bluesky:did:plc:mpfh56k2i5zl7h45afuj7ane/3m3ria7ydw2au"
LINE = PostLine(
    KEY, "bluesky", "https://bsky.app/x", "gone", "Marit Solheim", "marit", None, "Three mornings. " * 20,
    last_available_at="2026-03-05T00:00:00Z", first_gone_at="2026-03-09T00:00:00Z", kept="whole",
)  # fmt: skip
ARTICLE = ArticleLine(1, "https://a.example/story", "a.example", "What the council deleted", None, 2, 1)
APPEARANCE = Appearance(
    1, 1, "https://a.example", None, None, None, "", 12, "embed", "bluesky", None, "quote", "", Claim("Balladyna")
)
FOUND = (("the ", False), ("fjord", True), (" at dawn", False))


def lines_of(record: Lookup, width: int = 80) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(render_lookup(record))
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_list_has_the_key_whole_and_on_a_line_with_the_state(width: int) -> None:
    head, *below = lines_of(Lookup("x", "a handle", posts=(LINE,)), width)
    assert head.startswith("⊘ Marit Solheim  Three mornings.")
    assert head.endswith("…")
    assert width - 2 < len(head) <= width or len(head) > 160
    told = " ".join(line.strip() for line in below)
    assert told.startswith("Gone by 9 Mar 2026 · preserved 5 Mar 2026")
    assert told.endswith(KEY)
    assert len(below) == (1 if width > 100 else 2)


def test_results_show_what_was_found_and_in_what() -> None:
    hits = (
        Hit("post", FOUND, LINE),
        Hit("article", FOUND, article=ARTICLE),
        Hit("claim", FOUND, appearance=APPEARANCE),
    )
    lines = lines_of(Lookup("fjord", "words", hits=hits), 120)
    assert lines == [
        "⊘ Marit Solheim", "  the fjord at dawn", f"  Gone by 9 Mar 2026 · preserved 5 Mar 2026  {KEY}",
        "¶ What the council deleted", "  the fjord at dawn", "  a.example  2 embeds, 1 gone", "  https://a.example/story",
        "○ Balladyna", "  the fjord at dawn", "  names no post",
    ]  # fmt: skip


def test_words_of_a_title_stand_in_the_title() -> None:
    pieces = (("What the ", False), ("council", True), (" deleted", False))
    lines = lines_of(Lookup("council", "words", hits=(Hit("article", pieces, article=ARTICLE),)))
    assert lines == ["¶ What the council deleted", "  a.example  2 embeds, 1 gone", "  https://a.example/story"]


def test_embeds_of_an_article_are_numbered_as_they_are_read() -> None:
    lines = lines_of(Lookup("x", "a handle", embeds=(Placed(APPEARANCE, LINE), Placed(APPEARANCE))), 120)
    assert [line[:7] for line in lines] == [" 12  ⊘ ", "       ", " 12  ○ ", "       "]
