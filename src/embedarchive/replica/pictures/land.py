"""Mountains, forests and dunes. Pure."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw

from embedarchive.replica.pictures.light import (
    Colour,
    Size,
    Stops,
    below,
    blur,
    clouds,
    conifers,
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

_DAWN: Stops = ((0, (92, 124, 158)), (0.3, (188, 186, 188)), (0.48, (246, 206, 170)), (0.62, (250, 222, 190)))
_SNOW: Stops = ((0, (34, 62, 108)), (0.35, (96, 136, 184)), (0.6, (176, 204, 226)))


def paint_mountains(rng: Random, size: Size, variant: str) -> Image.Image:
    """Ridge behind ridge, each fading into the mist at its foot."""
    snow = variant == "snow"
    image = gradient(size, _SNOW if snow else _DAWN)
    sky = clouds(rng, size, (2, 7), 6)
    image = lighten(
        image, (255, 236, 214), ImageChops.multiply(levels(sky, 0.5, 1.0, 1.4, 150), ramp(size, _fade_down))
    )
    sun = (0.64, 0.40)
    if not snow:
        image = lighten(image, (255, 214, 150), glow(size, sun, (0.75, 0.75), 2.4))
        image = lighten(image, (255, 246, 224), glow(size, sun, (0.09, 0.09), 1.2))
    far: Colour = (138, 166, 198) if snow else (214, 180, 172)
    near: Colour = (16, 30, 56) if snow else (20, 30, 48)
    mist: Colour = (196, 216, 234) if snow else (252, 222, 190)
    layers = 7
    for n in range(layers):
        t = n / (layers - 1)
        base, rise = 0.46 + 0.46 * t**1.25, 0.26 - 0.14 * t
        line = [base - rise * h for h in ridge(rng, 540, 0.50 + 0.04 * t)]
        image = _range(
            rng, image, line, mix(far, near, t**0.8), mix(mist, near, t**1.6 * (0.85 if snow else 0.7)), t, snow
        )
        if 0 < n < layers - 1:
            image = _mist(rng, image, base, mist, 1 - t)
    return finish(image, rng, warmth=-0.02 if snow else 0.03, vignette=0.4)


def _fade_down(y: float) -> float:
    return max(0.0, 1 - y * 1.6)


def _range(
    rng: Random, image: Image.Image, line: list[float], colour: Colour, mist: Colour, t: float, snow: bool
) -> Image.Image:
    size = image.size
    top = min(line)
    body = gradient(size, ((0, colour), (top, colour), (min(0.99, top + 0.34), mist), (1, mist)))
    relief = clouds(rng, size, (8, 5) if snow else (5, 5), 7 if snow else 5)
    relief = blur(ImageChops.add(relief, ImageChops.invert(ImageChops.offset(relief, 14, 5)), 2), 1 if snow else 3)
    body = shade(body, levels(relief, 0.36, 0.64), (0.10 + 0.35 * t) if snow else 0.03 + 0.12 * t)
    if snow and t < 0.75:
        caps = ImageChops.multiply(levels(relief, 0.40, 0.60, 0.9), ramp(size, lambda y: 1.1 - (y - top) * 4.5))
        body = lighten(body, mix((236, 244, 255), colour, t * 0.4), caps)
    mask = below(size, line)
    if t > 0.55:
        mask = ImageChops.lighter(mask, conifers(rng, size, line, 0.018 + 0.055 * (t - 0.5), round(150 - 60 * t)))
    return Image.composite(body, image, mask)


def _mist(rng: Random, image: Image.Image, base: float, colour: Colour, much: float) -> Image.Image:
    drift = levels(clouds(rng, image.size, (2, 9), 5), 0.30, 0.95)
    band = glow(image.size, (0.5, base + 0.05), (1.3, 0.16), 0.9)
    return tint(
        image, colour, ImageChops.multiply(drift, band).point([round(v * (0.25 + 0.6 * much)) for v in range(256)])
    )


def paint_forest(rng: Random, size: Size, variant: str) -> Image.Image:
    """Tall trees, pale behind and dark in front, in mist or against the sun."""
    sunny = variant == "sun"
    stops: Stops = (
        ((0, (96, 116, 70)), (0.4, (226, 214, 142)), (0.7, (128, 128, 70)), (1, (38, 42, 24)))
        if sunny
        else ((0, (150, 170, 178)), (0.45, (206, 216, 216)), (1, (118, 138, 138)))
    )
    image = shade(gradient(size, stops), clouds(rng, size, (3, 4), 5), 0.25)
    light = (0.58, 0.30)
    image = lighten(image, (255, 240, 190) if sunny else (236, 242, 244), glow(size, light, (0.8, 0.8), 1.7))
    far: Colour = (186, 182, 116) if sunny else (176, 192, 196)
    near: Colour = (18, 22, 12) if sunny else (20, 32, 34)
    layers = 6
    for n in range(layers):
        t = n / (layers - 1)
        colour = mix(far, near, t**0.9)
        image = _trunks(rng, image, colour, t) if sunny else _firs(rng, image, colour, t)
        veil = levels(clouds(rng, size, (3, 5), 4), 0.35, 1.0, 1.2, round(120 * (1 - t)))
        image = tint(image, (248, 232, 170) if sunny else (214, 222, 224), veil)
    if sunny:
        image = _beams(rng, image, light)
    return finish(image, rng, warmth=0.04 if sunny else -0.015, contrast=0.35, bloom=0.3)


def _firs(rng: Random, image: Image.Image, colour: Colour, t: float) -> Image.Image:
    base = 0.60 + 0.40 * t
    line = [base - 0.10 * h for h in ridge(rng, 300, 0.5, 5)]
    mask = conifers(rng, image.size, line, 0.22 + 0.34 * t, round(30 - 20 * t))
    mask = ImageChops.lighter(mask, below(image.size, line))
    foot: Colour = mix(colour, (210, 220, 222), 0.55 * (1 - t))
    body = gradient(image.size, ((0, colour), (base - 0.1, colour), (1, foot)))
    return Image.composite(body, image, blur(mask, 2.2 * (1 - t)) if t < 0.9 else mask)


def _trunks(rng: Random, image: Image.Image, colour: Colour, t: float) -> Image.Image:
    width, height = image.size
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    for _ in range(round(26 - 20 * t)):
        x, half = rng.random() * width, width * (0.004 + 0.026 * t**1.5) * rng.uniform(0.7, 1.4)
        lean = rng.uniform(-0.03, 0.03) * width
        foot = height * (0.62 + 0.4 * t)
        draw.polygon(
            [(x - half * 0.6 + lean, 0), (x + half * 0.6 + lean, 0), (x + half, foot), (x - half, foot)], fill=255
        )
    ground = below(image.size, [0.60 + 0.36 * t - 0.05 * h for h in ridge(rng, 300, 0.6, 7)])
    leaves = levels(clouds(rng, image.size, (5, 6), 8), 0.52, 0.60, 1, 240)
    leaves = ImageChops.multiply(leaves, ramp(image.size, lambda y: 1.3 - 3.4 * y))
    whole = ImageChops.lighter(ImageChops.lighter(mask, ground), leaves)
    return tint(image, colour, blur(whole, 1 + 2.5 * (1 - t)))


def _beams(rng: Random, image: Image.Image, light: tuple[float, float]) -> Image.Image:
    width, height = image.size
    mask = Image.new("L", image.size)
    for _ in range(16):
        ray = Image.new("L", image.size)
        angle, spread = rng.uniform(0.15, 2.6), rng.uniform(0.01, 0.05)
        far = [
            (light[0] * width + 2 * height * math.cos(a), light[1] * height - 40 + 2 * height * math.sin(a))
            for a in (angle - spread, angle + spread)
        ]
        ImageDraw.Draw(ray).polygon([(light[0] * width, light[1] * height - 40), *far], fill=rng.randint(30, 70))
        mask = ImageChops.add(mask, ray)
    mask = ImageChops.multiply(blur(mask, 14), ramp(image.size, lambda y: 1.1 - y * 0.8))
    return lighten(image, (255, 232, 160), mask)


def paint_dunes(rng: Random, size: Size, variant: str) -> Image.Image:
    """Sand: long crests with a lit and a dark side, ripples toward the viewer."""
    evening = variant == "evening"
    stops: Stops = (
        ((0, (74, 92, 140)), (0.35, (226, 160, 132)), (0.5, (255, 206, 150)))
        if evening
        else ((0, (72, 120, 168)), (0.3, (158, 186, 200)), (0.48, (246, 220, 176)))
    )
    image = gradient(size, stops)
    image = lighten(image, (255, 226, 170), glow(size, (0.2, 0.4), (0.7, 0.7), 2))
    layers = 5
    for n in range(layers):
        t = n / (layers - 1)
        image = _dune(rng, image, 0.42 + 0.44 * t**1.2, t, evening)
    return finish(image, rng, warmth=0.05, contrast=0.35, bloom=0.15)


def _dune(rng: Random, image: Image.Image, base: float, t: float, evening: bool) -> Image.Image:
    size = image.size
    crest = [base - (0.05 + 0.10 * t) * h for h in ridge(rng, 200, 0.35, 4)]
    lit: Colour = mix((238, 204, 158), (232, 150, 76), t)
    dark: Colour = mix((196, 158, 136), (86, 40, 30), t**0.7)
    if evening:
        lit, dark = mix(lit, (210, 120, 110), 0.35), mix(dark, (52, 40, 70), 0.4)
    body = gradient(size, ((0, lit), (base, lit), (1, mix(lit, dark, 0.45))))
    ripples = blur(plane(rng, size, (6, 120), 0.22, 4), 0.7)
    body = shade(body, levels(ripples, 0.3, 0.7), 0.10 + 0.22 * t)
    sway = ridge(rng, 200, 0.4, 3)
    edge = [min(1.0, c + (0.12 + 0.2 * t) * max(0.0, s - 0.4) ** 1.3) for c, s in zip(crest, sway, strict=True)]
    hidden = ImageChops.subtract(below(size, crest), below(size, edge))
    shadow = shade(gradient(size, ((0, dark), (base, mix(dark, lit, 0.12)), (1, mix(dark, lit, 0.38)))), ripples, 0.18)
    body = Image.composite(shadow, body, blur(hidden, 1.2 + 3 * t))
    return Image.composite(body, image, below(size, crest))
