"""A capture or a download of an archive -> what proves that its rows are as they were logged. Read-only.

The entry is made anew from the rows, its leaf compared with the log's, and the way from it to the root of a signed checkpoint
taken from the tree. Of the checkpoints that cover it the first that bears a time stamp is taken, else the first: that is the
earliest moment that is proved.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from embedarchive.core.canonical import Value, to_canonical
from embedarchive.core.checkpoint import SignedNote, find_signers, hash_key, read_checkpoint, read_note
from embedarchive.core.entries import ARTIFACT, CAPTURE, EXCHANGE, FETCH, RENDERING, Columns, hash_entry, salt_column
from embedarchive.core.errors import DamagedArchive
from embedarchive.core.merkle import is_included, prove_growth, prove_inclusion
from embedarchive.library.records import LoggedEntry, ProofRecord, SaltedWords, StampRecord, Subject
from embedarchive.library.rows import Row, select, select_one
from embedarchive.store.evidence import KeptHashes, find_newest, read_rows, tell, tell_leaf

OF_CHECKPOINT = """SELECT c.id, c.size, c.note FROM checkpoints c WHERE c.size > ?
  ORDER BY NOT EXISTS (SELECT 1 FROM stamps s WHERE s.checkpoint_id = c.id AND s.state = 'stamped'), c.size, c.id LIMIT 1"""
OF_STAMPS = """SELECT authority, stamped_at, token, root FROM stamps
  WHERE checkpoint_id = ? AND state = 'stamped' ORDER BY authority"""


def read_proof(conn: sqlite3.Connection, kind: Subject, subject: int) -> ProofRecord | None:
    """What proves a capture (by its id), a download or what a browser made of it (by the download's).

    None where it is not in the log, or in no signed checkpoint yet. Raises DamagedArchive where its rows are not as they were
    logged and no withdrawal says why, or the log itself does not hold together.
    """
    leaf = find_newest(conn, kind, subject)
    signed = None
    if leaf:
        signed = select_one(conn, OF_CHECKPOINT, leaf.seq)
    if leaf is None or signed is None:
        return None
    try:
        entry, told = tell(conn, kind, subject, leaf.salt or b""), tell_leaf(conn, leaf)
        if hash_entry(told) != leaf.leaf:
            raise damaged(conn, f"{kind} {subject} is not as its log has it in entry {leaf.seq}")
        place, withdrawal = place_entry(conn, leaf.seq, leaf.leaf, entry, signed["size"]), None
        if leaf.kind == "withdrawal":
            before = select_one(conn, "SELECT seq, leaf FROM log WHERE seq = ?", leaf.subject) or {}
            withdrawal = replace(place, entry=to_canonical(told))
            place = place_entry(conn, before["seq"], before["leaf"], entry, signed["size"])
    except (ValueError, KeyError) as error:
        raise damaged(conn, f"its log: {error}") from error
    note, key, signature = read_signed(conn, signed["note"])
    checkpoint = read_checkpoint(note.text)
    for each in filter(None, (place, withdrawal)):
        if not is_included(each.leaf, each.index, checkpoint.size, each.hashes, checkpoint.root):
            raise damaged(conn, f"entry {each.index} of its log is not under the root that was signed")
    stamps = tuple(StampRecord(*row.values()) for row in select(conn, OF_STAMPS, signed["id"]))
    return ProofRecord(
        kind,
        subject,
        place,
        read_words(conn, kind, subject, leaf.salt),
        signed["note"],
        note.text,
        checkpoint.size,
        checkpoint.made_at,
        key,
        signature,
        withdrawal,
        stamps,
    )


def read_signed(conn: sqlite3.Connection, text: str) -> tuple[SignedNote, bytes, bytes]:
    """A checkpoint's note with the key of the archive that signed it, and its signature. Raises DamagedArchive."""
    try:
        note = read_note(text)
        origin = read_checkpoint(note.text).origin
        keys = [bytes.fromhex(row["public_key"]) for row in select(conn, "SELECT public_key FROM log_keys ORDER BY id")]
    except ValueError as error:
        raise damaged(conn, f"a checkpoint of its log: {error}") from error
    for key in find_signers(note, origin, keys):
        [signature] = [each.signature for each in note.signatures if each.key_hash == hash_key(origin, key)]
        return note, key, signature
    raise damaged(conn, "a checkpoint of its log is signed by no key of the archive")


def read_growth(conn: sqlite3.Connection, size: int) -> dict[int, tuple[bytes, Sequence[bytes]]]:
    """What shows that a log of `size` entries grew out of each smaller one that was signed: size -> its root, and the proof.

    Raises DamagedArchive where a checkpoint is none, or the tree lacks hashes.
    """
    rows = select(conn, "SELECT size, note FROM checkpoints WHERE size < ? ORDER BY size, id", size)
    try:
        roots = {row["size"]: read_checkpoint(read_note(row["note"]).text).root for row in rows}
        proofs = prove_growth(KeptHashes(conn), roots, size)
    except ValueError as error:
        raise damaged(conn, f"its log: {error}") from error
    return {old: (root, proofs[old]) for old, root in roots.items()}


def place_entry(conn: sqlite3.Connection, seq: int, leaf: bytes, entry: Value, size: int) -> LoggedEntry:
    """An entry with the way from its leaf to the root of the first `size`. Raises ValueError where the tree lacks one."""
    return LoggedEntry(seq, to_canonical(entry), leaf, prove_inclusion(KeptHashes(conn), seq, size))


def read_words(conn: sqlite3.Connection, kind: Subject, subject: int, salt: bytes | None) -> tuple[SaltedWords, ...]:
    """The words behind the salted hashes of an entry; none where its salt was erased."""
    tables = {"capture": (("capture", "captures", CAPTURE), ("artifacts", "artifacts", ARTIFACT),
                          ("exchanges", "exchanges", EXCHANGE)),
              "fetch": (("fetch", "fetches", FETCH),),
              "rendering": (("rendering", "fetches", RENDERING),)}  # fmt: skip
    found = (list_words(table, read_rows(conn, which, subject), columns, salt or b"")
             for which, table, columns in tables[kind])  # fmt: skip
    return tuple(words for each in found for words in each)


def list_words(table: str, rows: Iterable[Row], columns: Columns, salt: bytes) -> Iterator[SaltedWords]:
    """The words of some rows, each with the salt of its column; nothing where the salt was erased. Pure."""
    for row in rows if salt else ():
        for name in columns.salted:
            if row[name] is not None:
                column = f"{table}/{row['id']}/{name}"
                yield SaltedWords(column, salt_column(salt, column), str(row[name]))


def damaged(conn: sqlite3.Connection, says: str) -> DamagedArchive:
    return DamagedArchive.seen(says, getattr(conn, "name", "The archive"))
