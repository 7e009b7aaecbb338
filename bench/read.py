"""Time what readers ask of a large archive: pages of the reading room as served, commands, and the questions beneath.

usage: python bench/read.py [--quick | --posts 40000 1000000] [--keep FOLDER]

(a million posts: a quarter of an hour and 6 GB of disk; `--quick`, 10,000 and 40,000: two minutes; the archives go with the
command unless they are to be kept)

Each archive is synthetic and the same on every machine: per post two captures, a description, three embeds and a fifth
of an article, in invented words (see `invent.py`); an embed says what its post says; one outlet of 300 has a third of all.
Pages are asked of a real server, `embedarchive serve`, over one kept connection, as a browser would after the first page.

Of several sizes each question's growth is fitted: time = c * posts^growth, by least squares of the logarithms, and what ten
million would take is extrapolated by it and called so. On a machine that others use the processor's time is what an answer
costs. All figures go to standard error; the last line, on standard output,
is one JSON object of milliseconds, of the largest archive.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from embedarchive.core.periods import Period, month_of
from embedarchive.library import (
    article_record,
    count,
    front,
    lookup,
    outlet_record,
    post_record,
    search,
)  # fmt: skip
from embedarchive.library.browse import Filters, count_facets, list_posts
from embedarchive.library.candidates import MOST_COMPARED, find_candidates
from embedarchive.library.subject_access import find_traces, identify_person
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.instagram import shortcode_of
from embedarchive.store import Archive, open_reader
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.rows import FULL_TEXT, index_grams
from in_process import run
from invent import make_tongues, write_post
from reading_room import serving

NO_BODY = hash_bytes(b"x")
NOW = "2026-03-20T08:00:00.000Z"
FIRST_ID = 3_000_000_000_000_000_000
BETWEEN_IDS = 839_000_000_000
VOCABULARY = 90_000
ROUNDS = 60
COMMAND_ROUNDS = 12
LONGEST_MS = 15_000
"""For all rounds of one question, beyond the FEWEST."""
FEWEST = 10

FAR = (1_000_000, 10_000_000)


def code(n: int) -> str:
    return shortcode_of(FIRST_ID + n * BETWEEN_IDS)


KINDS = ("photo", "video", "carousel", "text")
LANGUAGES = ("en", "en", "en", "de", "ar", "ja", "es")


def posted_at(n: int) -> str:
    """Spread over twelve years."""
    return f"{2014 + n % 12}-{n // 12 % 12 + 1:02}-{n // 144 % 28 + 1:02}T{n % 24:02}:00:00.000Z"


class Invented:
    """Everything invented, from one seed."""

    def __init__(self, posts: int) -> None:
        self.rng = random.Random(20260320)
        self.posts, self.articles = posts, max(1, posts // 5)
        self.tongues = make_tongues(self.rng, VOCABULARY)
        self.words = self.tongues[0].words
        self.outlets = [f"paper-{n}.example" for n in range(300)]
        self.said: dict[int, str] = {}

    def sentences(self, n: int) -> list[str]:
        """What a post says, always the same."""
        return write_post(random.Random(n), self.tongues)

    def text(self, n: int) -> str:
        if n not in self.said:  # embeds say what their posts say
            self.said[n] = ". ".join(self.sentences(n))
        return self.said[n]

    def handle(self, n: int) -> str:
        return f"account.{n % (self.posts // 8 + 1)}"

    def dhash(self, n: int) -> int:
        """A picture's hash; real ones crowd together, and so a third of them differ little from some other's."""
        crowd = random.Random(n % 5_000 if n % 3 == 0 else -n)
        turned = sum(1 << bit for bit in random.Random(n).sample(range(62), n % 5))
        return (crowd.getrandbits(64) - (1 << 63)) ^ turned

    def outlet(self, n: int) -> str:
        """Who published an article: one outlet has a third of all, as the largest of an archive has."""
        if n % 3 == 0:
            return self.outlets[0]
        return self.outlets[n % len(self.outlets)]

    def any_outlet(self, rng: random.Random) -> str:
        """One of the two hundred others."""
        return self.outlets[rng.randrange(100) * 3 + rng.randrange(1, 3)]

    def article_url(self, n: int) -> str:
        return f"https://{self.outlet(n)}/2026/story-{n}"


# -------------------------------------------------------------------------------------------------------------- making


def make(path: Path, invented: Invented) -> None:
    """Fill an archive of today's schema row by row, then its full-text indexes at once."""
    with Archive(path, platforms=PLATFORMS) as archive:
        conn = archive.conn
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -400000")
        conn.execute("BEGIN")
        for table, rows in tables(invented):
            insert(conn, table, rows)
            print(f"{table} made", file=sys.stderr)
        for table in FULL_TEXT:
            conn.execute(f"INSERT INTO {table}_fts({table}_fts) VALUES ('rebuild')")
            index_grams(conn, table)
            print(f"words of {table} indexed", file=sys.stderr)
        conn.execute("COMMIT")
        conn.execute("ANALYZE")


def insert(conn: sqlite3.Connection, table: str, rows: Iterator[dict[str, object]]) -> None:
    first = next(rows)
    placeholders = ", ".join(f":{name}" for name in first)
    sql = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({placeholders})"
    conn.execute(sql, first)
    conn.executemany(sql, rows)


def tables(invented: Invented) -> Iterator[tuple[str, Iterator[dict[str, object]]]]:
    posts, articles, rng = range(invented.posts), range(invented.articles), invented.rng
    yield "crawls", iter([{"command": "crawl", "started_at": NOW, "version": "bench"}])
    yield "articles", (
        {"id": n + 1, "url": invented.article_url(n), "outlet": invented.outlet(n), "title": invented.sentences(-n)[0],
         "published_at": f"2026-{n % 12 + 1:02}-11", "first_seen_at": NOW} for n in articles
    )  # fmt: skip
    yield "fetches", (
        {"id": n + 1, "article_id": n + 1, "url": invented.article_url(n), "final_url": invented.article_url(n),
         "fetched_at": NOW, "outcome": "ok", "source": "network", "searched_rules": 1} for n in articles
    )  # fmt: skip
    yield "posts", (
        {"key": f"instagram:{code(n)}", "platform": "instagram", "native_id": code(n), "first_seen_at": NOW,
         "url": f"https://www.instagram.com/p/{code(n)}/", "posted_at": posted_at(n)} for n in posts
    )  # fmt: skip
    embedded = ((a, p, rng.randrange(invented.posts)) for a in articles for p in range(15))
    yield "embeds", (
        {"fetch_id": a + 1, "article_id": a + 1, "position": p + 1, "kind": "embed", "platform": "instagram",
         "post_key": f"instagram:{code(n)}", "form": "blockquote", "layer": "mark", "rule": "1", "snippet": "",
         "seen_in": "html", "author_handle": invented.handle(n), "text": invented.text(n)} for a, p, n in embedded
    )  # fmt: skip
    yield "captures", (
        {"id": n * 2 + late + 1, "post_key": f"instagram:{code(n)}", "crawl_id": 1, "evidence": "[]", "visit_url": "",
         "final_url": "", "outcome": "gone" if late and n % 10 == 0 else "available", "finished_at": NOW,
         "started_at": f"2026-03-{5 + 10 * late:02}T{n % 24:02}:{n % 60:02}:00.000Z"} for n in posts for late in (0, 1)
    )  # fmt: skip
    yield "checks", (
        {"capture_id": n * 2 + late + 1, "post_key": f"instagram:{code(n)}",
         "outcome": "gone" if late and n % 10 == 0 else "available",
         "checked_at": f"2026-03-{5 + 10 * late:02}T{n % 24:02}:{n % 60:02}:00.000Z"} for n in posts for late in (0, 1)
    )  # fmt: skip
    yield "descriptions", (
        {"capture_id": n * 2 + 1, "post_key": f"instagram:{code(n)}", "rules": 1, "described_at": NOW,
         "kind": KINDS[n % 4], "lang": LANGUAGES[n % 7],
         "author_name": invented.handle(n).title(), "author_handle": invented.handle(n), "text": invented.text(n)}
        for n in posts
    )  # fmt: skip
    yield "conclusions", (
        {"post_key": f"instagram:{code(n)}", "status": "available" if n % 10 else "gone", "kept": "whole", "expected": 1,
         "first_gone_at": None if n % 10 else f"2026-03-15T{n % 24:02}:{n % 60:02}:00.000Z", "held": 1, "lacking": "[]",
         "joined": "{}", "passing": 0, "best_capture_id": n * 2 + 1, "visits": 2} for n in posts
    )  # fmt: skip
    yield "blobs", iter([{"sha256": NO_BODY, "size": 1, "encoding": "identity", "body": b"x"}])
    yield "artifacts", (
        {"capture_id": n * 2 + 1, "role": "media", "position": 1, "sha256": NO_BODY, "content_type": "image/jpeg",
         "size": 1, "dhash": invented.dhash(n)} for n in posts
    )  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- asking


def questions(conn: sqlite3.Connection, invented: Invented) -> dict[str, Callable[[], object]]:
    """What is asked, another each time."""
    rng = random.Random(7)

    def any_code() -> str:
        return code(rng.randrange(invented.posts))

    def any_sentence() -> str:
        return invented.sentences(rng.randrange(invented.posts))[0]

    def any_words(count: int, first: int, last: int) -> str:
        return " ".join(invented.words[rng.randrange(first, last)] for _ in range(count))

    return {
        "bare": lambda: conn.execute("SELECT * FROM posts WHERE key = ?", (f"instagram:{any_code()}",)).fetchone(),
        "url": lambda: lookup(conn, f"https://m.instagram.com/reel/{any_code()}/?igsh=x"),
        "id": lambda: lookup(conn, any_code()),
        "handle": lambda: lookup(conn, "@" + invented.handle(rng.randrange(invented.posts))),
        "article": lambda: lookup(conn, invented.article_url(rng.randrange(invented.articles)) + "?utm_source=x"),
        "fts": lambda: search(conn, any_sentence()),
        "fts_common": lambda: search(conn, any_words(1, 0, 30)),
        "fts_two": lambda: search(conn, any_words(2, 0, 3_000)),
        "fts_four": lambda: search(conn, any_words(4, 0, 300)),
        "fts_rare": lambda: search(conn, any_words(1, 20_000, len(invented.words))),
        "fts_nothing": lambda: search(conn, f"{any_sentence()} xyzzy{rng.random()}"),
        "fragment": lambda: search(conn, cut_fragment(rng, any_sentence())),
        "misspelt": lambda: search(conn, misspell(rng, invented)),
        "image": lambda: find_candidates(
            conn, invented.dhash(rng.randrange(invented.posts)) ^ 1 << rng.randrange(62), MOST_COMPARED
        ),
        "post_page": lambda: post_record(conn, f"instagram:{any_code()}"),
        "article_page": lambda: article_record(conn, rng.randrange(invented.articles) + 1),
        "outlet_page": lambda: outlet_record(conn, invented.any_outlet(rng)),
        "person": lambda: find_traces(
            conn,
            identify_person(conn, ["@" + invented.handle(rng.randrange(invented.posts)), any_words(2, 9_000, 20_000)]),
        ),
        "front_page": lambda: front(conn),
        "browse_all": lambda: browse(conn, Filters()),
        "browse_state": lambda: browse(conn, Filters(state="gone-kept", kind="video")),
        "browse_outlet": lambda: browse(conn, Filters(outlet=invented.any_outlet(rng), state="online")),
        "browse_author": lambda: browse(conn, Filters(author=invented.handle(rng.randrange(invented.posts)))),
        "browse_month": lambda: browse(conn, Filters(period=month_of(2021, rng.randrange(1, 13)), lang="en")),
        "browse_days": lambda: browse(conn, Filters(period=Period(date(2020, 3, 5), date(2021, 2, 11)))),
        "day": lambda: lookup(conn, f"2021-{rng.randrange(1, 13):02}-{rng.randrange(1, 28):02}"),
        "count_all": lambda: count(conn),
    }


def browse(conn: sqlite3.Connection, asked: Filters) -> object:
    """What a page of browsing reads: how many there are of each kind, and fifty of them."""
    return count_facets(conn, asked), list_posts(conn, asked)


def cut_fragment(rng: random.Random, sentence: str) -> str:
    """The middle of a sentence, begun and ended inside of words."""
    start = rng.randrange(1, max(2, len(sentence) - 14))
    return sentence[start : start + 12].strip()


def misspell(rng: random.Random, invented: Invented) -> str:
    """A word that is no word any more: two of its letters have changed places."""
    word = rng.choice([word for word in rng.sample(invented.words[:20_000], 20) if len(word) > 5])
    at = rng.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


# ------------------------------------------------------------------------------------------------ pages and commands


def list_pages(invented: Invented) -> dict[str, Callable[[], str]]:
    """What is asked of the reading room, another address each time."""
    rng = random.Random(11)

    def any_key() -> str:
        return f"instagram:{code(rng.randrange(invented.posts))}"

    def any_words(count: int, most: int) -> str:
        return quote(" ".join(invented.words[rng.randrange(most)] for _ in range(count)))

    return {
        "front": lambda: "archive",
        "lookup": lambda: f"post/{any_key()}",
        "lookup_pasted": lambda: (
            f"find?q={quote('https://m.instagram.com/reel/' + code(rng.randrange(invented.posts)) + '/')}"
        ),
        "lookup_handle": lambda: "find?q=%40" + invented.handle(rng.randrange(invented.posts)),
        "search": lambda: f"find?q={quote(invented.sentences(rng.randrange(invented.posts))[0])}",
        "search_word": lambda: f"find?q={any_words(1, 20_000)}",
        "outlet_largest": lambda: f"outlet/{invented.outlets[0]}",
        "outlet": lambda: f"outlet/{invented.any_outlet(rng)}",
        "outlets": lambda: "outlets",
        "article": lambda: f"article/{rng.randrange(invented.articles) + 1}",
        "lost": lambda: "lost",
        "desk": lambda: "desk",
        "browse": lambda: "browse",
        "browse_state": lambda: "browse?state=gone-kept&kind=video",
        "browse_outlet": lambda: f"browse?outlet={invented.any_outlet(rng)}&state=online",
        "browse_largest": lambda: f"browse?outlet={invented.outlets[0]}",
        "browse_author": lambda: f"browse?author={invented.handle(rng.randrange(invented.posts))}",
        "browse_month": lambda: f"browse?period=2021-{rng.randrange(1, 13):02}&lang=en",
        "browse_days": lambda: "browse?period=2020-03-05..2021-02-11",
    }


Spent = tuple[list[float], list[float]]
"""Milliseconds of each round, by the clock and of the processor alone, each sorted."""


def ask_pages(path: Path, invented: Invented) -> Iterator[tuple[str, Spent]]:
    """What each page took, of a server that was just started; the first answers are counted too."""
    with serving(path) as (origin, pid):
        client = http.client.HTTPConnection(origin.removeprefix("http://"))

        def load(address: str) -> None:
            client.request("GET", f"/{path.stem}/-/{address}")
            answer = client.getresponse()
            body = answer.read()
            assert answer.status in (200, 302), (address, answer.status, body[:300])

        for name, pick in list_pages(invented).items():
            yield name, measure(partial(asking, load, pick), ROUNDS, partial(read_processor, pid))


def read_processor(pid: int) -> float:
    """Seconds of the processor that all threads of a process have had (the first number of Linux's schedstat)."""
    spent = [path.read_text().split()[0] for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(map(int, spent)) / 1e9


def asking(ask: Callable[[Any], None], pick: Callable[[], Any]) -> None:
    """Ask for what is picked; to pick it takes no time to speak of."""
    ask(pick())


def list_commands(invented: Invented) -> dict[str, Callable[[], tuple[str, ...]]]:
    """What is asked on the command line; each is run in this process, so that no interpreter's start is in it."""
    rng = random.Random(13)
    return {
        "lookup": lambda: ("lookup", code(rng.randrange(invented.posts))),
        "search": lambda: ("search", invented.sentences(rng.randrange(invented.posts))[0]),
        "search_state": lambda: ("search", "--state", "gone-kept"),
        "show": lambda: ("show", f"instagram:{code(rng.randrange(invented.posts))}"),
        "stats": lambda: ("stats",),
        "subject": lambda: ("access", "subject", "@" + invented.handle(rng.randrange(invented.posts))),
    }


def ask_commands(path: Path, invented: Invented) -> Iterator[tuple[str, Spent]]:
    def ask(words: tuple[str, ...]) -> None:
        done = run(*words, "-a", path)
        assert done.code == 0, (words, done.code, done.err)

    for name, pick in list_commands(invented).items():
        yield name, measure(partial(asking, ask, pick), COMMAND_ROUNDS)


# ------------------------------------------------------------------------------------------------------------ measuring


def measure(ask: Callable[[], object], rounds: int, processor: Callable[[], float] = time.process_time) -> Spent:
    """What each round took; slow questions are asked less often."""
    spent: list[float] = []
    busy: list[float] = []
    while len(spent) < rounds and (sum(spent) < LONGEST_MS or len(spent) < FEWEST):
        began, worked = time.perf_counter(), processor()
        ask()
        busy.append((processor() - worked) * 1000)
        spent.append((time.perf_counter() - began) * 1000)
    return sorted(spent), sorted(busy)


def p95(values: list[float]) -> float:
    return round(values[math.ceil(0.95 * len(values)) - 1], 2)


def measure_size(path: Path, posts: int) -> dict[str, tuple[float, float]]:
    """Of each question (p50, p95) in milliseconds, by the clock, and of the processor that its process had."""
    invented = Invented(posts)
    if not path.exists():
        make(path, invented)
    with Archive(path, platforms=PLATFORMS):
        pass  # takes the steps of the schema that it lacks, and makes what those ask for
    found: dict[str, tuple[float, float]] = {}

    def note(name: str, spent: Spent) -> None:
        for what, times in zip((name, f"{name}, processor"), spent, strict=True):
            found[what] = (round(statistics.median(times), 2), p95(times))
            told = f"p50 {found[what][0]:9.2f} ms   p95 {found[what][1]:9.2f} ms"
            print(f"{posts:>9} {what:>32}  {told}", file=sys.stderr, flush=True)

    for name, spent in ask_pages(path, invented):
        note(f"page {name}", spent)
    with closing(open_reader(path)) as conn:
        for name, ask in questions(conn, invented).items():
            note(name, measure(ask, ROUNDS))
    for name, spent in ask_commands(path, invented):
        note(f"command {name}", spent)
    return found


def fit(sizes: list[int], times: list[float]) -> tuple[float, float]:
    """(growth, c) of milliseconds = c * posts^growth. Pure."""
    xs, ys = [math.log(n) for n in sizes], [math.log(max(t, 0.001)) for t in times]
    x, y = statistics.mean(xs), statistics.mean(ys)
    growth = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
    return growth, math.exp(y - growth * x)


def print_table(measured: Mapping[int, Mapping[str, tuple[float, float]]]) -> None:
    """A row for each question: p50 and p95 at each size, its growth, and what it would be FAR out."""
    sizes = sorted(measured)
    far = [size for size in FAR if size > sizes[-1]]
    heads = "".join(f" {size:,} p50 | p95 |" for size in sizes)
    heads += " growth |" + "".join(f" {size:,}, extrapolated |" for size in far)
    print(f"| asked |{heads}", file=sys.stderr)
    print("|---|" + "---|---|" * len(sizes) + "---|" * (1 + len(far)), file=sys.stderr)
    for name in measured[sizes[0]]:
        cells = "".join(f" {measured[size][name][0]:g} | {measured[size][name][1]:g} |" for size in sizes)
        told = " – |" * (1 + len(far))
        if len(sizes) > 1:
            growth, one = fit(sizes, [measured[size][name][0] for size in sizes])
            told = f" {growth:.2f} |" + "".join(f" {one * size**growth:.1f} |" for size in far)
        print(f"| {name} |{cells}{told}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, nargs="+", default=[40_000, 1_000_000], help="one archive of each size")
    parser.add_argument("--quick", action="store_const", dest="posts", const=[10_000, 40_000])
    parser.add_argument(
        "--keep", type=Path, help="make the archives in this folder, and use them again when they are there"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        room = options.keep or Path(folder)
        measured = {posts: measure_size(room / f"read-{posts}.db", posts) for posts in options.posts}
    print_table(measured)
    largest = max(measured)
    pages = {"lookup": "page lookup", "front": "page front", "outlet": "page outlet_largest", "browse": "page browse"}
    figures: dict[str, float] = {f"{name}_p95_ms": measured[largest][page][1] for name, page in pages.items()}
    figures |= {f"{name}_p95_cpu_ms": measured[largest][f"{page}, processor"][1] for name, page in pages.items()}
    print(json.dumps({**figures, "posts": largest}))


if __name__ == "__main__":
    main()
