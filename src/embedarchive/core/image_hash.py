"""A picture's bytes -> 64 bits that change little when it is scaled, compressed anew or graded; how far two are apart.

The difference hash: whether each of 8 by 8 places is brighter than the one to its right (Neal Krawetz, "Kind of Like
That", 2013). For a thread: decoding takes a while.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP")
ALIKE = 10
"""Bits of 64: pictures that differ in more are taken for different ones; strangers differ in 32."""

FLAT = 2
"""Levels of grey: smaller steps between neighbours are the noise of compression, and say nothing."""


def hash_image(image: Image.Image) -> int | None:
    """The hash of a decoded picture as SQLite holds it (signed); None of one without any contrast."""
    from PIL import Image

    small = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    levels = small.tobytes()
    steps = [levels[at + 1] - levels[at] for row in range(8) for at in range(row * 9, row * 9 + 8)]
    if max(map(abs, steps)) <= FLAT:
        return None
    bits = sum(1 << place for place, step in enumerate(steps) if step > FLAT)
    if bits >> 63:
        return bits - (1 << 64)
    return bits


def hash_picture(body: bytes) -> int | None:
    """The hash of a picture file; None if it is none that we know, too large, or without any contrast."""
    image = open_grey(body, (72, 64))  # a JPEG decodes at an eighth for a fraction of the price
    if image:
        return hash_image(image)
    return None


def open_grey(body: bytes, least: tuple[int, int] = (640, 640)) -> Image.Image | None:
    """A picture file decoded in grey, a JPEG no larger than it has to be to have at least that size.

    None if it is none that we know, or too large.
    """
    return _open(body, least, lambda image: image.convert("L"))


def open_as_shown(body: bytes, least: tuple[int, int] = (640, 640)) -> Image.Image | None:
    """The same as it is looked at: turned as its camera said, what is transparent on white; of a moving picture the first, or
    where that is blank the one in the middle.
    """

    def show_frame(image: Image.Image) -> Image.Image:
        grey = _show_grey(image)
        frames = getattr(image, "n_frames", 1)
        darkest, brightest = grey.getextrema()
        if frames > 1 and darkest == brightest:
            image.seek(frames // 2)
            grey = _show_grey(image)
        return grey

    return _open(body, least, show_frame)


def _show_grey(image: Image.Image) -> Image.Image:
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(image)
    if not turned.has_transparency_data:
        return turned.convert("L")
    shown = turned.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("L")


def _open(body: bytes, least: tuple[int, int], show: Callable[[Image.Image], Image.Image]) -> Image.Image | None:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(body), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    return None
                image.draft("L", least)
                return show(image)
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
            return None


def count_pixels(body: bytes) -> int:
    """How many pixels a picture file says that it has; 0 if it is none that we know."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(body), formats=FORMATS) as image:
                return image.width * image.height
        except Image.DecompressionBombError:
            return MOST_PIXELS + 1
        except (OSError, ValueError, SyntaxError, EOFError):
            return 0


def is_picture(body: bytes) -> bool:
    """Whether the first bytes are those of a picture that can be hashed."""
    if not body:
        return False
    from PIL import Image

    try:
        with Image.open(io.BytesIO(body), formats=FORMATS):
            return True
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return False


def image_distance(a: int, b: int) -> int:
    """In how many of 64 bits two hashes differ."""
    return ((a ^ b) & (1 << 64) - 1).bit_count()


def find_quarters(dhash: int) -> Iterator[tuple[int, list[int]]]:
    """Each quarter of a hash as (bits to shift, the values it has with at most one bit turned)."""
    for shift in (0, 16, 32, 48):
        quarter = dhash >> shift & 0xFFFF
        yield shift, [quarter, *(quarter ^ 1 << bit for bit in range(16))]
