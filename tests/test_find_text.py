"""Articles of which only text is left; and what `find` prints."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedarchive.cli.finding import embed_rows
from embedarchive.core.model import Found
from embedarchive.detect import find_embeds, find_in_text
from embedarchive.detect.keywords import find_telling
from embedarchive.sources import Seed
from in_process import run

SEED = Path(__file__).parents[2] / "shared" / "fixtures" / "seed-article.txt"


@pytest.mark.shared
def test_the_article_this_began_with() -> None:
    if not SEED.exists():
        pytest.skip("../shared is not here")
    found = find_in_text(SEED.read_text("utf-8")).embeds
    assert [(e.platform, e.post, e.claim.author_name, e.claim.author_handle) for e in found] == [
        ("instagram", None, "Balenciaga 🕊", "balenciaga")
    ]


@pytest.mark.parametrize(
    ("lines", "name", "handle"),
    [
        ("View this post on Instagram\n\nA post shared by Rook Field 🕊 (@rook.field)", "Rook Field 🕊", "rook.field"),
        (
            "Sieh dir diesen Beitrag auf Instagram an\nEin Beitrag geteilt von Rook (er/ihm) (@rook.field)",
            "Rook (er/ihm)",
            "rook.field",
        ),
        ("この投稿をInstagramで見る\nRook Field(@rook.field)がシェアした投稿", "Rook Field", "rook.field"),
        (
            "Instagram'da bu gönderiyi gör\nRook Field (@rook.field)'in paylaştığı bir gönderi",
            "Rook Field",
            "rook.field",
        ),
        ("Ver esta publicación en Instagram\nUna publicación compartida de R (@rook.field)", "R", "rook.field"),
        ("Bekijk dit op Instagram\nZomaar iets onbekends door Rook Field (@rook.field)", "Rook Field", "rook.field"),
    ],
)
def test_bylines_in_any_language(lines: str, name: str, handle: str) -> None:
    found = find_in_text(f"Title\n\nSome text before.\n\n{lines}\n\nSome text after.").embeds
    assert [(e.platform, e.claim.author_name, e.claim.author_handle) for e in found] == [("instagram", name, handle)]


def test_addresses_alone_on_a_line() -> None:
    found = find_in_text(
        "Title\nhttps://www.instagram.com/p/BwiVvR9lD0m/\nSee https://x.com/a/status/1349129669258448897 too.\n"
        "https://news.example/other\nhttps://youtu.be/jP6fEHm-lA0\n"
    ).embeds
    assert [e.post.key for e in found if e.post] == ["instagram:BwiVvR9lD0m", "youtube:jP6fEHm-lA0"]
    assert [e.position for e in found] == [1, 2]


def test_prose_is_no_embed() -> None:
    text = "She wrote on Instagram.\nMara Lind (@maralind) is a photographer who lives in a house by the sea, and this line goes on."
    assert find_in_text(text).embeds == ()
    assert find_in_text("Follow Mara Lind (@maralind)").embeds == ()
    assert find_in_text("").embeds == ()


def test_each_text_is_told_apart() -> None:
    texts = [
        "t.me/rookfield/12",
        "nothing",
        "https://www.instagram.com/p/x",
        "x",
        "See https://social.example/@mara/113628000000000000",
    ]
    assert find_telling(texts) == {0, 2, 4}
    assert find_telling([]) == set()


# ------------------------------------------------------------------------------------------------------- the command line


def find(*args: str | Path) -> list[dict[str, Any]]:
    done = run("find", *args, "--nl")
    assert done.code == 0
    return [json.loads(line) for line in done.out.splitlines()]


def test_each_of_several_files_of_one_article_is_read(tmp_path: Path) -> None:
    for name, code in (("a", "jP6fEHm-lA0"), ("b", "aaaaaaaaaaa")):
        (tmp_path / f"{name}.html").write_text(
            '<link rel=canonical href="https://news.example/1"><p>Text.</p>'
            f'<iframe src="https://www.youtube.com/embed/{code}"></iframe>'
        )
    rows = find(tmp_path / "a.html", tmp_path / "b.html")
    assert [row["native_id"] for row in rows] == ["jP6fEHm-lA0", "aaaaaaaaaaa"]
    assert {row["article"] for row in rows} == {"https://news.example/1"}


def test_mentions_and_unknown_frames_are_printed_when_asked_for(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<link rel=canonical href="https://news.example/1"><p>She <a href="https://x.com/ida/status/1932100000000000021">'
        'said</a> it.</p><iframe src="https://maps.example/embed/1"></iframe>'
        '<div class="fb-comment-embed" data-href="https://www.facebook.com/a/posts/928812574504508?comment_id=119353146"></div>'
    )
    assert [row["about"] for row in find(page)] == ["928812574504508"]
    mention = find(page, "--mentions")[1]
    assert (mention["kind"], mention["posted_at_source"], mention["truncated"]) == ("mention", "id", None)
    assert [row["kind"] for row in find(page, "--unknown")] == ["unknown", "embed"]


def test_a_page_that_was_searched_in_part_says_so_in_each_row() -> None:
    seed, cut = (
        Seed("https://news.example/1", "seed"),
        find_embeds('<iframe src="https://youtu.be/jP6fEHm-lA0"></iframe>'),
    )
    rows = [
        *embed_rows(seed, replace(cut, truncated="time"), list(cut.embeds)),
        *embed_rows(seed, Found(truncated="size"), []),
    ]
    assert [(row.get("key"), row["truncated"]) for row in rows] == [("youtube:jP6fEHm-lA0", "time"), (None, "size")]
