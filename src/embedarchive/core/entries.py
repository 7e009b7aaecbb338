"""Rows -> the entry of the log that says what they were, and its leaf. Pure.

An entry is canonical JSON. It holds numbers, times, outcomes, hashes and the keys of posts as they are. Every column that may
hold somebody's words (an address with a name in it, an alternative text, a header) enters as a salted hash: whoever has the
entry and not the salt learns nothing of the words and can confirm no guess, so that words can be erased, with their salt,
from under a log that stays. Each column has a salt of its own, made of the leaf's: a pack can show one and not the others.

An entry names its form. A form is frozen as soon as an archive was written with it: what is to be said otherwise is said in a
further form, and leaves of the older are still recomputed in theirs.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from embedarchive.core.canonical import Value, to_canonical
from embedarchive.core.merkle import hash_leaf

FORM = 1
SALT_BYTES = 16

Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table enter an entry, as they are or as salted hashes. All others are derived, or may change."""

    plain: tuple[str, ...]
    salted: tuple[str, ...] = ()


CAPTURE = Columns(
    ("id", "uid", "post_key", "crawl_id", "fetch_id", "outcome", "reason", "status", "started_at", "finished_at",
     "seen_at", "origin", "purpose"),
    ("evidence", "visit_url", "final_url", "missing", "alterations", "environment"),
)  # fmt: skip
ARTIFACT = Columns(
    ("id", "role", "position", "sha256", "content_type", "size", "width", "height", "truncated"), ("url", "alt")
)
EXCHANGE = Columns(
    ("id", "position", "method", "status", "resource_type", "content_type", "body_sha256", "started_at", "elapsed_ms",
     "truncated"),
    ("url", "request_headers", "response_headers", "remote_address", "error"),
)  # fmt: skip
CHECK = Columns(("id", "post_key", "checked_at", "outcome", "reason", "embedding"))
FETCH = Columns(
    ("id", "crawl_id", "fetched_at", "outcome", "reason", "status", "content_type", "elapsed_ms", "html_sha256",
     "truncated"),
    ("url", "final_url", "headers", "redirects", "remote_address", "source"),
)  # fmt: skip
RENDERING = Columns(("id", "rendered_at", "render_reason", "dom_sha256", "screenshot_sha256"), ("alterations",))
IMPORT = Columns(("id", "what", "at", "version", "captures", "fetches"), ("source",))
STAMP = Columns(("id", "checkpoint_id", "authority", "state", "stamped_at"))
KEY = Columns(("id", "origin", "public_key", "since"))


def salt_column(salt: bytes, path: str) -> bytes:
    """The salt of one column of one row, 16 bytes, made of its leaf's. `path` is `table/id/column`, as `exchanges/17/url`."""
    keyed = key_by(salt).copy()
    keyed.update(path.encode())
    return keyed.digest()[:SALT_BYTES]


@lru_cache(maxsize=1)
def key_by(salt: bytes) -> hmac.HMAC:
    """The beginning of all columns' salts of one leaf, to be copied: of a capture there are some forty."""
    return hmac.new(salt, digestmod="sha256")


def commit_words(salt: bytes, words: str) -> str:
    """The salted hash of words in hex, by the salt of their column."""
    return hashlib.sha256(salt + words.encode("utf-8", "surrogatepass")).hexdigest()


def tell_row(table: str, row: Row, columns: Columns, salt: bytes) -> dict[str, Value]:
    """What an entry says of one row."""
    told: dict[str, Value] = {name: row[name] for name in columns.plain}
    if columns.salted:
        told["salted"] = {name: salt_words(f"{table}/{row['id']}/{name}", row[name], salt) for name in columns.salted}
    return told


def salt_words(path: str, words: Value, salt: bytes) -> Value:
    if words is None:
        return None
    return commit_words(salt_column(salt, path), str(words))


def tell_capture(
    capture: Row, artifacts: Iterable[Row], exchanges: Iterable[Row], check: Row | None, salt: bytes
) -> Value:
    """The entry of a capture: its row, its artifacts and exchanges in the order of their ids, and the check that it is."""
    return {
        "form": FORM,
        "kind": "capture",
        **tell_row("captures", capture, CAPTURE, salt),
        "artifacts": [tell_row("artifacts", each, ARTIFACT, salt) for each in artifacts],
        "exchanges": [tell_row("exchanges", each, EXCHANGE, salt) for each in exchanges],
        "check": None if check is None else tell_row("checks", check, CHECK, salt),
    }


def tell_fetch(fetch: Row, salt: bytes, page: str | None = None) -> Value:
    """The entry of one download of an article. `page` is the sha256 of one that is kept by reference only."""
    told = {"form": FORM, "kind": "fetch", **tell_row("fetches", fetch, FETCH, salt)}
    if page is not None:
        told["page"] = page
    return told


def tell_rendering(fetch: Row, salt: bytes) -> Value:
    """The entry of what a browser made of a fetched article, its page and picture. Of one fetch the newest counts."""
    return {"form": FORM, "kind": "rendering", **tell_row("fetches", fetch, RENDERING, salt)}


def tell_import(row: Row, salt: bytes) -> Value:
    """The entry of rows that were not observed as they were logged: those from before the log, or of another archive."""
    return {"form": FORM, "kind": "import", **tell_row("imports", row, IMPORT, salt)}


def tell_key(row: Row) -> Value:
    """The entry of a key that signs from here on."""
    return {"form": FORM, "kind": "key", **tell_row("log_keys", row, KEY, b"")}


def tell_stamp(row: Row) -> Value:
    """The entry of a time stamp: the row's `token` (bytes) and `root` by their sha256."""
    token, root = row["token"], str(row["root"])
    held = {"token": hashlib.sha256(bytes(token)).hexdigest(), "root": hashlib.sha256(root.encode()).hexdigest()}  # type: ignore[arg-type]
    return {"form": FORM, "kind": "stamp", **tell_row("stamps", row, STAMP, b""), **held}


def tell_absent(kind: str, number: int) -> Value:
    """The entry of what is no longer there at all."""
    return {"form": FORM, "kind": kind, "id": number, "absent": 1}


def tell_withdrawal(of: int, leaf: bytes, stands: Value) -> Value:
    """The entry of a withdrawal: which leaf can no longer be recomputed, and the hash of its entry as it stands now."""
    return {"form": FORM, "kind": "withdrawal", "of": of, "leaf": leaf.hex(), "stands": hash_entry(stands).hex()}


def hash_entry(entry: Value) -> bytes:
    """The leaf of an entry, 32 bytes. Raises ValueError where a value of it has no place in canonical JSON."""
    return hash_leaf(to_canonical(entry))
