"""Flip, drop, swap, insert and re-order what an archive holds, and count what verify names; time what the log costs.

usage: python bench/evidence.py [--leaves 1000000] [--raw 400] [--stride 1]

1. Every bit of every value of every row that the log is about, and of the log, its tree, keys, checkpoints and stamps, one at a
   time (with a `--stride` of n, every n-th): is its entry another then? Bytes by their sha256, packed ones unpacked. What is
   computed is what verify computes, of the one row.
2. Bits of the file itself, `--raw` of them drawn by lot, each judged by the whole of verify. A flip counts where any row of
   these tables reads otherwise than before, or cannot be read (`logged`). It does not count where none does: then it fell on
   another table, of what is derived or still to be done (`derived`), or on free bytes of a page, SQLite's own (a fragment
   count, a stale cell) or an index (`nothing`). Those are told apart, with how many of them verify names as well.
3. Every row of these tables dropped, doubled, and swapped with the next.
4. Somebody who has the machine changes rows, makes log, tree and checkpoints anew, and signs with a key of theirs.
5. What a leaf costs: time beside that of a capture (0.2 CPU-seconds, bench/results/capture.md), bytes in the file; a
   proof of one of `--leaves`; megabytes a second of verify over an archive with a log.

All figures go to standard error; the last line, on standard output, is one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from archive_builder import NOW, build_archive
from authorities import Stamper
from embedarchive.core.checkpoint import find_signers, read_checkpoint, read_note
from embedarchive.core.entries import ARTIFACT, FETCH, RENDERING, SALT_BYTES, hash_entry
from embedarchive.core.errors import EmbedArchiveError
from embedarchive.core.merkle import WIDTH, GrowingTree, find_root, is_included, prove_inclusion
from embedarchive.store import Archive, evidence, open_reader
from embedarchive.store.checkpoints import checkpoints_path, make_checkpoint, read_keys
from embedarchive.store.evidence import QUERIES, Leaf, tell_leaf
from embedarchive.store.faults import FAULTS
from embedarchive.store.fixity import Held, judge_whole
from embedarchive.store.keyring import Keyring
from embedarchive.store.stamps import keep_answer, want_stamps
from embedarchive.store.timestamps import judge_stamp, make_stamp_request, read_certificates
from embedarchive.store.verify import VerifyScope, verify
from embedarchive.store.verify_log import LogScope, check_log
from tampering import tamper
from verify import build

LOGGED = (
    "captures",
    "artifacts",
    "exchanges",
    "checks",
    "fetches",
    "imports",
    "log_keys",
    "log",
    "tree",
    "checkpoints",
    "stamps",
)
MOST_ROWS = 60
"""Of a table, that are dropped, inserted, swapped."""
CAPTURE_CPU_S = 0.2
"""Of one capture with everything, bench/results/capture.md."""


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# -------------------------------------------------------------------------------------------------------- a small archive


def build_small(room: Path) -> Path:
    """Two dozen captures with their articles, a key that was rotated, two checkpoints, two stamps."""
    path = build_archive(room / "embeds.db")
    ring, stamper = Keyring(room / "keys"), Stamper(room / "stamper", "Bench", chain=True)
    roots = read_certificates(stamper.root.read_bytes())
    with Archive(path) as archive:
        make_checkpoint(archive, ring, NOW)
        ring.rotate()
        with archive.transaction() as conn:  # so many that there is something in `tree`
            for _ in range(WIDTH):
                evidence.append(conn, "rendering", conn.execute("SELECT max(id) FROM fetches").fetchone()[0])
        note = make_checkpoint(archive, ring, NOW)
        data = str(note).encode()
        answer = stamper.answer(make_stamp_request(data))
        with archive.transaction() as conn:
            want_stamps(conn, ["http://tsa.example/"], NOW)
            (number,) = conn.execute("SELECT id FROM stamps").fetchone()
            keep_answer(conn, number, answer, judge_stamp(answer, data, roots))
    return path


# ------------------------------------------------------------------------------------------------------ 1. bits of values


class Flipped:
    """A connection that gives one value of one row otherwise than it is: what verify would read of the flipped file."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn
        self.query, self.row, self.column, self.value = "", 0, 0, None

    def execute(self, sql: str, parameters: Any = ()) -> Iterator[Any]:
        rows = self.conn.execute(sql, parameters).fetchall()
        if sql == self.query:
            rows = [self.changed(row) if row[0] == self.row else row for row in rows]
        return iter(rows)

    def changed(self, row: Any) -> tuple[Any, ...]:
        return (*row[: self.column], self.value, *row[self.column + 1 :])


def flip_bits(value: object, stride: int, start: int) -> Iterator[object]:
    """Every value that one bit makes of a value: as text of UTF-8, as a number of 64 bits, as bytes."""
    if isinstance(value, int):
        for bit in range(start % stride, 64, stride):
            yield int.from_bytes((value & (2**64 - 1) ^ 1 << bit).to_bytes(8, "big"), "big", signed=True)
    elif value is not None:
        data = value.encode() if isinstance(value, str) else bytes(value)  # type: ignore[call-overload]
        for bit in range(start % stride, len(data) * 8, stride):
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            yield bytes(changed).decode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(changed)


def count_flipped_entries(conn: sqlite3.Connection, stride: int, tally: Counter[str]) -> None:
    """Bits of the rows that entries are made of."""
    parts = {"capture": ("capture", "artifacts", "exchanges", "check")}
    seen = 0
    for row in conn.execute("SELECT seq, kind, subject, form, leaf, salt FROM log ORDER BY seq").fetchall():
        leaf = Leaf(*row)
        if leaf.kind == "withdrawal" or (leaf.salt is None and leaf.kind == "rendering"):
            continue
        for which in parts.get(leaf.kind, (leaf.kind,)):
            sql, names = QUERIES[which]
            for held in conn.execute(sql, (leaf.subject,)).fetchall():
                for column, name in enumerate(names):
                    for value in flip_bits(held[column], stride, seen):
                        seen += 1
                        tally["flips"] += 1
                        tally["caught"] += differs(conn, leaf, sql, held[0], column, value)
                    tally[f"{which}.{name}"] += 1


def differs(conn: sqlite3.Connection, leaf: Leaf, sql: str, row: int, column: int, value: object) -> bool:
    flipped = Flipped(conn)
    flipped.query, flipped.row, flipped.column, flipped.value = sql, row, column, value  # type: ignore[assignment]
    try:
        return hash_entry(tell_leaf(flipped, leaf)) != leaf.leaf  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return True


def count_flipped_log(conn: sqlite3.Connection, stride: int, tally: Counter[str]) -> None:
    """Bits of the log's own leaves and salts: an entry no longer is its leaf."""
    for row in conn.execute("SELECT seq, kind, subject, form, leaf, salt FROM log ORDER BY seq").fetchall():
        leaf = Leaf(*row)
        if leaf.salt is None or leaf.kind == "withdrawal":
            continue
        for salt in flip_bits(leaf.salt, stride, leaf.seq):
            tally["flips"] += 1
            other = Leaf(leaf.seq, leaf.kind, leaf.subject, leaf.form, leaf.leaf, salt)  # type: ignore[arg-type]
            tally["caught"] += hash_entry(tell_leaf(conn, other)) != leaf.leaf


def count_flipped_notes(conn: sqlite3.Connection, tally: Counter[str]) -> None:
    """Every bit of every checkpoint."""
    publics = [public for _, public in read_keys(conn)]
    for (text,) in conn.execute("SELECT note FROM checkpoints").fetchall():
        for changed in flip_bits(text, 1, 0):
            tally["flips"] += 1
            tally["caught"] += not is_sound_note(str(changed), publics)


def is_sound_note(text: str, publics: list[bytes]) -> bool:
    try:
        note = read_note(text)
        found = read_checkpoint(note.text)
        return str(note) == text and len(find_signers(note, found.origin, publics)) == len(note.signatures)
    except ValueError:
        return False


def count_flipped_bytes(conn: sqlite3.Connection, most: int, tally: Counter[str]) -> None:
    """Bits of the kept bytes: of those that are few every one, of the others so many, evenly spread."""
    for row in conn.execute("SELECT sha256, rowid, encoding, size, length(body), body FROM blobs").fetchall():
        held, body = Held(*row[:5]), row[5]
        for changed in flip_bits(body, max(1, len(body) * 8 // most), held.rowid):
            tally["flips"] += 1
            tally["caught"] += judge_whole(held, changed) is not None  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------- 2. bits of the file


def read_all(path: Path, tables: Sequence[str]) -> str:
    """A hash of everything that the rows of these tables say; another where they cannot be read."""
    digest = hashlib.sha256()
    try:
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as conn:
            for table in tables:
                columns = ", ".join(SKIPPED_COLUMNS.get(table, ("*",)))
                for row in conn.execute(f"SELECT {columns} FROM {table}"):
                    digest.update(repr(tuple(row)).encode("utf-8", "surrogateescape"))
    except FAULTS as error:
        return f"unreadable: {error}"
    return digest.hexdigest()


SKIPPED_COLUMNS = {
    # What is derived, or is still to be done, and may change: no part of any entry.
    "artifacts": ("id", "capture_id", *ARTIFACT.plain[1:], *ARTIFACT.salted),
    "fetches": (*FETCH.plain, *FETCH.salted, *RENDERING.plain[1:], *RENDERING.salted),
    "stamps": ("id", "checkpoint_id", "authority", "state", "stamped_at", "token", "root"),
}  # fmt: skip


def count_raw(path: Path, room: Path, how_many: int, tally: Counter[str]) -> None:
    """Bits of the file, drawn by lot."""
    with closing(open_reader(path)) as conn:
        sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        every = [row[0] for row in conn.execute(sql)]
    logged = (*LOGGED, "blobs")
    chance, whole = random.Random(20261127), path.read_bytes()
    before, all_before = read_all(path, logged), read_all(path, every)
    copy = room / "raw" / "embeds.db"
    copy.parent.mkdir()
    checkpoints_path(copy).write_bytes(checkpoints_path(path).read_bytes())
    for _ in range(how_many):
        bit = chance.randrange(len(whole) * 8)
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        copy.write_bytes(flipped)
        kind, named = "nothing", is_named(copy)
        if read_all(copy, logged) != before:
            kind = "logged"
        elif read_all(copy, every) != all_before:
            kind = "derived"
        tally[f"raw {kind}"] += 1
        tally[f"raw {kind} named"] += named
        if kind == "logged" and not named:
            tell(f"NOT CAUGHT: bit {bit}")


def is_named(path: Path, *against: Path) -> bool:
    try:
        with closing(open_reader(path)) as conn:
            return next(iter(verify(conn, VerifyScope(log=LogScope(against=against)))), None) is not None
    except (*FAULTS, EmbedArchiveError):
        return True


# ------------------------------------------------------------------------------------------------------- 3. whole rows


def count_rows(path: Path, tally: Counter[str]) -> None:
    """Every row dropped, doubled under another number, swapped with the next."""
    image = path.read_bytes()
    for table in LOGGED:
        with closing(open_image(image)) as conn:
            numbers = [row[0] for row in conn.execute(f"SELECT {KEYS.get(table, 'id')} FROM {table}")]
            numbers = numbers[:: max(1, len(numbers) // MOST_ROWS)]
            columns = [row[1] for row in conn.execute(f"PRAGMA table_info({table})")]
        for at, number in enumerate(numbers):
            for name, lines in make_changes(table, columns, number, numbers[(at + 1) % len(numbers)]):
                tally["row changes"] += 1
                caught = is_change_named(image, path, lines)
                tally["row changes caught"] += caught
                if not caught:
                    tell(f"NOT CAUGHT: {name} {table} {number}")


KEYS = {"log": "seq", "tree": "position"}


def make_changes(table: str, columns: list[str], number: int, following: int) -> Iterator[tuple[str, list[str]]]:
    key = KEYS.get(table, "id")
    yield "drop", [f"DELETE FROM {table} WHERE {key} = {number}"]
    others = ", ".join(name for name in columns if name != key)
    new = f"(SELECT max({key}) + 1 FROM {table})"
    yield (
        "insert",
        [f"INSERT INTO {table} ({key}, {others}) SELECT {new}, {others} FROM {table} WHERE {key} = {number}"],
    )
    if number != following:
        swap = f"CASE {key} WHEN {number} THEN -{following} - 1 ELSE -{number} - 1 END"
        yield (
            "swap",
            [
                f"UPDATE {table} SET {key} = {swap} WHERE {key} IN ({number}, {following})",
                f"UPDATE {table} SET {key} = -{key} - 1 WHERE {key} < 0",
            ],
        )


def open_image(image: bytes) -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.deserialize(image)
    return conn


def is_change_named(image: bytes, path: Path, lines: list[str]) -> bool:
    """Whether the log's check, or SQLite's of references, names a change. What SQLite itself refuses counts as named."""
    with closing(open_image(image)) as conn:
        triggers = [row[0] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")]
        for name in triggers:
            conn.execute(f"DROP TRIGGER {name}")
        try:
            for line in lines:
                conn.execute(line)
        except sqlite3.IntegrityError:
            return True
        if next(iter(check_log(conn, LogScope(against=(checkpoints_path(path),)))), None) is not None:
            return True
        return conn.execute("PRAGMA foreign_key_check").fetchone() is not None


# -------------------------------------------------------------------------------------------- 4. who signs all of it anew


def is_attacker_caught(path: Path, room: Path) -> tuple[bool, bool]:
    """Whether somebody is found out who changed rows and signed anew: by the archive alone, and by an older checkpoint."""
    emptied = [f"DELETE FROM {table}" for table in ("log", "tree", "stamps", "checkpoints", "log_keys", "imports")]
    place = room / "attacked" / "embeds.db"
    place.parent.mkdir()
    tamper(path, place, "UPDATE captures SET outcome = 'gone'", "UPDATE checks SET outcome = 'gone'", *emptied)
    with Archive(place) as archive:
        while archive.adopt():
            pass
        make_checkpoint(archive, Keyring(room / "theirs"), NOW)
    return is_named(place), is_named(place, checkpoints_path(path))


# ------------------------------------------------------------------------------------------------------------- 5. the cost


def time_typical_entry() -> float:
    """CPU-seconds of the leaf of a capture with 60 exchanges and 8 files, as a platform's page makes."""
    with tempfile.TemporaryDirectory() as room:
        path = build_archive(Path(room) / "embeds.db")
        headers = json.dumps([[f"header-{n}", "x" * 40] for n in range(12)])
        with closing(sqlite3.connect(path)) as conn:
            (last,) = conn.execute("SELECT max(position) FROM exchanges WHERE capture_id = 1").fetchone()
            rows = [
                (1, (last or 0) + n, f"https://cdn.example/{n}", "GET", "image", headers, headers, NOW, 12)
                for n in range(1, 61)
            ]
            conn.executemany(
                "INSERT INTO exchanges (capture_id, position, url, method, resource_type, request_headers, response_headers, "
                "started_at, elapsed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows,
            )  # fmt: skip
            conn.commit()
        with Archive(path) as archive, archive.transaction() as conn:
            began = time.process_time()
            for _ in range(50):
                evidence.append(conn, "capture", 1)
            return (time.process_time() - began) / 50


def measure_log(room: Path, leaves: int) -> tuple[float, float]:
    """Bytes a leaf in the file, and milliseconds of a proof (median of 50), of a log of so many leaves."""
    path = room / "large.db"
    with Archive(path) as archive:
        conn = archive.conn
        with archive.transaction():
            conn.executemany(
                "INSERT INTO log (seq, kind, subject, form, leaf, salt) VALUES (?, 'capture', ?, 1, ?, ?)",
                (
                    (n, n + 1, hashlib.sha256(n.to_bytes(8, "big")).digest(), n.to_bytes(SALT_BYTES, "big"))
                    for n in range(leaves)
                ),
            )
            fill_tree(conn, leaves)
    size = path.stat().st_size
    with closing(open_reader(path)) as reader:
        times = [time_proof(reader, random.Random(n).randrange(leaves), leaves) for n in range(50)]
    empty = room / "empty.db"
    Archive(empty).close()
    path.unlink()
    return (size - empty.stat().st_size) / leaves, sorted(times)[25] * 1000


def fill_tree(conn: sqlite3.Connection, leaves: int) -> None:
    tree = GrowingTree()
    for (leaf,) in conn.execute("SELECT leaf FROM log ORDER BY seq").fetchall():
        for completed in tree.add(leaf):
            conn.execute("INSERT INTO tree (level, position, hash) VALUES (?, ?, ?)", completed)


def time_proof(conn: sqlite3.Connection, index: int, size: int) -> float:
    began = time.perf_counter()
    read = evidence.KeptHashes(conn)
    proof = prove_inclusion(read, index, size)
    took = time.perf_counter() - began
    (leaf,) = read(0, index, 1)
    assert is_included(leaf, index, size, proof, find_root(read, size))
    return took


def measure_verify(room: Path, megabytes: int) -> tuple[float, float]:
    """Stored megabytes a CPU-second of verify, all and without the log's part."""
    path = room / "films.db"
    build(path, megabytes)
    with closing(open_reader(path)) as conn:
        scope = VerifyScope()
        list(verify(conn, scope))
        scope = VerifyScope()
        began = time.process_time()
        assert not list(verify(conn, scope))
        spent = time.process_time() - began
        began = time.process_time()
        assert not list(check_log(conn, LogScope()))
        log = time.process_time() - began
    return scope.bytes / 1e6 / spent, scope.bytes / 1e6 / (spent - log)


def timed(name: str, work: Callable[[], None]) -> None:
    began = time.process_time()
    work()
    tell(f"{name}: {time.process_time() - began:.1f} CPU-s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--raw", type=int, default=400)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--bits-of-a-file", type=int, default=2000)
    given = parser.parse_args()
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        path = build_small(room)
        assert not is_named(path, checkpoints_path(path))
        with closing(open_reader(path)) as conn:
            timed("bits of rows", lambda: count_flipped_entries(conn, given.stride, tally))
            timed("bits of salts", lambda: count_flipped_log(conn, given.stride, tally))
            timed("bits of checkpoints", lambda: count_flipped_notes(conn, tally))
            timed("bits of bytes", lambda: count_flipped_bytes(conn, given.bits_of_a_file, tally))
        tell(f"{tally['flips']:,} bits of values flipped, {tally['caught']:,} caught")
        timed("rows", lambda: count_rows(path, tally))
        tell(f"{tally['row changes']:,} rows dropped, inserted, swapped: {tally['row changes caught']:,} caught")
        timed("bits of the file", lambda: count_raw(path, room, given.raw, tally))
        for kind in ("logged", "derived", "nothing"):
            tell(f"bits of the file, {kind}: {tally[f'raw {kind}']:,}, of them {tally[f'raw {kind} named']:,} named")
        alone, by_checkpoint = is_attacker_caught(path, room)
        tell(f"who signs all of it anew: named by the archive alone: {alone}, by an older checkpoint: {by_checkpoint}")
        leaf_s = time_typical_entry()
        overhead = leaf_s / CAPTURE_CPU_S
        tell(f"a leaf of a capture with 60 exchanges: {leaf_s * 1000:.2f} CPU-ms, {overhead:.2%} of a capture's time")
        rate, without = measure_verify(room, 150)
        tell(f"verify: {rate:.0f} MB a CPU-second, {without:.0f} without the log")
        leaf_bytes, proof_ms = measure_log(room, given.leaves)
        tell(f"of {given.leaves:,} leaves: {leaf_bytes:.1f} bytes each in the file, a proof in {proof_ms:.2f} ms")
    flips = tally["flips"] + tally["row changes"] + tally["raw logged"] + 1
    caught = tally["caught"] + tally["row changes caught"] + tally["raw logged named"] + by_checkpoint
    result = {
        "flips": flips, "caught": caught, "overhead": round(overhead, 4), "verify_mb_s": round(rate),
        "bytes_a_leaf": round(leaf_bytes, 1), "proof_ms": round(proof_ms, 2), "leaves": given.leaves,
    }  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    main()
