"""The names of all pictures: a recipe (`scene:variant`) into a painted photograph. Pure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from PIL import Image

from embedarchive.replica.pictures.city import paint_city
from embedarchive.replica.pictures.land import paint_dunes, paint_forest, paint_mountains
from embedarchive.replica.pictures.light import Size
from embedarchive.replica.pictures.night import paint_stars
from embedarchive.replica.pictures.people import paint_portrait
from embedarchive.replica.pictures.stage import paint_stage
from embedarchive.replica.pictures.still import paint_still
from embedarchive.replica.pictures.water import paint_sea

_Painter = Callable[[Random, Size, str], Image.Image]
_SCENES: dict[str, _Painter] = {
    "mountains": paint_mountains,
    "forest": paint_forest,
    "dunes": paint_dunes,
    "sea": paint_sea,
    "stars": paint_stars,
    "city": paint_city,
    "stage": paint_stage,
    "still": paint_still,
    "portrait": paint_portrait,
}

# The round pictures of accounts are details of the same scenes: (recipe, left, top, side), in shares of the width.
_AVATARS = {
    "fjord": ("mountains:dawn", 0.20, 0.12, 0.62),
    "storm": ("sea:lighthouse", 0.52, 0.36, 0.46),
    "stage": ("stage:curtain", 0.30, 0.75, 0.50),
    "harbour": ("sea:harbour", 0.02, 0.40, 0.55),
    "runner": ("portrait:runner", 0.14, 0.50, 0.66),
    "neon": ("city:neon", 0.15, 0.45, 0.60),
    "olive": ("still:olives", 0.22, 0.42, 0.56),
    "bowl": ("still:bowl", 0.18, 0.28, 0.70),
    "stars": ("stars:ridge", 0.25, 0.25, 0.60),
    "film": ("portrait:vendor", 0.10, 0.14, 0.80),
    "honey": ("still:honey", 0.22, 0.30, 0.45),
    "sail": ("sea:sails", 0.0, 0.45, 0.45),
    "tram": ("city:tram", 0.36, 0.40, 0.42),
    "pine": ("forest:mist", 0.10, 0.30, 0.60),
    "bus": ("stage:concert", 0.20, 0.40, 0.60),
    "dune": ("dunes:gold", 0.20, 0.40, 0.60),
    "cloud": ("sea:squall", 0.25, 0.10, 0.60),
}


def paint(recipe: str, width: int, height: int, seed: int) -> Image.Image:
    """Paint a recipe in that size; `avatar:` gives square details of others, a third part only another seed."""
    scene, variant, *_ = recipe.split(":")
    if scene == "avatar":
        source, left, top, side = _AVATARS[variant]
        whole = paint(source, 720, 900, seed)
        box = (round(left * 720), round(top * 720), round((left + side) * 720), round((top + side) * 720))
        return whole.crop(box).resize((width, height), Image.Resampling.LANCZOS)
    return _SCENES[scene](Random(seed), (width, height), variant)
