"""What all scenes are made of: noise, gradients, glows, ridges, blurred lights, the finish of a photograph. Pure.

Everything is drawn with Pillow alone and a seeded generator, so a recipe gives the same picture each time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, int, int]
Stops = Sequence[tuple[float, Colour]]
Size = tuple[int, int]
_BICUBIC = Image.Resampling.BICUBIC


def mix(a: Colour, b: Colour, t: float) -> Colour:
    """Give the colour a share `t` of the way from `a` to `b`."""
    x, y, z = (round(p + (q - p) * t) for p, q in zip(a, b, strict=True))
    return x, y, z


def gradient(size: Size, stops: Stops) -> Image.Image:
    """Give a vertical gradient; stops go from 0 (top) to 1 (bottom)."""
    column = Image.new("RGB", (1, 512))
    for y in range(512):
        at = y / 511
        low = max((s for s in stops if s[0] <= at), default=stops[0])
        high = min((s for s in stops if s[0] >= at), default=stops[-1])
        span = high[0] - low[0]
        column.putpixel((0, y), mix(low[1], high[1], (at - low[0]) / span if span else 0))
    return column.resize(size, _BICUBIC)


def ramp(size: Size, curve: Callable[[float], float]) -> Image.Image:
    """Give a vertical mask: `curve` of 0 (top) to 1 (bottom) gives its strength from 0 to 1."""
    column = Image.new("L", (1, 512))
    column.putdata([max(0, min(255, round(255 * curve(y / 511)))) for y in range(512)])
    return column.resize(size, _BICUBIC)


def noise(rng: Random, size: Size) -> Image.Image:
    """Give white noise."""
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))


def clouds(rng: Random, size: Size, cells: tuple[float, float] = (3, 3), octaves: int = 6) -> Image.Image:
    """Give fractal noise over the whole range; `cells` is how many blobs fit across and down."""
    # The broad shapes are added up small and enlarged once: half of the painter's time would go there otherwise.
    small = (max(2, size[0] // 4), max(2, size[1] // 4))
    total, share = Image.new("L", small, 128), 1.0
    for octave in range(octaves):
        grid = tuple(max(2, round(c * 2**octave) + 1) for c in cells)
        if total.size == small and max(grid[0] * 2 / small[0], grid[1] * 2 / small[1]) > 1:
            total = total.resize(size, _BICUBIC)
        layer = noise(rng, (min(grid[0], size[0]), min(grid[1], size[1]))).resize(total.size, _BICUBIC)
        total = Image.blend(total, layer, share)
        share = 0.5 if octave == 0 else share * 0.72
    return ImageOps.autocontrast(total if total.size == size else total.resize(size, _BICUBIC), cutoff=1)


def levels(image: Image.Image, low: float, high: float, gamma: float = 1.0, top: int = 255) -> Image.Image:
    """Stretch a mask so that `low` becomes black and `high` white (both 0 to 1)."""
    span = max(high - low, 1e-6)
    return image.point([round(top * min(1.0, max(0.0, (v / 255 - low) / span)) ** gamma) for v in range(256)])


def glow(size: Size, centre: tuple[float, float], radius: tuple[float, float], power: float = 1.6) -> Image.Image:
    """Give a soft round mask around `centre` (all in shares of width; heights too)."""
    width, height = size
    rx, ry = max(2, round(radius[0] * width)), max(2, round(radius[1] * width))
    disc = ImageChops.invert(Image.radial_gradient("L")).resize((2 * rx, 2 * ry), _BICUBIC)
    # Pillow's gradient reaches its edge at the corner; stretch it so that it is black at the sides.
    disc = levels(disc, 0.293, 1.0, power)
    mask = Image.new("L", size)
    mask.paste(disc, (round(centre[0] * width) - rx, round(centre[1] * height) - ry))
    return mask


def tint(base: Image.Image, colour: Colour, mask: Image.Image) -> Image.Image:
    """Lay a colour over the picture through a mask."""
    return Image.composite(Image.new("RGB", base.size, colour), base, mask)


def lighten(base: Image.Image, colour: Colour, mask: Image.Image) -> Image.Image:
    """Add light of a colour through a mask."""
    return ImageChops.screen(
        base, Image.composite(Image.new("RGB", base.size, colour), Image.new("RGB", base.size), mask)
    )


def shade(base: Image.Image, mask: Image.Image, depth: float) -> Image.Image:
    """Darken the picture where the mask is dark; `depth` is how much at most."""
    soft = mask.point([round(255 - (255 - v) * depth) for v in range(256)])
    return ImageChops.multiply(base, Image.merge("RGB", (soft,) * 3))


def blur(image: Image.Image, radius: float) -> Image.Image:
    """Blur; larger radii at half or quarter size, where nobody sees the difference."""
    part = 1 if radius < 2.5 else 2 if radius < 8 else 4
    if part == 1:
        return image.filter(ImageFilter.GaussianBlur(radius))
    small = image.resize((max(1, image.width // part), max(1, image.height // part)), Image.Resampling.BOX)
    small = small.filter(ImageFilter.GaussianBlur(radius / part))
    return small.resize(image.size, Image.Resampling.BILINEAR if part == 2 else _BICUBIC)


def ridge(rng: Random, steps: int, rough: float = 0.55, octaves: int = 8) -> list[float]:
    """Give a skyline of `steps` heights from 0 to 1: broad shapes first, then ever smaller ones."""
    heights = [0.0] * steps
    for octave in range(octaves):
        count = 2 ** (octave + 1)
        points = [rng.random() for _ in range(count + 2)]
        shift = rng.random()
        for x in range(steps):
            at = x / steps * count + shift
            i, t = int(at), at % 1
            t = t * t * (3 - 2 * t) if octave < 3 else t
            heights[x] += (points[i] * (1 - t) + points[i + 1] * t) * rough**octave
    low, high = min(heights), max(heights)
    return [(h - low) / (high - low) for h in heights]


def below(size: Size, line: Sequence[float]) -> Image.Image:
    """Give the mask of everything below a line of heights (shares of the picture's height from its top)."""
    width, height = size
    mask = Image.new("L", (width * 2, height * 2))
    step = width * 2 / (len(line) - 1)
    points = [(x * step, y * height * 2) for x, y in enumerate(line)]
    ImageDraw.Draw(mask).polygon([*points, (width * 2, height * 2), (0, height * 2)], fill=255)
    return mask.resize(size, Image.Resampling.BOX)


def conifers(rng: Random, size: Size, line: Sequence[float], tall: float, count: int) -> Image.Image:
    """Give the mask of fir trees standing on a line of heights; `tall` is a share of the picture's height."""
    width, height = size
    mask = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(mask)
    for _ in range(count):
        x = rng.random()
        foot = line[min(len(line) - 1, int(x * len(line)))] * height * 2 + tall * height * 0.5
        top = tall * height * 2 * rng.uniform(0.45, 1.0)
        _fir(draw, rng, x * width * 2, foot, top)
    return mask.resize(size, Image.Resampling.BOX)


def _fir(draw: ImageDraw.ImageDraw, rng: Random, x: float, foot: float, top: float) -> None:
    half = top * rng.uniform(0.12, 0.18)
    tiers = 17
    for tier in range(tiers):
        t = tier / tiers
        y = foot - top * (1 - t)
        left, right = (half * (0.08 + t**0.85) * rng.uniform(0.6, 1.15) for _ in range(2))
        drop = top / tiers * rng.uniform(1.3, 2.0)
        draw.polygon([(x, y), (x + right, y + drop), (x, y + drop * 0.8), (x - left, y + drop)], fill=255)
    draw.rectangle([x - half * 0.06, foot - top * 0.2, x + half * 0.06, foot + top], fill=255)


def bokeh(rng: Random, size: Size, lights: Sequence[tuple[float, float, float, Colour, float]]) -> Image.Image:
    """Give out-of-focus lights on black: each is (x, y, radius as a share of width, colour, strength)."""
    width, height = size
    canvas = Image.new("RGB", size)
    for x, y, radius, colour, strength in lights:
        r = max(2, round(radius * width))
        disc = _aperture(r, rng.uniform(0, 1))
        disc = disc.point([round(v * strength) for v in range(256)])
        left, top = round(x * width) - r, round(y * height) - r
        patch = Image.composite(Image.new("RGB", disc.size, colour), Image.new("RGB", disc.size), disc)
        box = (left, top, left + 2 * r, top + 2 * r)
        canvas.paste(ImageChops.screen(canvas.crop(box), patch), box)
    return canvas


def _aperture(r: int, turn: float) -> Image.Image:
    """Draw the blur disc of a lens with nine blades: brighter at its rim."""
    big = Image.new("L", (4 * r, 4 * r))
    draw = ImageDraw.Draw(big)
    for share, value in ((0.97, 235), (0.9, 190), (0.7, 165)):
        reach = 2 * r * share
        blades = [
            (2 * r + reach * math.cos(math.tau * (k + turn) / 18), 2 * r + reach * math.sin(math.tau * (k + turn) / 18))
            for k in range(18)
        ]
        draw.polygon(blades, fill=value)
    return big.resize((2 * r, 2 * r), Image.Resampling.BOX)


def reflect(image: Image.Image, horizon: float, rng: Random, waves: float, squash: float = 1.0) -> Image.Image:
    """Give the part above the horizon as water below it would show it, broken by waves that grow toward the viewer."""
    width, height = image.size
    edge = round(horizon * height)
    depth = height - edge
    above = image.crop((0, max(0, edge - round(depth * squash)), width, edge))
    mirror = ImageOps.flip(above).resize((width, depth), _BICUBIC)
    wobble = [p - 0.5 for p in ridge(rng, max(64, depth // 2), 0.9, 7)]
    out = Image.new("RGB", (width, depth))
    y = 0
    while y < depth:
        near = y / depth
        rows = max(1, round(1 + 4 * near))
        shift = round(wobble[int(near * (len(wobble) - 1))] * waves * width * (0.15 + near))
        strip = mirror.crop((0, y, width, min(depth, y + rows)))
        out.paste(ImageChops.offset(strip, shift, 0), (0, y))
        y += rows
    return out


def plane(rng: Random, size: Size, cells: tuple[float, float], reach: float = 0.05, octaves: int = 6) -> Image.Image:
    """Give noise lying flat on the ground: fine and dense at the top edge (far), broad at the bottom (near)."""
    width, height = size
    flat = clouds(rng, (width, height * 2), cells, octaves)
    left, right = width * (0.5 - reach / 2), width * (0.5 + reach / 2)
    # The quadrilateral in the texture that fills the picture: a wide far edge squeezed, a narrow near edge stretched.
    quad = (0, 0, left, height * 2, right, height * 2, width, 0)
    return flat.transform(size, Image.Transform.QUAD, quad, _BICUBIC)


def finish(
    image: Image.Image,
    rng: Random,
    *,
    grain: float = 0.10,
    vignette: float = 0.45,
    bloom: float = 0.25,
    contrast: float = 0.25,
    warmth: float = 0.0,
) -> Image.Image:
    """Give the look of a photograph: bloom, a gentle S-curve, a vignette, and film grain that also hides banding."""
    width = image.size[0]
    if bloom:
        bright = blur(image.point([max(0, v - 110) for v in range(256)] * 3), width * 0.02)
        image = ImageChops.screen(image, bright.point([round(v * bloom * 1.6) for v in range(256)] * 3))
    curve = [_s_curve(v / 255, contrast) for v in range(256)]
    table = [round(255 * min(1, c * gain)) for gain in (1 + warmth, 1.0, 1 - warmth) for c in curve]
    image = image.point(table)
    edge = levels(Image.radial_gradient("L").resize(image.size, _BICUBIC), 0.35, 1.15, 1.5)
    image = shade(image, ImageChops.invert(edge), vignette)
    speck = Image.blend(noise(rng, image.size), noise(rng, image.size), 0.5)
    speck = Image.blend(speck, blur(noise(rng, image.size), 0.8), 0.4)
    flat = Image.blend(Image.new("L", image.size, 128), speck, grain)
    return ImageChops.overlay(image, Image.merge("RGB", (flat,) * 3))


def _s_curve(v: float, amount: float) -> float:
    return v + amount * (v * v * (3 - 2 * v) - v)
