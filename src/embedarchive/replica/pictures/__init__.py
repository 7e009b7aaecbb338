"""Photographs that never were: a recipe name into JPEG bytes, the same on every machine."""

from __future__ import annotations

import io
import threading
from functools import lru_cache

from PIL import Image

from embedarchive.replica.facts import number_from
from embedarchive.replica.pictures.scenes import paint

_ONE_AT_A_TIME = threading.Lock()


def photo(recipe: str, width: int, height: int) -> bytes:
    """Give the JPEG of a recipe (`scene:variant`) in that size; the first time takes about half a second."""
    with _ONE_AT_A_TIME:
        return _painted(recipe, width, height)


@lru_cache(maxsize=512)
def resized(recipe: str, width: int, height: int, to: tuple[int, int]) -> bytes:
    """Give a smaller version, as CDNs serve them: scaled, or cut to a square when both sides of `to` are equal."""
    image: Image.Image = Image.open(io.BytesIO(photo(recipe, width, height)))
    if to[0] == to[1] and width != height:
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return _encode(image.resize(to, Image.Resampling.LANCZOS))


@lru_cache(maxsize=256)
def _painted(recipe: str, width: int, height: int) -> bytes:
    # Painted at three quarters and enlarged: nearly half the time, and film grain a little coarser, as film has it.
    small = (width * 3 // 4, height * 3 // 4) if width > 900 else (width, height)
    image = paint(recipe, *small, number_from(f"picture:{recipe}", 1 << 32))
    return _encode(image.resize((width, height), Image.Resampling.LANCZOS))


def _encode(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=86)
    return out.getvalue()
