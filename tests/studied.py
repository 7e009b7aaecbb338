"""A small archive of many made-up posts whose lives and articles are known, for what is counted and estimated."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from embedarchive.core.dates import to_iso
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive

START = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """A post: when it was posted and looked at, in days since START, and what the last look found (others found it there)."""

    platform: str
    number: int
    posted: float
    looks: tuple[float, ...]
    last: str = "available"
    reason: str | None = None
    account: str = "ada"
    kind: str = "photo"
    lang: str | None = "en"
    articles: tuple[int, ...] = (1,)
    doubted: bool = False
    kept: str = "whole"

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.number}"


@dataclass(frozen=True)
class Page:
    """An article: its outlet, and when it was published, in days since START."""

    number: int
    outlet: str
    published: float


def at(day: float) -> str:
    return to_iso(START + timedelta(days=day))


def make_archive(path: Path, posts: list[Made], pages: list[Page]) -> Path:
    """Write the archive file and give its path: rows as the writer keeps them, without bytes."""
    with Archive(path, platforms=PLATFORMS):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("BEGIN")
        for page in pages:
            _keep_page(conn, page)
        for number, post in enumerate(posts, 1):
            _keep_post(conn, number, post)
        conn.execute("COMMIT")
    return path


def _keep_page(conn: sqlite3.Connection, page: Page) -> None:
    url, seen = f"https://{page.outlet}/{page.number}", at(page.published)
    conn.execute(
        "INSERT INTO articles (id, url, outlet, title, published_at, first_seen_at) VALUES (?, ?, ?, ?, ?, ?)",
        (page.number, url, page.outlet, f"Story {page.number}", seen, seen),
    )
    conn.execute(
        "INSERT INTO fetches (id, article_id, url, final_url, fetched_at, outcome, source, searched_rules) "
        "VALUES (?, ?, ?, ?, ?, 'ok', 'network', 1)",
        (page.number, page.number, url, url, seen),
    )


def _keep_post(conn: sqlite3.Connection, number: int, post: Made) -> None:
    url = f"https://{post.platform}.example/{post.number}"
    conn.execute(
        "INSERT INTO posts (key, platform, native_id, url, posted_at, first_seen_at) VALUES (?, ?, ?, ?, ?, ?)",
        (post.key, post.platform, str(post.number), url, at(post.posted), at(post.looks[0])),
    )
    for article in post.articles:
        conn.execute(
            "INSERT INTO embeds (fetch_id, article_id, position, kind, platform, post_key, url, form, layer, rule, snippet, "
            "seen_in, author_handle) VALUES (?, ?, ?, 'embed', ?, ?, ?, 'blockquote', 'mark', '1', '', 'html', ?)",
            (article, article, number, post.platform, post.key, url, post.account),
        )
    best = None
    for place, look in enumerate(post.looks):
        outcome = post.last if place == len(post.looks) - 1 else "available"
        reason = post.reason if outcome == post.last else None
        capture = conn.execute(
            "INSERT INTO captures (post_key, outcome, reason, evidence, visit_url, final_url, started_at, finished_at, uid, "
            "seen_at) VALUES (?, ?, ?, '[]', ?, ?, ?, ?, ?, ?)",
            (post.key, outcome, reason, url, url, at(look), at(look), f"{post.key} {place}", at(look)),
        ).lastrowid
        conn.execute(
            "INSERT INTO checks (post_key, capture_id, checked_at, outcome, reason) VALUES (?, ?, ?, ?, ?)",
            (post.key, capture, at(look), outcome, reason),
        )
        if outcome == "available":
            best = capture
            conn.execute(
                "INSERT INTO descriptions (capture_id, post_key, rules, described_at, kind, author_handle, author_name, text, "
                "lang, sources) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, '{}')",
                (
                    capture,
                    post.key,
                    at(look),
                    post.kind,
                    post.account,
                    post.account.title(),
                    f"Words {place}",
                    post.lang,
                ),
            )
    _conclude(conn, post, best)


def _conclude(conn: sqlite3.Connection, post: Made, best: int | None) -> None:
    seen = post.looks if post.last == "available" else post.looks[:-1]
    gone = post.last == "gone" and not post.doubted
    status, reason = ("unavailable", "unconfirmed") if post.doubted else (post.last, post.reason)
    lost = at(post.looks[-1]) if gone else None
    conn.execute(
        "INSERT INTO conclusions (post_key, status, reason, last_checked_at, last_available_at, first_gone_at, confirmed_at, "
        "kept, expected, held, lacking, joined, passing, best_capture_id, visits) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '[]', '{}', 0, ?, ?)",
        (
            post.key, status, reason, at(post.looks[-1]), at(seen[-1]) if seen else None, lost, lost,
            post.kept if best else "none", best, len(post.looks),
        ),
    )  # fmt: skip


def watch(platform: str, number: int, posted: float, died: float, draw: random.Random, **known: object) -> Made:
    """A post that dies at that age in days, looked at about every two weeks until the end of two years."""
    looks, age = [posted + draw.uniform(0, 1)], 0.0
    while looks[-1] < 730 and looks[-1] - posted < died:
        age += draw.uniform(10, 18)
        looks.append(posted + age)
    gone = looks[-1] - posted >= died
    last, reason = ("gone", "not_found") if gone else ("available", None)
    return Made(platform, number, posted, tuple(looks), last, reason, **known)  # type: ignore[arg-type]


def make_example(path: Path) -> Path:
    """The archive whose figure stands in docs/researchers.md: `python tests/studied.py` draws it anew."""
    draw, posts = random.Random(4), []
    for platform, shape, mean, number in (
        ("instagram", 0.8, 900, 700),
        ("x", 0.7, 500, 500),
        ("tiktok", 1.0, 420, 180),
    ):
        for n in range(number):
            died = draw.weibullvariate(mean, shape)
            came = draw.expovariate(1) if draw.random() < 0.7 else draw.uniform(0, 300)
            if died > came:
                post = watch(platform, n, draw.uniform(0, 500), died, draw, account=f"{platform}{n // 3}")
                looks = tuple(look for look in post.looks if look - post.posted >= came)
                if looks:
                    posts.append(replace(post, looks=looks))
    return make_archive(path, posts, [Page(1, "the-meridian.example", 0)])


if __name__ == "__main__":
    import tempfile

    from embedarchive.library.lifetimes import read_survival
    from embedarchive.show.plots import render_survival
    from embedarchive.store import open_reader

    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_reader(make_example(Path(folder) / "embeds.db"))) as reader,
    ):
        figure = render_survival(read_survival(reader))
    (Path(__file__).resolve().parents[1] / "docs" / "survival.svg").write_text(figure, "utf-8")
