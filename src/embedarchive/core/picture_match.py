"""Two pictures and the marks that they share -> how one lies in the other, and how much of what both show agrees.

Marks only propose: a platform's buttons are in every screenshot of it. So what both pictures show is laid over one another and
compared square by square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import hypot, sqrt
from operator import mul

from PIL import Image, ImageChops

LEAST_MARKS = 4
"""Marks that have to lie alike in both pictures."""

SAME = 0.8
"""Share of the compared squares that have to agree. Measured: parts of one picture .85 and more, strangers .71 at most.

Those were small screenshots of text in one layout."""

LIKE = 0.75
"""The same of two whole pictures whose hashes are near one another already."""

LEAST_SQUARES = 6
MOST_PAIRS = 24
MOST_LOOKS = 50
_SIDE = 192
_SQUARE = 24
_ALIKE = 0.75
_FLAT, _BLANK = 25.0, 4.0
"""Variance below which a square says nothing, and below which nothing is on it."""

_FAINT = 0.2
"""Where too few squares say anything, as in fog, these are brought down to that share."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One mark in both pictures: where it is, and how large, in the one that is asked about, then in the one kept."""

    x: float
    y: float
    size: float
    kept_x: float
    kept_y: float
    kept_size: float

    @property
    def scale(self) -> float:
        return self.kept_size / self.size


@dataclass(frozen=True, slots=True)
class Lay:
    """How a picture lies in another: kept = asked * scale + offset, along and down."""

    scale_x: float
    scale_y: float
    left: float
    top: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        return x * self.scale_x + self.left, y * self.scale_y + self.top

    def place_back(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) / self.scale_x, (y - self.top) / self.scale_y


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of how many squares that show anything which share is the same in both pictures."""

    share: float = 0.0
    squares: int = 0

    @property
    def is_same(self) -> bool:
        return self.share >= SAME and self.squares >= LEAST_SQUARES

    @property
    def is_like(self) -> bool:
        return self.share >= LIKE and self.squares >= LEAST_SQUARES


def find_lay(pairs: Sequence[Pair]) -> tuple[int, Lay | None]:
    """How most of the pairs say that one picture lies in the other, and how many do; None where too few agree."""
    pairs = pairs[:MOST_PAIRS]
    best: list[Pair] = []
    most = 0
    for a, b in combinations(pairs, 2):
        lay = _lay_by_two(a, b)
        if lay:
            agreeing = [pair for pair in pairs if _agrees(pair, lay)]
            if len(agreeing) > most and (count := _count_apart(agreeing)) > most:
                best, most = agreeing, count
    return most, (_lay_by_all(best) if most >= LEAST_MARKS else None)


def _lay_by_two(a: Pair, b: Pair) -> Lay | None:
    """The lay that two pairs say, if they are far enough from each other and neither turns nor contradicts itself."""
    along, down, kept_along, kept_down = a.x - b.x, a.y - b.y, a.kept_x - b.kept_x, a.kept_y - b.kept_y
    apart, kept_apart = hypot(along, down), hypot(kept_along, kept_down)
    if apart < 10 * max(a.size, b.size) or not kept_apart:
        return None
    scale = kept_apart / apart
    turned = along * kept_along + down * kept_down < 0.995 * apart * kept_apart
    if turned or not all(_is_near(scale / pair.scale) for pair in (a, b)):
        return None
    left = (a.kept_x + b.kept_x - scale * (a.x + b.x)) / 2
    top = (a.kept_y + b.kept_y - scale * (a.y + b.y)) / 2
    return Lay(scale, scale, left, top)


def _is_near(ratio: float) -> bool:
    return 0.7 < ratio < 1.43


def _agrees(pair: Pair, lay: Lay) -> bool:
    x, y = lay.place(pair.x, pair.y)
    room = 4 * pair.kept_size + 4
    return abs(x - pair.kept_x) < room and abs(y - pair.kept_y) < room and _is_near(lay.scale_x / pair.scale)


def _count_apart(pairs: Sequence[Pair]) -> int:
    """How many different spots they are: one is often found at several sizes."""
    return len({(round(pair.x / 8), round(pair.y / 8)) for pair in pairs})


def _lay_by_all(pairs: Sequence[Pair]) -> Lay:
    """The lay with the least squares of error."""
    number = len(pairs)
    x, y = sum(pair.x for pair in pairs) / number, sum(pair.y for pair in pairs) / number
    kept_x, kept_y = sum(pair.kept_x for pair in pairs) / number, sum(pair.kept_y for pair in pairs) / number
    spread = sum((pair.x - x) ** 2 + (pair.y - y) ** 2 for pair in pairs)
    shared = sum((pair.x - x) * (pair.kept_x - kept_x) + (pair.y - y) * (pair.kept_y - kept_y) for pair in pairs)
    scale = shared / spread
    return Lay(scale, scale, kept_x - scale * x, kept_y - scale * y)


# ------------------------------------------------------------------------------------------------------------- comparing

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def compare(asked: Image.Image, kept: Image.Image, lay: Lay) -> Agreement:
    """Lay one picture in grey over the other, move it until it lies best, and compare what both show."""
    box = _find_shared(asked, kept, lay)
    if min(box[2] - box[0], box[3] - box[1]) < _SQUARE:
        return Agreement()
    scale = _SIDE / max(box[2] - box[0], box[3] - box[1])
    size = max(_SQUARE, round((box[2] - box[0]) * scale)), max(_SQUARE, round((box[3] - box[1]) * scale))
    ours = _cut(kept, box, size)
    theirs = _lie_best(*_reduce(asked, lay, scale), ours, box, size)
    squares = list(zip(_split(ours), _split(theirs), strict=True))
    agreement = _count_alike(squares, 1.0)
    if agreement.squares < LEAST_SQUARES:
        agreement = _count_alike(squares, _FAINT)
    return agreement


def _count_alike(squares: Sequence[tuple[bytes, bytes]], faint: float) -> Agreement:
    correlations = (_correlate(a, b, faint) for a, b in squares)
    told = [each for each in correlations if each is not None]
    if not told:
        return Agreement()
    return Agreement(sum(each > _ALIKE for each in told) / len(told), len(told))


def _find_shared(asked: Image.Image, kept: Image.Image, lay: Lay) -> Box:
    """What both show, in pixels of the kept one, a little less at each side: so that it can be moved."""
    left, top = lay.place(0, 0)
    right, bottom = lay.place(*asked.size)
    left, top, right, bottom = max(0, left), max(0, top), min(kept.width, right), min(kept.height, bottom)
    edge = 0.02 * min(right - left, bottom - top)
    return left + edge, top + edge, right - edge, bottom - edge


def _cut(image: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    left, top, right, bottom = box
    within = max(0.0, left), max(0.0, top), min(float(image.width), right), min(float(image.height), bottom)
    return image.resize(size, Image.Resampling.BILINEAR, box=within, reducing_gap=2.0)


def _reduce(asked: Image.Image, lay: Lay, scale: float) -> tuple[Image.Image, Lay]:
    """What is asked about, at no more than twice the size at which it is compared, and how that lies: it is cut many times."""
    times = int(0.5 / (scale * min(lay.scale_x, lay.scale_y)))
    if times < 2:
        return asked, lay
    return asked.reduce(times), Lay(lay.scale_x * times, lay.scale_y * times, lay.left, lay.top)


def _lie_best(asked: Image.Image, lay: Lay, ours: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """What is asked about, as it lies in that box; moved and scaled as long as it differs less, far at first."""
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    pixel = (box[2] - box[0]) / size[0]

    def look(moved: tuple[int, int, int]) -> Image.Image:
        along, down, larger = moved
        factor = 1 + 0.006 * larger

        def look_up(x: float, y: float) -> tuple[float, float]:
            there_x = middle_x + (x - middle_x) / factor - along * pixel
            there_y = middle_y + (y - middle_y) / factor - down * pixel
            return lay.place_back(there_x, there_y)

        return _cut(asked, (*look_up(box[0], box[1]), *look_up(box[2], box[3])), size)

    best = (0, 0, 0)
    shown = look(best)
    least = _differ(ours, shown)
    tried = {best}
    for stride in (4, 2, 1):
        moved = True
        while moved and len(tried) < MOST_LOOKS:
            here, moved = best, False
            for step in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)):
                there = (here[0] + stride * step[0], here[1] + stride * step[1], here[2] + stride * step[2])
                if there not in tried:
                    tried.add(there)
                    other = look(there)
                    differs = _differ(ours, other)
                    if differs < least:
                        best, shown, least, moved = there, other, differs, True
    return shown


def _differ(a: Image.Image, b: Image.Image) -> int:
    return sum(map(mul, range(256), ImageChops.difference(a, b).histogram()))


def _split(image: Image.Image) -> Iterator[bytes]:
    """Its squares, as their levels of grey."""
    for y in range(0, image.height - _SQUARE + 1, _SQUARE):
        for x in range(0, image.width - _SQUARE + 1, _SQUARE):
            yield image.crop((x, y, x + _SQUARE, y + _SQUARE)).tobytes()


def _correlate(a: bytes, b: bytes, faint: float) -> float | None:
    """How alike two squares are, from -1 to 1; None where neither shows anything."""
    number = len(a)
    mean_a, mean_b = sum(a) / number, sum(b) / number
    variance_a = sum(map(mul, a, a)) / number - mean_a**2
    variance_b = sum(map(mul, b, b)) / number - mean_b**2
    if max(variance_a, variance_b) < faint * _FLAT:
        return None
    if min(variance_a, variance_b) < faint * _BLANK:
        return 0.0
    covariance: float = sum(map(mul, a, b)) / number - mean_a * mean_b
    return covariance / sqrt(variance_a * variance_b)
