"""The photographs: one for every recipe a fact names, always the same, of the right size and weight, and in the wheel."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from conftest import ROOT
from embedarchive.replica import pictures
from embedarchive.replica.pictures import photo, recipes, resized
from embedarchive.replica.sites import find_sites
from embedarchive.replica.sites.newsroom.stories import NO_HERO, all_stories

LANCZOS = Image.Resampling.LANCZOS
POSTS = [post for site in find_sites() for post in site.posts]
SLIDES = {slide.picture for post in POSTS for slide in post.slides}
FACES = {person.picture for post in POSTS for person in (post.author, post.collaborator) if person}
HEROES = {story.hero for story in all_stories() if story.hero} | {NO_HERO}


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


def test_every_recipe_that_a_fact_names_has_a_file_and_no_file_lies_unused() -> None:
    assert recipes() == SLIDES | FACES | HEROES


def test_an_unknown_recipe_is_an_error_and_no_picture() -> None:
    with pytest.raises(KeyError):
        photo("sea:unheard-of", 100, 100)


@pytest.mark.parametrize("recipe", sorted(recipes()))
def test_every_picture_has_light_and_shade(recipe: str) -> None:
    small = opened(photo(recipe, 160, 200))
    assert small.size == (160, 200)
    assert max(ImageStat.Stat(small.convert("L")).stddev) > 12
    assert len(small.getcolors(160 * 200) or ()) > 2000


def test_a_photograph_is_the_same_each_time_and_weighs_what_photographs_weigh() -> None:
    first = photo("sea:lighthouse", 1080, 1350)
    pictures._jpeg.cache_clear()
    assert photo("sea:lighthouse", 1080, 1350) == first
    assert 60_000 < len(first) < 400_000


@pytest.mark.parametrize("size", [(640, 800), (150, 150), (640, 360)])
def test_other_sizes_are_scaled_and_other_shapes_are_cut_not_squeezed(size: tuple[int, int]) -> None:
    image, whole = opened(resized("city:market", 1080, 1350, size)), opened(photo("city:market", 1080, 1350))
    assert image.size == size
    assert max(ImageStat.Stat(ImageChops.difference(image, ImageOps.fit(whole, size, LANCZOS))).mean) < 10


def test_upright_and_lying_are_two_pictures_not_one_cut() -> None:
    shapes = ((1080, 1350), (1280, 720))
    upright, lying = (opened(photo("sea:harbour", *shape)).resize((64, 64), LANCZOS) for shape in shapes)
    assert max(ImageStat.Stat(ImageChops.difference(upright, lying)).mean) > 4


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    [wheel] = tmp_path.iterdir()
    package = ROOT / "src" / "embedarchive"
    ours = {file.relative_to(ROOT / "src").as_posix() for file in package.rglob("*.*") if file.suffix != ".pyc"}
    assert len([name for name in ours if name.endswith(".webp")]) > 80
    assert ours <= set(zipfile.ZipFile(wheel).namelist())
