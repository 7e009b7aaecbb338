"""Two pictures and the marks that they share -> how one lies in the other, and how much of what both show agrees.

Marks only propose: a platform's buttons are in every screenshot of it. So what both pictures show is laid over one another and
compared square by square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import hypot, sqrt
from operator import mul

from PIL import Image, ImageChops, ImageFilter, ImageMath, ImageStat

LEAST_MARKS = 4
"""Marks that have to lie alike in both pictures."""

ALIKE = 0.75
"""Share of the compared squares that have to agree. Measured: parts of one picture .85 and more, strangers .71 at most."""

SAME = 0.8
"""The same of pictures without details, as of soft light."""

LEAST_SQUARES = 6
MOST_PAIRS = 24
NEARLY_ALL = 0.9
"""Share of the marks that lie alike, from which on no better lay is looked for."""

MOST_LOOKS = 50
_SIDE = 192
_SQUARE = 24
_ALIKE = 0.75
_FLAT, _BLANK = 25.0, 4.0
"""Variance below which a square says nothing, and below which nothing is on it."""

_DETAILS_SIDE = 560
"""Pixels of the longer side at which details are compared, or as many as the less sharp of both pictures has."""

_CELL = 16
"""Pixels of a kept picture to the side of a detail: a screenshot's letters are as high, a word is two or three wide."""

_DETAIL = 8
"""Levels of grey by which a cell has to stand out from its surroundings to be a detail."""

_SOFTER = 0.7
"""Pixels by which both are softened first: what was made smaller is sharper or softer than what we make smaller."""

OTHER = 0.42
"""Difference of two cells, as a share of what stands out in them, from which on they show something else, where the one
beside, above or below does so too. Measured: one picture cut, framed, scaled, compressed anew .31 at most, another word .48
at least, most often .9.
"""

LEAST_DETAILS = 8
_FEW_OTHERS = 0.03
"""Share of the details up to which those that are others may be so because one picture lies a quarter of a pixel off."""

OTHERS_IN = 250
"""Of so many details one may be another: the noise of a large photograph. They are two at least, side by side."""

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
    """Of how many squares that show anything which share is the same in both pictures; of how many details how many are not.

    Details are looked at only where the squares are alike: posts of one account in one layout are so, and say other words.
    """

    share: float = 0.0
    squares: int = 0
    details: int = 0
    other_details: int = 0

    @property
    def is_alike(self) -> bool:
        return self.share >= ALIKE and self.squares >= LEAST_SQUARES

    @property
    def share_of_others(self) -> float:
        return self.other_details / max(1, self.details)

    @property
    def is_same(self) -> bool:
        if self.details < LEAST_DETAILS:
            return self.is_alike and self.share >= SAME
        return self.is_alike and self.other_details <= self.details // OTHERS_IN


def find_lay(pairs: Sequence[Pair]) -> tuple[int, Lay | None]:
    """How most of the pairs say that one picture lies in the other, and how many do; None where too few agree."""
    pairs = pairs[:MOST_PAIRS]
    places = [(pair, pair.x, pair.y, pair.kept_x, pair.kept_y, 4 * pair.kept_size + 4, pair.scale) for pair in pairs]
    best: list[Pair] = []
    most = 0
    for a, b in combinations(pairs, 2):
        lay = _lay_by_two(a, b)
        if lay:
            agreeing = _list_agreeing(places, lay)
            if len(agreeing) > most and (count := _count_apart(agreeing)) > most:
                best, most = agreeing, count
                if len(best) >= NEARLY_ALL * len(pairs):
                    break
    return most, (_lay_by_all(best) if most >= LEAST_MARKS else None)


def _lay_by_two(a: Pair, b: Pair) -> Lay | None:
    """The lay that two pairs say, if they are far enough from each other and neither turns nor contradicts itself."""
    along, down, kept_along, kept_down = a.x - b.x, a.y - b.y, a.kept_x - b.kept_x, a.kept_y - b.kept_y
    along_both = along * kept_along + down * kept_down
    if along_both <= 0:
        return None
    apart, kept_apart = hypot(along, down), hypot(kept_along, kept_down)
    if apart < 10 * max(a.size, b.size) or along_both < 0.995 * apart * kept_apart:
        return None
    scale = kept_apart / apart
    if not (_is_near(scale / a.scale) and _is_near(scale / b.scale)):
        return None
    left = (a.kept_x + b.kept_x - scale * (a.x + b.x)) / 2
    top = (a.kept_y + b.kept_y - scale * (a.y + b.y)) / 2
    return Lay(scale, scale, left, top)


def _is_near(ratio: float) -> bool:
    return 0.7 < ratio < 1.43


def _list_agreeing(places: Sequence[tuple[Pair, float, float, float, float, float, float]], lay: Lay) -> list[Pair]:
    """The pairs that lie so: each with its place in both pictures, the room it has, and its scale."""
    scale, left, top = lay.scale_x, lay.left, lay.top
    return [
        pair
        for pair, x, y, kept_x, kept_y, room, own in places
        if abs(x * scale + left - kept_x) < room and abs(y * scale + top - kept_y) < room and _is_near(scale / own)
    ]


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
    """Lay one picture in grey over the other, move it until it lies best, and compare what both show.

    Where it lies best is looked for at half of the size at which they are then compared; where a few details only are
    others, once more at the whole.
    """
    box = _find_shared(asked, kept, lay)
    if min(box[2] - box[0], box[3] - box[1]) < _SQUARE:
        return Agreement()
    scale = _SIDE / _longer(box)
    lay = _lie_best(asked, kept, lay, box, scale / 2, (2, 1, 0.5), 0.006)
    ours, theirs = _show_both(asked, kept, lay, box, scale)
    agreement = _count_alike(ours, theirs, 1.0)
    if agreement.squares < LEAST_SQUARES:
        agreement = _count_alike(ours, theirs, _FAINT)
    if not agreement.is_alike:
        return agreement
    scale = min(1.0, 1 / lay.scale_x, _DETAILS_SIDE / _longer(box))
    unit = 2 / (scale * _longer(box))
    lay = _lie_best(asked, kept, lay, box, scale / 2, (0.5, 0.25), unit)
    agreement = _compare_details(agreement, *_show_both(asked, kept, lay, box, scale), scale)
    if agreement.is_same or agreement.share_of_others > _FEW_OTHERS:
        return agreement
    lay = _lie_best(asked, kept, lay, box, scale, (1, 0.5), unit)
    return _compare_details(agreement, *_show_both(asked, kept, lay, box, scale), scale)


def _longer(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _show_both(
    asked: Image.Image, kept: Image.Image, lay: Lay, box: Box, scale: float
) -> tuple[Image.Image, Image.Image]:
    """The kept picture within that box, at that scale, and the one that is asked about as it lies there."""
    size = _fit(box, scale)
    _, asked, lay = _reduce(asked, lay, 2 * scale)
    return _cut(kept, box, size), _cut(asked, _place_back(lay, box), size)


def _fit(box: Box, scale: float) -> tuple[int, int]:
    return max(_SQUARE, round((box[2] - box[0]) * scale)), max(_SQUARE, round((box[3] - box[1]) * scale))


def _place_back(lay: Lay, box: Box) -> Box:
    """That box of the kept picture in the one that is asked about."""
    return (*lay.place_back(box[0], box[1]), *lay.place_back(box[2], box[3]))


def _count_alike(a: Image.Image, b: Image.Image, faint: float) -> Agreement:
    """How many squares show anything in either picture, and which share of them is alike: by their correlation.

    Where only one of both shows anything in a square, these are not alike.
    """
    within = (0, 0, a.width // _SQUARE * _SQUARE, a.height // _SQUARE * _SQUARE)
    a, b = a.crop(within).convert("F"), b.crop(within).convert("F")
    told = alike = 0
    for mean_a, mean_b, square_a, square_b, both in zip(
        *map(_average, (a, b, _multiply(a, a), _multiply(b, b), _multiply(a, b))), strict=True
    ):
        variances = sorted((square_a - mean_a**2, square_b - mean_b**2))
        if variances[1] >= faint * _FLAT:
            told += 1
            shown = variances[0] >= faint * _BLANK
            alike += shown and both - mean_a * mean_b > _ALIKE * sqrt(variances[0] * variances[1])
    return Agreement(alike / max(1, told), told)


def _multiply(a: Image.Image, b: Image.Image) -> Image.Image:
    product: Image.Image = ImageMath.lambda_eval(lambda shown: shown["a"] * shown["b"], a=a, b=b)
    return product


def _average(image: Image.Image) -> Sequence[float]:
    """The averages of its squares."""
    return memoryview(image.reduce(_SQUARE).tobytes()).cast("f")


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


def _reduce(asked: Image.Image, lay: Lay, scale: float) -> tuple[int, Image.Image, Lay]:
    """What is asked about, at no more than twice that scale, and how that lies: it is cut many times.

    The first is how many of its pixels became one.
    """
    times = int(1 / (scale * min(lay.scale_x, lay.scale_y)))
    if times < 2:
        return 1, asked, lay
    return times, asked.reduce(times), Lay(lay.scale_x * times, lay.scale_y * times, lay.left, lay.top)


def _lie_best(
    asked: Image.Image, kept: Image.Image, lay: Lay, box: Box, scale: float, strides: Sequence[float], unit: float
) -> Lay:
    """How what is asked about lies best in that box; moved and scaled as long as it differs less, far at first.

    The strides are pixels at that scale of the kept one; `unit` is by which share it is made larger or smaller in one.
    """
    ours = _cut(kept, box, _fit(box, scale))
    times, asked, lay = _reduce(asked, lay, scale)

    def look(moved: tuple[float, float, float]) -> tuple[int, Lay]:
        there = _move(lay, box, ours.width, moved, unit)
        return _differ(ours, _cut(asked, _place_back(there, box), ours.size)), there

    best = (0.0, 0.0, 0.0)
    least = look(best)
    tried = {best}
    for stride in strides:
        moved = True
        while moved and len(tried) < MOST_LOOKS:
            here, moved = best, False
            for step in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)):
                there = (here[0] + stride * step[0], here[1] + stride * step[1], here[2] + stride * step[2])
                if there not in tried:
                    tried.add(there)
                    other = look(there)
                    if other[0] < least[0]:
                        best, least, moved = there, other, True
    lay = least[1]
    return Lay(lay.scale_x / times, lay.scale_y / times, lay.left, lay.top)


def _move(lay: Lay, box: Box, width: int, moved: tuple[float, float, float], unit: float) -> Lay:
    """The lay, so many pixels of a box that is shown that wide further along and down, and by so many units larger."""
    pixel, larger = (box[2] - box[0]) / width, 1 + unit * moved[2]
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    left = (lay.left + moved[0] * pixel - middle_x) * larger + middle_x
    top = (lay.top + moved[1] * pixel - middle_y) * larger + middle_y
    return Lay(lay.scale_x * larger, lay.scale_y * larger, left, top)


def _grade(image: Image.Image, like: Image.Image) -> Image.Image:
    """The picture as bright and as full of contrast as the other."""
    theirs, ours = ImageStat.Stat(image), ImageStat.Stat(like)
    gain = ours.stddev[0] / max(theirs.stddev[0], 1.0)
    return image.point([round((level - theirs.mean[0]) * gain + ours.mean[0]) for level in range(256)])


def _compare_details(agreement: Agreement, ours: Image.Image, theirs: Image.Image, scale: float) -> Agreement:
    details, others = _count_details(ours, _grade(theirs, ours), max(4, round(_CELL * scale)))
    return replace(agreement, details=details, other_details=others)


def _count_details(a: Image.Image, b: Image.Image, cell: int) -> tuple[int, int]:
    """How many cells of that side show anything in either picture, and how many show something else than in the other.

    What is alone in being other is the noise of compression; a word is more than one cell wide.
    """
    ours, theirs = _stand_out(a, cell), _stand_out(b, cell)
    level = Image.new("L", a.size, 128)
    contrasts = ImageChops.lighter(
        *(ImageChops.difference(each, level).reduce(cell) for each in (ours, theirs))
    ).tobytes()
    differences = ImageChops.difference(ours, theirs).reduce(cell)
    width = differences.width
    other = {
        at
        for at, (contrast, difference) in enumerate(zip(contrasts, differences.tobytes(), strict=True))
        if contrast >= _DETAIL and difference - 1 > OTHER * contrast
    }
    beside = {at for at in other if at + 1 in other and (at + 1) % width}
    above = {at for at in other if at + width in other}
    others = len(beside | {at + 1 for at in beside} | above | {at + width for at in above})
    return sum(contrast >= _DETAIL for contrast in contrasts), others


def _stand_out(image: Image.Image, cell: int) -> Image.Image:
    """By how many levels of grey each pixel stands out from its surroundings, softened a little; 128 where it does not."""
    soft = image.filter(ImageFilter.GaussianBlur(_SOFTER))
    return ImageChops.subtract(soft, soft.filter(ImageFilter.BoxBlur(cell / 2)), offset=128)


def _differ(a: Image.Image, b: Image.Image) -> int:
    return sum(map(mul, range(256), ImageChops.difference(a, b).histogram()))
