"""A labelled set of mementos -> how many of the lost posts come back, and whether anything else is ever taken for one.

usage: python bench/recover.py [--each N] [--media] [--commoncrawl] [--only NAME,…]    (sends nothing but to the replica)

Every platform's posts of the replica are lost, and archived in each of their states: whole, edited, without pictures, and as
walls, shells, logins, error pages, deleted posts, other posts. Which of these is the post is what the replica's sites declare,
and no rule of ours. Pages that others saved (../shared, where it is here) stand at the addresses of their own posts, as a
person read them, and at those of strangers, where nothing may come of them. Then mementos are cut, excluded, given another
digest or no day, or are missing. All is asked for as `recover --all` does, by its own passes, at the pace that the archives
allow, on a clock that only waiting moves; nothing else is simulated. With --media the files of what comes back are asked for
as well; with --commoncrawl every other state is held by Common Crawl, in the next crawl after the post, and both are asked.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import re
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import saved as saved_pages
from embedarchive.core import clock
from embedarchive.core.mementos import Source
from embedarchive.core.model import Fetch, Found, Post
from embedarchive.detect import identify_post
from embedarchive.detect.bounded import search_page
from embedarchive.detect.identity import make_post
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.fetch import Fetcher
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import fill_url
from embedarchive.politeness import PoliteClient
from embedarchive.politeness.gates import find_gate
from embedarchive.replica import PostFact, Replica, Saved
from embedarchive.replica.mementos import Holder
from embedarchive.replica.sites.commoncrawl import CRAWLS
from embedarchive.run import recovering
from embedarchive.run.engine import run_passes
from embedarchive.run.recovering import Recover, Recovery
from embedarchive.store import Archive
from embedarchive.store.posts import keep_post
from embedarchive.store.recovering import plan_searches

RESULTS = Path(__file__).parent / "results" / "recover.md"
FLAWS = {
    "": True,
    "day_00": True,
    "revisit": True,
    "truncated": False,
    "wrong_digest": False,
    "excluded": False,
    "missing": False,
}
"""What may be wrong with the memento of a living post -> whether it is the post all the same."""
NOT_ARCHIVED = ("hang", "reset", "slow", "silent", "late", "slow_css")
"""States that are about time, and leave no page of their own."""
AT = "20260301101500"
HELD = "SELECT count(*) FROM artifacts WHERE role IN ('media', 'poster')"
MISSING = "SELECT coalesce(sum(json_array_length(missing)), 0) FROM captures WHERE outcome = 'available'"


@dataclass(frozen=True)
class Case:
    """One post and what is archived of it; `is_post` is the label."""

    post: Post
    kind: str
    is_post: bool
    urls: tuple[str, ...] = ()
    name: str = ""
    state: str = ""
    flaw: str = ""
    body: bytes | None = None
    status: int = 200


def list_states(replica: Replica, each: int) -> Iterator[Case]:
    """The replica's posts, so many of each platform, in every state that leaves a page."""
    taken: Counter[str] = Counter()
    for fact in replica.posts:
        post = identify_post(fact.url)
        visit = BY_NAME[fact.platform].visit
        if visit is None or post is None or fact.state != "live" or taken[fact.platform] >= each:
            continue
        taken[fact.platform] += 1
        urls = (fill_url(visit.frame.url, post, visit), *(fill_url(probe.url, post, visit) for probe in visit.probes))
        for state, told in replica.states_of(fact.platform).items():
            if state.partition("_")[0] in NOT_ARCHIVED or state in NOT_ARCHIVED:
                continue
            is_post = fact.unlike.get(state, (told.outcome, None))[0] == "available" and is_told(
                replica, fact, state, urls
            )
            # Where the frame is a wall, an answer beside it may tell of the post all the same: it is not archived here.
            held = urls if is_post else urls[:1]
            yield Case(post, f"state {state}", is_post, tuple(filter(None, held)), fact.name, state)
        for flaw, is_post in FLAWS.items():
            if flaw:
                yield Case(post, f"flaw {flaw}", is_post, tuple(filter(None, urls)), fact.name, "live", flaw)


def is_told(replica: Replica, fact: PostFact, state: str, urls: tuple[str, ...]) -> bool:
    """Whether anything that is archived tells the post's own words: what only a script fetched, by a POST, nobody archives."""
    words = max(re.findall(r"[\w.,'’-]+", fact.edited or fact.caption), key=len, default="")
    held = [replica.archive(url, AT, state=state) for url in urls if url]
    told = any(words in text for each in held for text in read_texts(each.body))
    replica.archives.held.clear()
    return told


def read_texts(body: bytes) -> tuple[str, str]:
    """A body as it is, and with the escapes of JSON undone."""
    text = html.unescape(body.decode("utf-8", "replace"))
    return text, re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


def list_saved() -> Iterator[Case]:
    """Pages and answers that others saved: of their own posts, and in the place of a stranger's."""
    if not saved_pages.SHARED.is_dir():
        return
    kept = [each for each in saved_pages.FILES if each.place != saved_pages.NOWHERE]
    for each in kept:
        platform, body = BY_NAME[each.platform], (saved_pages.SHARED / each.file).read_bytes()
        own = make_post(platform, each.native_id)
        yield Case(own, f"saved {each.file}", each.verdict[0] == "available", (find_place(own, each.place),), body=body)
        others = [o for o in kept if o.platform == each.platform and o.native_id != each.native_id]
        for other in others[:1]:
            stranger = make_post(platform, other.native_id)
            yield Case(stranger, f"strange {each.file}", False, (find_place(stranger, each.place),), body=body)


def find_place(post: Post, place: str) -> str:
    visit = BY_NAME[post.platform].visit
    assert visit
    return fill_url({"frame": visit.frame.url, **{p.name: p.url for p in visit.probes}}[place], post, visit)


# -------------------------------------------------------------------------------------------------------------- asking


class Clock:
    """A clock that waiting moves, and nothing else."""

    def __init__(self) -> None:
        self.time = time.time()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


class Edges:
    """The edges of a run that recovers, and when each request went out."""

    def __init__(self, client: PoliteClient, when: Clock) -> None:
        self.client, self.when = client, when
        self.sent: dict[str, list[float]] = {}
        self._fetch = client.fetcher.fetch
        client.fetcher.fetch = self.note  # type: ignore[method-assign]

    async def note(self, url: str, **how: Any) -> Fetch:
        gate = find_gate(url)
        if gate:
            self.sent.setdefault(gate.name, []).append(self.when.time)
        return await self._fetch(url, **how)

    async def consult(self, url: str, headers: Mapping[str, str] | None = None) -> Fetch:
        return await self.client.fetch(url, headers=headers, robots=False)

    async def search(self, body: bytes, *, url: str, content_type: str | None) -> Found:
        return await search_page(body, url=url, content_type=content_type)


async def recover_round(
    replica: Replica,
    cases: list[Case],
    folder: Path,
    when: Clock,
    sent: dict[str, list[float]],
    files: Counter[str],
    sources: tuple[Source, ...] = ("wayback",),
) -> set[str]:
    """Let the archives hold what the cases say, ask for all of their posts, and give the keys of those that came back."""
    replica.archives.held.clear()
    for number, case in enumerate(cases):
        by_crawl = number % 2 and "commoncrawl" in sources and not case.flaw
        for url in case.urls:
            kept = Saved(case.status, body=case.body) if case.body is not None else None
            holder: Holder = "commoncrawl" if by_crawl else "wayback"
            at = soon_after(case.post) if by_crawl else AT
            replica.archive(url, at, state=case.state, flaw=case.flaw, saved=kept, holder=holder)  # type: ignore[arg-type]
    policy = DoorPolicy(resolve=tuple(map(parse_resolve, replica.resolve)))
    with Archive(folder / "embeds.db", platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("recover", clock.now(), "bench", {})
        with archive.transaction() as conn:
            keys = [keep_post(conn, case.post, clock.now()) for case in cases]
            plan_searches(conn, crawl, keys, sources, clock.now(), again=True)
        async with AsyncExitStack() as stack:
            door = await stack.enter_async_context(Door(policy))
            fetcher = await stack.enter_async_context(
                Fetcher(door, user_agent="embedarchive", ca_file=str(replica.ca_file))
            )
            polite = PoliteClient(folder / "hosts.db", fetcher, "embedarchive", 0.0, now=when.now, sleep=when.sleep)
            edges = Edges(await stack.enter_async_context(polite), when)
            faults: list[str] = []
            recovery = Recovery(
                archive, edges, crawl, call, lambda *told: None, not_barred, Recover(sources, thorough=True)
            )
            await run_passes(
                recovery.passes(), asyncio.Event(), lambda name, row, error: faults.append(f"{name}: {error!r}"), call
            )
        for name, moments in edges.sent.items():
            sent.setdefault(name, []).extend(moments)
        assert not faults, faults[:3]
        files["held"] += archive.conn.execute(HELD).fetchone()[0]
        files["missing"] += archive.conn.execute(MISSING).fetchone()[0]
        rows = archive.conn.execute("SELECT DISTINCT post_key FROM captures WHERE outcome = 'available'")
        return {row[0] for row in rows}


def soon_after(post: Post) -> str:
    """When Common Crawl came by (14 digits): in the next crawl after what the id says of its day, else in the last of all."""
    days = sorted(first for first, _ in CRAWLS.values())
    day = next((day for day in days if post.posted_at and day > post.posted_at), days[-1])
    return day.replace("-", "") + AT[8:]


async def call(act: Any, *args: Any) -> Any:
    return act(*args)


async def not_barred(key: str, url: str) -> bool:
    return False


def make_rounds(cases: list[Case]) -> list[list[Case]]:
    """Cases so that no round has a post twice."""
    rounds: list[list[Case]] = []
    for case in cases:
        free = next((each for each in rounds if all(other.post.key != case.post.key for other in each)), None)
        if free is None:
            rounds.append(free := [])
        free.append(case)
    return rounds


def most_in_a_minute(sent: list[float]) -> int:
    ordered = sorted(sent)
    return max((bisect_left(ordered, at + 60) - place for place, at in enumerate(ordered)), default=0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=1, help="posts of each platform")
    parser.add_argument("--media", action="store_true", help="ask for the files as well")
    parser.add_argument("--commoncrawl", action="store_true", help="let Common Crawl hold every other of them")
    parser.add_argument("--only", default="", help="these platforms, with commas between")
    options = parser.parse_args()
    sources: tuple[Source, ...] = ("wayback", "commoncrawl") if options.commoncrawl else ("wayback",)
    files: Counter[str] = Counter()
    if not options.media:
        recovering.MOST_FILES = 0  # what is judged is the page
    false: list[str] = []
    missed: list[str] = []
    sent: dict[str, list[float]] = {}
    counts: Counter[str] = Counter()
    mementos = 0
    with Replica() as replica:
        replica.archives.per_minute = dict.fromkeys(replica.archives.per_minute, 10**9)  # its clock is another
        cases = [*list_states(replica, options.each), *list_saved()]
        only = options.only.split(",")
        cases = [case for case in cases if only == [""] or case.post.platform in only]
        when = Clock()
        rounds = make_rounds(cases)
        for number, some in enumerate(rounds, 1):
            with tempfile.TemporaryDirectory() as folder:
                back = asyncio.run(recover_round(replica, some, Path(folder), when, sent, files, sources))
            when.time += 120
            mementos += len(replica.archives.held)
            for case in some:
                counts[f"{case.kind.partition(' ')[0]} {'post' if case.is_post else 'not'}"] += 1
                if (case.post.key in back) != case.is_post:
                    (missed if case.is_post else false).append(f"{case.post.key}: {case.kind}")
            print(f"round {number} of {len(rounds)}: {len(some)} posts, {len(back)} back", file=sys.stderr)
    true = sum(case.is_post for case in cases)
    requests = {name: most_in_a_minute(moments) for name, moments in sent.items()}
    summary = {
        "mementos": mementos, "posts": len(cases), "true": true, "false_recoveries": len(false),
        "recall": round(1 - len(missed) / max(true, 1), 4), "requests_a_minute_max": requests.get("web.archive.org cdx", 0),
        "pages_a_minute_max": requests.get("web.archive.org web", 0),
    }  # fmt: skip
    if options.media:
        summary |= {"files": files["held"], "files_missing": files["missing"]}
    if options.commoncrawl:
        summary["commoncrawl_a_minute_max"] = requests.get("index.commoncrawl.org", 0)
    if not options.only:
        write_log(summary, counts, false, missed)
    print(*(f"taken for the post: {each}" for each in false), *(f"not kept: {each}" for each in missed), sep="\n")
    print(json.dumps(summary))
    return int(bool(false) or summary["recall"] < 0.97 or summary["requests_a_minute_max"] > 24)


def write_log(summary: dict[str, Any], counts: Counter[str], false: list[str], missed: list[str]) -> None:
    lines = ["# Recovery from a labelled set of mementos", "", "Written by `python bench/recover.py`.", ""]
    lines += [f"- {name}: {count}" for name, count in sorted(counts.items())]
    lines += ["", "## Taken for the post, and is not", "", *(f"- {each}" for each in false or ["nothing"])]
    lines += ["", "## Is the post, and was not kept", "", *(f"- {each}" for each in missed or ["nothing"])]
    lines += ["", "```json", json.dumps(summary), "```", ""]
    RESULTS.write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
