"""People against the light: portraits, a runner, the small round pictures of accounts. Pure."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw

from embedarchive.replica.pictures.light import (
    Colour,
    Size,
    Stops,
    below,
    blur,
    bokeh,
    clouds,
    finish,
    glow,
    gradient,
    levels,
    lighten,
    mix,
    plane,
    ramp,
    ridge,
    shade,
    tint,
)

_ROOMS: dict[str, tuple[Stops, Colour, Colour]] = {
    "actress": (((0, (40, 14, 18)), (0.5, (96, 34, 30)), (1, (20, 8, 10))), (255, 190, 130), (214, 150, 118)),
    "mask": (((0, (44, 30, 12)), (0.5, (120, 84, 34)), (1, (24, 16, 8))), (255, 214, 120), (150, 100, 70)),
    "vendor": (((0, (16, 20, 34)), (0.5, (70, 50, 50)), (1, (14, 12, 16))), (255, 170, 96), (186, 128, 96)),
    "backstage": (((0, (14, 22, 40)), (0.5, (40, 62, 92)), (1, (8, 10, 18))), (150, 196, 255), (120, 96, 90)),
}


def paint_portrait(rng: Random, size: Size, variant: str) -> Image.Image:
    """A head and shoulders in side light, or somebody running at dawn."""
    if variant == "runner":
        return finish(_runner(rng, size), rng, warmth=0.05, bloom=0.4, contrast=0.35)
    stops, light, skin = _ROOMS[variant]
    return finish(_person(rng, size, stops, light, skin), rng, bloom=0.35, contrast=0.35, vignette=0.55, grain=0.13)


def _person(rng: Random, size: Size, stops: Stops, light: Colour, skin: Colour) -> Image.Image:
    """Somebody seen from behind, lamps out of focus before them."""
    image = shade(gradient(size, stops), clouds(rng, size, (2, 2), 3), 0.35)
    image = ImageChops.screen(image, blur(bokeh(rng, size, _lamps(rng, light)), 3))
    image = lighten(image, light, glow(size, (0.5, 0.42), (0.75, 0.75), 1.8).point(lambda v: v * 0.45))
    x, y, r, aspect = 0.50 + rng.uniform(-0.05, 0.05), 0.43, 0.150, size[0] / size[1]
    hair = _shape(size, [_hair_point(x, y, r, aspect, a) for a in _circle()])
    if rng.random() < 0.6:
        bun = glow(size, (x + 0.01, y - 0.145), (0.085, 0.075), 0.25)
        hair = ImageChops.lighter(hair, levels(bun, 0.3, 0.36))
    neck = _shape(size, [(x - 0.066, y + 0.06), (x + 0.066, y + 0.06), (x + 0.10, y + 0.25), (x - 0.10, y + 0.25)])
    body = _shape(size, _shoulders(x, y - 0.015))
    side = glow(size, (x - r * 1.5, y), (r * 2.4, r * 2.8), 1.0)
    flesh = tint(Image.new("RGB", size, mix(skin, (12, 6, 8), 0.86)), mix(skin, light, 0.3), side)
    cloth = tint(Image.new("RGB", size, (12, 11, 14)), mix(stops[1][1], light, 0.15), side.point(lambda v: v * 0.5))
    cloth = shade(cloth, levels(clouds(rng, size, (14, 5), 6), 0.2, 0.8), 0.45)
    strands = levels(clouds(rng, size, (80, 4), 4), 0.3, 0.8)
    locks = shade(
        tint(Image.new("RGB", size, (12, 9, 9)), mix(light, (70, 36, 22), 0.6), side.point(lambda v: v * 0.75)),
        strands,
        0.7,
    )
    for paint, mask in ((flesh, neck), (cloth, body), (locks, hair)):
        image = Image.composite(paint, image, blur(mask, 2.6))
    whole = ImageChops.lighter(ImageChops.lighter(hair, body), neck)
    for dx in (-6, 6):
        rim = ImageChops.subtract(whole, ImageChops.offset(whole, dx, 5))
        rim = ImageChops.multiply(blur(rim, 2.4), ramp(size, lambda v: 1.1 - v * 0.9))
        image = lighten(image, light, rim.point(lambda v: v * 0.75))
    return image


def _lamps(rng: Random, light: Colour) -> list[tuple[float, float, float, Colour, float]]:
    return [
        (
            rng.random(),
            rng.uniform(0.02, 0.75),
            rng.uniform(0.03, 0.085),
            mix(light, (255, 120, 80), rng.random() * 0.4),
            rng.uniform(0.12, 0.5),
        )
        for _ in range(34)
    ]


def _hair_point(x: float, y: float, r: float, aspect: float, a: float) -> tuple[float, float]:
    wave = 1 + 0.006 * math.sin(7 * a + x * 9)
    return x + r * 0.98 * math.sin(a) * wave, y - r * 1.28 * aspect * math.cos(a) * wave


def _circle() -> list[float]:
    return [math.tau * n / 120 for n in range(120)]


def _shoulders(x: float, y: float) -> list[tuple[float, float]]:
    top = y + 0.205
    right = [(0.08, 0.0), (0.13, 0.035), (0.24, 0.062), (0.31, 0.10), (0.355, 0.17), (0.385, 0.30), (0.40, 0.60)]
    left = [(-a, b) for a, b in reversed(right)]
    return [(x + a, top + b) for a, b in (*right, *left)]


def _shape(size: Size, points: list[tuple[float, float]]) -> Image.Image:
    big = Image.new("L", (size[0] * 2, size[1] * 2))
    ImageDraw.Draw(big).polygon([(x * size[0] * 2, y * size[1] * 2) for x, y in points], fill=255)
    return big.resize(size, Image.Resampling.BOX)


def _runner(rng: Random, size: Size) -> Image.Image:
    width, height = size
    horizon = 0.60
    image = gradient(
        size,
        (
            (0, (66, 92, 142)),
            (0.3, (190, 150, 150)),
            (0.5, (255, 190, 120)),
            (horizon, (255, 226, 170)),
            (1, (70, 56, 60)),
        ),
    )
    sun = (0.60, horizon - 0.05)
    image = lighten(image, (255, 200, 120), glow(size, sun, (0.9, 0.9), 2.0))
    image = lighten(image, (255, 252, 232), glow(size, sun, (0.12, 0.12), 0.8))
    for n in range(3):
        t = n / 2
        line = [horizon - (0.07 - 0.02 * t) * h + 0.012 * t for h in ridge(rng, 400, 0.6)]
        image = tint(image, mix((222, 160, 130), (120, 84, 88), t), below(size, line))
    edge = round(horizon * height) + 20
    ground = (width, height - edge)
    road = gradient(ground, ((0, (196, 146, 120)), (0.3, (112, 88, 88)), (1, (44, 38, 46))))
    asphalt = plane(rng, ground, (60, 160), 0.2, 5)
    road = shade(road, levels(asphalt, 0.25, 0.75), 0.4)
    road = lighten(road, (255, 206, 140), glow(ground, (sun[0], 0), (0.30, 1.0), 1.4).point(lambda v: v * 0.75))
    image.paste(road, (0, edge))
    return _stride(image, horizon)


def _stride(image: Image.Image, horizon: float) -> Image.Image:
    width, height = image.size
    big = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(big)
    x, foot, s = width * 2 * 0.47, height * 2 * 0.80, height * 2 * 0.29

    def limb(points: list[tuple[float, float]], start: float, end: float) -> None:
        for n, (a, b) in enumerate(pairwise(points)):
            for k in range(61):
                t = k / 60
                px, py = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t
                r = s * (start + (end - start) * (n + t) / (len(points) - 1))
                draw.ellipse([x + px * s - r, foot - py * s - r, x + px * s + r, foot - py * s + r], fill=255)

    limb([(0.02, 0.56), (0.19, 0.40), (0.09, 0.22), (0.17, 0.19)], 0.052, 0.016)
    limb([(0.0, 0.56), (-0.12, 0.34), (-0.33, 0.25), (-0.37, 0.33)], 0.052, 0.015)
    limb([(0.06, 0.80), (0.02, 0.56)], 0.062, 0.058)
    limb([(0.08, 0.82), (-0.10, 0.70), (-0.05, 0.56)], 0.030, 0.016)
    limb([(0.06, 0.83), (0.17, 0.68), (0.28, 0.80)], 0.028, 0.016)
    limb([(0.07, 0.86), (0.09, 0.92)], 0.024, 0.022)
    cx, cy = x + 0.10 * s, foot - 0.965 * s
    draw.ellipse([cx - 0.046 * s, cy - 0.058 * s, cx + 0.046 * s, cy + 0.058 * s], fill=255)
    limb([(0.06, 1.0), (-0.03, 0.98), (-0.10, 1.01)], 0.030, 0.010)
    mask = blur(big.resize(image.size, Image.Resampling.BOX), 1.3)
    fall = mask.crop((0, round(height * 0.45), width, round(height * 0.80))).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    cast = Image.new("L", image.size)
    cast.paste(fall.resize((width, round(height * 0.20))), (-30, round(height * 0.80)))
    image = shade(image, ImageChops.invert(blur(cast, 9)), 0.65)
    image = tint(image, (24, 18, 26), mask)
    rim = ImageChops.subtract(mask, ImageChops.offset(mask, -5, 3))
    image = lighten(image, (255, 196, 120), blur(rim, 1.5).point(lambda v: v * 0.95))
    return lighten(
        image, (255, 200, 120), glow(image.size, (0.60, horizon - 0.05), (0.5, 0.5), 2).point(lambda v: v * 0.45)
    )
