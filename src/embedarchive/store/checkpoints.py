"""The log of an archive -> signed checkpoints of it, in the archive and in a file beside it that can be given away."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from embedarchive.core.checkpoint import (
    Checkpoint,
    SignedNote,
    find_signers,
    public_bytes,
    read_checkpoint,
    read_note,
    sign_checkpoint,
)
from embedarchive.core.errors import SigningError
from embedarchive.core.merkle import find_root
from embedarchive.store import evidence
from embedarchive.store.archive import Archive
from embedarchive.store.keyring import Keyring
from embedarchive.store.rows import insert

RECENT = 20
"""Of the newest checkpoints it is looked whether they are in the file beside the archive."""


def checkpoints_path(path: Path) -> Path:
    """The file beside an archive that has its checkpoints, one note after another."""
    return path.with_suffix(".checkpoints")


def make_checkpoint(archive: Archive, ring: Keyring, now: str) -> SignedNote | None:
    """Sign what the log is now, unless the newest checkpoint says it already; give the newest, None for an empty log.

    A key that has not signed before is logged first, and the first checkpoint with it is signed by its predecessor too.
    Raises SigningError where the key cannot be used, the log is damaged, or the file beside the archive cannot be written.
    """
    key = ring.current()
    conn = archive.conn
    if evidence.count_leaves(conn) == 0:
        return None
    try:
        if not is_signed_now(conn, key):
            with archive.transaction():
                sign_head(conn, key, ring, now)
        note = read_newest(conn)
    except ValueError as error:
        raise SigningError(f"The log of {archive.path} is damaged ({error}); see: embedarchive verify.") from error
    write_beside(conn, archive.path)
    return note


def is_signed_now(conn: sqlite3.Connection, key: Ed25519PrivateKey) -> bool:
    """Whether the newest checkpoint is of all the log but its own stamps, and this key the one that signs."""
    row = conn.execute("SELECT size FROM checkpoints ORDER BY id DESC LIMIT 1").fetchone()
    keys = read_keys(conn)
    if row is None or not keys or keys[-1][1] != public_bytes(key):
        return False
    newer = conn.execute("SELECT 1 FROM log WHERE seq >= ? AND kind <> 'stamp' LIMIT 1", (row[0],)).fetchone()
    return newer is None


def sign_head(conn: sqlite3.Connection, key: Ed25519PrivateKey, ring: Keyring, now: str) -> None:
    origin, signing = log_key(conn, key, ring, now)
    size = evidence.count_leaves(conn)
    checkpoint = Checkpoint(origin, size, find_root(evidence.KeptHashes(conn), size), now)
    note = sign_checkpoint(checkpoint, signing)
    insert(conn, "checkpoints", {"size": size, "note": str(note)})


def log_key(
    conn: sqlite3.Connection, key: Ed25519PrivateKey, ring: Keyring, now: str
) -> tuple[str, list[Ed25519PrivateKey]]:
    """The log's origin and the keys that sign it now, the newest first; a key that is new is logged."""
    keys, public = read_keys(conn), public_bytes(key)
    if keys and keys[-1][1] == public:
        return keys[-1][0], [key]
    if keys:
        origin = keys[-1][0]
    else:
        origin = f"embedarchive/{secrets.token_hex(16)}"
    row = {"origin": origin, "public_key": public.hex(), "since": now}
    evidence.append(conn, "key", insert(conn, "log_keys", row))
    signing = [key]
    if keys and (before := ring.find(keys[-1][1])) is not None:
        signing.append(before)
    return origin, signing


def read_keys(conn: sqlite3.Connection) -> list[tuple[str, bytes]]:
    """(origin, public key of 32 bytes) of every key that ever signed, in order."""
    rows = conn.execute("SELECT origin, public_key FROM log_keys ORDER BY id").fetchall()
    return [(row[0], bytes.fromhex(row[1])) for row in rows]


def read_newest(conn: sqlite3.Connection) -> SignedNote | None:
    """The newest checkpoint's note. Raises ValueError where it is none."""
    row = conn.execute("SELECT note FROM checkpoints ORDER BY id DESC LIMIT 1").fetchone()
    if row:
        return read_note(row[0])
    return None


def read_head(conn: sqlite3.Connection) -> dict[str, Any]:
    """The newest checkpoint as a summary has it: size, root in hex, when it was made; empty where there is none."""
    note = read_newest(conn)
    if note is None:
        return {}
    found = read_checkpoint(note.text)
    return {"size": found.size, "root": found.root.hex(), "made_at": found.made_at}


def write_beside(conn: sqlite3.Connection, path: Path) -> None:
    """Put the newest checkpoints at the end of the file beside the archive, those that it lacks. Raises SigningError."""
    beside = checkpoints_path(path)
    rows = conn.execute("SELECT note FROM checkpoints ORDER BY id DESC LIMIT ?", (RECENT,)).fetchall()
    try:
        held = ""
        if beside.exists():
            held = beside.read_text("utf-8")
        lacking = [row[0] for row in reversed(rows) if row[0] not in held]
        if lacking:
            with beside.open("a", encoding="utf-8") as file:
                file.write("".join(f"{note}\n" for note in lacking))
                file.flush()
                os.fsync(file.fileno())
    except (OSError, UnicodeDecodeError) as error:
        raise SigningError(f"The checkpoints could not be written to {beside} ({error}).") from error


def find_note_signers(conn: sqlite3.Connection, note: SignedNote) -> list[bytes]:
    """Which of the archive's keys signed a note."""
    keys = read_keys(conn)
    origins = dict.fromkeys(origin for origin, _ in keys)
    return [each for origin in origins for each in find_signers(note, origin, [public for _, public in keys])]
