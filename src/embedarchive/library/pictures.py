"""A picture, or a part of one -> the posts that showed it, those that agree most first. Read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

from embedarchive.core.image_hash import MOST_PIXELS, count_pixels, open_grey
from embedarchive.library.records import NO_PICTURE, Lookup

if TYPE_CHECKING:
    from embedarchive.library.picture_search import AskedPicture

LARGEST_PICTURE = 20_000_000
"""Bytes of a picture that someone may look up."""


def read_asked(body: bytes) -> AskedPicture | None:
    """What is looked for by a picture's bytes; None if they are no picture that we know, or one of one colour all over.

    For a thread: it takes 50 ms.
    """
    from embedarchive.library import picture_search

    return picture_search.read_asked(body)


_UNREAD = (
    (0, (b"%PDF-",), "it is a PDF. Make a screenshot of its page"),
    (8, (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
     "it is a HEIC photograph, as phones make them. Save it as JPEG or PNG, or make a screenshot of it"),
    (4, (b"ftypisom", b"ftypmp4", b"ftypqt", b"ftypM4V", b"ftypiso", b"ftyp3gp"), "it is a film. Make a screenshot of it"),
    (0, (b"\x1aE\xdf\xa3",), "it is a film. Make a screenshot of it"),
    (0, (b"II*\0", b"MM\0*"), "it is a TIFF picture. Save it as JPEG or PNG"),
    (0, (b"\xff\x0a", b"\0\0\0\x0cJXL "), "it is a JPEG XL picture. Save it as JPEG or PNG"),
    (0, (b"<svg",), "it is an SVG drawing. Make a screenshot of it"),
)  # fmt: skip
"""Files that are taken for pictures and are not read: where in the file which bytes stand, and what to do."""

_READ = ((0, (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")), (8, (b"WEBP", b"avif", b"avis")))
"""The same of the kinds that are read."""

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".bmp", ".heic", ".heif", ".tif", ".tiff", ".jxl", ".svg", ".pdf",
)  # fmt: skip
"""How the names of files end that are meant as pictures, whatever is in them."""


def is_meant_as_picture(name: str, body: bytes) -> bool:
    """Whether a file, by its name and its first bytes, is given as a picture, be it one that is read or not. Pure."""
    return name.lower().endswith(SUFFIXES) or say_unread(body) is not None or _stands_in(body, _READ)


def say_unread(body: bytes) -> str | None:
    """What a file is that is taken for a picture and is none that is read, and what to do; None of others. Pure."""
    if body.startswith(b"<?xml") and b"<svg" in body[:2000] and b"<html" not in body[:2000]:
        body = b"<svg"
    for at, beginnings, said in _UNREAD:
        if body.startswith(beginnings, at):
            return said
    return None


def _stands_in(body: bytes, places: Iterable[tuple[int, tuple[bytes, ...]]]) -> bool:
    return any(body.startswith(beginnings, at) for at, beginnings in places)


def explain_unread(body: bytes) -> str:
    """Why a file is none that can be looked for (`read_asked` gave None), and what to do about it. For a thread."""
    if not body:
        return "the file is empty"
    if said := say_unread(body):
        return said
    if not _stands_in(body, _READ):
        return "it is none. JPEG, PNG, WebP, GIF, AVIF and BMP are read"
    if count_pixels(body) > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        return f"it has more than {most} million pixels, and none larger is read. A smaller copy finds the same"
    if open_grey(body):
        return "it is of one colour all over"
    return "it breaks off or is damaged. Save it or have it sent once more"


def lookup_picture(
    conn: sqlite3.Connection, asked: AskedPicture | None, name: str = "the picture", limit: int = 20, body: bytes = b""
) -> Lookup:
    """What the archive has of a picture (`read_asked`): a photo or a screenshot, whole or a part, framed, mirrored.

    Where it could not be read, its bytes say why.
    """
    if asked is None:
        return Lookup(name, f"{NO_PICTURE}: {explain_unread(body)}")
    from embedarchive.library.picture_search import find_pictures

    found, near = find_pictures(conn, asked, limit)
    return Lookup(
        name, "a picture", alike=found, near=near,
        tried=("every picture and screenshot kept, by image hash", "parts of them, also mirrored, by their marks"),
    )  # fmt: skip
