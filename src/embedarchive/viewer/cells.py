"""A cell of Datasette's own tables -> a thumbnail or a way into the reading room, where it holds a hash or a key."""

from __future__ import annotations

import re
from typing import Any

from embedarchive.tags import Html, tag
from embedarchive.viewer.links import Links

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_KEY = re.compile(r"^[a-z][a-z0-9_]*:\S+$")
_PICTURES = ("screenshot", "thumbnail", "poster", "avatar")


def render_cell(row: Any, value: Any, column: str, table: str | None, links: Links) -> Html | None:
    """HTML for a cell, or None to leave it to Datasette."""
    if isinstance(value, dict):
        value = value.get("value")  # Datasette 0.65 gives foreign keys with their labels
    if not isinstance(value, str):
        return None
    if _SHA256.match(value):
        return _hash(row, value, column, links)
    if column in ("key", "post_key") and _KEY.match(value):
        return tag("a", value, href=links.post(value))
    return None


def _hash(row: Any, sha256: str, column: str, links: Links) -> Html:
    names = row.keys() if hasattr(row, "keys") else ()
    role = row["role"] if column == "sha256" and "role" in names else column
    kind = row["content_type"] if "content_type" in names else None
    if role in _PICTURES or (role == "media" and str(kind).startswith("image/")):
        picture = tag("img", src=links.media(sha256), alt=f"{role} {sha256[:8]}", loading="lazy", height=120)
        return tag("a", picture, href=links.media(sha256))
    where = links.media(sha256) if role == "media" else links.source(sha256)
    return tag("a", f"{sha256[:12]}…", href=where, title=sha256)
