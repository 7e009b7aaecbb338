"""Screenshot bytes -> is there anything on it, and a small one for lists. For a thread: decoding takes a while."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from embedarchive.core.image_hash import hash_image

Image.MAX_IMAGE_PIXELS = 200_000_000

WIDEST_THUMBNAIL = 320
"""Pixels. A screenshot is halved until it is no wider: a JPEG is decoded at a half or a quarter for a fraction of the price
(measured: with a thumbnail of a fixed width, and as WebP, this took 10 ms instead of 2)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a look at a screenshot gave. `thumbnail` is a JPEG."""

    width: int
    height: int
    blank: bool
    thumbnail: bytes
    thumbnail_size: tuple[int, int]
    dhash: int | None = None


def look_at(screenshot: bytes) -> Picture:
    """Measure a screenshot, see whether it is of one colour all over, and make its thumbnail."""
    with Image.open(io.BytesIO(screenshot)) as image:
        width, height = image.size
        halved = 1 << max(0, (width - 1) // WIDEST_THUMBNAIL).bit_length()
        size = (-(-width // halved), -(-height // halved))
        image.draft("RGB", size)
        small = image.convert("RGB")
    if small.size != size:
        small = small.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=75)
    return Picture(width, height, _is_flat(small), out.getvalue(), size, hash_image(small))


def _is_flat(image: Image.Image) -> bool:
    """A card has text on it: its brightness varies. One colour, or the noise of compression on one, does not."""
    counts = image.convert("L").histogram()
    levels = [level for level, count in enumerate(counts) if count]
    total = sum(counts)
    mean = sum(level * count for level, count in enumerate(counts)) / total
    variance = sum(count * (level - mean) ** 2 for level, count in enumerate(counts)) / total
    return levels[-1] - levels[0] < 24 or variance < 0.6


def size_of(image: bytes) -> tuple[int | None, int | None]:
    """Read a picture's width and height from its head; (None, None) when it is none that we know."""
    try:
        with Image.open(io.BytesIO(image)) as opened:
            return opened.size
    except (OSError, ValueError, Image.DecompressionBombError, SyntaxError):
        return None, None


_MAGIC = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypavif", 4, "image/avif"),
    (b"ftypheic", 4, "image/heic"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),  # no tag before it: frames of MPEG 1, 2 and 2.5 layer III begin so
    (b"\xff\xf3", 0, "audio/mpeg"),
    (b"\xff\xf2", 0, "audio/mpeg"),
    (b"OggS", 0, "audio/ogg"),
    (b"WEBVTT", 0, "text/vtt"),
    (b"\xef\xbb\xbfWEBVTT", 0, "text/vtt"),
)


def sniff(body: bytes) -> str | None:
    """Name the media type that the first bytes show, whatever a header says; None for anything else."""
    return next((kind for magic, at, kind in _MAGIC if body[at : at + len(magic)] == magic), None)
