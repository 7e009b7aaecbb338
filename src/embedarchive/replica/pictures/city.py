"""Streets at night, mostly out of focus. Pure."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from embedarchive.replica.pictures.light import (
    Colour,
    Size,
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
    reflect,
    shade,
)

_WARM: tuple[Colour, ...] = ((255, 190, 110), (255, 160, 80), (255, 220, 160), (255, 120, 70), (255, 236, 200))
_NEON: tuple[Colour, ...] = (
    (255, 70, 130),
    (60, 200, 255),
    (255, 180, 90),
    (150, 110, 255),
    (255, 96, 80),
    (90, 255, 210),
)
_PALETTES = {"neon": _NEON, "tram": _WARM, "opera": _WARM, "market": (*_WARM, (255, 80, 60), (120, 220, 160))}


def paint_city(rng: Random, size: Size, variant: str) -> Image.Image:
    """A wet street and its lights; the market has only the lights."""
    if variant == "market":
        return finish(_market(rng, size), rng, warmth=0.05, bloom=0.4, contrast=0.35)
    horizon = 0.56
    image = _street(rng, size, horizon, variant)
    if variant == "tram":
        image = _tram(image, horizon)
    if variant == "opera":
        image = _facade(rng, image, horizon)
    image = _pavement(rng, image, horizon)
    if variant == "neon":
        image = _umbrella(image)
    return finish(image, rng, warmth=0.04 if variant != "neon" else -0.02, bloom=0.45, contrast=0.4, vignette=0.55)


def _street(rng: Random, size: Size, horizon: float, variant: str) -> Image.Image:
    dusk: tuple[Colour, Colour, Colour] = ((14, 16, 36), (40, 36, 62), (120, 84, 84))
    if variant == "neon":
        dusk = ((8, 8, 20), (28, 18, 50), (90, 40, 90))
    image = gradient(size, ((0, dusk[0]), (horizon * 0.7, dusk[1]), (horizon, dusk[2]), (1, (10, 10, 16))))
    image = shade(image, clouds(rng, size, (3, 4), 5), 0.3)
    image = _houses(rng, image, horizon)
    lights = []
    palette = _PALETTES[variant]
    for side in (-1, 1):
        for n in range(46):
            depth = (n / 46) ** 1.7
            x = 0.5 + side * (0.04 + 0.50 * depth) + rng.uniform(-0.02, 0.03)
            y = horizon - (0.02 + 0.46 * depth) * rng.uniform(0.05, 1.0)
            lights.append(
                (x, y, 0.006 + 0.040 * depth * rng.uniform(0.6, 1.2), rng.choice(palette), rng.uniform(0.35, 0.9))
            )
    for _ in range(26):
        x = 0.5 + rng.gauss(0, 0.06)
        lights.append((x, horizon - rng.uniform(0.0, 0.03), rng.uniform(0.006, 0.013), rng.choice(palette), 0.9))
    return ImageChops.screen(image, blur(bokeh(rng, size, lights), 1.4))


def _houses(rng: Random, image: Image.Image, horizon: float) -> Image.Image:
    width, height = image.size
    draw = ImageDraw.Draw(image)
    for n in range(9):
        depth = (n / 9) ** 1.4
        for side in (-1, 1):
            inner = 0.5 + side * (0.05 + 0.42 * depth)
            top = horizon - 0.10 - 0.55 * depth * rng.uniform(0.7, 1.15)
            colour = mix((70, 52, 70), (14, 12, 20), depth)
            edges = sorted((inner * width, (inner + side) * width))
            draw.rectangle([edges[0], top * height, edges[1], height], fill=colour)
            step = 8 + 30 * depth
            for _ in range(round(20 + 30 * depth)):
                x, y = (
                    inner * width + side * rng.uniform(0.2, 7) * step,
                    rng.uniform(top + 0.01, horizon - 0.04) * height,
                )
                if rng.random() < 0.5:
                    lit = mix((255, 206, 130), (90, 70, 60), rng.random())
                    draw.rectangle([x, y, x + step * 0.45, y + step * 0.7], fill=lit)
    return blur(image, 6)


def _pavement(rng: Random, image: Image.Image, horizon: float) -> Image.Image:
    width, height = image.size
    edge = round(horizon * height)
    size = (width, height - edge)
    wet = reflect(image, horizon, rng, 0.05, 1.25)
    wet = wet.resize((width, size[1] // 8)).resize(size, Image.Resampling.BICUBIC)
    wet = ImageEnhance.Brightness(blur(wet, 5)).enhance(1.15)
    rough = plane(rng, size, (10, 60), 0.3, 6)
    wet = shade(wet, levels(rough, 0.25, 0.75), 0.62)
    sparkle = ImageChops.multiply(levels(rough, 0.62, 0.85), wet.convert("L"))
    wet = lighten(wet, (255, 226, 190), sparkle.point(lambda v: v * 0.7))
    out = image.copy()
    out.paste(wet, (0, edge))
    return out


def _tram(image: Image.Image, horizon: float) -> Image.Image:
    width, height = image.size
    big = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(big)
    x, foot, half, tall = width * 0.56, height * (horizon + 0.035), width * 0.115, height * 0.235
    draw.rounded_rectangle([x - half, foot - tall, x + half, foot], 26, fill=(92, 26, 22, 255))
    draw.rounded_rectangle([x - half, foot - tall, x + half, foot - tall * 0.52], 26, fill=(196, 176, 140, 255))
    draw.rectangle([x - half, foot - tall * 0.62, x + half, foot - tall * 0.5], fill=(196, 176, 140, 255))
    for a, b in ((-0.86, -0.34), (-0.28, 0.28), (0.34, 0.86)):
        draw.rounded_rectangle(
            [x + half * a, foot - tall * 0.86, x + half * b, foot - tall * 0.48], 8, fill=(255, 214, 138, 255)
        )
    draw.rounded_rectangle(
        [x - half * 0.3, foot - tall * 1.02, x + half * 0.3, foot - tall * 0.92], 6, fill=(255, 236, 190, 255)
    )
    image = image.copy()
    image.paste(blur(big, 1.6).convert("RGB"), (0, 0), blur(big.getchannel("A"), 1.6))
    for side in (-0.62, 0.62):
        at = ((x + half * side) / width, (foot - tall * 0.2) / height)
        image = lighten(image, (255, 236, 190), glow(image.size, at, (0.12, 0.12), 2.6))
        image = lighten(image, (255, 252, 236), glow(image.size, at, (0.022, 0.022), 0.8))
    return lighten(
        image, (255, 196, 120), glow(image.size, (0.56, horizon - 0.1), (0.3, 0.3), 2).point(lambda v: v * 0.35)
    )


def _facade(rng: Random, image: Image.Image, horizon: float) -> Image.Image:
    width, height = image.size
    front = Image.new("RGB", image.size, (44, 30, 26))
    draw = ImageDraw.Draw(front)
    left, right, top, foot = width * 0.16, width * 0.84, height * 0.22, height * horizon
    draw.rectangle([left, top, right, foot], fill=(120, 88, 62))
    draw.polygon([(left - 20, top), (right + 20, top), (width * 0.5, top - height * 0.10)], fill=(140, 104, 74))
    for n in range(7):
        x = left + (right - left) * (n + 0.5) / 7
        draw.rectangle([x - 34, top + 0.11 * height, x + 34, foot - 0.022 * height], fill=(70, 42, 30))
        draw.pieslice([x - 34, top + 0.11 * height - 38, x + 34, top + 0.11 * height + 38], 180, 360, fill=(70, 42, 30))
        draw.rectangle([x - 26, top + 0.126 * height, x + 26, foot - 0.044 * height], fill=(255, 200, 120))
        draw.rectangle([x + 52, top + 0.066 * height, x + 70, foot], fill=(176, 136, 98))
    front = shade(front, clouds(rng, image.size, (6, 8), 6), 0.35)
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).polygon(
        [(left, foot), (left, top), (width * 0.5, top - height * 0.10), (right, top), (right, foot)], fill=255
    )
    image = Image.composite(blur(front, 5), image, blur(mask, 4))
    for n in range(7):
        at = ((left + (right - left) * (n + 0.5) / 7) / width, horizon - 0.09)
        image = lighten(image, (255, 196, 120), glow(image.size, at, (0.10, 0.13), 1.8).point(lambda v: v * 0.55))
    people = Image.new("L", image.size)
    brush = ImageDraw.Draw(people)
    for _ in range(24):
        x, tall = rng.uniform(0.12, 0.88) * width, rng.uniform(84, 112)
        y = foot + rng.uniform(4, 40)
        brush.ellipse([x - 7, y - tall, x + 7, y - tall + 17], fill=255)
        brush.polygon(
            [
                (x - 13, y - tall + 20),
                (x - 4, y - tall + 13),
                (x + 4, y - tall + 13),
                (x + 13, y - tall + 20),
                (x + 10, y),
                (x + 2, y),
                (x, y - 40),
                (x - 2, y),
                (x - 10, y),
            ],
            fill=255,
        )
    return Image.composite(Image.new("RGB", image.size, (14, 10, 12)), image, blur(people, 3.4))


def _umbrella(image: Image.Image) -> Image.Image:
    width, height = image.size
    big = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(big)
    x, y, r = width * 2 * 0.40, height * 2 * 0.55, width * 2 * 0.135
    draw.pieslice([x - r, y - r * 0.95, x + r, y + r * 0.95], 180, 360, fill=255)
    for n in range(5):
        cx = x - r + r * 0.4 * n + r * 0.2
        draw.ellipse([cx - r * 0.2, y - r * 0.08, cx + r * 0.2, y + r * 0.08], fill=0)
    draw.line([(x, y - r * 1.02), (x, y + r * 0.9)], fill=255, width=8)
    body = r * 0.5
    draw.ellipse([x + body * 0.02, y - body * 0.1, x + body * 0.58, y + body * 0.6], fill=255)
    draw.rectangle([x + body * 0.18, y + body * 0.4, x + body * 0.42, y + body], fill=255)
    draw.polygon(
        [
            (x - body * 0.45, y + body * 2.9),
            (x - body * 0.3, y + body * 0.95),
            (x + body * 0.3, y + body * 0.74),
            (x + body * 0.95, y + body * 1.0),
            (x + body * 1.1, y + body * 2.9),
        ],
        fill=255,
    )
    for leg in (-0.05, 0.5):
        draw.polygon(
            [
                (x + body * leg, y + body * 2.8),
                (x + body * (leg + 0.34), y + body * 2.8),
                (x + body * (leg + 0.26), y + body * 4.5),
                (x + body * (leg + 0.06), y + body * 4.5),
            ],
            fill=255,
        )
    mask = blur(big.resize(image.size, Image.Resampling.BOX), 1.1)
    image = Image.composite(Image.new("RGB", image.size, (9, 8, 14)), image, mask)
    rim = ImageChops.subtract(mask, ImageChops.offset(mask, -3, 3))
    return lighten(image, (255, 120, 160), rim.point(lambda v: v * 0.5))


def _market(rng: Random, size: Size) -> Image.Image:
    image = gradient(size, ((0, (12, 10, 24)), (0.5, (54, 26, 22)), (1, (18, 9, 8))))
    image = shade(image, clouds(rng, size, (2, 3), 4), 0.4)
    lights = []
    for string in range(6):
        y0, sag = 0.06 + 0.13 * string, rng.uniform(0.03, 0.09)
        radius = 0.016 + 0.012 * string * rng.uniform(0.6, 1.2)
        for n in range(14):
            t = n / 13
            y = y0 + sag * math.sin(math.pi * t) + 0.05 * (t - 0.5) * (-1) ** string
            colour = rng.choice(_PALETTES["market"])
            lights.append((t * 1.1 - 0.05, y, radius * rng.uniform(0.85, 1.15), colour, rng.uniform(0.35, 0.8)))
    for _ in range(16):
        spot = (rng.random(), rng.uniform(0.72, 1.02), rng.uniform(0.05, 0.11))
        lights.append((*spot, rng.choice(_WARM), rng.uniform(0.10, 0.30)))
    return ImageChops.screen(image, blur(bokeh(rng, size, lights), 1.2))
