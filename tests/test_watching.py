"""When a post is observed next, what changed of it, what a day may cost: by pure rules, and as an archive keeps them."""

from __future__ import annotations

import math
import random
import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from archive_builder import NOW
from commands import command, through
from conftest import ROOT
from embedarchive.core.changes import trace_changes
from embedarchive.core.errors import ExitCode
from embedarchive.core.model import Claim, Embed, Fetch, Found, Post
from embedarchive.core.schedule import (
    AGES,
    CHANCES,
    DAY_S,
    ENOUGH_LOSSES,
    LONGEST_D,
    USUAL,
    after_walls,
    chance_of_loss,
    expected_losses,
    find_interval,
    next_observation,
    next_reading,
    observations_a_day,
    solve_pace,
    spread_by,
)
from embedarchive.core.standing import Hold, LivenessCheck, follow, later, seconds_between
from embedarchive.detect.identity import make_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replica import Replica
from embedarchive.run.watch import Watch, plan_watch
from embedarchive.sources.listing import Entry, Kind, Listing
from embedarchive.store import Archive, open_reader
from embedarchive.store.collections import keep_members
from embedarchive.store.conclusions import MANY_AT_ONCE, PostScope, ask_for_all
from embedarchive.store.rows import insert
from embedarchive.store.watching import FLOCK_A_DAY, has_due, has_other_work, read_used
from in_process import run
from test_time_shifted import STORIES, Look, keep_look, known
from waiting import BOUND_S, wait_until

CHANGED = {
    "retitled": ["edited"],
    "edited": ["edited"],
    "private": ["private"],
    "gone twice by a guess": ["missing", "gone"],
    "back": ["missing", "came back"],
    "back twice": ["missing", "came back", "missing", "came back"],
    "may be embedded again": ["embedding allowed"],
}
"""What changed in each story that every page is tested with; in the others nothing that is believed."""

# ---------------------------------------------------------------------------------------------------------------- pure

CHANCE = some.floats(0.00005, 0.05)
ARTICLES = some.integers(0, 500)
PACES = some.floats(0.01, 200)
KEYS = some.text(min_size=1, max_size=20)


@given(KEYS, CHANCE, ARTICLES, PACES, some.floats(2, 60))
def test_an_observation_is_due_in_a_day_at_the_earliest_and_never_after_the_longest(
    key: str, chance: float, articles: int, pace: float, longest: float
) -> None:
    at = next_observation(key, NOW, chance, articles, pace, longest)
    assert DAY_S <= round(seconds_between(NOW, at)) <= math.ceil(longest * DAY_S)
    plain = find_interval(chance, articles, pace, longest)
    assert abs(seconds_between(NOW, at) / DAY_S - plain) <= 0.1 * plain + 1e-3 or plain == 1.0


@given(CHANCE, some.integers(1, 400), PACES)
def test_what_more_is_lost_by_is_observed_no_later(chance: float, articles: int, pace: float) -> None:
    plain = find_interval(chance, articles, pace)
    assert find_interval(chance * 2, articles, pace) <= plain
    assert find_interval(chance, articles + 1, pace) <= plain


@given(some.lists(some.tuples(CHANCE, ARTICLES, some.integers(1, 10_000)), min_size=1), some.floats(1, 100_000))
def test_a_pace_keeps_to_its_budget_wherever_one_can(posts: list[tuple[float, int, int]], per_day: float) -> None:
    pace = solve_pace(posts, per_day)
    least = sum(n for *_, n in posts) / (LONGEST_D / 1.1)
    assert observations_a_day(posts, pace) <= max(per_day, least * 1.000001)


def test_posts_seen_at_one_moment_are_not_due_at_one_moment() -> None:
    """A herd that comes together would come together for ever; and the same key is spread alike in every archive."""
    due = sorted(next_observation(f"x:{n}", NOW, 0.001, 1, 3.0) for n in range(500))
    hours = {at[:13] for at in due}
    assert len(hours) > 40
    assert max(map(spread_by, map(str, range(2000)))) <= 1
    assert min(map(spread_by, map(str, range(2000)))) >= -1
    assert spread_by("x:20") == pytest.approx(0.807, abs=0.001), "in every archive"


@pytest.mark.parametrize("platform", [*CHANCES, "instagram"])
def test_chances_are_those_of_their_sources(platform: str) -> None:
    lost = 1 - math.exp(-expected_losses(platform, 0, 90 if platform == "x" else 365))
    assert lost == pytest.approx(0.18 if platform == "x" else 0.11, abs=0.01)
    rates = CHANCES.get(platform, USUAL)
    assert [chance_of_loss(platform, age) for age in AGES[:-1]] == list(rates)
    assert list(rates) == sorted(rates, reverse=True)


def test_what_said_nothing_is_tried_again_later_and_later() -> None:
    waits = [seconds_between(NOW, after_walls(NOW, n)) for n in range(1, 9)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (3600, DAY_S)


def test_an_article_is_read_again_the_seldomer_the_older_it_is() -> None:
    waits = [seconds_between(later(NOW, age * DAY_S), next_reading("u", NOW, later(NOW, age * DAY_S)))
             for age in (0, 5, 30, 400)]  # fmt: skip
    assert waits == sorted(waits)
    assert waits[0] < DAY_S / 3
    assert waits[-1] <= 33.1 * DAY_S


def seen(day: float, outcome: str, reason: str | None = None, *, control: bool = True, words: str | None = None,
         embedding: str | None = None, words_from: str = "markup") -> LivenessCheck:  # fmt: skip
    at = later("2026-03-01T09:00:00.000Z", day * DAY_S)
    return LivenessCheck(at, outcome, reason, control, True, f"u{day}", embedding, words, words_from)  # type: ignore[arg-type]


def changes_of(*looks: LivenessCheck, holds: tuple[Hold, ...] = ()) -> list[tuple[str, str | None, str]]:
    standings = follow(looks, holds, second_day=False)
    told = trace_changes("x:20", looks, standings, holds)
    assert len({each.id for each in told}) == len(told)
    return [(each.change, each.capture_before, each.capture_by) for each in told]


ALIVE, GONE = seen(0, "available"), seen(5, "gone")
WALLS = tuple(seen(n, outcome) for n, outcome in ((2, "blocked"), (3, "error"), (4.5, "blocked")))


def test_a_loss_is_an_interval_whose_ends_no_wall_moves() -> None:
    assert changes_of(ALIVE, GONE) == [("missing", "u0", "u5")]
    assert changes_of(ALIVE, *WALLS, GONE, seen(5.5, "blocked")) == [("missing", "u0", "u5")]
    assert changes_of(ALIVE, seen(4, "gone", control=False), GONE) == [("missing", "u0", "u5")]
    assert changes_of(ALIVE, seen(4, "unavailable", "unconfirmed"), GONE) == [("missing", "u0", "u5")]


def test_a_loss_is_confirmed_a_day_later_by_an_answer_that_is_believed() -> None:
    missing, confirmed = ("missing", "u0", "u5"), ("gone", "u0", "u6.1")
    assert changes_of(ALIVE, GONE, seen(5.9, "gone")) == [missing]
    assert changes_of(ALIVE, GONE, seen(6.1, "gone")) == [missing, confirmed]
    assert changes_of(ALIVE, GONE, seen(6.1, "gone", control=False)) == [missing]
    assert changes_of(ALIVE, GONE, seen(6.1, "gone"), seen(9, "gone")) == [missing, confirmed]
    held = Hold(seen(6, "gone").at, None, "many at once")
    assert changes_of(ALIVE, GONE, seen(6.1, "gone"), holds=(held,)) == [missing]


def test_nothing_changes_while_losses_are_withheld_and_the_truth_comes_with_their_release() -> None:
    held = Hold(seen(4, "gone").at, None, "many at once")
    assert changes_of(ALIVE, GONE, holds=(held,)) == []
    assert changes_of(ALIVE, GONE, seen(7, "available"), holds=(held,)) == []
    assert changes_of(ALIVE, GONE) == [("missing", "u0", "u5")]


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([ALIVE, seen(2, "unavailable", "private")], ["private"]),
        ([ALIVE, seen(2, "unavailable", "private"), seen(3, "available")], ["private", "came back"]),
        ([ALIVE, seen(2, "unavailable", "age")], ["unavailable"]),
        ([seen(0, "unavailable", "private"), seen(1, "available")], ["came back"]),
        ([seen(0, "gone")], []),
        ([ALIVE, GONE, seen(8, "available"), seen(9, "gone")], ["missing", "came back", "missing"]),
        ([seen(0, "available", embedding="allowed"), seen(1, "unavailable", "embed_refused", embedding="refused"),
          seen(2, "available", embedding="allowed")], ["embedding refused", "embedding allowed"]),
        ([seen(0, "available", words="A b."), seen(1, "available", words="A\n b.")], []),
        ([seen(0, "available", words="A."), seen(1, "available", words=None), seen(2, "available", words="B.")], ["edited"]),
        ([seen(0, "available", words="A."), seen(1, "available", words="A…", words_from="og"),
          seen(2, "available", words="A.")], []),
        ([seen(0, "available", words="A."), seen(1, "gone"), seen(2, "available", words="B.")],
         ["missing", "came back", "edited"]),
    ],
)  # fmt: skip
def test_each_change_is_of_its_own_kind(looks: list[LivenessCheck], told: list[str]) -> None:
    assert [kind for kind, *_ in changes_of(*looks)] == told


# ----------------------------------------------------------------------------------------------------------- an archive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        yield archive


def start(archive: Archive, at: str = NOW) -> int:
    return archive.start_crawl("watch", at, "test", {})


def tell_derived(conn: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [
        [tuple(row) for row in conn.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3")]
        for table in ("changes", "schedule", "conclusions")
    ]


def embed_in(archive: Archive, crawl: int, url: str, *posts: Post, at: str = "2026-03-02T09:00:00.000Z") -> int:
    article = archive.keep_seed(crawl, url, url, at)
    body = f"<p>{url} {at}".encode()
    fetch = archive.keep_fetch(article, crawl, Fetch(url, url, at, "ok", 200, content_type="text/html", body=body))
    embeds = tuple(
        Embed(n, "embed", post.platform, post, post.url, "blockquote", "mark", "1", "<i>", Claim())
        for n, post in enumerate(posts, 1)
    )
    archive.keep_found(fetch or 0, Found(embeds, title=f"About {url[-1]}"), 1, at, crawl)
    return article


def play_stories(archive: Archive) -> None:
    crawl = start(archive)
    for story in STORIES:
        for look in story.looks:
            keep_look(archive, crawl, story.post, look)
        archive.conclude_all()
    archive.keep_hold(PostScope("dailymotion"), "2026-03-08T00:00:00.000Z", MANY_AT_ONCE, crawl)
    embed_in(archive, crawl, "https://news.example/a", STORIES[0].post, STORIES[1].post)
    embed_in(archive, crawl, "https://news.example/b", STORIES[0].post, at="2026-03-15T09:00:00.000Z")
    archive.conclude_all()


def test_what_changed_in_every_story(archive: Archive) -> None:
    play_stories(archive)
    for story in STORIES:
        rows = archive.conn.execute("SELECT change FROM changes WHERE post_key = ? ORDER BY by", (story.post.key,))
        assert [row[0] for row in rows.fetchall()] == CHANGED.get(story.name, []), story.name


def test_made_anew_in_any_order_it_is_the_same(archive: Archive) -> None:
    """Every change and every due time, made by the pass that concludes, from captures, checks and holds alone."""
    play_flock(archive, 8)
    play_stories(archive)
    kept = tell_derived(archive.conn)
    assert len(kept[0]) >= 9
    for seed in range(3):
        ask_for_all(archive.conn)
        posts = [row[0] for row in archive.conn.execute("SELECT DISTINCT post_key FROM captures_to_conclude")]
        random.Random(seed).shuffle(posts)
        for post_key in posts:
            archive.conclude(post_key)
        archive.conclude_all()
        assert tell_derived(archive.conn) == kept


def test_every_post_that_was_seen_alive_is_due_for_an_observation(archive: Archive) -> None:
    play_stories(archive)
    once_alive = {row[0] for row in archive.conn.execute("SELECT key FROM posts_to_check")}
    assert {row[0] for row in archive.conn.execute("SELECT key FROM posts_to_observe")} == once_alive
    why = dict(archive.conn.execute("SELECT post_key, observe_why FROM schedule").fetchall())
    at = {story.name: why.get(story.post.key) for story in STORIES}
    assert at["live"] == "often embedded"
    assert at["a wall"] == "age", "it is due later than an hour after the wall"
    assert at["an intermediary"] == at["withheld"] == at["gone once by a guess"] == "confirm"
    assert at["gone twice by a guess"] == "gone"
    assert at["gone before anybody came"] is None


def test_the_losses_are_intervals_with_what_is_known_of_them(archive: Archive) -> None:
    play_stories(archive)
    keys = {story.post.key: story.name for story in STORIES}
    rows = archive.conn.execute("SELECT * FROM losses ORDER BY missing_at").fetchall()
    told = [(keys[r["post_key"]], r["alive_at"][8:10], r["missing_at"][8:10], r["confirmed"], (r["back_at"] or "")[8:10])
            for r in rows]  # fmt: skip
    assert sorted(told) == [
        ("back", "03", "09", 0, "12"), ("back twice", "03", "05", 0, "07"), ("back twice", "11", "13", 0, "15"),
        ("gone twice by a guess", "03", "09", 1, ""),
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------------------- account, budget


def play_flock(archive: Archive, count: int) -> list[Post]:
    """Posts of one account, all seen alive, and then the first of them gone."""
    crawl = start(archive)
    posts = [make_post(BY_NAME["bluesky"], f"did:plc:mpfh56k2i5zl7h45afuj7ane/3m3ria7ydw{n:03}") for n in range(count)]
    for post in posts:
        keep_look(archive, crawl, post, Look(10))
    archive.conclude_all()
    keep_look(archive, crawl, posts[0], Look(12, "gone", "deleted"))
    archive.conclude_all()
    return posts


def test_the_first_loss_of_an_account_brings_its_others_forward(archive: Archive) -> None:
    posts = play_flock(archive, 8)
    rows = {r["post_key"]: r for r in archive.conn.execute("SELECT * FROM schedule").fetchall()}
    assert rows[posts[0].key]["observe_why"] == "confirm"
    for post in posts[1:]:
        row = rows[post.key]
        assert row["observe_why"] == "account"
        assert Look(12).at <= row["observe_after"] <= later(Look(12).at, DAY_S)
    crawl = start(archive)
    keep_look(archive, crawl, posts[1], Look(13))
    keep_look(archive, crawl, posts[2], Look(13, "gone", "deleted"))
    archive.conclude_all()
    rows = {r["post_key"]: r for r in archive.conn.execute("SELECT * FROM schedule").fetchall()}
    assert rows[posts[1].key]["observe_why"] == "age", "its turn is over"
    assert rows[posts[3].key]["observe_after"] <= later(Look(12).at, DAY_S), "by the first loss, not by the next"


def test_an_account_renamed_is_no_loss_and_no_edit(archive: Archive) -> None:
    crawl = start(archive)
    post = known("bluesky")
    keep_look(archive, crawl, post, Look(3))
    number = archive.conn.execute("SELECT max(id) FROM captures").fetchone()[0]
    said = archive.conn.execute("SELECT * FROM descriptions").fetchone()
    assert said["author_name"] == "Nina Example"
    keep_look(archive, crawl, post, Look(5))
    archive.conn.execute("UPDATE descriptions SET author_name = 'Nina Renamed' WHERE capture_id > ?", (number,))
    archive.conclude_all()
    assert archive.conn.execute("SELECT * FROM changes").fetchall() == []
    assert archive.conn.execute("SELECT account FROM schedule").fetchone()[0] == "bluesky:nina renamed"


def test_a_budget_is_counted_before_the_visit_and_never_exceeded(archive: Archive) -> None:
    posts = play_flock(archive, 3)
    day = "2026-03-13T00:00:00.000Z"
    assert [archive.spend(posts[0].key, day, 4) for _ in range(7)] == [True] * 4 + [False] * 3
    assert read_used(archive.conn, day[:10]) == {"bluesky": 4}
    assert archive.spend(posts[0].key, later(day, DAY_S), 4), "another day"
    assert archive.spend(posts[0].key, day, 5), "a budget that was raised"
    assert not archive.spend(posts[0].key, day, 1), "and one that was lowered"


def test_an_account_takes_no_more_than_its_share_of_a_day(archive: Archive) -> None:
    posts = play_flock(archive, 2)
    day = "2026-03-13T00:00:00.000Z"
    spent = [archive.spend(posts[1].key, day, 1000) for _ in range(FLOCK_A_DAY + 5)]
    assert spent == [True] * FLOCK_A_DAY + [False] * 5
    assert read_used(archive.conn, day[:10])["bluesky"] == FLOCK_A_DAY


def test_what_is_due_is_what_most_is_lost_by_and_no_more_than_may_be(archive: Archive) -> None:
    posts = play_flock(archive, 12)
    crawl = start(archive)
    embed_in(archive, crawl, "https://news.example/c", posts[7])
    embed_in(archive, crawl, "https://news.example/d", posts[7])
    archive.conclude_all()
    now = later(Look(12).at, 2 * DAY_S)
    crawl = start(archive)
    archive.keep_watch_targets(crawl, now, {"bluesky": 3})
    chosen = [row[0] for row in archive.conn.execute("SELECT post_key FROM targets ORDER BY rowid")]
    assert chosen[:2] == [posts[0].key, posts[7].key], "to confirm a loss comes first, then what most read"
    assert len(chosen) == 3
    crawl = start(archive)
    archive.keep_watch_targets(crawl, Look(10).at, {"bluesky": 3})
    assert archive.conn.execute("SELECT count(*) FROM targets").fetchone()[0] == 0, "nothing is due before its time"


def test_a_pace_is_solved_from_the_budget_and_moves_the_schedule(archive: Archive) -> None:
    play_flock(archive, 12)

    def due() -> list[str]:
        return [
            r[0]
            for r in archive.conn.execute("SELECT observe_after FROM schedule WHERE observe_why = 'age' ORDER BY 1")
        ]

    crawl = start(archive)
    others = [make_post(BY_NAME["vimeo"], str(76979871 + n)) for n in range(30)]
    for post in others:
        keep_look(archive, crawl, post, Look(10))
    archive.conclude_all()
    archive.settle_pacing("vimeo", 500, LONGEST_D, "2026-03-20")
    archive.conclude_all()
    often = due()
    archive.settle_pacing("vimeo", 2, LONGEST_D, "2026-03-20")
    archive.conclude_all()
    seldom = due()
    assert often[-1] < seldom[0]
    assert often[0] >= later(Look(10).at, DAY_S)
    assert seldom[-1] <= later(Look(10).at, LONGEST_D * DAY_S)


def test_an_archive_that_has_losses_enough_believes_its_own(archive: Archive) -> None:
    archive.conn.execute("BEGIN")
    for n in range(ENOUGH_LOSSES + 10):
        key = f"vimeo:{n}"
        post = {"key": key, "platform": "vimeo", "native_id": str(n), "url": "u", "first_seen_at": Look(1).at}
        insert(archive.conn, "posts", post)
        concluded = {"status": "gone", "last_available_at": Look(5).at, "kept": "none", "lacking": "[]", "joined": "{}"}
        counts = dict.fromkeys(("expected", "held", "passing", "visits"), 0)
        insert(archive.conn, "conclusions", {"post_key": key} | concluded | counts)
        placed = {"observe_after": NOW, "observe_why": "gone", "articles": 1, "chance": 0.003}
        insert(archive.conn, "schedule", {"post_key": key, "platform": "vimeo"} | placed)
        if n < ENOUGH_LOSSES:
            ends = {"after": Look(5).at, "by": Look(8).at, "capture_before": "a", "capture_by": "b", "articles": 1}
            insert(archive.conn, "changes", {"id": f"c{n}", "post_key": key, "change": "missing"} | ends)
    archive.conn.execute("COMMIT")
    archive.settle_pacing("vimeo", 100, LONGEST_D, "2026-03-20")
    assert archive.conn.execute("SELECT factor FROM pacing").fetchone()[0] == 10.0, (
        "all lost within a week, as far as is believed"
    )
    archive.conn.execute("DELETE FROM changes WHERE id = 'c0'")
    archive.settle_pacing("vimeo", 100, LONGEST_D, "2026-03-21")
    assert archive.conn.execute("SELECT factor FROM pacing").fetchone()[0] == 1.0, "too few"


def test_a_post_embedded_once_more_is_placed_anew(archive: Archive) -> None:
    crawl = start(archive)
    post = known("vimeo")
    keep_look(archive, crawl, post, Look(3))
    archive.conclude_all()
    for name in "abc":
        embed_in(archive, crawl, f"https://news.example/{name}", post)
    archive.conclude_all()
    assert tuple(archive.conn.execute("SELECT articles, observe_why FROM schedule").fetchone()) == (3, "often embedded")


# -------------------------------------------------------------------------------------------------------------- telling


def test_what_changed_is_noted_once_and_told_to_each_channel(archive: Archive) -> None:
    play_stories(archive)
    assert archive.announce("2026-03-18T00:00:00.000Z", ("hook",), since_ever=True) == []
    crawl = start(archive)
    keep_look(archive, crawl, STORIES[0].post, Look(19, "gone", "not_found"))
    archive.conclude_all()
    told = archive.announce(NOW, ("hook", "other"))
    assert len(told) == 1
    assert archive.announce(NOW, ("hook", "other")) == []
    due = [tuple(row) for row in archive.conn.execute("SELECT channel, id FROM changes_to_tell ORDER BY 1").fetchall()]
    assert due == [("hook", told[0]), ("other", told[0])]
    archive.keep_delivery("hook", told[0], NOW, "ok", None)
    archive.keep_delivery("other", told[0], NOW, "http_503", later(NOW, 60))
    due = [tuple(row) for row in archive.conn.execute("SELECT channel, due_at, tried FROM changes_to_tell").fetchall()]
    assert due == [("other", later(NOW, 60), 1)]


def test_a_loss_that_is_withheld_before_it_is_told_is_told_to_nobody(archive: Archive) -> None:
    crawl = start(archive)
    keep_look(archive, crawl, STORIES[0].post, Look(9))
    keep_look(archive, crawl, STORIES[0].post, Look(15, "gone", "not_found"))
    archive.conclude_all()
    archive.keep_hold(PostScope("instagram"), Look(14).at, MANY_AT_ONCE, crawl)
    archive.conclude_all()
    assert archive.announce(NOW, ("hook",)) == []
    archive.release_holds("instagram", "person", NOW)
    archive.conclude_all()
    assert len(archive.announce(NOW, ("hook",))) == 1, "and when a person has looked, it is"


def test_of_a_deleted_article_nothing_is_told_and_its_posts_are_observed_all_the_same(archive: Archive) -> None:
    crawl = start(archive)
    post = STORIES[0].post
    keep_look(archive, crawl, post, Look(9))
    article = embed_in(archive, crawl, "https://news.example/a", post)
    gone = Fetch("https://news.example/a", "https://news.example/a", Look(14).at, "failed", 410, reason="http_410")
    archive.keep_fetch(article, crawl, gone)
    keep_look(archive, crawl, post, Look(15, "gone", "not_found"))
    archive.conclude_all()
    assert archive.announce(NOW, ("hook",)) == []
    assert archive.conn.execute("SELECT count(*) FROM posts_to_observe").fetchone()[0] == 1
    embed_in(archive, crawl, "https://news.example/b", post)
    keep_look(archive, crawl, post, Look(18))
    archive.conclude_all()
    assert len(archive.announce(NOW, ("hook",))) == 1, "another article shows it"


def test_a_post_in_two_hundred_articles_is_one_alert(archive: Archive) -> None:
    crawl = start(archive)
    keep_look(archive, crawl, STORIES[0].post, Look(9))
    for n in range(200):
        embed_in(archive, crawl, f"https://news.example/{n}", STORIES[0].post)
    keep_look(archive, crawl, STORIES[0].post, Look(15, "gone", "not_found"))
    archive.conclude_all()
    assert len(archive.announce(NOW, ("hook",))) == 1
    assert archive.conn.execute("SELECT articles FROM changes").fetchone()[0] == 200


def test_a_watched_archive_reads_its_articles_and_feeds_again(archive: Archive) -> None:
    crawl = start(archive)
    embed_in(archive, crawl, "https://news.example/a", STORIES[0].post, at=Look(9).at)
    archive.keep_listing("https://news.example/feed", "feed", 3, None, Look(9).at)
    archive.keep_listing("https://news.example/sitemap.xml", "sitemap_index", 2, None, Look(9).at)
    archive.keep_listing(
        "https://news.example/2026.xml", "sitemap", 9, None, Look(9).at, "https://news.example/sitemap.xml"
    )
    crawl = start(archive)
    assert archive.keep_reading(crawl, later(Look(9).at, 60), 100) == 0
    crawl = start(archive)
    assert archive.keep_reading(crawl, Look(11).at, 100) == 3, "the article, the feed, the sitemap that no other names"
    due = [row[0] for row in archive.conn.execute(
        "SELECT a.url FROM seeds s JOIN articles a ON a.id = s.article_id "
        "WHERE s.crawl_id = ? AND s.fetch_after <= ? ORDER BY 1",
        (crawl, Look(11).at))]  # fmt: skip
    assert due == ["https://news.example/a", "https://news.example/feed", "https://news.example/sitemap.xml"]
    asked = dict(archive.conn.execute("SELECT kind, read_at FROM listings").fetchall())
    assert asked["feed"] == asked["sitemap_index"] == Look(11).at, "whether they can be had or not"


@pytest.mark.parametrize(
    ("kind", "new"),
    [("sitemap", {"today", "yesterday"}), ("sitemap_index", {"today", "yesterday", "undated"}),
     ("feed", {"today", "yesterday", "old", "undated"})],
)  # fmt: skip
def test_of_a_sitemap_that_is_read_again_only_what_is_new_is_taken(kind: Kind, new: set[str]) -> None:
    """Of what a site wrote before somebody chose some of it nothing is fetched unasked."""
    dates = {"today": "2026-03-20", "yesterday": "2026-03-19T08:00:00Z", "old": "2019-01-01", "undated": None}
    listing = Listing(kind, tuple(Entry(name, date) for name, date in dates.items()))
    assert {each.url for each in listing.find_new("2026-03-12T08:00:00.000Z")} == new


def test_asking_what_is_due_is_answered_by_an_index(archive: Archive) -> None:
    path = archive.path
    with closing(open_reader(path)) as conn:
        plan = conn.execute("EXPLAIN QUERY PLAN SELECT key FROM posts_to_observe WHERE platform = 'x' AND observe_after <= ? "
                            "ORDER BY observe_after LIMIT 10", (NOW,)).fetchall()  # fmt: skip
    said = " ".join(row[3] for row in plan)
    assert "schedule_due" in said
    assert "TEMP B-TREE" not in said
    assert "SCAN" not in said


# ------------------------------------------------------------------------------------------- service, timer, cron, container


def find_lines() -> dict[str, str]:
    """What each way to run a watch in the documentation calls, by its kind."""
    page = (ROOT / "docs" / "archivists.md").read_text("utf-8")
    service, once = re.findall(r"^ExecStart=(.*)$", page, re.M)
    cron = re.search(r"```crontab\n(?:\S+ ){5}(.*)\n", page)
    container = re.search(r"^podman run .* (embedarchive watch .*)$", page, re.M)
    assert cron is not None
    assert container is not None
    return {"service": service, "timer": once, "cron": cron[1], "container": container[1]}


LEFT = """
SELECT 'crawl', command, ended FROM crawls WHERE command = 'watch' AND finished_at IS NOT NULL UNION ALL
SELECT 'fetch', url, outcome FROM fetches UNION ALL
SELECT 'article', url, reread_after IS NOT NULL FROM articles UNION ALL
SELECT 'told', channel, change_id FROM deliveries ORDER BY 1, 2, 3"""


def test_service_timer_cron_and_container_leave_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the very commands that the documentation has, with another path; nothing of it needs a browser."""
    left = {}
    with Replica() as replica:
        url = "https://www.thelanternpost.example/"
        first = tmp_path / "first" / "embeds.db"
        with Archive(first, platforms=PLATFORMS) as archive:
            crawl = archive.start_crawl("crawl", Look(9).at, "test", {})
            article = archive.keep_seed(crawl, url, url, Look(9).at)
            fetched = Fetch(url, url, Look(9).at, "ok", 200, content_type="text/html", body=b"<p>As it was.")
            archive.keep_found(archive.keep_fetch(article, crawl, fetched) or 0, Found(), 1, Look(9).at, crawl)
            archive.finish_crawl(crawl, Look(9).at, "done", {})
        world = through(replica)
        for name, line in find_lines().items():
            folder = tmp_path / name
            shutil.copytree(first.parent, folder)
            program, *words = [str(folder) if word == "/srv/newsroom" else word for word in shlex.split(line)]
            assert Path(program).name == "embedarchive"
            if "--once" in words:
                run(*words, *world)
            else:
                stay_for_a_round([*words, *world], folder / "embeds.db")
            with closing(open_reader(folder / "embeds.db")) as conn:
                left[name] = [tuple(row) for row in conn.execute(LEFT)]
    assert [row[1:] for row in left["cron"] if row[0] == "fetch"] == [(url, "ok"), (url, "ok")], "it was read again"
    assert left["service"] == left["timer"] == left["cron"] == left["container"]


def stay_for_a_round(words: list[str], path: Path) -> None:
    """Run a watch that stays until it has done one round, and end it as systemd does."""
    process = subprocess.Popen(command(*words), stderr=subprocess.PIPE, text=True)
    ended = "SELECT count(*) FROM crawls WHERE command = 'watch' AND finished_at IS NOT NULL"

    def has_ended() -> bool:
        with closing(open_reader(path)) as conn:
            return bool(conn.execute(ended).fetchone()[0])

    wait_until(has_ended, "no round came to its end")
    process.terminate()
    _, errors = process.communicate(timeout=BOUND_S)
    assert process.returncode == ExitCode.ENDED, errors
    assert "Traceback" not in errors


def test_a_watch_of_a_collection_is_about_its_posts_its_articles_and_its_feeds(archive: Archive) -> None:
    """What is of no collection stays due, and untold, for whoever watches it."""
    crawl = start(archive)
    mine, other = (story.post for story in STORIES[:2])
    for post, url in ((mine, "https://news.example/mine"), (other, "https://news.example/other")):
        keep_look(archive, crawl, post, Look(9))
        embed_in(archive, crawl, url, post, at=Look(9).at)
    for name in ("mine", "other"):
        archive.keep_listing(f"https://news.example/{name}.xml", "feed", 3, None, Look(9).at)
    with archive.transaction() as conn:
        members = [("article", "https://news.example/mine"), ("seed", "https://news.example/mine.xml")]
        keep_members(conn, "elections", members, "test", NOW)
    archive.conclude_all()
    conn, long_after = archive.conn, later(Look(9).at, 60 * DAY_S)
    assert has_due(conn, mine.platform, long_after, "elections")
    assert has_other_work(conn, long_after, "elections")
    assert not has_due(conn, mine.platform, long_after, "sports")
    assert not has_other_work(conn, long_after, "sports")
    assert [each.posts for each in plan_watch(conn, Watch(collection="elections"), long_after)] == [1]

    crawl = start(archive)
    archive.keep_watch_targets(crawl, long_after, {mine.platform: 9, other.platform: 9}, "elections")
    assert [row[0] for row in conn.execute("SELECT post_key FROM targets WHERE crawl_id = ?", (crawl,))] == [mine.key]
    assert archive.keep_reading(crawl, long_after, 100, "elections") == 2
    read = conn.execute(
        "SELECT a.url FROM seeds s JOIN articles a ON a.id = s.article_id WHERE s.crawl_id = ? ORDER BY 1", (crawl,)
    ).fetchall()
    assert [row[0] for row in read] == ["https://news.example/mine", "https://news.example/mine.xml"]

    for post in (mine, other):
        keep_look(archive, crawl, post, Look(15, "gone", "not_found"))
    archive.conclude_all()
    told = archive.announce(NOW, ("hook",), "elections")
    assert [row[0] for row in conn.execute("SELECT post_key FROM changes_to_tell c JOIN changes USING (id)")] == [
        mine.key
    ]
    assert len(told) == 1
    assert len(archive.announce(NOW, ("hook",))) == 1, "the other is told by a watch of everything"
