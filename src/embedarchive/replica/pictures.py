"""The replica's photographs: a recipe (`scene:variant`) into the JPEG of the size asked for, the same bytes each time.

Each is a file in `assets/pictures`, named after its recipe and its size (`sea-harbour.960x540.webp`). They were painted
by a program of ours, so they show nobody and belong to nobody else. A recipe that is asked for upright and lying has a
file of each shape; any other shape is cut from the middle of the nearest.
"""

from __future__ import annotations

import io
from collections import defaultdict
from functools import cache, lru_cache
from importlib.resources import files
from math import log

from PIL import Image, ImageOps

from embedarchive.replica import assets

Size = tuple[int, int]
"""Width and height in pixels."""


def photo(recipe: str, width: int, height: int) -> bytes:
    """Give the JPEG of a recipe in that size. Raises `KeyError` for a recipe that has no file."""
    return _jpeg(recipe, (width, height), (width, height))


def resized(recipe: str, width: int, height: int, to: Size) -> bytes:
    """Give the photograph of that width and height in another size, as CDNs do; what has no room is cut off evenly."""
    return _jpeg(recipe, (width, height), to)


def recipes() -> frozenset[str]:
    """Give the name of every photograph there is."""
    return frozenset(_masters())


@lru_cache(maxsize=512)
def _jpeg(recipe: str, shape: Size, size: Size) -> bytes:
    shapes = _masters()[recipe]
    nearest = min(shapes, key=lambda master: abs(log(_ratio(master) / _ratio(shape))))
    image = Image.open(io.BytesIO(assets.read(f"pictures/{shapes[nearest]}"))).convert("RGB")
    out = io.BytesIO()
    ImageOps.fit(image, size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=86)
    return out.getvalue()


@cache
def _masters() -> dict[str, dict[Size, str]]:
    """The files of each recipe by their size."""
    found: dict[str, dict[Size, str]] = defaultdict(dict)
    for file in files(assets).joinpath("pictures").iterdir():
        name, size, _ = file.name.split(".")
        width, height = map(int, size.split("x"))
        found[name.replace("-", ":")][width, height] = file.name
    return dict(found)


def _ratio(size: Size) -> float:
    return size[0] / size[1]
