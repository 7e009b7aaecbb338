"""The files of an archive -> small pictures of them in a copy, each marked as not the whole."""

from __future__ import annotations

import io
import sqlite3
import warnings

from PIL import Image

from embedarchive.core.errors import WrongBytes
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.fixity import read_blob

LONGEST_SIDE = 320
QUALITY = 70
LARGEST = 50_000_000
MARK = "thumbnail only"
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
Small = dict[str, str | int]
"""What a thumbnail changes of the row of its picture: sha256, size in bytes, width, height."""


def copy_thumbnails(conn: sqlite3.Connection, select: str, roles: str) -> dict[str, str]:
    """Put a small picture in place of every file that `select` gives of the attached archive; others stay out.

    Gives those that are damaged: sha256 -> what is wrong with them.
    """
    made: dict[str, Small | None] = {}
    damaged: dict[str, str] = {}
    cursor = conn.execute(select, {"roles": roles})
    names = [column[0] for column in cursor.description]
    into = f"INSERT INTO main.artifacts ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
    for row in cursor:
        kept = dict(zip(names, row, strict=True))
        sha256 = kept["sha256"]
        if sha256 not in made:
            try:
                made[sha256] = _keep_small(conn, sha256)
            except WrongBytes as error:
                damaged[sha256], made[sha256] = error.code, None
        if small := made[sha256]:
            conn.execute(into, kept | small | {"content_type": "image/jpeg", "truncated": MARK})
    return damaged


def _keep_small(conn: sqlite3.Connection, sha256: str) -> Small | None:
    """Make and keep one thumbnail; None for what was withdrawn, is no picture, or is too large to look at.

    Raises WrongBytes.
    """
    withdrawn = conn.execute("SELECT 1 FROM src.redactions WHERE sha256 = ?", (sha256,)).fetchone()
    large = None
    if not withdrawn:
        large = read_blob(conn, sha256, LARGEST, "src")
    drawn = shrink(large) if large else None
    if drawn is None:
        return None
    body, width, height = drawn
    small = hash_bytes(body)
    conn.execute(
        "INSERT OR IGNORE INTO main.blobs (sha256, size, encoding, body) VALUES (?, ?, 'identity', ?)",
        (small, len(body), body),
    )
    return {"sha256": small, "size": len(body), "width": width, "height": height}


def shrink(body: bytes) -> tuple[bytes, int, int] | None:
    """A picture as a small JPEG with its width and height; None if it cannot be read. Pure."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=FORMATS) as picture:
                picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                flat = _flatten(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), flat.width, flat.height


def _flatten(picture: Image.Image) -> Image.Image:
    """The picture on white, without transparency or palette."""
    if picture.mode in ("RGB", "L"):
        if picture.mode == "RGB":
            return picture.copy()
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    sheet = Image.new("RGBA", layer.size, "white")
    sheet.alpha_composite(layer)
    return sheet.convert("RGB")
