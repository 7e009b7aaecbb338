"""Bytes <-> how the archive stores them: by sha256, text compressed. Pure."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

from embedarchive.core.errors import DamagedArchive

TEXT_TYPES = ("text/", "json", "javascript", "xml", "svg")
LARGEST_WORTH_PACKING = 64_000_000


def hash_bytes(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def pack_blob(body: bytes, content_type: str | None) -> tuple[str, bytes]:
    """Give (encoding, stored bytes): text is deflated where that saves a tenth, all else stays.

    Subtitles stay, too: they are shown beside their film, as files are.
    """
    is_shown = (content_type or "").startswith("text/vtt")
    if not is_shown and any(t in (content_type or "") for t in TEXT_TYPES) and 128 < len(body) < LARGEST_WORTH_PACKING:
        packed = zlib.compress(body, 6)
        if len(packed) < 0.9 * len(body):
            return "zlib", packed
    return "identity", body


def parse_json(text: str) -> Any:
    """The value of a column that holds JSON. Raises DamagedArchive where it holds none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedArchive.seen(f"a list or record that is no JSON: {error}") from error
