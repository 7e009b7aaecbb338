"""Bytes and their claimed type -> the type a reader's browser may be given, if any. Pure."""

from __future__ import annotations

IMAGES = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif")
VIDEOS = ("video/mp4", "video/webm")
AUDIO = ("audio/mpeg", "audio/mp4")
SUBTITLES = ("text/vtt",)
SHOWABLE = frozenset((*IMAGES, *VIDEOS, *AUDIO, *SUBTITLES))

SNIFFED = 32
"""Bytes at the start of a file that `sniff_type` needs."""


_BRANDS = {b"avif": "image/avif", b"avis": "image/avif", b"M4A ": "audio/mp4"}
"""Major brands of ISO base media files that are no films."""


def sniff_type(head: bytes) -> str | None:
    """The media type that the first bytes of a file prove, among those that can hold no script; else None.

    Signatures: https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head.startswith(b"ID3") or head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"):
        return "audio/mpeg"
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT"):
        return "text/vtt"
    return None
