"""An archive's log -> what is wrong with it: entries against their rows, the tree, checkpoints and who signed them.

Everything is recomputed from the rows in one pass, in the order of the log. What was withdrawn is told apart from what is
damaged: a withdrawal says in the log itself what stands there now.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.x509 import Certificate

from embedarchive.core.checkpoint import SignedNote, find_signers, read_checkpoint, read_note, read_notes
from embedarchive.core.entries import FORM, hash_entry
from embedarchive.core.errors import EmbedArchiveError
from embedarchive.core.merkle import GrowingTree
from embedarchive.store.checkpoints import checkpoints_path
from embedarchive.store.evidence import SALTLESS, Leaf, find_adopted, find_unlogged, tell_leaf
from embedarchive.store.faults import FAULTS
from embedarchive.store.merging.proving import check_merged
from embedarchive.store.schema import path_of
from embedarchive.store.timestamps import KeptStamps

LOG_CODES: Mapping[str, str] = {
    "log_entry": "what the log says was kept is not what the rows say now, and it was not withdrawn",
    "log_gap": "an entry of the log is not there, or stands in another place",
    "log_twice": "something is in the log twice",
    "log_salt": "the salt of what was withdrawn is still there",
    "log_missing": "a row is not in the log, where everything that was kept is",
    "tree_hash": "a hash of the tree is not that of its leaves, or is not there",
    "checkpoint_note": "a checkpoint is no signed note, or not the one that its row says",
    "checkpoint_gap": "a checkpoint is not there",
    "checkpoint_root": "the log is not what was signed",
    "checkpoint_signature": "a checkpoint is not signed by the archive's key",
    "stamp": "a time stamp is not one of the checkpoint that it is kept with",
    "merged_log": "the log of an archive that was merged is not whole",
    "merged_entry": "what another archive's log says it held is not what the rows say, and it was not withdrawn",
    "merged_checkpoint": "the log of an archive that was merged is not what that one signed",
    "merged_stamp": "a time stamp of an archive that was merged is not one of the checkpoint that it is kept with",
    "against_root": "the log is not what it was when a checkpoint held elsewhere was signed",
    "against_size": "the log has fewer entries than a checkpoint held elsewhere says",
    "against_other": "a checkpoint held elsewhere is of another log, or is none",
}


@dataclass
class LogScope:
    """What is to be compared with the log, and what was seen of it.

    `against` are files of checkpoints that were held elsewhere. An entry is recomputed with the chance `sample`, 0 to 1, and
    where it is of a capture or fetch since `since`.
    """

    sample: float = 1.0
    since: str | None = None
    seed: int = 0
    against: tuple[Path, ...] = ()
    roots: list[Certificate] | None = None
    """By which stamps are judged; None: by those that each was judged by when it came."""
    entries: int = 0
    withdrawn: int = 0
    unlogged: int = 0
    unsigned: int = 0
    checkpoints: int = 0
    stamps: int = 0
    stamped_by: list[tuple[str, str]] = field(default_factory=list)
    """(authority, time) of the good stamps of the newest checkpoint."""
    newest: SignedNote | None = None
    strangers: list[str] = field(default_factory=list)
    """Keys that took over without a signature of the one before: who has lost a key cannot give it."""


@dataclass(frozen=True, slots=True)
class LogFlaw:
    code: str
    what: str
    says: str


@dataclass
class _Expected:
    """A root that the log must have had at a size, and what to say where it had not."""

    size: int
    root: bytes
    flaw: LogFlaw


def check_log(conn: sqlite3.Connection, scope: LogScope) -> Iterator[LogFlaw]:
    """Everything that is wrong with a log, as it is found. Raises what SQLite raises for a log that cannot be read at all."""
    scope.unlogged = count_unlogged(conn)
    superseded = find_superseded(conn)
    scope.withdrawn = count(conn, "SELECT count(*) FROM log WHERE kind = 'withdrawal'")
    expected: list[_Expected] = []
    yield from check_notes(conn, scope, expected)
    yield from check_against(conn, scope, expected)
    judges = KeptStamps(scope.roots)
    yield from check_stamps(conn, scope, judges)
    tree = GrowingTree()
    kept = dict[tuple[int, int], bytes](
        ((row[0], row[1]), row[2]) for row in conn.execute("SELECT level, position, hash FROM tree")
    )
    roots = sorted(expected, key=lambda each: each.size)
    chance = random.Random(scope.seed)
    seen: set[tuple[str, int]] = set()
    for row in conn.execute("SELECT seq, kind, subject, form, leaf, salt FROM log ORDER BY seq"):
        leaf = Leaf(*row)
        if leaf.seq != tree.size:
            yield LogFlaw("log_gap", f"log {leaf.seq}", f"entry {leaf.seq} of the log stands where {tree.size} should")
            break
        for level, position, value in tree.add(leaf.leaf if isinstance(leaf.leaf, bytes) else b""):
            if kept.pop((level, position), None) != value:
                yield LogFlaw(
                    "tree_hash", f"tree {level} {position}", f"tree {level} {position} is not the hash of its leaves"
                )
        while roots and roots[0].size <= tree.size:
            wanted = roots.pop(0)
            if tree.size == wanted.size and tree.find_root() != wanted.root:
                yield wanted.flaw
        yield from check_order(leaf, superseded, seen)
        if leaf.seq not in superseded and is_chosen(conn, leaf, scope, chance):
            yield from check_leaf(conn, leaf)
    for each in roots:
        code = "log_gap"
        if each.flaw.code == "against_root":
            code = "against_size"
        says = f"the log has {tree.size:,} entries, where {each.flaw.what} was signed for {each.size:,}"
        yield LogFlaw(code, each.flaw.what, says)
    for level, position in kept:
        yield LogFlaw(
            "tree_hash", f"tree {level} {position}", f"tree {level} {position} is a hash of leaves that are not there"
        )
    scope.entries = tree.size
    newest_size = 0
    if scope.newest:
        newest_size = read_checkpoint(scope.newest.text).size
    scope.unsigned = count(conn, f"SELECT count(*) FROM log WHERE seq >= {newest_size} AND kind <> 'stamp'")
    if tree.size:
        yield from find_missing(conn)
    yield from (LogFlaw(*said) for said in check_merged(conn, judges))


def count(conn: sqlite3.Connection, sql: str) -> int:
    return int(conn.execute(sql).fetchone()[0])


# -------------------------------------------------------------------------------------------------------------- entries


def find_superseded(conn: sqlite3.Connection) -> set[int]:
    """The places in the log of what can no longer be recomputed: a withdrawal or a later rendering stands in for it."""
    sql = (
        "SELECT seq FROM log o WHERE kind = 'rendering' AND EXISTS "
        "(SELECT 1 FROM log n WHERE n.kind = 'rendering' AND n.subject = o.subject AND n.seq > o.seq)"
    )
    older = {row[0] for row in conn.execute(sql)}
    withdrawn = set()
    for seq, of in conn.execute("SELECT seq, subject FROM log WHERE kind = 'withdrawal' ORDER BY seq"):
        withdrawn.add(of)
        if of in older:
            older.add(seq)
    return withdrawn | older


def check_order(leaf: Leaf, superseded: set[int], seen: set[tuple[str, int]]) -> Iterator[LogFlaw]:
    """What is in the log once is there once, in a form that is known; the salts of what was withdrawn are gone with it."""
    if leaf.form != FORM:
        says = f"entry {leaf.seq} of the log is of form {leaf.form}, which this version does not know"
        yield LogFlaw("log_entry", f"log {leaf.seq}", says)
    if leaf.kind != "rendering" and (leaf.kind, leaf.subject) in seen:
        yield LogFlaw("log_twice", f"log {leaf.seq}", f"{leaf.kind} {leaf.subject} is in the log more than once")
    seen.add((leaf.kind, leaf.subject))
    if leaf.salt is not None and (leaf.seq in superseded or leaf.kind in SALTLESS):
        yield LogFlaw("log_salt", f"log {leaf.seq}", f"entry {leaf.seq} has a salt, and should have none")


def is_chosen(conn: sqlite3.Connection, leaf: Leaf, scope: LogScope, chance: random.Random) -> bool:
    """Whether an entry is recomputed: all are, unless it was asked for fewer."""
    if scope.sample < 1 and chance.random() >= scope.sample:
        return False
    times = {
        "capture": "SELECT started_at FROM captures WHERE id = ?",
        "fetch": "SELECT fetched_at FROM fetches WHERE id = ?",
    }
    if scope.since is None or leaf.kind not in times:
        return True
    row = conn.execute(times[leaf.kind], (leaf.subject,)).fetchone()
    return row is None or row[0] >= scope.since


def check_leaf(conn: sqlite3.Connection, leaf: Leaf) -> Iterator[LogFlaw]:
    """The rows say what they said when they were logged."""
    what = f"{leaf.kind} {leaf.subject}"
    try:
        same = hash_entry(tell_leaf(conn, leaf)) == leaf.leaf
    except (*FAULTS, ValueError, TypeError, EmbedArchiveError) as error:
        said = " ".join(str(error).split())
        yield LogFlaw("log_entry", what, f"entry {leaf.seq} of the log cannot be made of its rows ({said})")
        return
    if not same:
        yield LogFlaw("log_entry", what, f"{what} is not what entry {leaf.seq} of the log says was kept")


WHAT_IS_LOGGED = {
    "capture": "SELECT id FROM captures",
    "fetch": "SELECT id FROM fetches",
    "rendering": "SELECT id FROM fetches f WHERE (rendered_at IS NOT NULL OR screenshot_sha256 IS NOT NULL) "
    "AND EXISTS (SELECT 1 FROM log WHERE kind = 'fetch' AND subject = f.id)",
    "key": "SELECT id FROM log_keys",
    "import": "SELECT id FROM imports",
    "stamp": "SELECT id FROM stamps WHERE state = 'stamped'",
}
"""Kind -> the numbers of which there is an entry."""


def find_missing(conn: sqlite3.Connection) -> Iterator[LogFlaw]:
    """Rows that are not in the log, and not among those from before it that are still to be put there."""
    captures, fetches = find_adopted(conn)
    adopted = {"capture": captures, "fetch": fetches, "rendering": 0}
    for kind, numbers in WHAT_IS_LOGGED.items():
        sql = (
            f"SELECT id FROM ({numbers}) t WHERE NOT EXISTS (SELECT 1 FROM log WHERE kind = :kind AND subject = t.id) "
            "AND (id > :last OR id <= coalesce((SELECT max(subject) FROM log WHERE kind = :kind AND subject <= :last), 0))"
        )
        for (number,) in conn.execute(sql, {"kind": kind, "last": adopted.get(kind, 0)}):
            yield LogFlaw("log_missing", f"{kind} {number}", f"{kind} {number} is not in the log")


def count_unlogged(conn: sqlite3.Connection) -> int:
    """How many rows from before the log are not in it yet; all of them where nothing is."""
    if count(conn, "SELECT count(*) FROM log") == 0:
        return count(conn, "SELECT (SELECT count(*) FROM captures) + (SELECT count(*) FROM fetches)")
    return len(find_unlogged(conn, "capture")) + len(find_unlogged(conn, "fetch"))


# ---------------------------------------------------------------------------------------------------------- checkpoints


def check_notes(conn: sqlite3.Connection, scope: LogScope, expected: list[_Expected]) -> Iterator[LogFlaw]:
    """Each checkpoint is a note about this log, signed by the key of then; what it says of the log goes to `expected`."""
    keys = read_key_rows(conn)
    before, size_before = 0, 0
    signers_before: list[bytes] = []
    for number, size, text in conn.execute("SELECT id, size, note FROM checkpoints ORDER BY id"):
        what = f"checkpoints {number}"
        if number != before + 1:
            yield LogFlaw("checkpoint_gap", what, f"checkpoints {before + 1} is not there")
        before = number
        try:
            note = read_note(text)
            found = read_checkpoint(note.text)
        except (ValueError, TypeError, AttributeError) as error:
            yield LogFlaw("checkpoint_note", what, f"{what}: {error}")
            continue
        if found.size != size or size <= size_before or str(note) != text:
            yield LogFlaw("checkpoint_note", what, f"{what} is not the note that its row says")
        size_before = size
        scope.checkpoints, scope.newest = scope.checkpoints + 1, note
        known = [(origin, public) for origin, public, seq in keys if seq < found.size]
        signers = find_signers(note, found.origin, [public for _, public in known])
        is_ours = bool(known) and found.origin == known[-1][0] and known[-1][1] in signers
        if not is_ours or len(signers) != len(note.signatures):
            yield LogFlaw("checkpoint_signature", what, f"{what} is not signed by the key that this archive names")
        if signers_before and known and known[-1][1] not in signers_before and not set(signers) & set(signers_before):
            scope.strangers.append(known[-1][1].hex())
        signers_before = signers
        says = f"the first {found.size:,} entries of the log are not those that were signed on {found.made_at}"
        expected.append(_Expected(found.size, found.root, LogFlaw("checkpoint_root", what, says)))


def check_stamps(conn: sqlite3.Connection, scope: LogScope, judges: KeptStamps) -> Iterator[LogFlaw]:
    """Each stamp is one of its checkpoint, at the time that its row says."""
    sql = (
        "SELECT s.id, s.authority, s.stamped_at, s.token, s.root, c.note, c.id FROM stamps s "
        "LEFT JOIN checkpoints c ON c.id = s.checkpoint_id WHERE s.state = 'stamped' ORDER BY s.id DESC"
    )
    newest = count(conn, "SELECT coalesce(max(id), 0) FROM checkpoints")
    for number, authority, at, token, root, note, checkpoint in conn.execute(sql):
        what = f"stamps {number}"
        try:
            judged = judges.judge(token, note, root, at)
        except (TypeError, AttributeError) as error:
            yield LogFlaw("stamp", what, f"{what} cannot be read ({error})")
            continue
        if judged.code != "stamped":
            yield LogFlaw("stamp", what, f"{what} of {authority}: {judged.code} {judged.says}")
            continue
        scope.stamps += 1
        if checkpoint == newest:
            scope.stamped_by.append((authority, at))


def read_key_rows(conn: sqlite3.Connection) -> list[tuple[str, bytes, int]]:
    """(origin, public key, place in the log) of each key, in order; a key that is none is left out."""
    sql = "SELECT k.origin, k.public_key, l.seq FROM log_keys k JOIN log l ON l.kind = 'key' AND l.subject = k.id ORDER BY k.id"
    found = []
    for origin, public, seq in conn.execute(sql):
        try:
            found.append((origin, bytes.fromhex(public), seq))
        except (ValueError, TypeError):
            continue  # check_leaf says so
    return found


def check_against(conn: sqlite3.Connection, scope: LogScope, expected: list[_Expected]) -> Iterator[LogFlaw]:
    """Checkpoints held elsewhere are of this log; what they say of it goes to `expected`. So do those of the file beside it."""
    keys = read_key_rows(conn)
    origins = {origin for origin, _, _ in keys}
    held = {row[0] for row in conn.execute("SELECT note FROM checkpoints")}
    beside = checkpoints_path(Path(path_of(conn)))
    files = [(each, True) for each in scope.against] + [(beside, False)] * beside.exists()
    for path, is_asked in files:
        try:
            notes = list(read_notes(path.read_text("utf-8")))
            told = [(note, read_checkpoint(note.text)) for note in notes]
        except (OSError, ValueError) as error:
            yield LogFlaw("against_other", str(path), f"{path} has no checkpoints that can be read ({error})")
            continue
        if is_asked and not told:
            yield LogFlaw("against_other", str(path), f"{path} has no checkpoint in it")
        for note, found in told:
            what = f"{path.name} of {found.made_at or found.size}"
            if found.origin not in origins:
                if is_asked:  # an archive that was begun anew leaves those of the former beside it
                    yield LogFlaw("against_other", what, f"{what} is of another log, {found.origin}")
                continue
            if not find_signers(note, found.origin, [public for _, public, _ in keys]):
                yield LogFlaw("against_other", what, f"{what} is not signed by a key of this archive")
            elif str(note) not in held:
                yield LogFlaw("checkpoint_gap", what, f"{what} is not among the checkpoints of the archive")
            says = f"the first {found.size:,} entries of the log are not those of {what}"
            expected.append(_Expected(found.size, found.root, LogFlaw("against_root", what, says)))
