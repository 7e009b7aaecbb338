"""A card says what is known of a post, needs no request, and lets nothing a post says become markup."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive_builder import SAMPLES, build_archive
from embedarchive.library import embed_record, post_record
from embedarchive.library.records import PostRecord, StoredFile
from embedarchive.show.card import CARD_POLICY, render_card
from embedarchive.show.content_types import sniff_type
from embedarchive.show.files import render_media
from embedarchive.show.tags import sanitize
from embedarchive.show.words import say_missing, say_value
from embedarchive.store import open_reader
from embedarchive.store.blobs import pack_blob
from embedarchive.store.reading import read_blob

LOST, TOKYO, CAFE, STATEMENT, BOWL, NEVER_SEEN = SAMPLES[:6]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")


def record_of(path: Path, key: str) -> PostRecord:
    conn = open_reader(path)
    record = post_record(conn, key)
    conn.close()
    assert record is not None
    return record


def card_of(path: Path, record: PostRecord, **limits: int) -> str:
    conn = open_reader(path)
    try:
        return render_card(record, lambda sha256: read_blob(conn, sha256), **limits)
    finally:
        conn.close()


def test_a_lost_post_is_told_with_dates_hash_and_the_way_to_the_original(path: Path) -> None:
    record = record_of(path, LOST.post.key)
    card = card_of(path, record)
    assert "Gone by 9 Mar 2026 · preserved 5 Mar 2026" in card
    assert record.best is not None
    assert record.best.kept("screenshot")[0].sha256 in card
    assert f'data-originalurl="{LOST.post.url}"' in card
    assert 'data-versiondate="2026-03-05"' in card
    assert 'title="5 March 2026, 07:14:07 UTC"' in card
    assert card.count('src="data:image/jpeg;base64,') == 4  # three slides and the author's picture
    assert CARD_POLICY.replace("'", "&#x27;") in card


def test_a_card_has_no_script_and_points_nowhere_by_itself(path: Path) -> None:
    for sample in SAMPLES:
        card = card_of(path, record_of(path, sample.post.key))
        assert "<script" not in card
        assert not re.search(r"""\s(?:src|poster|srcset|data)=["'](?!data:)""", card)
        assert not re.search(r"url\(|@import", card)


def test_what_is_too_large_is_named_not_broken(path: Path) -> None:
    card = card_of(path, record_of(path, TOKYO.post.key), largest_file=100)
    assert "<img" not in card
    assert "is kept in the archive and not shown on this page" in card


def test_a_partial_capture_says_what_is_missing(path: Path) -> None:
    assert "the video of slide 2: the platform sent no file address" in card_of(path, record_of(path, BOWL.post.key))


def test_a_withdrawn_file_is_told(path: Path) -> None:
    record = record_of(path, TOKYO.post.key)
    assert record.best is not None
    gone = tuple(replace(kept, held=False) for kept in record.best.artifacts)
    card = card_of(path, replace(record, best=replace(record.best, artifacts=gone)))
    assert "was withdrawn from the archive" in card
    assert "<img" not in card


def test_a_claim_is_never_passed_off_as_the_post(path: Path) -> None:
    card = card_of(path, record_of(path, NEVER_SEEN.post.key))
    assert "The post itself was not seen" in card
    assert "Stasera si chiude" in card
    assert "not preserved" in card


def test_an_embed_that_names_no_post_has_a_card(path: Path) -> None:
    conn = open_reader(path)
    record = next(r for n in range(1, 20) if (r := embed_record(conn, n)) and r.appearance.url is None)
    assert "names no post" in render_card(record, lambda sha256: None)
    assert "Balladyna 🕊" in render_card(record, lambda sha256: None)


def test_language_and_direction_follow_the_post(path: Path) -> None:
    assert 'dir="auto" lang="ar"' in card_of(path, record_of(path, CAFE.post.key))
    assert 'lang="ja"' in card_of(path, record_of(path, TOKYO.post.key))


def test_bytes_that_lie_about_their_type_are_not_shown(path: Path) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    card = render_card(record_of(path, TOKYO.post.key), lambda sha256: svg)
    assert "data:" not in card.replace("img-src data:", "").replace("media-src data:", "").replace("data-", "")


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<a href="https://a.example/?q=1&amp;r=2" onclick="x()">#tag</a><br>b', "#tag"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<a href=" java\nscript:alert(1)">x</a>', "x"),
        ("<script>alert(1)</script>text", "text"),
        ('<img src=x onerror=alert(1)>text<svg onload="x()">', "text"),
        ('<a href="https://a.example"><a href="https://b.example">x</a></a>', "x"),
        ("<style>*{}</style><iframe srcdoc='<b>'></iframe>text", "text"),
        ("a < b & c", "a &lt; b &amp; c"),
        ('<a href="https://a.example">open', "open"),
    ],
)
def test_only_links_and_line_breaks_survive(html: str, kept: str) -> None:
    clean = sanitize(html)
    assert kept in clean
    assert set(re.findall(r"<(/?[a-z]+)", clean)) <= {"a", "/a", "br"}
    assert clean.count("<a ") == clean.count("</a>")
    assert set(re.findall(r"\s([a-z]+)=", clean)) <= {"href", "rel", "target"}
    assert "script:" not in clean


@given(st.text(alphabet="<>!/[]-?&#;=\"' ax\0", max_size=40))
@example("<![\0")
def test_any_text_of_a_post_is_made_safe_without_error(text: str) -> None:
    assert set(re.findall(r"<(/?[a-z]+)", sanitize(text))) <= {"a", "/a", "br"}


def test_what_is_marked_sensitive_is_out_of_focus_until_asked_for(path: Path) -> None:
    record = record_of(path, TOKYO.post.key)
    assert record.best
    assert "blur-box" not in card_of(path, record).partition("<body")[2]
    card = card_of(path, replace(record, best=replace(record.best, sensitive=True))).partition("<body")[2]
    slides, _, shot = card.partition('class="post-shot"')
    for part, what in ((slides, 'class="slides"'), (shot, "<figure")):
        assert part.index("blur-box") < part.index("Show it") < part.index(what)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("media 1: not_served", "file 1: not served"), ("poster 0: timeout", "still: timeout"),
        ("avatar: no_media_file", "the author's picture: no media file"),
        ("the video of slide 2: no_address", "the video of slide 2: no_address"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_words(line: str, said: str) -> None:
    assert say_missing(line) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [([540, 1000], "540, 1000"), ([], "none"), ({"rest_ms": 3, "done": True}, "rest ms 3, done yes"), (1.0, "1.0")],
)
def test_circumstances_are_said_without_brackets(value: object, said: str) -> None:
    assert say_value(value) == said


@pytest.mark.parametrize(
    ("content_type", "shown_by"),
    [("image/webp", "img"), ("video/mp4", "video"), ("audio/mpeg", "audio"), ("application/pdf", "p")],
)
def test_each_kind_of_file_has_what_shows_it(content_type: str, shown_by: str) -> None:
    """A picture that is none would be a broken one."""
    kept = StoredFile("media", 1, "0" * 64, content_type, 900)
    assert render_media(kept, lambda kept: "a file").startswith(f"<{shown_by} ")


def test_a_film_has_its_subtitles_in_their_language() -> None:
    film, words = (
        StoredFile("media", 1, "0" * 64, "video/mp4", 900),
        StoredFile("subtitles", 1, "1" * 64, "text/vtt", 90, alt="eng-US"),
    )
    track = '<track kind="subtitles" src="subtitles" srclang="eng-US" label="eng-US">'
    assert f"{track}</video>" in render_media(film, lambda kept: kept.role, words=[words])
    assert "<track" not in render_media(film, lambda kept: kept.role if kept is film else None, words=[words])
    assert sniff_type(b"WEBVTT\n\n") == sniff_type(b"\xef\xbb\xbfWEBVTT\n\n") == "text/vtt"
    assert pack_blob(b"WEBVTT\n\n" + b"00:00.000 --> 00:02.000\nla\n" * 99, "text/vtt")[0] == "identity"


def test_a_recording_has_its_cover() -> None:
    sound, cover = (
        StoredFile("media", 1, "0" * 64, "audio/mpeg", 900),
        StoredFile("poster", 1, "1" * 64, "image/jpeg", 90),
    )
    both = render_media(sound, lambda kept: kept.role, cover)
    assert both.index('<img src="poster"') < both.index('<audio src="media"')
    assert "900 bytes" in render_media(sound, lambda kept: None, cover)
