"""Crawl by the real command from slow servers, from servers that stall, and on a machine busy with other things.

usage: python bench/slow.py [--only slow|stalls|load] [--articles 20]      (Linux; half an hour for all three)

The bundled newsroom is crawled once in fair weather. Then once from hosts that send 20 KB/s each, once while every third
answer halts for 30 s in its middle, and once beside 20 processes that never rest. Each post must end as it did in fair
weather, with every file (`whole`), or still be due for a visit (`partial_still_due`). One that is neither is settled
without something it has (`partial_settled`); one is `wrong` that is said to be what it is not, or whole without being it.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from embedarchive.detect import identify_post
from embedarchive.replica import PostFact, Replica, Weather
from embedarchive.store import open_reader

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).with_name("embedarchive")
BUSY = 20
BUSY_S = 3600
LONGEST_S = 3600
SCENARIOS = {
    "slow": Weather(bytes_per_s=20_000),
    "stalls": Weather(stall_every=3, stall_s=30.0),
    "load": Weather(),
}
SAID = {
    "slow": "every host sends 20 KB/s",
    "stalls": "every third answer halts for 30 s",
    "load": f"{BUSY} busy processes beside it",
}
ANSWERS = ("available", "gone", "unavailable")
"""What says something of the post; the rest leaves it due."""


@dataclass(frozen=True)
class Held:
    """What an archive says and has of a post: how it stands, its words, its files, what is lacking, whether it is due."""

    status: str
    kept: str
    text: str | None
    files: frozenset[tuple[int, str]]
    lacking: str
    due: bool


@dataclass
class Result:
    """One crawl, judged post by post."""

    count: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    code: int = 0


# ---------------------------------------------------------------------------------------------- the archive, and a crawl


POSTS = """SELECT p.key, p.capture_after IS NOT NULL AS due, c.status, c.kept, c.lacking, c.best_capture_id
           FROM posts p LEFT JOIN conclusions c ON c.post_key = p.key WHERE p.resolved AND NOT p.is_control"""
FILES = "SELECT position, sha256 FROM artifacts WHERE capture_id = ? AND role = 'media' AND truncated IS NULL"
TEXT = "SELECT text FROM descriptions WHERE capture_id = ? ORDER BY rules DESC LIMIT 1"


NOTHING = Held("not visited", "none", None, frozenset(), "", due=True)


def read_held(path: Path, replica: Replica) -> dict[str, Held]:
    """What an archive has of every post it knows, by key; a post whose article is still due is due with it."""
    conn = open_reader(path)
    with contextlib.closing(conn):
        due_articles = {row[0] for row in conn.execute("SELECT url FROM articles WHERE fetch_after IS NOT NULL")}
        embedded = [post for article in replica.articles if article.url in due_articles for post in article.posts]
        held = {identify(post): NOTHING for post in embedded}
        for key, due, status, kept, lacking, best in conn.execute(POSTS).fetchall():
            if status is None:
                held[key] = replace(NOTHING, due=bool(due))
                continue
            files = frozenset((row[0], row[1]) for row in conn.execute(FILES, (best,)))
            text = conn.execute(TEXT, (best,)).fetchone()
            held[key] = Held(status, kept, text and text[0], files, lacking, bool(due))
        return held


def identify(fact: PostFact) -> str:
    """The key of a post of the newsroom."""
    post = identify_post(fact.url)
    assert post, fact.url
    return post.key


def crawl(replica: Replica, path: Path, articles: int) -> tuple[int, float, str]:
    """Run the command as users do; give its exit code, its seconds, and what it said."""
    options = [*(f"--resolve={rule}" for rule in replica.resolve), f"--ca-file={replica.ca_file}", "--delay=0"]
    urls = replica.article_urls[:articles]
    command = [str(COMMAND), "crawl", *urls, "-a", str(path), "--no-replay", *options]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    return done.returncode, time.monotonic() - began, done.stderr + done.stdout


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep so many processes busy meanwhile; each ends by itself after an hour, whatever becomes of this one."""
    spin = f"import time\nend = time.monotonic() + {BUSY_S}\nwhile time.monotonic() < end: pass"
    processes = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


# ------------------------------------------------------------------------------------------------------------- judgement


def judge(fair: Held, foul: Held | None) -> str:
    """How a post ended in foul weather, compared with what fair weather gave. Pure."""
    if foul is None:
        return "wrong"
    if foul.status in ANSWERS and (foul.status, foul.text) != (fair.status, fair.text):
        return "wrong"
    if (foul.status, foul.kept) == (fair.status, fair.kept):
        return "whole" if foul.files >= fair.files else "wrong"
    return "partial_still_due" if foul.due else "partial_settled"


def run(name: str, replica: Replica, fair: dict[str, Held], folder: Path, articles: int) -> Result:
    replica.weather = SCENARIOS[name]
    path, result = folder / name, Result()
    with busy(BUSY if name == "load" else 0):
        result.code, result.seconds, said = crawl(replica, path, articles)
    replica.weather = Weather()
    (folder / f"{name}.log").write_text(said, "utf-8")
    foul = read_held(path / "embeds.db", replica)
    for key, before in fair.items():
        how = judge(before, foul.get(key))
        result.count[how] += 1
        if how != "whole":
            after = foul.get(key)
            told = f"{after.status}, {after.kept}: {after.lacking}" if after else "not found"
            result.notes.append(f"{name}: {key} {how} ({told[:200]})")
    return result


# ---------------------------------------------------------------------------------------------------------------- telling


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SCENARIOS, action="append")
    parser.add_argument("--articles", type=int, default=20)
    args = parser.parse_args()
    names = args.only or list(SCENARIOS)
    with Replica() as replica, tempfile.TemporaryDirectory(prefix="embedarchive-slow-") as temporary:
        folder = Path(temporary)
        code, seconds, _ = crawl(replica, folder / "fair", args.articles)
        fair = read_held(folder / "fair" / "embeds.db", replica)
        unfair = [f"fair: {key} {held.status}, {held.kept}: {held.lacking}" for key, held in fair.items() if held.due]
        print(f"fair weather: {len(fair)} posts in {seconds:.0f} s, exit {code}", *unfair, sep="\n", flush=True)
        results = {}
        for name in names:
            results[name] = run(name, replica, fair, folder, args.articles)
            print(line(name, results[name]), *results[name].notes, sep="\n", flush=True)
    keys = ("whole", "partial_still_due", "partial_settled", "wrong")
    total = sum((each.count for each in results.values()), Counter[str]())
    figures = {key: total[key] for key in keys}
    if not args.only:
        write(len(fair), seconds, results, figures)
    print(json.dumps(figures))
    return 1 if total["partial_settled"] or total["wrong"] else 0


def line(name: str, result: Result) -> str:
    count = result.count
    numbers = (count["whole"], count["partial_still_due"], count["partial_settled"], count["wrong"])
    return f"| {SAID[name]} | {' | '.join(map(str, numbers))} | {result.seconds:.0f} | {result.code} |"


def write(posts: int, seconds: float, results: dict[str, Result], figures: dict[str, int]) -> None:
    lines = [
        "# Slow servers, stalls, a busy machine",
        "",
        f"{posts} posts of the bundled newsroom, on {os.cpu_count()} cores; in fair weather the crawl takes {seconds:.0f} s.",
        "",
        "| weather | whole | partial, still due | partial, settled | wrong | seconds | exit |",
        "|---|---|---|---|---|---|---|",
        *(line(name, result) for name, result in results.items()),
        "",
        *(f"- {note}" for result in results.values() for note in result.notes),
        "",
        json.dumps(figures),
        "",
    ]
    (ROOT / "bench" / "results" / "slow.md").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
