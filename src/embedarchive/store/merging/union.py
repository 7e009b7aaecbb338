"""Two archives -> one: the rows of the other, by natural keys, batch by batch; twice is once, and so is killed and again."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from embedarchive.core.errors import UsageError
from embedarchive.core.version import __version__
from embedarchive.store import conclusions, evidence
from embedarchive.store.archive import Archive
from embedarchive.store.erasing import has_barred
from embedarchive.store.faults import Connection
from embedarchive.store.merging import articles, beside, captures, levels, posts
from embedarchive.store.reading import open_reader
from embedarchive.store.rows import insert
from embedarchive.store.schema.strangers import refuse_false_tables
from embedarchive.store.sidefiles import beside as beside_file
from embedarchive.store.sidefiles import remove_draft

UNITED: Mapping[str, str] = {
    "access": "word for word; the stricter holds", "article_urls": "address", "articles": "any of its addresses",
    "artifacts": "its visit", "blobs": "sha256", "captures": "uid", "checks": "its visit", "collections": "name and member",
    "crawls": "command, version and when it began", "deliveries": "channel and change", "exchanges": "its visit",
    "export_posts": "its copy", "exports": "word for word", "fetches": "article, address, moment and page",
    "held_by": "archive and visit", "holds": "whom, when and why", "listings": "address",
    "mementos": "post, source and address",
    "merged_archives": "its log", "merged_log": "archive and place", "merged_stamps": "archive and place",
    "notes": "word for word", "openings": "word for word", "optouts": "word for word", "pacing": "platform",
    "page_files": "its download", "page_places": "its download",
    "posts": "key", "redactions": "what it is of", "replays": "visit and moment",
    "searches": "post and source", "seeds": "run and article", "withdrawals": "when, why and reference",
}  # fmt: skip
"""Table -> by what its rows are known in either archive."""

MADE_ANEW = frozenset(
    ("article_figures", "article_figures_due", "browsing", "browsing_counts", "browsing_due", "browsing_totals", "changes",
     "conclusions", "descriptions", "embeds", "outlet_figures", "pending", "picture_marks", "post_counts", "schedule", "totals")
)  # fmt: skip
"""Tables of what is derived, or still to be."""

APART: Mapping[str, str] = {
    "budgets": "what may be asked today", "checkpoints": "of its own log",
    "consulted": "what its own runs are at work on", "imports": "of its own log",
    "log": "kept as merged_log",
    "log_keys": "kept with merged_archives", "placements": "what its own runs are to do", "platforms": "what a version knows",
    "stamps": "kept as merged_stamps", "targets": "what its own runs are to do", "tree": "of its own log",
}  # fmt: skip
"""Table -> why its rows stay where they are."""

DRAFT = ".merging"
"""A copy of the other archive in which is erased what was erased here; it is there for as long as that is merged."""

CACHE_KB = 65_536
"""Of pages, while it lasts: names are random, and each row goes to another place of each index over them."""


@dataclass
class Merged:
    """What a merge did. `left_out` are visits and downloads whose bytes are damaged there; `told` are facts that differ."""

    place: Path
    name: str = ""
    captures: int = 0
    captures_known: int = 0
    articles: int = 0
    posts: int = 0
    fetches: int = 0
    files: int = 0
    bytes: int = 0
    notes: int = 0
    left_out: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    erased: tuple[int, ...] = ()
    """Cases of which something was erased here: the file is to be written anew."""

    @property
    def is_nothing(self) -> bool:
        return not (self.captures or self.articles or self.posts or self.fetches or self.notes or self.erased)


def refuse_itself(path: Path, other: Path) -> None:
    """Raise UsageError where both are one file."""
    if path.exists() and other.exists() and path.samefile(other):
        raise UsageError(f"{other} is the archive itself. Nothing was changed.")


def merge_archive(
    archive: Archive, done: Merged, now: str, on_batch: Callable[[Merged], None] = lambda _: None
) -> None:
    """Merge the archive at `done.place` into an open one, batch by batch; what was new is said in `done`.

    What it withholds is withheld here first. What is derived is not copied: it is due afterwards. Raises UsageError where
    what one of them erased is under a legal hold in the other, StrangeArchive for a file in which something stands in place
    of a table, and what opening it raises.
    """
    with closing(open_reader(done.place)) as told, contextlib.ExitStack() as stack:
        refuse_false_tables(told)
        told.execute("BEGIN")  # one committed state, whoever writes there
        archive.conn.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        if has_barred(archive.conn) or has_barred(told):
            archive.conn.execute("PRAGMA secure_delete = ON")
        rows = stack.enter_context(without_erased(archive, told, now))
        with archive.transaction() as conn:
            done.erased = levels.unite_levels(conn, rows, now, done.told)
        with archive.transaction() as conn:
            evidence_of = captures.Provenance.keep(conn, told, str(done.place), now)
        done.name = evidence_of.archive.name
        unite_rows(archive, rows, evidence_of, done, on_batch)
        with archive.transaction() as conn:
            beside.unite_beside(conn, rows, evidence_of.crawls, done)
            settle(conn, evidence_of, done, now)


def unite_rows(
    archive: Archive,
    other: sqlite3.Connection,
    provenance: captures.Provenance,
    done: Merged,
    on_batch: Callable[[Merged], None],
) -> None:
    """Runs, posts, articles with their downloads, visits: in this order, for each refers to the one before."""
    with archive.transaction() as conn:
        provenance.crawls = beside.unite_crawls(conn, other)
        beside.unite_before(conn, other, provenance.crawls)
    steps = (
        posts.unite_posts,
        posts.join_names,
        articles.unite_articles,
        captures.unite_fetches,
        captures.unite_captures,
    )
    for step in steps:
        batches = step(archive.conn, other, provenance, done)
        more = True
        while more:
            with archive.transaction():
                more = next(batches, None) is not None
            on_batch(done)


@contextlib.contextmanager
def without_erased(archive: Archive, other: sqlite3.Connection, now: str) -> Iterator[sqlite3.Connection]:
    """The other archive as its rows may be copied: where it holds what was erased here, a copy in which that is erased, too.

    The copy lies beside this archive for as long as that takes; its bytes never come into this one.
    """
    draft = beside_file(archive.path, DRAFT)
    remove_draft(draft)
    subjects = levels.read_erased(archive.conn).keys() - levels.read_erased(other).keys()
    if not levels.holds_any(other, subjects):
        yield other
        return
    try:
        with closing(sqlite3.connect(draft, isolation_level=None, factory=Connection)) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            other.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        with Archive(draft) as cleaned, cleaned.transaction() as conn:
            levels.unite_levels(conn, archive.conn, now)
        with closing(open_reader(draft)) as rows:
            yield rows
    finally:
        remove_draft(draft)


def settle(conn: sqlite3.Connection, provenance: captures.Provenance, done: Merged, now: str) -> None:
    """Log that the other's rows came, as far as that is not said yet, and let be concluded anew what they may change."""
    if done.captures or done.fetches:
        conclusions.ask_for_denials(conn)
    archive = provenance.archive
    if archive.id is None:
        return
    held = "SELECT count(*) FROM held_by WHERE archive_id = ? AND kind = ?"
    said = (
        "SELECT coalesce(sum(captures), 0), coalesce(sum(fetches), 0), count(*) FROM imports "
        "WHERE what = 'merged' AND source = ?"
    )
    before = conn.execute(said, (f"{archive.name} {archive.id}",)).fetchone()
    counts = [
        conn.execute(held, (archive.id, kind)).fetchone()[0] - before[place]
        for place, kind in enumerate(("capture", "fetch"))
    ]
    if before[2] and not any(counts):
        return
    conn.execute("UPDATE merged_archives SET merged_at = ?, place = ? WHERE id = ?", (now, str(done.place), archive.id))
    row = {
        "what": "merged", "at": now, "version": __version__, "source": f"{archive.name} {archive.id}",
        "captures": counts[0], "fetches": counts[1],
    }  # fmt: skip
    evidence.append(conn, "import", insert(conn, "imports", row))
