"""The sea: calm, heavy, at evening, with what stands and sails on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw

from embedarchive.replica.pictures.light import (
    Colour,
    Size,
    Stops,
    below,
    blur,
    clouds,
    finish,
    glow,
    gradient,
    levels,
    lighten,
    mix,
    plane,
    ramp,
    reflect,
    ridge,
    shade,
    tint,
)


@dataclass(frozen=True, slots=True)
class _Sea:
    sky: Stops
    horizon: float
    sun: tuple[float, float] | None
    light: Colour
    cloud: Colour
    cover: tuple[float, float]
    water: Colour
    swell: float


_SEAS = {
    "lighthouse": _Sea(
        (
            (0, (38, 46, 84)),
            (0.25, (104, 82, 116)),
            (0.45, (222, 122, 92)),
            (0.58, (255, 190, 110)),
            (0.62, (255, 214, 150)),
        ),
        0.62,
        (0.30, 0.585),
        (255, 196, 110),
        (70, 52, 80),
        (0.46, 0.78),
        (28, 36, 62),
        0.5,
    ),
    "storm": _Sea(
        ((0, (14, 20, 28)), (0.36, (44, 56, 64)), (0.49, (112, 122, 118)), (0.53, (150, 150, 134))),
        0.52,
        None,
        (150, 166, 166),
        (16, 22, 30),
        (0.30, 0.85),
        (10, 22, 30),
        1.0,
    ),
    "harbour": _Sea(
        ((0, (120, 150, 176)), (0.35, (206, 206, 196)), (0.55, (250, 222, 180))),
        0.56,
        (0.72, 0.50),
        (255, 230, 180),
        (236, 214, 200),
        (0.48, 0.9),
        (96, 116, 124),
        0.25,
    ),
    "squall": _Sea(
        ((0, (30, 40, 54)), (0.3, (62, 78, 92)), (0.58, (152, 170, 160)), (0.66, (222, 214, 170))),
        0.68,
        None,
        (230, 224, 180),
        (22, 28, 40),
        (0.34, 0.72),
        (36, 58, 62),
        0.7,
    ),
    "sails": _Sea(
        ((0, (64, 84, 134)), (0.3, (158, 124, 150)), (0.5, (248, 164, 110)), (0.6, (255, 214, 140))),
        0.60,
        (0.55, 0.53),
        (255, 204, 120),
        (190, 110, 110),
        (0.52, 0.85),
        (60, 60, 96),
        0.35,
    ),
}


def paint_sea(rng: Random, size: Size, variant: str) -> Image.Image:
    """Sky over water; what stands on the horizon depends on the variant."""
    sea = _SEAS[variant]
    image = _sky(rng, size, sea)
    if variant == "squall":
        image = _anvil(rng, image)
    if variant in ("lighthouse", "harbour"):
        image = _coast(rng, image, sea, variant)
    if variant == "sails":
        image = _sails(rng, image, sea)
    if variant == "storm":
        image = _headlamp(image, (0.60, sea.horizon - 0.012))
    image = _water(rng, image, sea)
    if variant == "lighthouse":
        image = _rocks(rng, image)
    dark = variant in ("storm", "squall")
    return finish(
        image, rng, warmth=-0.02 if dark else 0.03, vignette=0.5, contrast=0.3, bloom=0.3, grain=0.12 if dark else 0.1
    )


def _sky(rng: Random, size: Size, sea: _Sea) -> Image.Image:
    image = gradient(size, sea.sky)
    if sea.sun:
        image = lighten(image, sea.light, glow(size, sea.sun, (0.8, 0.55), 2.2))
    # Seen from below, clouds crowd together toward the horizon: the ground plane, upside down.
    height = round(size[1] * sea.horizon) + 1
    deck = plane(rng, (size[0], height), (5, 7), 0.42, 6).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    veil = Image.new("L", size)
    veil.paste(levels(deck, *sea.cover, 1.1, 225), (0, 0))
    veil = ImageChops.multiply(veil, ramp(size, lambda y: 1.05 - 0.55 * y / sea.horizon))
    lit = Image.new("L", size)
    lit.paste(blur(levels(ImageChops.subtract(deck, ImageChops.offset(deck, 0, 18)), 0.02, 0.35), 4), (0, 0))
    image = tint(image, sea.cloud, veil)
    image = lighten(
        image,
        mix(sea.light, (255, 160, 140), 0.25),
        ImageChops.multiply(lit, veil).point(lambda v: v * (0.75 if sea.sun else 0.3)),
    )
    if sea.sun:
        image = lighten(image, sea.light, glow(size, sea.sun, (0.30, 0.22), 2.0))
        image = lighten(image, (255, 250, 230), glow(size, sea.sun, (0.055, 0.055), 0.6))
    return image


def _water(rng: Random, image: Image.Image, sea: _Sea) -> Image.Image:
    width, height = image.size
    edge = round(sea.horizon * height)
    size = (width, height - edge)
    water = blur(reflect(image, sea.horizon, rng, 0.05 + 0.1 * sea.swell), 3 + 5 * sea.swell)
    deep = gradient(
        size, ((0, mix(sea.water, sea.light, 0.35)), (0.35, sea.water), (1, mix(sea.water, (0, 0, 0), 0.35)))
    )
    water = Image.blend(water, deep, 0.42 + 0.25 * sea.swell)
    waves = plane(rng, size, (7, 60 - 36 * sea.swell), 0.30, 6)
    slope = ImageChops.subtract(waves, ImageChops.offset(waves, 0, 5), 1, 128)
    water = shade(water, levels(slope, 0.40, 0.60), 0.25 + 0.4 * sea.swell)
    crests = ImageChops.multiply(levels(slope, 0.54, 0.70, 1.3), ramp(size, lambda y: 0.35 + 0.5 * y))
    water = lighten(water, mix(sea.light, (190, 206, 214), 0.5), crests.point(lambda v: v * (0.35 + 0.25 * sea.swell)))
    if sea.sun:
        path = glow(size, (sea.sun[0], 0.0), (0.22, size[1] / width * 1.15), 1.3)
        glitter = ImageChops.multiply(levels(slope, 0.50, 0.62), path)
        water = lighten(water, mix(sea.light, (255, 255, 255), 0.3), glitter)
        water = lighten(water, sea.light, path.point(lambda v: v * 0.35))
    out = image.copy()
    out.paste(water, (0, edge))
    seam = levels(glow(image.size, (0.5, sea.horizon), (0.9, 0.02)), 0, 1, 1, 70)
    return lighten(out, sea.light, seam)


def _coast(rng: Random, image: Image.Image, sea: _Sea, variant: str) -> Image.Image:
    size = image.size
    lighthouse = variant == "lighthouse"
    for n in range(3):
        base = sea.horizon + 0.004
        rise = (0.035, 0.05, 0.03)[n] * (1.4 if lighthouse else 1)
        start = (0.45, 0.62, 0.0)[n] if lighthouse else (0.0, 0.5, 0.2)[n]
        heights = ridge(rng, 300, 0.55)
        line = [base - rise * h * max(0.0, min(1.0, (x / 300 - start) * 4)) for x, h in enumerate(heights)]
        if lighthouse and n == 2:
            island = [max(0.0, 1 - ((x / 300 - 0.80) / 0.24) ** 2) for x in range(300)]
            line = [sea.horizon + 0.012 - i * (0.030 + 0.030 * h) for i, h in zip(island, heights, strict=True)]
        colour = mix(mix(sea.light, sea.water, 0.55), sea.water, n / 2.2)
        image = tint(image, colour, below(size, line))
    return _tower(image) if lighthouse else _cranes(rng, image, sea)


def _tower(image: Image.Image) -> Image.Image:
    width, height = image.size
    big = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(big)
    x, foot, top = width * 2 * 0.76, height * 2 * 0.60, height * 2 * 0.37
    half = width * 2 * 0.036
    draw.polygon([(x - half, foot), (x + half, foot), (x + half * 0.62, top), (x - half * 0.62, top)], fill=255)
    draw.rectangle([x - half * 0.85, top - 14, x + half * 0.85, top], fill=255)
    draw.rectangle([x - half * 0.42, top - 78, x + half * 0.42, top - 14], fill=255)
    draw.pieslice([x - half * 0.52, top - 116, x + half * 0.52, top - 44], 180, 360, fill=255)
    draw.rectangle([x - 3, top - 140, x + 3, top - 100], fill=255)
    draw.polygon(
        [
            (x + half * 1.3, foot),
            (x + half * 1.3, foot - 96),
            (x + half * 2.6, foot - 140),
            (x + half * 3.9, foot - 96),
            (x + half * 3.9, foot),
        ],
        fill=255,
    )
    mask = big.resize(image.size, Image.Resampling.BOX)
    side = Image.linear_gradient("L").rotate(90).resize((round(width * 0.09), height))
    warm = Image.new("L", image.size)
    warm.paste(side, (round(width * 0.715), 0))
    tower = tint(Image.new("RGB", image.size, (30, 24, 38)), (176, 96, 74), warm.point(lambda v: v * 0.75))
    image = Image.composite(tower, image, mask)
    lamp = (0.76, 0.352)
    image = lighten(image, (255, 226, 160), glow(image.size, lamp, (0.16, 0.16), 2.4))
    return lighten(image, (255, 250, 226), glow(image.size, lamp, (0.022, 0.022), 0.8))


def _cranes(rng: Random, image: Image.Image, sea: _Sea) -> Image.Image:
    width, height = image.size
    big = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(big)
    ground = sea.horizon * height * 2 + 4
    for n in range(5):
        x = width * 2 * (0.08 + 0.17 * n + rng.uniform(-0.03, 0.03))
        tall = height * 2 * rng.uniform(0.10, 0.19)
        for offset in (-24, 24):
            draw.line([(x + offset, ground), (x + offset * 0.6, ground - tall)], fill=255, width=7)
        reach = rng.choice((-1, 1)) * tall * 0.95
        draw.line([(x, ground - tall), (x + reach, ground - tall * 1.28)], fill=255, width=9)
        draw.line([(x, ground - tall * 1.35), (x + reach, ground - tall * 1.28)], fill=255, width=3)
        draw.line([(x, ground - tall), (x, ground - tall * 1.35)], fill=255, width=7)
        draw.rectangle([x - 40, ground - tall - 8, x + 40, ground - tall + 26], fill=255)
        draw.line([(x + reach * 0.9, ground - tall * 1.25), (x + reach * 0.9, ground - tall * 0.6)], fill=200, width=2)
    for _ in range(9):
        x = width * 2 * rng.random()
        draw.rectangle([x, ground - rng.randint(24, 70), x + rng.randint(60, 260), ground], fill=255)
    mask = blur(big.resize(image.size, Image.Resampling.BOX), 0.8)
    return tint(image, mix(sea.water, (40, 48, 60), 0.55), mask.point(lambda v: v * 0.86))


def _sails(rng: Random, image: Image.Image, sea: _Sea) -> Image.Image:
    width, height = image.size
    big = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(big)
    for _ in range(13):
        near = rng.random() ** 2
        x, foot = width * 2 * rng.uniform(0.04, 0.96), height * 2 * sea.horizon + 2
        tall = height * 2 * (0.018 + 0.085 * near)
        lean = tall * 0.08
        draw.polygon([(x, foot - tall * 0.1), (x + lean, foot - tall), (x + tall * 0.42, foot - tall * 0.14)], fill=235)
        draw.polygon(
            [(x - 3, foot - tall * 0.12), (x + lean - 3, foot - tall * 0.9), (x - tall * 0.26, foot - tall * 0.12)],
            fill=205,
        )
        draw.polygon(
            [
                (x - tall * 0.3, foot - tall * 0.09),
                (x + tall * 0.45, foot - tall * 0.09),
                (x + tall * 0.34, foot),
                (x - tall * 0.22, foot),
            ],
            fill=255,
        )
    mask = big.resize(image.size, Image.Resampling.BOX)
    return tint(image, (58, 40, 62), mask)


def _headlamp(image: Image.Image, at: tuple[float, float]) -> Image.Image:
    width, height = image.size
    draw = ImageDraw.Draw(image)
    x, y = at[0] * width, at[1] * height
    draw.polygon([(x - 46, y + 4), (x + 40, y + 4), (x + 28, y + 18), (x - 34, y + 18)], fill=(12, 14, 18))
    draw.rectangle([x - 18, y - 14, x + 10, y + 5], fill=(20, 22, 26))
    image = lighten(image, (255, 220, 150), glow(image.size, (at[0], at[1] - 0.012), (0.20, 0.13), 2.6))
    return lighten(image, (255, 250, 230), glow(image.size, (at[0], at[1] - 0.012), (0.02, 0.02), 0.8))


def _anvil(rng: Random, image: Image.Image) -> Image.Image:
    size = image.size
    shape = ImageChops.lighter(glow(size, (0.55, 0.22), (0.85, 0.24), 0.5), glow(size, (0.62, 0.42), (0.42, 0.34), 0.6))
    billow = clouds(rng, size, (5, 6), 7)
    mask = levels(ImageChops.multiply(shape, billow.point(lambda v: 120 + v * 0.6)), 0.30, 0.55)
    body = shade(gradient(size, ((0, (118, 122, 130)), (0.35, (60, 68, 80)), (0.6, (26, 34, 44)))), billow, 0.65)
    image = Image.composite(body, image, blur(mask, 2))
    rain = ImageChops.multiply(glow(size, (0.66, 0.62), (0.26, 0.34), 0.8), clouds(rng, size, (40, 2), 3))
    return tint(image, (34, 42, 50), rain)


def _rocks(rng: Random, image: Image.Image) -> Image.Image:
    size = image.size
    for base, colour in ((0.90, (34, 28, 44)), (0.97, (14, 13, 22))):
        heights = ridge(rng, 400, 0.68)
        line = [base - 0.02 - 0.22 * h * max(0.0, 0.75 - x / 400) for x, h in enumerate(heights)]
        relief = clouds(rng, size, (14, 18), 6)
        rock = shade(Image.new("RGB", size, mix(colour, (120, 76, 70), 0.25)), levels(relief, 0.3, 0.75), 0.85)
        image = Image.composite(rock, image, below(size, line))
    return image
