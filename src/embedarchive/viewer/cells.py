"""A cell of Datasette's own tables -> a thumbnail or a way into the reading room, where it holds a hash or a key. Pure."""

from __future__ import annotations

import re
from typing import Any

from embedarchive.show.tags import Html, tag
from embedarchive.viewer.links import Links

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_KEY = re.compile(r"^[a-z][a-z0-9_]*:\S+$")
_PICTURES = ("screenshot", "thumbnail", "poster", "avatar", "screenshot_sha256")
_BLURRED = "filter: blur(1rem); clip-path: inset(0)"


def read_value(value: Any) -> str | None:
    """The text of a cell; Datasette 0.65 gives foreign keys with their labels."""
    if isinstance(value, dict):
        text = value.get("value")
    else:
        text = value
    if isinstance(text, str):
        return text
    return None


def read_role(row: Any, column: str) -> str:
    """What the hash in a cell is of: its artifact's role, else what its column is called."""
    if hasattr(row, "keys"):
        names = row.keys()
    else:
        names = ()
    if column == "sha256" and "role" in names:
        return str(row["role"])
    return column


def find_picture(row: Any, value: Any, column: str) -> str | None:
    """The hash of the picture that a cell stands for, or None."""
    sha256, role = read_value(value), read_role(row, column)
    if sha256 is None or not _SHA256.match(sha256):
        return None
    is_image = role == "media" and "content_type" in row.keys() and str(row["content_type"]).startswith("image/")  # noqa: SIM118
    if role in _PICTURES or is_image:
        return sha256
    return None


def render_picture(sha256: str, role: str, links: Links, *, sensitive: bool) -> Html:
    """A thumbnail; of what is marked as sensitive, out of focus."""
    alt, style = (
        (f"{role} {sha256[:8]}, marked as sensitive", _BLURRED) if sensitive else (f"{role} {sha256[:8]}", None)
    )
    picture = tag("img", src=links.media(sha256), alt=alt, loading="lazy", height=120, style=style)
    return tag("a", picture, href=links.media(sha256))


def render_cell(row: Any, value: Any, column: str, links: Links) -> Html | None:
    """HTML for a cell that is no picture, or None to leave it to Datasette."""
    text = read_value(value)
    if text is None:
        return None
    if _SHA256.match(text):
        if read_role(row, column) == "media":
            where = links.media(text)
        else:
            where = links.source(text)
        return tag("a", f"{text[:12]}…", href=where, title=text)
    if column in ("key", "post_key") and _KEY.match(text):
        return tag("a", text, href=links.post(text))
    return None
