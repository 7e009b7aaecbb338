"""The photographs: always the same, of the right size and weight, and never one flat colour."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageStat

from embedarchive.replica.pictures import photo, resized
from embedarchive.replica.pictures.scenes import paint
from embedarchive.replica.sites import find_sites

POSTS = [post for site in find_sites() for post in site.posts]
RECIPES = sorted({slide.picture for post in POSTS for slide in post.slides})
AVATARS = sorted({post.author.picture for post in POSTS})


@pytest.mark.parametrize("recipe", [*RECIPES, *AVATARS])
def test_every_recipe_paints_something_with_light_and_shade(recipe: str) -> None:
    small = paint(recipe, 160, 200, seed=7)
    assert small.size == (160, 200)
    assert max(ImageStat.Stat(small.convert("L")).stddev) > 12
    assert len(small.getcolors(160 * 200) or ()) > 2000


def test_a_photograph_is_the_same_each_time_and_weighs_what_photographs_weigh() -> None:
    first, again = paint("sea:lighthouse", 200, 250, 3), paint("sea:lighthouse", 200, 250, 3)
    assert first.tobytes() == again.tobytes()
    assert 60_000 < len(photo("sea:lighthouse", 1080, 1350)) < 400_000


def test_smaller_versions_are_scaled_and_squares_are_cut() -> None:
    sizes = {to: Image.open(io.BytesIO(resized("city:market", 1080, 1350, to))).size for to in ((640, 800), (150, 150))}
    assert sizes == {(640, 800): (640, 800), (150, 150): (150, 150)}
