"""Two searches of one article made one: each embed once, in reading order, saying where it was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedarchive.core.model import Claim, Embed, Found
from embedarchive.detect.identity import make_post
from embedarchive.detect.merge import merge_found
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.instagram import shortcode_of


def found(letters: str, **head: str) -> Found:
    """One embed a letter, of the post of that letter; capitals are bare bylines, `?` only mentions `a`."""
    return Found(tuple(embed(letter, n) for n, letter in enumerate(letters, 1)), **head)


def embed(letter: str, position: int) -> Embed:
    if letter.isupper():
        return Embed(position, "embed", "instagram", None, None, "byline", "text", "r", "", Claim(author_name=letter))
    code = shortcode_of((3 << 60) + ord("a" if letter == "?" else letter))
    post = make_post(BY_NAME["instagram"], code)
    kind = "mention" if letter == "?" else "embed"
    return Embed(position, kind, "instagram", post, post.url, "iframe", "dom", "r", letter)


def told(both: Found) -> list[tuple[str, str]]:
    return [(e.claim.author_name or e.snippet, e.seen_in) for e in both.embeds]


@pytest.mark.parametrize(
    ("html", "dom", "expected"),
    [
        ("ab", "ab", "a both, b both"),
        ("ab", "", "a html, b html"),
        ("", "ab", "a dom, b dom"),
        ("ac", "abcd", "a both, b dom, c both, d dom"),
        ("ac", "xac", "x dom, a both, c both"),
        ("abc", "ca", "a both, b html, c both"),
        ("aa", "a", "a both, a html"),
        ("a", "aba", "a both, b dom, a dom"),
        ("QaR", "aR", "Q html, a both, R both"),
        ("?", "ba", "b dom, a dom"),
        ("a", "?b", "b dom, a html"),
    ],
)
def test_what_either_shows_stands_once_in_reading_order(html: str, dom: str, expected: str) -> None:
    both = merge_found(found(html), found(dom))
    assert ", ".join(" ".join(pair) for pair in told(both)) == expected
    assert [e.position for e in both.embeds] == list(range(1, len(both.embeds) + 1))


@given(st.text("abcQ", max_size=8), st.text("abcdQ", max_size=8))
def test_nothing_is_lost_and_nothing_made_up(html: str, dom: str) -> None:
    names = told(merge_found(found(html), found(dom)))
    for letter in "abcdQ":
        assert sum(name == letter for name, _ in names) == max(html.count(letter), dom.count(letter))
    assert [name for name, seen in names if seen != "dom"] == list(html)


def test_the_publishers_markup_is_kept_and_each_fills_the_others_claim() -> None:
    one, other = embed("a", 1), embed("a", 1)
    one = replace(one, form="blockquote", claim=Claim(author_name="Mara"))
    other = replace(other, claim=Claim(author_name="Other", text="Said"))
    joined = merge_found(Found((one,)), Found((other,))).embeds[0]
    assert (joined.form, joined.claim) == ("blockquote", Claim(author_name="Mara", text="Said"))


def test_the_head_is_the_served_one_and_what_was_not_searched_is_said() -> None:
    both = merge_found(found("a", title="Served"), replace(found("a", title="Drawn", lang="de"), truncated="too_large"))
    assert (both.title, both.lang, both.truncated) == ("Served", "de", "rendered: too_large")
    assert merge_found(replace(found(""), truncated="time"), found("")).truncated == "time"
