"""A picture -> its marks: places in it that are found again when it is cut, framed, scaled, mirrored or compressed anew.

A mark is a spot that is brighter or darker than all around it, at one of several sizes (an extreme of a difference of
Gaussians: Lowe, 2004, https://doi.org/10.1023/B:VISI.0000029664.99615.94). It has a word: the signs of the lowest Walsh
coefficients of what surrounds the spot, which are independent of one another, of brightness and of contrast. Marks are about
spots and edges; nothing knows what a picture shows, and no face is looked for. For a thread: it takes 50 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log2, sqrt
from operator import mul
from struct import Struct
from typing import Any

from PIL import Image, ImageChops, ImageFilter

WORD_BITS = 24
DOUBTED = 4
"""Bits of a word, those of the least coefficients, that may be tried both ways when a picture is looked for."""

LEAST_SURE = 8
"""A mark whose other bits are told by less is left out: any compression would turn them."""

KEPT_PIXELS, ASKED_PIXELS = 460**2, 560**2
"""To which size pictures are brought at first. What is asked may be framed: more of it is looked at, at twice as many sizes."""

STEPS_AN_OCTAVE, STEP_OF_ONE = 16, 64

LEVELS_AN_OCTAVE = 3
FEW = 350
"""Marks of a picture that is looked for, below which more are wanted, if it is not found by them."""

MOST_UNSURE = 60
"""Spots in a row that are told too unsurely, after which none of the fainter ones of what is looked for is read."""

LEAST_SIDE = 64
TILE = 40
"""Side of a square of a level, in its pixels, that has only so many marks: else letters would leave none to soft light."""

_PATCH = 27
_REACH = _PATCH // 2
_CONTRAST = 2
"""Levels of grey by which a spot has to stand out."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a picture: `x`, `y` in its pixels, `step` how large, in sixteenths of an octave.

    `told` are the coefficients that its word is the signs of: the smallest may be otherwise.
    """

    word: int
    x: float
    y: float
    step: int
    told: Sequence[int] = ()

    @property
    def size(self) -> float:
        """The pixels to one of the level that it was found at."""
        return find_size(self.step)

    @property
    def place(self) -> int:
        """Where it is and how large, in one number."""
        return min(int(self.x), 0xFFFF) << 24 | min(int(self.y), 0xFFFF) << 8 | self.step

    def spell(self, most_doubt: float = 0.4) -> list[int]:
        """Its word as it is told, and as it may be: bits turned whose coefficients are together that share of its median."""
        return [self.word, *(self.word ^ mask for mask in _doubt(self.told, most_doubt))]


def find_size(step: int) -> float:
    """How many pixels are one of the level, where the level is so large."""
    return float(2 ** ((step - STEP_OF_ONE) / STEPS_AN_OCTAVE))


def find_step(size: float) -> int:
    """How large a level is, by how many pixels are one of its own."""
    return max(0, min(255, round(STEPS_AN_OCTAVE * log2(size)) + STEP_OF_ONE))


def read_place(place: int) -> tuple[float, float, int]:
    """(x, y, step) of a number that `Mark.place` made."""
    return (place >> 24) + 0.5, (place >> 8 & 0xFFFF) + 0.5, place & 255


def find_marks(image: Image.Image) -> list[Mark]:
    """The marks that are kept of a picture: at each size some dozens, the surest."""
    return [mark for level in make_levels(image, KEPT_PIXELS, 2) for mark in read_level(level, 1100, 10, 56, 2, 4)]


def find_asked_marks(levels: Iterable[Level]) -> list[Mark]:
    """The marks by which a picture is looked for: many more, since not all that are kept are among those of a part."""
    return [mark for level in levels for mark in read_level(level, 1200, 20, 200, 1, 2, MOST_UNSURE)]


def find_more_marks(image: Image.Image, levels: Sequence[Level]) -> list[Mark]:
    """More of them, of what is small or soft, at twice as many sizes. It takes twice as long as the others, or longer."""
    every = [*levels, *make_levels(image, ASKED_PIXELS, LEVELS_AN_OCTAVE, 1 / 2)]
    return [mark for level in every for mark in read_level(level, 600, 20, 200, 1, 8, MOST_UNSURE)]


# ---------------------------------------------------------------------------------------------------------------- levels


class Level:
    """A picture in grey at one size; `scale` is its pixels to one of the picture's. What is told of it is kept."""

    def __init__(self, image: Image.Image, scale: float) -> None:
        self.image, self.scale = image, scale
        self._told: dict[tuple[int, int], list[int]] = {}

    @cached_property
    def extremes(self) -> Image.Image:
        return find_extremes(self.image)

    def transform(self, x: int, y: int) -> list[int]:
        if (x, y) not in self._told:
            self._told[x, y] = transform(self.image, x, y)
        return self._told[x, y]


def make_asked_levels(image: Image.Image) -> list[Level]:
    """The sizes at which a picture that is looked for is read at first."""
    return list(make_levels(image, ASKED_PIXELS, LEVELS_AN_OCTAVE))


def make_levels(image: Image.Image, pixels: int, per_octave: int, first: float = 0) -> Iterator[Level]:
    """A picture at that size and then smaller and smaller, or those so far between them; a tiny one is made larger at first."""
    grey = image.convert("L")
    width, height = grey.size
    enlarged = 1.0
    if width * height < pixels // 6:
        enlarged = 2.0
    scale = min(enlarged, sqrt(pixels / (width * height))) * 2 ** (-first / per_octave)
    while True:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        yield Level(grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0), scale)
        scale *= 2 ** (-1 / per_octave)
        if min(width, height) * scale < LEAST_SIDE:
            return


def read_level(
    level: Level, pixels_a_mark: int, least: int, most: int, among: int, a_tile: int, most_unsure: int | None = None
) -> list[Mark]:
    """The marks of one size, as many as it has room for: of `among` times as many that stand out most, the surest."""
    image, scale = level.image, level.scale
    wanted = max(least, min(most, image.width * image.height // pixels_a_mark))
    step = find_step(1 / scale)
    found: list[tuple[int, int, int, list[int]]] = []
    unsure = 0
    for x, y in find_spots(level.extremes, a_tile):
        told = level.transform(x, y)
        sure = sorted(map(abs, told))[DOUBTED]
        unsure += 1
        if sure > LEAST_SURE:
            found.append((sure, x, y, told))
            unsure = 0
        if len(found) == wanted * among or unsure == most_unsure:
            break
    if among > 1:
        found.sort(key=lambda each: -each[0])
    return [
        Mark(_read_word(told), (x + 0.5) / scale, (y + 0.5) / scale, step, told) for _, x, y, told in found[:wanted]
    ]


def _read_word(told: Sequence[int]) -> int:
    return sum(1 << bit for bit, value in enumerate(told) if value > 0)


def _doubt(told: Sequence[int], most_doubt: float) -> tuple[int, ...]:
    """The masks of a word's doubts, by its coefficients."""
    sizes = sorted((abs(value), bit) for bit, value in enumerate(told))
    most = most_doubt * sizes[WORD_BITS // 2][0]
    masks = [(0, 0)]
    for size, bit in sizes[:DOUBTED]:
        masks += [(mask | 1 << bit, sum_ + size) for mask, sum_ in masks if sum_ + size <= most]
    return tuple(mask for mask, _ in masks[1:])


def find_extremes(image: Image.Image) -> Image.Image:
    """By how much each pixel stands out, where it does more than all around it; 0 elsewhere."""
    sharper, softer = (image.filter(ImageFilter.GaussianBlur(radius)) for radius in (1.4, 2.8))
    apart = ImageChops.subtract(sharper, softer, offset=128)
    contrast = apart.point([abs(level - 128) for level in range(256)])
    extremes = Image.new("L", image.size)
    for choose, sides in ((ImageChops.lighter, range(129, 256)), (ImageChops.darker, range(128))):
        extreme = ImageChops.difference(apart, spread(apart, choose)).point([255] + [0] * 255)
        side = apart.point([255 * (level in sides) for level in range(256)])
        extremes = ImageChops.lighter(extremes, ImageChops.darker(contrast, ImageChops.darker(extreme, side)))
    return extremes


def find_spots(extremes: Image.Image, a_tile: int) -> Iterator[tuple[int, int]]:
    """Pixels that stand out from all around them, those that do most first, none beside another or at the border."""
    width, height = extremes.size
    contrasts, counts = extremes.tobytes(), extremes.histogram()
    across = width // 4 + 2
    beside = tuple(i + j * across for i in (-1, 0, 1) for j in (-1, 0, 1))
    taken: set[int] = set()
    in_tiles: dict[tuple[int, int], int] = {}
    # Whoever asks takes the first few of thousands: the others are not looked for.
    for wanted in (level for level in range(128, _CONTRAST, -1) if counts[level]):
        for x, y in sorted(_find_places(contrasts, wanted, width), reverse=True):
            cell = y // 4 * across + x // 4
            tile = x // TILE, y // TILE
            inside = _REACH <= x < width - _REACH and _REACH <= y < height - _REACH
            if inside and cell not in taken and in_tiles.get(tile, 0) < a_tile:
                taken.update(cell + step for step in beside)
                in_tiles[tile] = in_tiles.get(tile, 0) + 1
                yield x, y


def _find_places(levels: bytes, wanted: int, width: int) -> Iterator[tuple[int, int]]:
    """Where a picture of that width has that level."""
    at = levels.find(wanted)
    while at >= 0:
        y, x = divmod(at, width)
        yield x, y
        at = levels.find(wanted, at + 1)


def spread(image: Image.Image, choose: Any) -> Image.Image:
    """The extreme of the seven by seven pixels around each; Pillow's own filter takes eight times as long."""
    width, height = image.size

    def shift(shown: Image.Image, x: int, y: int) -> Image.Image:
        return shown.crop((x, y, x + width, y + height))

    for step in (1, 2, 3):
        image = choose(image, shift(image, step, 0))
    for step in (1, 2, 3):
        image = choose(image, shift(image, 0, step))
    return shift(image, -3, -3)


# ----------------------------------------------------------------------------------------------------------------- words


_WALSH = [[1 - 2 * ((order & place).bit_count() % 2) for place in range(8)] for order in range(8)]
"""The eight Walsh functions of eight places, in Hadamard's order."""

_CHANGES = [sum(a != b for a, b in pairwise(each)) for each in _WALSH]
"""How often the sign changes within each of them."""
_LOWEST = sorted(
    ((down, along) for down in range(8) for along in range(8) if _CHANGES[down] or _CHANGES[along]),
    key=lambda each: (_CHANGES[each[0]] + _CHANGES[each[1]], abs(_CHANGES[each[0]] - _CHANGES[each[1]]), each),
)[:WORD_BITS]
MIRRORED = sum(1 << bit for bit, (_, along) in enumerate(_LOWEST) if _CHANGES[along] % 2)
"""The bits in which the words of a picture and of its mirror image differ."""


# All coefficients are summed at once: each has sixteen bits of one number, and is at most 64 * 255 either way.
_SIGNS = [
    sum(_WALSH[down][y] * _WALSH[along][x] << 16 * bit for bit, (down, along) in enumerate(_LOWEST))
    for y in range(8)
    for x in range(8)
]
_NOUGHT = 1 << 15
_NOUGHTS = sum(_NOUGHT << 16 * bit for bit in range(WORD_BITS))
_COEFFICIENTS = Struct(f"<{WORD_BITS}H")


def transform(image: Image.Image, x: int, y: int) -> list[int]:
    """The lowest Walsh coefficients of the square around a pixel, in the order of a word's bits."""
    around = (x - _REACH, y - _REACH, x + _REACH + 1, y + _REACH + 1)
    levels = image.resize((8, 8), Image.Resampling.BOX, box=around).tobytes()
    summed = sum(map(mul, _SIGNS, levels), _NOUGHTS)
    return [value - _NOUGHT for value in _COEFFICIENTS.unpack(summed.to_bytes(_COEFFICIENTS.size, "little"))]
