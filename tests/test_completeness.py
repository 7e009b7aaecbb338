"""What a post consists of and which of it captures hold, as rules over values."""

from __future__ import annotations

import pytest

from embedarchive.core.completeness import Content, Lack, hold_best, name_file, read_content
from embedarchive.core.model import Description, Media


def photo(position: int, url: str = "", missing: str | None = None) -> Media:
    return Media("media", position, url or f"https://cdn.example/{position}_n.jpg?sig=1", missing=missing)


SLIDES = Description(kind="carousel", text="Three", media=(photo(1), photo(2), photo(3)))


def content(said: Description, kept: tuple[int, ...], *missing: str, at: str = "2026-01-01", id: int = 1) -> Content:
    return read_content(id, at, said, kept, missing)


def test_a_post_is_whole_when_all_its_files_are_held() -> None:
    assert content(SLIDES, (1, 2, 3)).lacking == ()
    assert content(Description(text="Only words"), ()).lacking == ()
    avatar = Description(text="x", media=(Media("avatar", 0, "https://cdn.example/a.jpg"),))
    assert content(avatar, ()).lacking == ()


@pytest.mark.parametrize(
    ("line", "why", "passing"),
    [
        ("media 2: timeout", "timeout", True),
        ("media 2: http_403", "http_403", True),
        ("media 2: http_503", "http_503", True),
        ("media 2: stalled (the beginning is kept)", "stalled", True),
        ("media 2: copyright_blocked", "copyright_blocked", False),
        ("media 2: only_streamed", "only_streamed", False),
        ("image did not load: https://cdn.example/2.jpg", "not_asked", True),
        ("avatar: http_404", "not_asked", True),
    ],
)
def test_a_missing_file_says_why_and_whether_that_may_pass(line: str, why: str, passing: bool) -> None:
    (lack,) = content(SLIDES, (1, 3), line).lacking
    assert (lack.position, lack.why, lack.passing) == (2, why, passing)


def test_what_the_platform_withholds_is_final() -> None:
    film = Description(text="A film", media=(photo(1, "", "only_streamed"),))
    assert content(film, ()).lacking == (Lack(1, "only_streamed"),)
    unknown = Description(text="New", media=(photo(1, "", "unknown_attachment:app.bsky.embed.hologram"),))
    (lack,) = content(unknown, ()).lacking
    assert (lack.why, lack.passing) == ("unknown_attachment:app.bsky.embed.hologram", False)


def test_a_post_of_which_nothing_was_read_is_not_whole() -> None:
    assert content(Description(), ()).lacking == (Lack(0, "not_read"),)


def test_the_best_view_is_the_newest_whole_capture() -> None:
    old, part, new = (
        content(SLIDES, (1, 2, 3), at="2026-01-01", id=1),
        content(SLIDES, (1,), at="2026-01-03", id=3),
        content(SLIDES, (1, 2, 3), at="2026-01-02", id=2),
    )
    best = hold_best([old, part, new])
    assert best is not None
    assert (best.best_capture_id, best.kept, best.held, best.expected) == (2, "whole", 3, 3)
    assert hold_best([]) is None


def test_a_film_that_nobody_has_is_shown_by_the_capture_that_has_its_still() -> None:
    reel = Description(kind="reel", text="A film", media=(photo(1, " ", "not_served"),))
    with_still = read_content(1, "2026-01-01", reel, (), (), posters=1)
    newer = read_content(2, "2026-01-02", reel, (), ())
    edited = read_content(3, "2026-01-03", Description(kind="reel", text="Edited", media=reel.media), (), ())
    in_place = read_content(4, "2026-01-04", reel, (), (), posters=1, in_article=True)
    for seen, best in (((with_still, newer), 1), ((with_still, newer, edited), 3), ((newer, in_place), 2)):
        held = hold_best(seen)
        assert held is not None
        assert held.best_capture_id == best


def test_files_of_two_captures_make_one_whole_post() -> None:
    one = content(SLIDES, (1, 2), "media 3: timeout", at="2026-01-01", id=1)
    two = content(SLIDES, (3,), "media 1: timeout", "media 2: timeout", at="2026-01-02", id=2)
    best = hold_best([one, two])
    assert best is not None
    assert (best.best_capture_id, best.kept, best.held, dict(best.joined)) == (1, "whole", 3, {3: 2})


@pytest.mark.parametrize(
    "edited",
    [
        Description(kind="carousel", text="Three, edited", media=SLIDES.media),
        Description(kind="carousel", text="Three", media=(photo(1), photo(2))),
        Description(kind="carousel", text="Three", media=(photo(1), photo(2, "https://cdn.example/9_n.jpg"), photo(3))),
        Description(kind="carousel", text="Three", media=(photo(1), photo(2), photo(3, "", "not_served"))),
    ],
    ids=["other words", "fewer slides", "another file", "a file without a name"],
)
def test_files_are_never_joined_across_an_edit(edited: Description) -> None:
    one = content(SLIDES, (1, 2), "media 3: timeout", at="2026-01-01", id=1)
    two = content(edited, (1,), at="2026-01-02", id=2)
    best = hold_best([one, two])
    assert best is not None
    assert (best.best_capture_id, best.kept, dict(best.joined)) == (1, "partial", {})


def test_a_file_keeps_its_name_when_it_is_signed_anew_and_served_elsewhere() -> None:
    one = photo(1, "https://scontent-a.cdn.example/v/t51/12_34_n.jpg?stp=dst-jpg_e35&oh=1")
    two = photo(1, "https://scontent-b.cdn.example/v/t51/12_34_n.jpg?stp=dst-jpg_e15&oh=2")
    assert name_file(one) == name_file(two) == "12_34_n.jpg"
    assert name_file(photo(1, " ")) == ""
