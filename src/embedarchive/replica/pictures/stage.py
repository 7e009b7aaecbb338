"""A theatre and a concert: curtains, beams, chandeliers, people against the light. Pure."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw

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
    ramp,
    ridge,
    shade,
    tint,
)

_BEAMS: dict[str, tuple[Colour, ...]] = {
    "spot": ((255, 240, 214), (255, 214, 160)),
    "blue": ((70, 130, 255), (110, 200, 255), (150, 120, 255)),
    "gold": ((255, 200, 100), (255, 170, 70), (255, 226, 160)),
    "concert": ((60, 120, 255), (120, 80, 255), (40, 210, 255), (255, 80, 190)),
    "bow": ((255, 226, 180), (255, 196, 130)),
}


def paint_stage(rng: Random, size: Size, variant: str) -> Image.Image:
    """The curtain, the chandelier, or beams in haze with or without people."""
    if variant == "curtain":
        image = _curtain(rng, size)
    elif variant == "chandelier":
        image = _chandelier(rng, size)
    else:
        image = _haze(rng, size, _BEAMS[variant], 2 if variant == "spot" else 9)
        if variant in ("spot", "bow"):
            image = _company(rng, image, 1 if variant == "spot" else 9)
        if variant == "concert":
            image = _crowd(rng, image)
    return finish(
        image, rng, bloom=0.45, contrast=0.4, vignette=0.55, grain=0.13, warmth=-0.02 if variant == "blue" else 0.03
    )


def _curtain(rng: Random, size: Size) -> Image.Image:
    width, height = size
    folds = ridge(rng, width, 0.7, 7)
    row = Image.new("L", (width, 1))
    row.putdata(
        [
            round(40 + 215 * (0.5 + 0.5 * math.sin(x / width * 54 + 9 * f)) ** 1.5 * (0.4 + 0.6 * f))
            for x, f in enumerate(folds)
        ]
    )
    cloth = row.resize(size)
    sway = clouds(rng, size, (4, 2), 4)
    cloth = ImageChops.multiply(cloth, sway.point(lambda v: 130 + v * 0.5))
    image = Image.merge(
        "RGB", (cloth.point(lambda v: v * 0.86), cloth.point(lambda v: v * 0.10), cloth.point(lambda v: v * 0.11))
    )
    image = shade(image, ramp(size, lambda y: 0.20 + 0.95 * y**1.6), 0.92)
    sheen = levels(cloth, 0.72, 1.0, 1.4)
    image = lighten(image, (255, 120, 90), ImageChops.multiply(sheen, ramp(size, lambda y: y * y * 0.6)))
    hem = glow(size, (0.5, 1.02), (0.75, 0.55), 1.3)
    image = lighten(image, (255, 150, 90), ImageChops.multiply(hem, cloth).point(lambda v: v * 0.85))
    floor = gradient((width, round(height * 0.11)), ((0, (70, 34, 22)), (1, (24, 10, 8))))
    image.paste(floor, (0, height - floor.height))
    return lighten(image, (255, 190, 130), glow(size, (0.5, 0.9), (0.7, 0.05), 1.2).point(lambda v: v * 0.6))


def _chandelier(rng: Random, size: Size) -> Image.Image:
    image = gradient(size, ((0, (26, 15, 12)), (0.6, (54, 27, 20)), (1, (14, 8, 8))))
    lights = []
    for tier, (y, reach, count) in enumerate(((0.16, 0.16, 14), (0.24, 0.28, 24), (0.33, 0.38, 34))):
        for n in range(count):
            a = math.tau * n / count
            near = 0.5 + 0.5 * math.sin(a)
            spot = (0.5 + reach * math.cos(a), y + 0.045 * math.sin(a), 0.010 + 0.012 * near)
            lights.append((*spot, mix((255, 180, 90), (255, 236, 190), near), 0.45 + 0.45 * near))
        image = lighten(
            image,
            (255, 176, 90),
            glow(size, (0.5, y), (reach * 1.7, 0.3), 2).point([v * (3 - tier) // 6 for v in range(256)]),
        )
    for row in range(4):
        for n in range(15):
            x = 0.5 + (n - 7) / 7 * (0.34 + 0.05 * row)
            y = 0.52 + 0.085 * row + 0.05 * (abs(n - 7) / 7) ** 2
            lights.append((x, y, 0.011, (255, 190, 110), rng.uniform(0.35, 0.6)))
    image = ImageChops.screen(image, blur(bokeh(rng, size, lights), 1.3))
    seats = _rows(rng, size)
    return tint(image, (30, 8, 8), seats)


def _rows(rng: Random, size: Size) -> Image.Image:
    width, height = size
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for row in range(4):
        y, step = height * (0.82 + 0.055 * row), width * (0.070 + 0.018 * row)
        for n in range(-1, 17):
            x = n * step + (step / 2 if row % 2 else 0)
            draw.rounded_rectangle([x + 3, y, x + step - 3, height], step * 0.3, fill=215 + 10 * row)
    return blur(mask, 2.5)


def _haze(rng: Random, size: Size, colours: tuple[Colour, ...], count: int) -> Image.Image:
    width, height = size
    image = gradient(size, ((0, (8, 7, 14)), (0.6, mix(colours[0], (0, 0, 0), 0.85)), (1, (10, 8, 12))))
    smoke = blur(clouds(rng, size, (2.2, 3.2), 5), 7)
    for n in range(count):
        colour = colours[n % len(colours)]
        x, lean = (n + 0.5) / count * width, rng.uniform(-0.5, 0.5) * width
        beam = Image.new("L", size)
        spread = width * rng.uniform(0.07, 0.13)
        draw = ImageDraw.Draw(beam)
        draw.polygon(
            [(x - 5, 20), (x + 5, 20), (x + lean + spread, height * 0.9), (x + lean - spread, height * 0.9)], fill=200
        )
        draw.ellipse([x + lean - spread, height * 0.88, x + lean + spread, height * 0.92], fill=230)
        beam = ImageChops.multiply(blur(beam, 9), ramp(size, lambda y: 0.95 - 0.62 * y))
        image = lighten(image, colour, ImageChops.multiply(beam, smoke.point(lambda v: 96 + v * 0.62)))
        image = lighten(
            image, mix(colour, (255, 255, 255), 0.6), glow(size, (x / width, 20 / height), (0.05, 0.05), 1.2)
        )
        pool = glow(size, ((x + lean) / width, 0.90), (spread / width * 1.4, 0.05), 1.1)
        image = lighten(image, colour, pool.point(lambda v: v * 0.7))
    return lighten(image, mix(colours[0], (255, 255, 255), 0.2), levels(smoke, 0.4, 1.0, 1.4, 50))


def _company(rng: Random, image: Image.Image, count: int) -> Image.Image:
    width, height = image.size
    big = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(big)
    foot, tall = height * 2 * 0.905, height * 2 * (0.30 if count == 1 else 0.235)
    for n in range(count):
        x = width * 2 * (0.5 if count == 1 else 0.12 + 0.76 * n / (count - 1))
        _figure(draw, x, foot, tall * rng.uniform(0.93, 1.05), rng.uniform(-0.04, 0.04))
    mask = blur(big.resize(image.size, Image.Resampling.BOX), 1.4)
    image = tint(image, (10, 8, 10), mask)
    rim = ImageChops.subtract(mask, ImageChops.offset(mask, 3, 4))
    image = lighten(image, (255, 214, 160), rim.point(lambda v: v * 0.6))
    light = glow(image.size, (0.5, 0.62), (0.7, 0.4), 1.8)
    return lighten(image, (255, 196, 130), light.point(lambda v: v * 0.22))


def _figure(draw: ImageDraw.ImageDraw, x: float, foot: float, tall: float, lean: float) -> None:
    def at(dx: float, up: float) -> tuple[float, float]:
        return x + dx * tall + lean * tall * up, foot - up * tall

    cx, cy = at(0, 0.93)
    draw.ellipse([cx - tall * 0.055, cy - tall * 0.07, cx + tall * 0.055, cy + tall * 0.07], fill=255)
    outline = (
        (-0.03, 0.88),
        (0.03, 0.88),
        (0.12, 0.81),
        (0.19, 0.60),
        (0.15, 0.59),
        (0.10, 0.70),
        (0.09, 0.50),
        (0.10, 0.0),
    )
    right = [at(a, b) for a, b in outline]
    left = [at(-a, b) for a, b in reversed(outline)]
    draw.polygon([*right, at(0.03, 0.0), at(0.0, 0.42), at(-0.03, 0.0), *left], fill=255)


def _crowd(rng: Random, image: Image.Image) -> Image.Image:
    width, height = image.size
    for row, (base, radius, colour) in enumerate(
        ((0.80, 0.020, (22, 18, 44)), (0.86, 0.030, (14, 11, 26)), (0.94, 0.044, (6, 5, 10)))
    ):
        mask = Image.new("L", image.size)
        draw = ImageDraw.Draw(mask)
        r = radius * width
        x = -r
        while x < width + r:
            y = base * height + rng.uniform(-0.4, 0.4) * r
            draw.ellipse([x - r * 0.8, y - r, x + r * 0.8, y + r], fill=255)
            draw.rounded_rectangle([x - r * 1.7, y + r * 1.0, x + r * 1.7, height + 8 * r], r, fill=255)
            if rng.random() < 0.30:
                side = rng.choice((-1, 1)) * r * rng.uniform(0.9, 1.6)
                draw.line(
                    [(x + side, y + r * 2), (x + side * 1.3, y - r * rng.uniform(1.6, 3.2))],
                    fill=255,
                    width=round(r * 0.55),
                )
            x += r * rng.uniform(2.0, 2.8)
        image = tint(image, colour, blur(mask, 1.2 + row))
    return image
