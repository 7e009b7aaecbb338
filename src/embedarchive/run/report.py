"""What a run did: counted while it goes on, and one frozen report at its end."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from embedarchive.core.errors import ExitCode
from embedarchive.core.model import OUTCOMES, Outcome
from embedarchive.core.shell import say_command
from embedarchive.run.ledger import Event
from embedarchive.run.recovered import count_answers
from embedarchive.sources.intake import LOST
from embedarchive.store import Archive
from embedarchive.store.conclusions import MANY_AT_ONCE

Ended = Literal["done", "kept out", "interrupted"]
"""`done`: nothing is due that this run could do. `kept out`: a platform put up a wall, and its posts stay due."""

_STANDING = """
SELECT total(kept = 'partial') AS partly_preserved, total(passing AND due_at IS NOT NULL) AS to_complete,
  total(status = 'unavailable' AND reason = 'unconfirmed') AS perhaps_gone,
  min(iif(passing OR doubt IS NOT NULL, due_at, NULL)) AS tried_again_at,
  total(kept = 'partial' AND (lacking LIKE '%"no_film"%' OR lacking GLOB '*"over_*_bytes"*')) AS left_out
FROM conclusions WHERE post_key IN (
  SELECT post_key FROM captures WHERE crawl_id = :crawl AND purpose <> 'control'
  UNION SELECT post_key FROM targets WHERE crawl_id = :crawl)"""

_CAPTURED = """SELECT id, post_key, outcome, reason, missing, fetch_id FROM captures WHERE crawl_id = ? AND id > ?
               AND purpose <> 'control' ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Standings:
    """Where the posts stand that a run was about, when it ended.

    `to_complete` of those `partly_preserved` lack a file that may still be had; `perhaps_gone` were said to be gone, which is
    not confirmed. `tried_again_at` is when the first of both is visited again, ISO 8601. `left_out` of the first lack what the
    run was not to keep (`no_film`, `max_bytes`).
    """

    partly_preserved: int = 0
    to_complete: int = 0
    perhaps_gone: int = 0
    tried_again_at: str | None = None
    left_out: int = 0


@dataclass
class Tally:
    """What a run did so far.

    `due` is what the archive says of this run: how many articles it is about, how many posts were visited, wait for a
    visit, or are of platforms that this version cannot visit. `not_replayed` is counted at the end: the captures of the
    whole archive that were not yet shown again. `waits_for` is what was begun first of all that is at work, `waited_s`
    seconds ago; the last event was `quiet_s` seconds ago.
    """

    started: float = field(default_factory=time.monotonic)
    articles: Counter[str] = field(default_factory=Counter)
    captures: Counter[str] = field(default_factory=Counter)
    imported: Counter[str] = field(default_factory=Counter)
    recovery: dict[str, Any] = field(default_factory=dict)
    incomplete: int = 0
    embeds: int = 0
    described: int = 0
    replays: Counter[str] = field(default_factory=Counter)
    not_replayed: int = 0
    not_marked: int = 0
    in_place: int = 0
    faults: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    closed: dict[str, str] = field(default_factory=dict)
    in_part: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    newly_lost: list[str] = field(default_factory=list)
    newly_gone: list[str] = field(default_factory=list)
    due: Mapping[str, int] = field(default_factory=dict)
    waits_for: str = ""
    waited_s: float = 0.0
    last_event: float = field(default_factory=time.monotonic)
    standing: Standings = field(default_factory=lambda: Standings())
    log: dict[str, Any] = field(default_factory=dict)

    def count(self, event: Event) -> None:
        self.last_event = time.monotonic()
        if event.what == "article":
            self.articles[event.outcome] += 1
            self.in_part[event.detail] += event.outcome == "ok" and event.detail in ("damaged", "incomplete")
        elif event.what == "listing":
            self.in_part[event.detail] += event.outcome == "truncated"
        elif event.what == "search":
            self.embeds += event.count
            self.in_part[event.detail] += event.outcome == "truncated"
        elif event.what == "capture":
            self.captures[event.outcome] += 1
            self.incomplete += bool(event.outcome == "available" and event.detail)
        elif event.what == "import":
            self.imported[event.outcome] += 1
        elif event.what == "in place":
            self.in_place += 1
        elif event.what == "describe":
            self.described += 1
        elif event.what == "replay":
            self.replays[event.outcome] += 1
        elif event.what == "skipped":
            self.skipped[event.outcome] += event.count
        elif event.what == "closed":
            self.closed[event.subject] = event.detail
        elif event.what == "change":
            self.changes[event.outcome] += 1
            self.newly_lost += [event.subject] if event.outcome == "missing" else []
        elif event.what == "fault":
            self.faults += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def quiet_s(self) -> float:
        return time.monotonic() - self.last_event

    @property
    def waiting(self) -> int:
        return self.due.get("waiting", 0)

    @property
    def visits(self) -> int:
        return sum(self.captures.values())

    def summary(self) -> dict[str, Any]:
        """The run in numbers, as `--json` prints it and the archive keeps it."""
        return {
            "articles": {k: self.articles[k] for k in ("ok", "unchanged", "failed")},
            "embeds": self.embeds,
            "captures": {k: self.captures[k] for k in OUTCOMES},
            "imported": dict(self.imported),
            "recovery": self.recovery,
            "incomplete": self.incomplete,
            **asdict(self.standing),
            "replays": {k: self.replays[k] for k in ("ok", "poor")},
            "not_yet_replayed": self.not_replayed,
            "not_yet_marked": self.not_marked,
            "in_place": self.in_place,
            "faults": self.faults,
            "searched_in_part": dict(+self.in_part),
            "skipped": dict(self.skipped),
            "lost": sum(count for reason, count in self.skipped.items() if reason in LOST),
            "closed_hosts": dict(self.closed),
            "changes": dict(self.changes),
            "newly_lost": list(self.newly_lost),
            "newly_gone": list(self.newly_gone),
            "posts_left_due": self.waiting,
            "posts_beyond_reach": self.due.get("beyond", 0),
            "log": dict(self.log),
            "seconds": round(self.seconds, 1),
        }


@dataclass(frozen=True, slots=True)
class Captured:
    """One capture that a run kept. `post` is the post's key, `missing` what it has and could not be kept."""

    capture_id: int
    post: str
    outcome: Outcome
    reason: str | None
    missing: tuple[str, ...]
    in_article: bool
    """Whether it was photographed in an article; else it was visited by itself."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, when it has ended.

    `archive` is the file it wrote to. `articles` are counted by how they were fetched (`ok`, `unchanged`, `failed`),
    `captures` by outcome, `replays` by how much of a capture came back from the archive alone (`ok`, `poor`);
    `not_yet_replayed` of the archive's captures still wait for that; `not_yet_marked` are found by a whole picture of them, and
    not yet by a part of one.
    `recovery` says what others were asked about lost posts, and what came of it (see `read_recovery`).
    `imported` counts what others saw of posts, by what became of it: `kept`, `known` before, `not wanted`, or the outcome where
    what was recorded is not the post.
    `incomplete` of the available posts lack something; of all posts that it was about, `partly_preserved` lack a file of their
    own, `to_complete` of them one that may still be had, `perhaps_gone` were said to be gone, which is not confirmed, and
    `tried_again_at` is when the first of these is visited again, `left_out` lack what was not to be
    kept; `faults` are rows of work that broke, and were left alone.
    `searched_in_part` counts articles by why not all of them was searched, or what stood in their place (`paywall`,
    `consent`, `challenge`). `skipped` is what lists, files and web archives hold and was not taken, by reason; `lost` counts
    what of it somebody may have wanted.
    `closed_hosts` asked to be left alone, each until when (ISO 8601).
    `changes` counts by kind what a watch told; `newly_lost` are the keys of the posts among them that were found gone.
    `newly_gone` are the keys of posts seen alive before of which this run settled that they are gone, whatever the command.
    `posts_left_due` wait for the next run, `posts_beyond_reach` are of platforms that this version cannot visit.
    `log` is the newest checkpoint of the archive's log: `size`, `root` in hex, `made_at`, and how many `stamps` it was given.
    `kept` has every capture of the posts that it was about, in the order in which they were made.
    """

    archive: Path
    ended: Ended
    articles: Mapping[str, int]
    embeds: int
    captures: Mapping[str, int]
    imported: Mapping[str, int]
    recovery: Mapping[str, Any]
    incomplete: int
    partly_preserved: int
    to_complete: int
    perhaps_gone: int
    tried_again_at: str | None
    left_out: int
    replays: Mapping[str, int]
    not_yet_replayed: int
    not_yet_marked: int
    in_place: int
    faults: int
    searched_in_part: Mapping[str, int]
    skipped: Mapping[str, int]
    lost: int
    closed_hosts: Mapping[str, str]
    changes: Mapping[str, int]
    newly_lost: Sequence[str]
    newly_gone: Sequence[str]
    posts_left_due: int
    posts_beyond_reach: int
    log: Mapping[str, Any]
    seconds: float
    kept: tuple[Captured, ...]

    @property
    def exit_code(self) -> ExitCode:
        """What the command of this run ends with."""
        if self.ended == "interrupted":
            return ExitCode.INTERRUPTED
        if self.newly_lost:
            return ExitCode.NEWLY_LOST
        if self.ended == "kept out" or count_answers(self.recovery, "refused"):
            return ExitCode.KEPT_OUT
        if count_answers(self.recovery, "error"):
            return ExitCode.IN_PART
        failed = self.articles["failed"] or self.captures["error"] or self.faults
        in_part = self.to_complete or self.lost or self.searched_in_part
        if failed or in_part:
            return ExitCode.IN_PART
        return ExitCode.DONE


_LEFT_OUT = """
SELECT count(DISTINCT p.key) FROM crawls r JOIN seeds s ON s.crawl_id = r.id JOIN embeds e ON e.article_id = s.article_id
JOIN posts p ON p.key = e.post_key JOIN platforms f ON f.name = p.platform
WHERE r.id = ? AND json_extract(r.options, '$.platforms') IS NOT NULL AND e.kind = 'embed' AND p.capture_after IS NOT NULL
  AND f.visitable AND p.platform NOT IN (SELECT value FROM json_each(r.options, '$.platforms'))"""


def count_left_out(archive: Archive, crawl_id: int) -> int:
    """How many posts of a run's articles stay due because it was told to visit other platforms."""
    return int(archive.conn.execute(_LEFT_OUT, (crawl_id,)).fetchone()[0])


_NEWLY_GONE = """
SELECT n.post_key FROM conclusions n, crawls r WHERE r.id = :crawl AND n.status = 'gone' AND n.last_available_at IS NOT NULL
  AND n.confirmed_at >= r.started_at AND n.post_key IN (SELECT post_key FROM captures WHERE crawl_id = :crawl)
ORDER BY n.confirmed_at, n.post_key"""


def read_newly_gone(archive: Archive, crawl_id: int) -> list[str]:
    """The keys of posts seen alive before of which a run settled that they are gone."""
    return [str(row[0]) for row in archive.conn.execute(_NEWLY_GONE, {"crawl": crawl_id})]


def read_standings(archive: Archive, crawl_id: int) -> Standings:
    """Where the posts stand that a run is about."""
    row = archive.conn.execute(_STANDING, {"crawl": crawl_id}).fetchone()
    return Standings(int(row[0]), int(row[1]), int(row[2]), row[3], int(row[4]))


def say_hold(platform: str, why: str) -> str:
    """What is withheld of a platform's losses, and what a person can do about it."""
    release = say_command("embedarchive", "check", "--release", platform)
    ask = say_command("embedarchive", "doctor", "--live", "--platform", platform)
    if why == MANY_AT_ONCE:
        return (
            f"Too many posts of {platform} seem gone at once. None of them is called gone until somebody has looked at a few "
            f"by hand; if they are gone: {release}"
        )
    return (
        f"No living post of {platform} could be seen, so nothing of it is called gone, and its other posts wait. It may be "
        f"this network, or {platform} has changed; to find out: {ask}"
    )


def say_closed(host: str, until: str) -> str:
    """Until when (ISO 8601) a host wants to be left alone, and what a person can do about it."""
    lift = say_command("embedarchive", "doctor", "--lift", host)
    return (
        f"{host} asks to be left alone until {until[:16].replace('T', ' ')} UTC: nothing of it is fetched before, and it stays "
        f"due. Where you know that it may be asked: {lift}"
    )


def read_captured(archive: Archive, crawl_id: int, after: int) -> tuple[Captured, ...]:
    """The captures that a run kept, all later than the capture `after`; not those of other posts, seen as a control."""
    rows = archive.conn.execute(_CAPTURED, (crawl_id, after))
    return tuple(
        Captured(row[0], row[1], row[2], row[3], tuple(json.loads(row[4])), row[5] is not None) for row in rows
    )
