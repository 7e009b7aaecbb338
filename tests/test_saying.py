"""What is said of a post: how much of it is kept, what it lacks and why, and whether it is gone. One function says it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from embedarchive.core.completeness import FINAL, tell_what
from embedarchive.core.model import Description, Media
from embedarchive.library.posts import find_doubted, lend
from embedarchive.library.questions import _QUESTIONS, QUESTIONS, lay_out
from embedarchive.library.records import Change, MissingFile, Observation, PostLine, StoredFile
from embedarchive.show.badges import render_moment
from embedarchive.show.timeline import render_timeline
from embedarchive.show.words import (
    DOUBTS,
    REASON_WORDS,
    find_crowded_days,
    find_events,
    find_runs,
    is_younger,
    say_again,
    say_interval,
    say_kept,
    say_lacking,
    say_missing,
    say_post_status,
    say_reason,
    say_run,
    say_why,
)

SEEN = PostLine("x:1", "x", "https://x.com/i/status/1", "available", last_available_at="2026-03-03T09:00:00.000Z")
WHOLE = replace(SEEN, kept="whole", expected=3, held=3, what="picture")
TIMEOUT = MissingFile(3, "timeout", passing=True, what="picture")
STREAM = MissingFile(1, "only_streamed", passing=False, what="film")
DUE = "2026-03-03T10:00:00.000Z"


@pytest.mark.parametrize(
    ("post", "said"),
    [
        (SEEN, "not preserved"),
        (WHOLE, "preserved"),
        (replace(WHOLE, kept="partial", held=2, lacking=(TIMEOUT,)), "partly preserved: 2 of 3 pictures"),
        (replace(WHOLE, kept="partial", held=0, lacking=(TIMEOUT,) * 3), "partly preserved: none of 3 pictures"),
        (replace(WHOLE, kept="partial", held=2, what="file", lacking=(TIMEOUT,)), "partly preserved: 2 of 3 files"),
        (
            replace(SEEN, kept="partial", expected=1, what="film", lacking=(STREAM,)),
            "partly preserved: without its film, which is only streamed",
        ),
        (
            replace(SEEN, kept="partial", expected=1, lacking=(MissingFile(1, "http_403", True, "picture"),)),
            "partly preserved: without its picture, which was refused",
        ),
        (
            replace(SEEN, kept="partial", lacking=(MissingFile(0, "not_read", False),)),
            "partly preserved: what it says could not be read",
        ),
        (replace(SEEN, kept="partial"), "partly preserved"),
    ],
)
def test_how_much_is_kept(post: PostLine, said: str) -> None:
    assert say_kept(post) == said
    assert say_post_status(post) == f"Online 3 Mar 2026 · {said}"


@pytest.mark.parametrize("why", sorted({*FINAL, *REASON_WORDS, "http_503", "dns", "unknown_attachment: poll"}))
def test_every_reason_is_a_sentence(why: str) -> None:
    said = say_why(MissingFile(1, why, passing=True))
    assert said.split()[0] in ("is", "was", "could", "took", "came", "did", "stalled")
    assert "_" not in said


@pytest.mark.parametrize(
    ("post", "said"),
    [
        (
            replace(WHOLE, kept="partial", lacking=(TIMEOUT,), due_at=DUE),
            "Tried again from 3 March 2026, 10:00 UTC on.",
        ),
        (
            replace(WHOLE, kept="partial", lacking=(TIMEOUT,)),
            "Another visit may still bring it.",
        ),
        (replace(WHOLE, kept="partial", lacking=(STREAM,)), "No other visit would bring it."),
        (WHOLE, ""),
    ],
)
def test_whether_and_when_it_is_tried_again(post: PostLine, said: str) -> None:
    assert say_again(post) == said
    assert not said or say_lacking(post)[-1] == said


@pytest.mark.parametrize(("doubt", "why"), DOUBTS.items())
def test_what_is_not_confirmed_is_not_gone(doubt: str, why: str) -> None:
    doubted = replace(WHOLE, status="unavailable", reason="unconfirmed", doubt=doubt)
    assert say_post_status(doubted) == f"Perhaps gone, not confirmed ({why}) · preserved 3 Mar 2026"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"status": "gone", "first_gone_at": "2026-03-09T00:00:00Z"}, "Gone by 9 Mar 2026 · preserved 3 Mar 2026"),
        ({"status": "unavailable", "reason": "private"}, "Unavailable (private) · preserved 3 Mar 2026"),
        (
            {"status": "unavailable", "reason": "unconfirmed"},
            "Perhaps gone, not confirmed (the answer does not bear the platform's own signature) · preserved 3 Mar 2026",
        ),
        (
            {"came_back_at": "2026-03-03T09:00:00Z"},
            "Online 3 Mar 2026, back by 3 Mar 2026 after it was gone · preserved",
        ),
        ({"status": "not captured"}, "Not visited yet"),
    ],
)
def test_where_it_stands(given: dict[str, str], said: str) -> None:
    assert say_post_status(replace(WHOLE, **given)) == said  # type: ignore[arg-type]


def look(day: int, outcome: str) -> Observation:
    return Observation(f"2026-03-{day:02}T09:00:00.000Z", outcome, None, day)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("losses", "looks", "said"),
    [
        (
            [(9, None)],
            [look(3, "available"), look(9, "gone"), look(16, "gone")],
            "Online 3 Mar 2026, Gone by 9 Mar 2026",
        ),
        ([], [look(3, "available"), look(9, "gone")], "Online 3 Mar 2026, Perhaps gone 9 Mar 2026"),
        (
            [(9, 12)],
            [look(3, "available"), look(9, "gone"), look(12, "available")],
            "Online 3 Mar 2026, Gone by 9 Mar 2026, Online 12 Mar 2026",
        ),
        (
            [],
            [look(3, "available"), look(9, "gone"), look(12, "available")],
            "Online 3 Mar 2026, Perhaps gone 9 Mar 2026, Online 12 Mar 2026",
        ),
        (
            [(9, 12), (20, 22)],
            [look(day, word) for day, word in ((9, "gone"), (12, "available"), (14, "gone"), (16, "available"))]
            + [look(20, "gone"), look(22, "available")],
            "Gone by 9 Mar 2026, Online 12 Mar 2026, Perhaps gone 14 Mar 2026, Online 16 Mar 2026, "
            "Gone by 20 Mar 2026, Online 22 Mar 2026",
        ),
    ],
)
def test_a_history_says_gone_only_of_what_is_believed(
    losses: list[tuple[int, int | None]], looks: list[Observation], said: str
) -> None:
    kept = [{"first_gone_at": look(a, "gone").at, "ended_at": b and look(b, "available").at} for a, b in losses]
    row = {"losses": json.dumps(kept)}
    assert ", ".join(map(say_run, find_runs(find_doubted(row, looks)))) == said


def test_a_file_that_another_visit_lends_stands_in_its_place_and_says_so() -> None:
    own = [StoredFile("media", n, f"{n}" * 64, "image/jpeg", 9) for n in (1, 2)]
    cut = StoredFile("media", 3, "3" * 64, "image/jpeg", 4, truncated="timeout")
    other = StoredFile("media", 3, "4" * 64, "image/jpeg", 9)
    shot = StoredFile("screenshot", 0, "5" * 64, "image/jpeg", 9)
    joined = lend([*own, cut], {3: 7}, {7: (SEEN.last_available_at or "", [shot, other])})
    assert joined == (*own, replace(other, lent_at=SEEN.last_available_at))


@pytest.mark.parametrize(
    ("kind", "media", "what"),
    [
        ("photo", Media("media", 1, "https://cdn.example/a?x=1"), "picture"),
        ("carousel", Media("media", 1, "https://cdn.example/a.jpg?x=1"), "picture"),
        ("carousel", Media("media", 1, "https://cdn.example/a.mp4?x=1"), "film"),
        ("carousel", Media("media", 1, "", duration_s=3.0), "film"),
        ("audio", Media("media", 1, "", duration_s=3.0), "recording"),
        ("text", Media("media", 1, "https://cdn.example/a"), "file"),
    ],
)
def test_what_a_file_is(kind: str, media: Media, what: str) -> None:
    assert tell_what(media, Description(kind=kind, media=(media,))) == what


def test_a_file_behind_a_still_of_a_refused_post_may_be_a_film_or_a_picture() -> None:
    files = Media("media", 1, "", missing="not_served"), Media("poster", 1, "https://cdn.example/a.jpg")
    assert tell_what(files[0], Description(media=files)) == "file"
    assert tell_what(files[0], Description(kind="photo", media=files)) == "film", (
        "where the kind is known, a still is a film's"
    )


@pytest.mark.parametrize(
    "line",
    ["image did not load: https://cdn.example/a.jpg?sig=1", "media 2: https://cdn.example/a.jpg?sig=1 timeout"],
)
def test_no_address_of_a_file_is_told(line: str) -> None:
    assert "cdn.example" not in say_missing(line)


# ------------------------------------------------------------------------------------------------------------ over time


def test_what_is_known_over_time_is_told_in_its_order_with_its_edits() -> None:
    seen = [
        Observation("2026-03-05T07:00:00.000Z", "available", None, 1),
        Observation("2026-03-05T19:00:00.000Z", "gone", "deleted", 2),
    ]
    edit = Change("text", "a", "b", 1, 1, "2026-03-05T07:00:00.000Z")
    events = find_events(find_runs(seen), (edit, replace(edit, field="posted_at")))
    assert [(event.at[11:13], event.edited) for event in events] == [("07", ()), ("07", ("text", "date")), ("19", ())]


def test_hours_are_told_where_the_day_is_not_enough() -> None:
    crowded = find_crowded_days(["2026-03-05T07:00:00Z", "2026-03-05T19:00:00Z", "2026-03-06T19:00:00Z", None])
    assert crowded == {"2026-03-05"}
    assert "07:00 UTC</time>" in render_moment("2026-03-05T07:00:00Z", crowded)
    assert "UTC</time>" not in render_moment("2026-03-06T19:00:00Z", crowded)


@pytest.mark.parametrize(
    ("posted", "published", "younger"),
    [("2026-03-05T07:00:00Z", "2026-03-01", True), ("2026-03-02T23:00:00Z", "2026-03-01T22:00:00+05:00", False),
     ("2026-02-05", "2026-03-01", False), (None, "2026-03-01", False), ("2026-03-05", "soon", False)],
)  # fmt: skip
def test_a_post_younger_than_its_article_is_told(posted: str | None, published: str, younger: object) -> None:
    assert is_younger(posted, published) == younger


def test_who_took_a_post_away_is_not_said() -> None:
    """The docs say what an answer of a platform proves; the word beside it must not say more."""
    assert "deleted" not in say_reason("deleted")
    assert say_reason("login_wall") == "login wall"


def test_an_interval_within_a_minute_is_not_said_to_be_between_twice_the_same() -> None:
    minute = "9 March 2026, 14:05 UTC"
    assert say_interval("2026-03-09T14:05:01Z", "2026-03-09T14:05:59Z") == f"within the minute of {minute}"
    assert (
        say_interval("2026-03-09T14:05:01Z", "2026-03-09T14:06:00Z") == f"between {minute} and 9 March 2026, 14:06 UTC"
    )
    assert say_interval(None, "2026-03-09T14:05:59Z") == f"by {minute}"


def test_saved_questions_are_laid_out_and_ask_the_same() -> None:
    for name, asked in QUESTIONS.items():
        assert " ".join(asked["sql"].split()) == " ".join(_QUESTIONS[name]["sql"].split()), name
        assert len(asked["sql"].splitlines()) > 2, name
    assert (
        lay_out("SELECT 'a, FROM b' FROM (SELECT 1 FROM c) WHERE x")
        == "SELECT 'a, FROM b'\nFROM (SELECT 1\n  FROM c)\nWHERE x"
    )


@pytest.mark.parametrize("years", [7, 14, 40])
def test_the_years_under_a_timeline_are_as_many_as_a_phone_has_room_for(years: int) -> None:
    posted = {f"{2026 - n}-03": 1 + n for n in range(years)}
    named = re.findall(r'class="tick"[^>]*>(\d{4})<', str(render_timeline(posted, {"2026-05": 1})))
    assert named[-1] == "2026"
    assert 3 < len(named) <= 7
    assert render_timeline({}, {}) == ""


@pytest.mark.parametrize(
    ("first", "last", "named"),
    [
        ("2026-02", "2026-02", []),  # one bar says no more than its number
        ("2026-02", "2026-11", ["Feb 2026", "Nov 2026"]),
        ("2025-12", "2026-02", ["2026"]),  # its neighbours would touch it
        ("2025-11", "2026-11", ["Nov 2025", "2026", "Nov 2026"]),
        ("2024-03", "2026-11", ["Mar 2024", "2025", "2026"]),  # the last would stand out of the figure
    ],
)
def test_the_first_and_the_last_month_bear_their_names_where_there_is_room(
    first: str, last: str, named: list[str]
) -> None:
    drawn = str(render_timeline({first: 1, last: 2}, {last: 1}))
    assert re.findall(r'class="tick"[^>]*>([^<]*)<', drawn) == named
