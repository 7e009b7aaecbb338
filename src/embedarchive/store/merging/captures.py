"""Downloads of articles and visits to posts of another archive -> the same here, each with what proves it there and here."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from embedarchive.core.entries import FORM, SALT_BYTES, hash_entry, tell_capture
from embedarchive.core.errors import WrongBytes
from embedarchive.core.merkle import find_complete
from embedarchive.store import evidence, rows
from embedarchive.store.marks import MARKED
from embedarchive.store.merging import logs, proving
from embedarchive.store.merging.beside import Crawls, columns_of
from embedarchive.store.merging.files import copy_file, find_lacking
from embedarchive.store.merging.levels import PAGES, follow_file
from embedarchive.store.words import check_words

FETCHES_AT_ONCE = 50
CAPTURES_AT_ONCE = 500
PARTS = ("artifacts", "exchanges", "checks", "replays")
FETCHED = ("url", "fetched_at", "source", "outcome", "status")
"""By what a download is known."""
RENDERED = ("rendered_at", "render_reason", "dom_sha256", "alterations", "screenshot_sha256")
FILES_OF_FETCH = tuple(PAGES)
WORDS = ("captures", "artifacts", "exchanges", "replays")

Row = dict[str, Any]
Key = tuple[str, int]


class CountedRows(Protocol):
    captures: int
    captures_known: int
    fetches: int
    files: int
    bytes: int
    left_out: list[str]
    told: list[str]


@dataclass
class Provenance:
    """Which archive rows come from, the archives that had been merged into that, and what their runs are here.

    `log` is the other archive itself: its rows may be those of a copy from which more was erased.
    """

    log: sqlite3.Connection
    archive: logs.MergedArchive
    others: Mapping[int, int]
    crawls: Crawls = field(default_factory=dict)
    replaced: dict[int, int] = field(default_factory=dict)
    """Place in the other's log -> that of the withdrawal which stands in for it."""

    @classmethod
    def keep(cls, conn: sqlite3.Connection, other: sqlite3.Connection, place: str, now: str) -> Provenance:
        """Keep the other's log, and those of the archives that had been merged into it. In one transaction."""
        archive = logs.keep_archive(conn, other, place, now)
        others = logs.keep_others(conn, other, now)
        withdrawn = other.execute("SELECT subject, seq FROM log WHERE kind = 'withdrawal' ORDER BY seq").fetchall()
        return cls(other, archive, others, replaced={row[0]: row[1] for row in withdrawn})

    def find_entries(self, kind: str, first: int, last: int) -> dict[int, int]:
        """Number there -> the place in its log of the entry that counts."""
        sql = "SELECT subject, max(seq) FROM log WHERE kind = ? AND subject BETWEEN ? AND ? GROUP BY subject"
        return {row[0]: self.find_newest(row[1]) for row in self.log.execute(sql, (kind, first, last)).fetchall()}

    def find_newest(self, seq: int) -> int:
        while seq in self.replaced:
            seq = self.replaced[seq]
        return seq

    def is_held(self, conn: sqlite3.Connection, held: tuple[str, int, int, int | None, Any]) -> bool:
        """Whether it is noted already that the other archive held this, by the same entry."""
        sql = "SELECT 1 FROM held_by WHERE kind = ? AND subject = ? AND archive_id = ? AND seq IS ?"
        return conn.execute(sql, (held[0], held[1], self.archive.id, held[3])).fetchone() is not None

    def hold(
        self, conn: sqlite3.Connection, other: sqlite3.Connection, held: Iterable[tuple[str, int, int, int | None, Any]]
    ) -> None:
        """Note that the other archive held these, and who had held them before it: (kind, here, there, seq, numbers)."""
        some = list(held)
        if self.archive.id is not None:
            conn.executemany(
                proving.HELD,
                [(kind, here, self.archive.id, seq, pack(numbers)) for kind, here, _, seq, numbers in some],
            )
        if not self.others:
            return
        for kind, here, there, _, _ in some:
            known = other.execute(
                "SELECT archive_id, seq, numbers FROM held_by WHERE kind = ? AND subject = ?", (kind, there)
            )
            conn.executemany(
                proving.HELD,
                [(kind, here, self.others[row[0]], row[1], row[2]) for row in known if row[0] in self.others],
            )


def settle_proofs(
    conn: sqlite3.Connection, done: CountedRows, of: Provenance, rows_here: Iterable[tuple[str, int]]
) -> None:
    """Look whether others' entries can be made of rows that were here already, or that lost something.

    Where they cannot because something was erased, here or there, their salts go, too; where rows merely differ, it is told.
    """
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for kind, here in rows_here:
        numbers[kind].append(here)
    for kind, some in numbers.items():
        for here, archive, name in proving.find_unproved(conn, kind, some):
            if is_erased(conn, kind, here):
                evidence.erase_salts_of_others(conn, kind, here)
                continue
            done.told.append(f"{kind} {here} is not what {name} says it held")
            conn.execute(
                "UPDATE held_by SET seq = NULL WHERE kind = ? AND subject = ? AND archive_id = ?", (kind, here, archive)
            )


def is_erased(conn: sqlite3.Connection, kind: str, here: int) -> bool:
    """Whether words or pages of something were erased."""
    sql = {
        "capture": "SELECT 1 FROM captures c JOIN barred_posts b ON b.key = c.post_key WHERE c.id = :id UNION ALL "
        "SELECT 1 FROM redactions WHERE table_name = 'captures' AND row_id = CAST(:id AS TEXT)",
    }.get(kind, "SELECT 1 FROM redactions WHERE table_name = 'fetches' AND row_id = CAST(:id AS TEXT)")
    return conn.execute(sql, {"id": here}).fetchone() is not None


def pack(numbers: Any) -> str:
    return json.dumps(numbers, separators=(",", ":"))


def read_rows(
    conn: sqlite3.Connection, table: str, names: Sequence[str], where: str, given: tuple[Any, ...]
) -> list[Row]:
    found = conn.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {where}", given).fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def insert_rows(conn: sqlite3.Connection, table: str, found: Sequence[Row]) -> None:
    """Insert rows whose words are such as their columns may hold. Raises what `check_words` raises."""
    if not found:
        return
    for row in found:
        check_words(table, row)
    names = list(found[0])
    conn.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})",
        [tuple(row.values()) for row in found],
    )


def next_number(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])


def copy_files(
    conn: sqlite3.Connection, other: sqlite3.Connection, hashes: Iterable[str | None], done: CountedRows
) -> set[str]:
    """Copy the files that are not here; give those that are damaged there."""
    damaged = set()
    for sha256 in find_lacking(conn, hashes):
        try:
            done.bytes += copy_file(conn, other, sha256)
            done.files += 1
        except WrongBytes:
            damaged.add(sha256)
    return damaged


def copy_redactions(
    conn: sqlite3.Connection, other: sqlite3.Connection, table: str, numbers: Mapping[int, int]
) -> None:
    """Note of rows that were copied which of their words were erased there; `numbers` are those there -> here."""
    sql = (
        "SELECT row_id, column_name, reason, redacted_at, replaced_by FROM redactions WHERE table_name = ? "
        "AND row_id IN (SELECT value FROM json_each(?))"
    )
    named = json.dumps([str(each) for each in numbers])
    for row_id, *told in other.execute(sql, (table, named)).fetchall():
        conn.execute(
            "INSERT OR IGNORE INTO redactions (table_name, row_id, column_name, reason, redacted_at, replaced_by) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (table, str(numbers[int(row_id)]), *told),
        )


def has_redactions(other: sqlite3.Connection) -> bool:
    return other.execute("SELECT 1 FROM redactions WHERE table_name <> 'blobs' LIMIT 1").fetchone() is not None


# -------------------------------------------------------------------------------------------------------------- fetches

MAP = "CREATE TEMP TABLE IF NOT EXISTS merging_fetches (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)"


def unite_fetches(
    conn: sqlite3.Connection, other: sqlite3.Connection, of: Provenance, done: CountedRows
) -> Iterator[int]:
    """Keep the downloads of articles, a batch each time it is asked for; what they embed is found anew."""
    conn.execute(MAP)
    conn.execute("DELETE FROM temp.merging_fetches")
    names, erased = columns_of(conn, "fetches"), has_redactions(other)
    last = 0
    while batch := read_rows(other, "fetches", names, "id > ? ORDER BY id LIMIT ?", (last, FETCHES_AT_ONCE)):
        first, last = batch[0]["id"], batch[-1]["id"]
        entries = {kind: of.find_entries(kind, first, last) for kind in ("fetch", "rendering")}
        damaged = copy_files(conn, other, (row[name] for row in batch for name in FILES_OF_FETCH), done)
        held: list[tuple[str, int, int, int | None, Any]] = []
        for theirs in batch:
            if damaged.intersection(theirs[name] for name in FILES_OF_FETCH):
                done.left_out.append(f"the download of {theirs['url']} on {theirs['fetched_at']}")
                continue
            here, is_theirs = unite_fetch(conn, other, of, theirs, done)
            number = theirs["id"]
            conn.execute("INSERT INTO temp.merging_fetches VALUES (?, ?)", (number, here))
            held.append(("fetch", here, number, entries["fetch"].get(number), [number, theirs["crawl_id"]]))
            if is_theirs and (theirs["rendered_at"] or theirs["screenshot_sha256"]):
                held.append(("rendering", here, number, entries["rendering"].get(number), [number]))
            if erased:
                copy_redactions(conn, other, "fetches", {number: here})
        of.hold(conn, other, held)
        settle_proofs(conn, done, of, [(each[0], each[1]) for each in held])
        yield len(batch)


def unite_fetch(
    conn: sqlite3.Connection, other: sqlite3.Connection, of: Provenance, theirs: Row, done: CountedRows
) -> tuple[int, bool]:
    """Keep one download; give its number here, and whether what a browser made of it is that of the other archive."""
    article = conn.execute(
        "SELECT ours FROM temp.merging_articles WHERE theirs = ?", (theirs["article_id"],)
    ).fetchone()[0]
    is_cut = is_page_cut(other, theirs["id"])
    mine = find_fetch(conn, article, theirs, is_cut=is_cut)
    if mine is None:
        row = theirs | {
            "article_id": article, "crawl_id": of.crawls.get(theirs["crawl_id"]), "to_render": 0, "searched_rules": None,
            "search_note": None,
        }  # fmt: skip
        del row["id"]
        here = rows.insert(conn, "fetches", row)
        done.fetches += 1
        copy_places(conn, other, theirs["id"], here, article)
        copy_page_files(conn, other, theirs["id"], here)
        if copy_page_place(conn, other, theirs["id"], here):
            copy_found(conn, other, theirs, here, article)
        evidence.append(conn, "fetch", here)
        if theirs["rendered_at"] or theirs["screenshot_sha256"]:
            evidence.append(conn, "rendering", here)
        for name in FILES_OF_FETCH:
            if theirs[name]:
                follow_file(conn, theirs[name])
        return here, True
    here = int(mine["id"])
    tell_renderings(done, mine, theirs)
    if is_cut or is_page_cut(conn, here):
        choose_cut(conn, mine, theirs)
    if (theirs["rendered_at"] or "", theirs["screenshot_sha256"] or "") > (
        mine["rendered_at"] or "",
        mine["screenshot_sha256"] or "",
    ):
        sets = ", ".join(f"{name} = ?" for name in RENDERED)
        conn.execute(
            f"UPDATE fetches SET {sets}, searched_rules = NULL WHERE id = ?",
            (*(theirs[name] for name in RENDERED), here),
        )
        copy_page_files(conn, other, theirs["id"], here)
        evidence.append(conn, "rendering", here)
        return here, True
    return here, all(mine[name] == theirs[name] for name in RENDERED)


def tell_renderings(done: CountedRows, mine: Row, theirs: Row) -> None:
    """Tell that a download was opened in a browser in both archives: the later is kept."""
    times = (mine["rendered_at"], theirs["rendered_at"])
    if all(times) and any(mine[name] != theirs[name] for name in RENDERED):
        done.told.append(
            f"{theirs['url']} of {theirs['fetched_at']} was opened in a browser on {times[0]} here and on {times[1]} there; "
            "the later is kept"
        )


def is_page_cut(conn: sqlite3.Connection, fetch: int) -> bool:
    """Whether posts were cut out of the page of a download, or all of it is gone."""
    sql = "SELECT 1 FROM redactions WHERE table_name = 'fetches' AND row_id = ? AND column_name = 'html_sha256'"
    return conn.execute(sql, (str(fetch),)).fetchone() is not None


def choose_cut(conn: sqlite3.Connection, mine: Row, theirs: Row) -> None:
    """Of two pages out of which posts were cut apart from one another, keep the one that has less left."""
    here, pages = mine["id"], (mine["html_sha256"], theirs["html_sha256"])
    if pages[0] == pages[1]:
        return
    sizes = dict(conn.execute("SELECT sha256, size FROM blobs WHERE sha256 IN (?, ?)", pages).fetchall())
    least = min(pages, key=lambda page: (page is not None, sizes.get(page, 0), page or ""))
    if least == pages[0]:
        return
    conn.execute("UPDATE fetches SET html_sha256 = ?, searched_rules = NULL WHERE id = ?", (least, here))
    evidence.append_withdrawal(conn, "fetch", here)


def find_fetch(conn: sqlite3.Connection, article: int, theirs: Row, *, is_cut: bool) -> Row | None:
    """The same download here: of several at one moment the one with the same page, or with one that was cut apart from it."""
    names = ("id", "html_sha256", *RENDERED)
    same = " AND ".join(f"{name} IS ?" for name in FETCHED)
    given = (article, *(theirs[name] for name in FETCHED))
    found = read_rows(conn, "fetches", names, f"article_id = ? AND {same} ORDER BY id", given)
    alike = [each for each in found if each["html_sha256"] == theirs["html_sha256"]]
    return next(iter(alike), None) or next((each for each in found if is_cut or is_page_cut(conn, each["id"])), None)


def copy_places(conn: sqlite3.Connection, other: sqlite3.Connection, there: int, here: int, article: int) -> None:
    """Keep where a page embedded posts that were erased: the page does not tell of them any more."""
    sql = "fetch_id = ? AND EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = embeds.post_key)"
    for row in read_rows(other, "embeds", columns_of(conn, "embeds", "id"), sql, (there,)):
        rows.insert(conn, "embeds", row | {"fetch_id": here, "article_id": article})


def copy_page_files(conn: sqlite3.Connection, other: sqlite3.Connection, there: int, here: int) -> None:
    """Keep what a page is drawn with, unless a file of it is damaged there."""
    for row in read_rows(other, "page_files", columns_of(conn, "page_files"), "fetch_id = ?", (there,)):
        try:
            copy_file(conn, other, row["sha256"])
        except WrongBytes:
            continue
        names = ", ".join(row)
        values = tuple((row | {"fetch_id": here}).values())
        conn.execute(f"INSERT OR IGNORE INTO page_files ({names}) VALUES ({', '.join('?' for _ in row)})", values)


def copy_page_place(conn: sqlite3.Connection, other: sqlite3.Connection, there: int, here: int) -> bool:
    """Keep where a page stands that is kept by reference, unless it tells of what was erased; give whether there is one."""
    embedded = other.execute("SELECT post_key FROM embeds WHERE fetch_id = ? AND post_key IS NOT NULL", (there,))
    if any(rows.is_barred(conn, key) for (key,) in embedded.fetchall()):
        return False
    places = read_rows(other, "page_places", columns_of(conn, "page_places"), "fetch_id = ?", (there,))
    for row in places:
        rows.insert(conn, "page_places", row | {"fetch_id": here})
    return bool(places)


def copy_found(conn: sqlite3.Connection, other: sqlite3.Connection, theirs: Row, here: int, article: int) -> None:
    """Keep what was found in a page of which there is no copy that could be searched anew."""
    for row in read_rows(other, "embeds", columns_of(conn, "embeds", "id"), "fetch_id = ?", (theirs["id"],)):
        rows.insert(conn, "embeds", row | {"fetch_id": here, "article_id": article})
    sets = (theirs["searched_rules"], theirs["search_note"], here)
    conn.execute("UPDATE fetches SET searched_rules = ?, search_note = ? WHERE id = ?", sets)


# ------------------------------------------------------------------------------------------------------------- captures


def unite_captures(
    conn: sqlite3.Connection, other: sqlite3.Connection, of: Provenance, done: CountedRows
) -> Iterator[int]:
    """Keep the visits, with all that came of them, a batch each time it is asked for; they are known by their `uid`."""
    names = {table: columns_of(conn, table) for table in ("captures", *PARTS)}
    erased = has_redactions(other)
    last = 0
    while batch := read_rows(
        other, "captures", names["captures"], "id > ? ORDER BY id LIMIT ?", (last, CAPTURES_AT_ONCE)
    ):
        first, last = batch[0]["id"], batch[-1]["id"]
        parts = {table: read_parts(other, table, names[table], first, last) for table in PARTS}
        uids = json.dumps([row["uid"] for row in batch])
        sql = "SELECT uid, id FROM captures WHERE uid IN (SELECT value FROM json_each(?))"
        known = {row[0]: row[1] for row in conn.execute(sql, (uids,)).fetchall()}
        new = [row for row in batch if row["uid"] not in known]
        taken = keep_captures(conn, other, of, new, parts, done)
        done.captures_known += len(batch) - len(new)
        here = {row["id"]: known.get(row["uid"]) or taken.get(row["id"]) for row in batch}
        add_replays(conn, [row for row in batch if row["uid"] in known], parts["replays"], here)
        entries = of.find_entries("capture", first, last)
        held = list(tell_numbers(batch, parts, here, entries))
        unproved = [each for each in held if each[2] not in taken and not of.is_held(conn, each)]
        of.hold(conn, other, held)
        if erased:
            settle_erased(conn, other, taken, parts)
            copy_emptied(conn, other, here.values())
        settle_proofs(conn, done, of, [(each[0], each[1]) for each in unproved])
        yield len(batch)


def read_parts(
    other: sqlite3.Connection, table: str, names: Sequence[str], first: int, last: int
) -> dict[int, list[Row]]:
    """Capture -> its rows of a table, in the order in which they were kept."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in read_rows(other, table, names, "capture_id BETWEEN ? AND ? ORDER BY capture_id, id", (first, last)):
        found[row["capture_id"]].append(row)
    return found


def tell_numbers(
    batch: Iterable[Row],
    parts: Mapping[str, Mapping[int, list[Row]]],
    here: Mapping[int, int | None],
    entries: Mapping[int, int],
) -> Iterator[tuple[str, int, int, int | None, Any]]:
    for row in batch:
        number, ours = row["id"], here[row["id"]]
        if ours is None:
            continue
        check = next((each["id"] for each in parts["checks"].get(number, ())), None)
        packed = (proving.pack_numbers([each["id"] for each in parts[table].get(number, ())]) for table in PARTS[:2])
        yield "capture", ours, number, entries.get(number), [number, row["crawl_id"], row["fetch_id"], check, *packed]


def keep_captures(
    conn: sqlite3.Connection,
    other: sqlite3.Connection,
    of: Provenance,
    new: Sequence[Row],
    parts: Mapping[str, Mapping[int, list[Row]]],
    done: CountedRows,
) -> dict[int, int]:
    """Keep visits that are not here; give their numbers there -> here. One whose bytes are damaged there is left out."""
    hashes = {
        row["id"]: [*(each["sha256"] for each in parts["artifacts"].get(row["id"], ())),
                    *(each["body_sha256"] for each in parts["exchanges"].get(row["id"], ()))]
        for row in new
    }  # fmt: skip
    damaged = copy_files(conn, other, (each for some in hashes.values() for each in some), done)
    numbers = {table: next_number(conn, table) for table in ("captures", *PARTS)}
    kept: defaultdict[str, list[Row]] = defaultdict(list)
    taken: dict[int, int] = {}
    for row in new:
        if damaged.intersection(hashes[row["id"]]):
            done.left_out.append(f"the visit to {row['post_key']} on {row['started_at']}")
            continue
        here = taken[row["id"]] = numbers["captures"] + len(taken)
        kept["captures"].append(
            row | {"id": here, "crawl_id": of.crawls.get(row["crawl_id"]), "fetch_id": find_here(conn, row["fetch_id"])}
        )
        for table in PARTS:
            for each in parts[table].get(row["id"], ()):
                kept[table].append(each | {"id": numbers[table] + len(kept[table]), "capture_id": here})
    for table in ("captures", *PARTS):
        insert_rows(conn, table, kept[table])
    conn.executemany("INSERT OR IGNORE INTO pending VALUES (?, ?)", list(find_pending(kept)))
    log_captures(conn, kept)
    done.captures += len(taken)
    return taken


def find_here(conn: sqlite3.Connection, fetch: int | None) -> int | None:
    """The number here of a download; None where it was left out."""
    if fetch is None:
        return None
    row = conn.execute("SELECT ours FROM temp.merging_fetches WHERE theirs = ?", (fetch,)).fetchone()
    return row[0] if row else None


def find_pending(kept: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, int]]:
    """What is still to be made of visits: as of those that this archive makes itself. Pure."""
    pictures = {
        each["capture_id"]
        for each in kept.get("artifacts", ())
        if each["role"] in MARKED and each["content_type"].startswith("image/")
    }
    for row in kept.get("captures", ()):
        if row["purpose"] == "control":
            continue
        yield "conclude", row["id"]
        if row["outcome"] == "available":
            yield "describe", row["id"]
        if row["id"] in pictures:
            yield "mark", row["id"]


def log_captures(conn: sqlite3.Connection, kept: Mapping[str, Sequence[Row]]) -> None:
    """Log visits that were just kept, made of the same rows as `evidence.tell` would read."""
    artifacts, exchanges = group(kept.get("artifacts", ())), group(kept.get("exchanges", ()))
    checks = {each["capture_id"]: each for each in kept.get("checks", ())}
    size = evidence.count_leaves(conn)
    read = evidence.KeptHashes(conn)
    entries = []
    for place, row in enumerate(kept.get("captures", ()), size):
        salt, number = secrets.token_bytes(SALT_BYTES), row["id"]
        entry = tell_capture(row, artifacts.get(number, ()), exchanges.get(number, ()), checks.get(number), salt)
        entries.append((place, "capture", number, FORM, hash_entry(entry), salt))
    conn.executemany("INSERT INTO log (seq, kind, subject, form, leaf, salt) VALUES (?, ?, ?, ?, ?, ?)", entries)
    for seq, *_ in entries:
        for completed in find_complete(read, seq + 1):
            conn.execute("INSERT INTO tree (level, position, hash) VALUES (?, ?, ?)", completed)


def group(parts: Iterable[Row]) -> dict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for each in parts:
        found[each["capture_id"]].append(each)
    return found


def add_replays(
    conn: sqlite3.Connection, known: Iterable[Row], replays: Mapping[int, list[Row]], here: Mapping[int, int | None]
) -> None:
    """Keep how visits that both archives hold came back, as far as that is not here."""
    for row in known:
        for each in replays.get(row["id"], ()):
            number = here[row["id"]]
            sql = "SELECT 1 FROM replays WHERE capture_id = ? AND checked_at = ?"
            if conn.execute(sql, (number, each["checked_at"])).fetchone() is None:
                rows.insert(conn, "replays", {k: v for k, v in each.items() if k != "id"} | {"capture_id": number})


def copy_emptied(conn: sqlite3.Connection, other: sqlite3.Connection, here: Iterable[int | None]) -> None:
    """Keep that visits to erased posts had been described; there is nothing left to describe them anew from."""
    sql = (
        "SELECT c.id, c.uid FROM captures c JOIN barred_posts b ON b.key = c.post_key "
        "WHERE c.id IN (SELECT value FROM json_each(?))"
    )
    where = "capture_id = (SELECT id FROM captures WHERE uid = ?)"
    names = columns_of(conn, "descriptions", "id")
    for number, uid in conn.execute(sql, (json.dumps([each for each in here if each]),)).fetchall():
        for row in read_rows(other, "descriptions", names, where, (uid,)):
            rows.insert(conn, "descriptions", row | {"capture_id": number}, or_ignore=True)


def settle_erased(
    conn: sqlite3.Connection,
    other: sqlite3.Connection,
    taken: Mapping[int, int],
    parts: Mapping[str, Mapping[int, list[Row]]],
) -> None:
    """Note which words of visits that were just kept are empty because they were erased; no salt tells of them."""
    copy_redactions(conn, other, "captures", taken)
    for table in WORDS[1:]:
        for there, here in taken.items():
            ours = conn.execute(f"SELECT id FROM {table} WHERE capture_id = ? ORDER BY id", (here,)).fetchall()
            theirs = parts[table].get(there, ())
            copy_redactions(conn, other, table, {each["id"]: row[0] for each, row in zip(theirs, ours, strict=True)})
    sql = "SELECT c.id FROM captures c JOIN barred_posts b ON b.key = c.post_key WHERE c.id IN (SELECT value FROM json_each(?))"
    for (number,) in conn.execute(sql, (json.dumps(list(taken.values())),)).fetchall():
        evidence.erase_salts_of_others(conn, "capture", number)
