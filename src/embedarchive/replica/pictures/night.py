"""The night sky: the Milky Way, northern lights, an eclipsed moon. Pure."""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops, ImageDraw

from embedarchive.replica.pictures.light import (
    Colour,
    Size,
    below,
    blur,
    clouds,
    conifers,
    finish,
    glow,
    gradient,
    levels,
    lighten,
    ramp,
    reflect,
    ridge,
    shade,
    tint,
)

_STARLIGHT: tuple[Colour, ...] = ((255, 255, 255), (200, 220, 255), (255, 232, 206), (168, 196, 255), (255, 214, 180))


def paint_stars(rng: Random, size: Size, variant: str) -> Image.Image:
    """A long exposure above a dark ridge."""
    painter = {"ridge": _milky_way, "aurora": _aurora, "moon": _moon}[variant]
    return finish(painter(rng, size), rng, vignette=0.4, contrast=0.3, bloom=0.35, grain=0.11, warmth=-0.01)


def _stars(rng: Random, image: Image.Image, count: int) -> Image.Image:
    width, height = image.size
    sky = Image.new("RGB", image.size)
    draw = ImageDraw.Draw(sky)
    for _ in range(count):
        x, y, bright = rng.random() * width, rng.random() * height, rng.paretovariate(2.2) - 1
        r, g, b = rng.choice(_STARLIGHT)
        level = min(1.0, 0.16 + 0.35 * bright)
        colour = (round(r * level), round(g * level), round(b * level))
        if bright < 1.6:
            draw.point((x, y), fill=colour)
        else:
            reach = min(2.4, 0.5 + bright * 0.12)
            draw.ellipse([x - reach, y - reach, x + reach, y + reach], fill=colour)
    halo = blur(sky, 3).point([min(255, v * 3) for v in range(256)] * 3)
    return ImageChops.screen(ImageChops.screen(image, sky), halo)


def _milky_way(rng: Random, size: Size) -> Image.Image:
    width, height = size
    image = gradient(size, ((0, (10, 14, 34)), (0.55, (22, 30, 58)), (0.8, (58, 62, 84)), (0.9, (96, 86, 88))))
    band = Image.new("L", (width * 2, height * 2))
    streak = glow((width * 2, height * 2), (0.5, 0.5), (0.9, 0.17), 1.1)
    band.paste(streak)
    angle = 58
    band = band.rotate(angle, Image.Resampling.BICUBIC).crop((width // 2, height // 2, width * 3 // 2, height * 3 // 2))
    core = glow((width * 2, height * 2), (0.40, 0.5), (0.30, 0.075), 1.1)
    core = core.rotate(angle, Image.Resampling.BICUBIC).crop((width // 2, height // 2, width * 3 // 2, height * 3 // 2))
    fine, dust = clouds(rng, size, (5, 5), 8), clouds(rng, size, (4, 4), 8)
    image = lighten(image, (120, 128, 186), ImageChops.multiply(band, levels(fine, 0.15, 1.0)))
    image = lighten(image, (232, 190, 168), ImageChops.multiply(core, levels(fine, 0.1, 0.9)))
    lanes = ImageChops.multiply(levels(dust, 0.56, 0.70), levels(core, 0.0, 0.45))
    image = tint(image, (24, 22, 34), lanes.point(lambda v: v * 0.72))
    pink = ImageChops.multiply(levels(clouds(rng, size, (7, 7), 5), 0.74, 0.9), band)
    image = lighten(image, (214, 92, 130), pink.point(lambda v: v * 0.55))
    image = _stars(rng, image, 5200)
    image = _comet(image, (0.24, 0.70))
    for base, rise, colour in ((0.90, 0.13, (20, 24, 38)), (0.97, 0.11, (7, 8, 14))):
        line = [base - rise * h for h in ridge(rng, 500, 0.56)]
        image = tint(image, colour, below(size, line))
    return image


def _comet(image: Image.Image, at: tuple[float, float]) -> Image.Image:
    width, height = image.size
    tail = Image.new("L", image.size)
    draw = ImageDraw.Draw(tail)
    x, y = at[0] * width, at[1] * height
    for n in range(60):
        t = n / 60
        draw.line([(x, y), (x + 150 * t - 20, y - 190 + 40 * t)], fill=round(74 * (1 - abs(t - 0.5) * 1.6)), width=3)
    fade = glow(image.size, at, (0.2, 0.2), 1.4)
    image = lighten(image, (206, 236, 226), ImageChops.multiply(blur(tail, 5), fade))
    return lighten(image, (240, 255, 246), glow(image.size, at, (0.016, 0.016), 0.9))


def _aurora(rng: Random, size: Size) -> Image.Image:
    height = size[1]
    horizon = 0.70
    image = gradient(size, ((0, (8, 12, 30)), (0.45, (12, 34, 50)), (0.70, (30, 74, 76))))
    image = _stars(rng, image, 1500)
    for n, (base, tall, strength) in enumerate(((0.60, 0.46, 0.8), (0.52, 0.42, 1.0), (0.64, 0.22, 0.55))):
        image = _curtain(rng, image, base, tall, strength, n)
    far = [horizon - 0.012 - 0.085 * h for h in ridge(rng, 500, 0.55)]
    image = tint(image, (14, 26, 36), below(size, far))
    near = [horizon + 0.004 - 0.018 * h for h in ridge(rng, 500, 0.5)]
    trees = ImageChops.lighter(conifers(rng, size, near, 0.045, 150), below(size, near))
    image = tint(image, (5, 10, 14), trees)
    edge = round(horizon * height)
    ice = blur(reflect(image, horizon, rng, 0.012), 5)
    ice = shade(ice, levels(clouds(rng, ice.size, (4, 9), 6), 0.1, 0.9), 0.45)
    cracks = clouds(rng, ice.size, (3, 4), 7)
    lines = ImageChops.subtract(levels(cracks, 0.48, 0.5), levels(cracks, 0.5, 0.52))
    ice = lighten(ice, (150, 220, 200), lines.point(lambda v: v * 0.4))
    image.paste(ice, (0, edge))
    return image


def _curtain(rng: Random, image: Image.Image, base: float, tall: float, strength: float, n: int) -> Image.Image:
    width, height = image.size
    path, rays = ridge(rng, width, 0.34, 4), ridge(rng, width, 0.85, 9)
    fold = ridge(rng, width, 0.5, 4)
    fall = Image.new("L", (1, 256))
    fall.putdata(
        [round(255 * (v / 255) ** 2.1) if v < 226 else round(255 * 0.77 * ((256 - v) / 30) ** 1.5) for v in range(256)]
    )
    mask = Image.new("L", image.size)
    for x in range(0, width, 2):
        foot = round((base - 0.17 * path[x]) * height)
        length = max(8, round(tall * height * (0.35 + 0.65 * rays[x])))
        level = strength * (0.25 + 0.75 * rays[x]) * (0.15 + 0.85 * fold[x])
        strip = fall.resize((2, length)).point([round(v * level) for v in range(256)])
        mask.paste(strip, (x, foot - length))
    mask = ImageChops.screen(blur(mask, 2.2), blur(mask, 26).point(lambda v: v * 0.8))
    violet = ImageChops.multiply(mask, ramp(image.size, lambda y: 1.15 - 3.0 * y))
    image = lighten(image, (70, 255, 150) if n != 1 else (96, 246, 176), mask)
    return lighten(image, (190, 84, 220), violet)


def _moon(rng: Random, size: Size) -> Image.Image:
    image = gradient(size, ((0, (8, 9, 18)), (0.7, (24, 20, 34)), (1, (44, 32, 42))))
    image = _stars(rng, image, 1300)
    width, height = size
    centre, radius = (0.57, 0.40), 0.21
    r = round(radius * width)
    box = (2 * r, 2 * r)
    maria, craters = clouds(rng, box, (2.5, 2.5), 7), clouds(rng, box, (14, 14), 5)
    disc = gradient(box, ((0, (236, 150, 96)), (0.45, (188, 82, 46)), (1, (84, 26, 22)))).rotate(
        28, Image.Resampling.BICUBIC
    )
    disc = shade(shade(disc, levels(maria, 0.3, 0.7), 0.5), levels(craters, 0.2, 0.8), 0.25)
    disc = shade(disc, levels(glow(box, (0.5, 0.5), (0.56, 0.56), 0.5), 0.05, 0.7), 0.75)
    mask = Image.new("L", (4 * r, 4 * r))
    ImageDraw.Draw(mask).ellipse([4, 4, 4 * r - 4, 4 * r - 4], fill=255)
    image = lighten(image, (150, 60, 40), glow(size, centre, (0.55, 0.55), 2.6).point(lambda v: v * 0.6))
    spot = (round(centre[0] * width) - r, round(centre[1] * height) - r)
    image.paste(disc, spot, mask.resize(box, Image.Resampling.BOX))
    for base, rise, colour in ((0.95, 0.20, (22, 18, 28)), (1.0, 0.13, (8, 7, 12))):
        image = tint(image, colour, below(size, [base - rise * h for h in ridge(rng, 500, 0.55)]))
    return image
