"""Things on a table: a bowl, olives, candles, honey. Pure."""

from __future__ import annotations

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw

from embedarchive.replica.pictures.light import (
    Colour,
    Size,
    Stops,
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
    shade,
    tint,
)


def paint_still(rng: Random, size: Size, variant: str) -> Image.Image:
    """One thing in soft window light, the room behind it out of focus."""
    painter = {"bowl": _bowl, "coffee": _coffee, "olives": _olives, "candles": _candles, "honey": _honey}[variant]
    return finish(painter(rng, size), rng, bloom=0.25, contrast=0.3, vignette=0.5, warmth=0.03)


def _room(rng: Random, size: Size, wall: Stops, top: Colour, edge: float) -> Image.Image:
    """Give a wall and a table top that meets it, blurred, at `edge`."""
    width, height = size
    image = shade(gradient(size, wall), clouds(rng, size, (2, 2), 3), 0.3)
    image = lighten(image, (255, 240, 214), glow(size, (0.05, 0.15), (0.9, 0.9), 1.6).point(lambda v: v * 0.55))
    depth = height - round(edge * height)
    table = gradient((width, depth), ((0, mix(top, (255, 240, 220), 0.15)), (1, mix(top, (0, 0, 0), 0.35))))
    grain = plane(rng, (width, depth), (60, 3), 0.5, 6)
    table = shade(table, levels(grain, 0.2, 0.8), 0.32)
    mask = blur(ramp(size, lambda y: 1.0 if y > edge else 0.0), 9)
    whole = Image.new("RGB", size)
    whole.paste(table, (0, height - depth))
    image = Image.composite(whole, image, mask)
    return lighten(image, (255, 236, 206), glow(size, (0.1, 0.72), (0.7, 0.35), 1.5).point(lambda v: v * 0.28))


def _bowl(rng: Random, size: Size) -> Image.Image:
    wall: Stops = ((0, (142, 138, 128)), (0.5, (176, 168, 152)), (1, (120, 112, 100)))
    image = _room(rng, size, wall, (184, 172, 150), 0.60)
    x, y, r = 0.52, 0.60, 0.27
    image = _contact(image, (x + 0.05, y + 0.203), (r * 1.15, 0.05))
    return _vessel(rng, image, (x, y), r, ((214, 208, 190), (120, 138, 138), (52, 64, 70)), (66, 74, 74))


def _coffee(rng: Random, size: Size) -> Image.Image:
    wall: Stops = ((0, (70, 58, 50)), (0.5, (124, 98, 76)), (1, (60, 44, 34)))
    image = _room(rng, size, wall, (112, 78, 54), 0.52)
    lights = [(rng.random(), rng.uniform(0, 0.45), rng.uniform(0.02, 0.06), (255, 206, 150), 0.22) for _ in range(18)]
    image = ImageChops.screen(image, blur(bokeh(rng, size, lights), 2))
    x, y, r = 0.48, 0.60, 0.21
    image = _contact(image, (x + 0.04, y + 0.13), (r * 1.5, 0.05))
    width, height = size
    ring = Image.new("L", size)
    reach = r * width * 0.42
    centre = ((x + r * 1.02) * width, y * height + r * width * 0.30)
    box = [centre[0] - reach, centre[1] - reach * 0.8, centre[0] + reach, centre[1] + reach * 0.8]
    ImageDraw.Draw(ring).ellipse(box, outline=255, width=max(2, round(reach * 0.22)))
    image = tint(image, (176, 166, 154), blur(ring, 1.2))
    image = _vessel(rng, image, (x, y), r, ((244, 238, 228), (206, 194, 178), (132, 118, 104)), (58, 32, 18))
    steam = ImageChops.multiply(
        levels(clouds(rng, size, (5, 2), 5), 0.45, 1.0), glow(size, (x, y - 0.16), (0.16, 0.26), 1.3)
    )
    return lighten(image, (240, 232, 220), blur(steam, 4).point(lambda v: v * 0.55))


def _contact(image: Image.Image, at: tuple[float, float], radius: tuple[float, float]) -> Image.Image:
    soft = glow(image.size, at, (radius[0] * 1.5, radius[1] * 2.1), 0.8)
    image = shade(image, ImageChops.invert(soft), 0.75)
    return shade(image, ImageChops.invert(glow(image.size, at, radius, 0.7)), 0.6)


def _vessel(
    rng: Random, image: Image.Image, at: tuple[float, float], r: float, glaze: tuple[Colour, ...], inside: Colour
) -> Image.Image:
    """Draw a bowl seen a little from above, lit from the left."""
    width, height = image.size
    x, y, rx = at[0] * width, at[1] * height, r * width
    ry, deep = rx * 0.26, rx * 0.80
    big = Image.new("L", (width * 2, height * 2))
    outline = [(x + rx * math.cos(a), y + deep * math.sin(a) ** 0.78) for a in (math.pi * n / 90 for n in range(91))]
    flat = [(px, min(py, y + deep * 0.93)) for px, py in outline]
    draw = ImageDraw.Draw(big)
    draw.polygon([(2 * px, 2 * py) for px, py in flat], fill=255)
    draw.ellipse([2 * (x - rx), 2 * (y - ry), 2 * (x + rx), 2 * (y + ry)], fill=255)
    body_mask = big.resize(image.size, Image.Resampling.BOX)
    body = gradient(image.size, ((0, glaze[0]), (at[1], glaze[0]), (at[1] + 0.10, glaze[1]), (at[1] + 0.24, glaze[2])))
    drip = clouds(rng, image.size, (9, 3), 6)
    body = tint(
        body, glaze[2], ImageChops.multiply(levels(drip, 0.45, 0.75), ramp(image.size, lambda v: (v - at[1]) * 4))
    )
    speck = levels(clouds(rng, image.size, (90, 90), 2), 0.80, 0.9)
    body = tint(body, (70, 58, 48), speck.point(lambda v: v * 0.6))
    turn = glow(image.size, (at[0] - r * 0.45, at[1] + 0.06), (r * 1.55, r * 1.3), 0.7)
    body = shade(body, turn, 0.82)
    body = lighten(
        body,
        (255, 250, 236),
        glow(image.size, (at[0] - r * 0.55, at[1] + 0.085), (0.07, 0.09), 2).point(lambda v: v * 0.6),
    )
    image = Image.composite(body, image, blur(body_mask, 0.8))
    return _mouth(image, (x, y), (rx, ry), inside, glaze[0])


def _mouth(
    image: Image.Image, at: tuple[float, float], radius: tuple[float, float], inside: Colour, rim: Colour
) -> Image.Image:
    (x, y), (rx, ry) = at, radius
    width, height = image.size
    big = Image.new("L", (width * 2, height * 2))
    inner = rx * 0.955, ry * 0.90
    ImageDraw.Draw(big).ellipse(
        [2 * (x - inner[0]), 2 * (y - inner[1]), 2 * (x + inner[0]), 2 * (y + inner[1])], fill=255
    )
    hollow = big.resize(image.size, Image.Resampling.BOX)
    dark = gradient(
        image.size,
        (
            (0, mix(inside, (0, 0, 0), 0.6)),
            ((y - ry) / height, mix(inside, (0, 0, 0), 0.62)),
            ((y + ry) / height, mix(inside, (255, 255, 240), 0.28)),
        ),
    )
    dark = lighten(
        dark, rim, glow(image.size, ((x + rx * 0.55) / width, y / height), (0.13, 0.07), 1.2).point(lambda v: v * 0.55)
    )
    return Image.composite(dark, image, blur(hollow, 0.7))


def _olives(rng: Random, size: Size) -> Image.Image:
    wall: Stops = ((0, (58, 48, 40)), (0.5, (96, 78, 58)), (1, (50, 38, 28)))
    image = _room(rng, size, wall, (122, 82, 50), 0.50)
    x, y, r = 0.5, 0.585, 0.33
    image = _contact(image, (x + 0.04, y + 0.197), (r * 1.1, 0.055))
    image = _vessel(rng, image, (x, y), r, ((198, 120, 78), (168, 88, 52), (84, 40, 26)), (40, 26, 18))
    width, height = size
    spots = []
    for _ in range(120):
        a, d = rng.random() * math.tau, math.sqrt(rng.random()) * 0.90
        spots.append(
            (x + r * d * math.cos(a), y - 0.012 + r * 0.26 * 0.8 * d * math.sin(a) * width / height - 0.03 * (1 - d))
        )
    spots.sort(key=lambda s: s[1])
    spots += [(0.20, 0.80), (0.30, 0.86), (0.83, 0.83)]
    for sx, sy in spots:
        if sy > 0.75:
            image = _contact(image, (sx + 0.012, sy + 0.022), (0.045, 0.014))
        tone = mix((104, 116, 44), (52, 46, 34), rng.random() ** 1.4)
        _olive(image, rng, (sx * width, sy * height), width * rng.uniform(0.036, 0.044), tone)
    return image


def _olive(image: Image.Image, rng: Random, at: tuple[float, float], r: float, tone: Colour) -> None:
    box = (round(r * 2.5), round(r * 2))
    ball = tint(
        Image.new("RGB", box, mix(tone, (0, 0, 0), 0.72)),
        mix(tone, (255, 255, 210), 0.22),
        glow(box, (0.38, 0.36), (0.62, 0.55), 0.9),
    )
    ball = lighten(ball, (255, 250, 226), glow(box, (0.32, 0.28), (0.10, 0.08), 0.8))
    mask = Image.new("L", (box[0] * 2, box[1] * 2))
    ImageDraw.Draw(mask).ellipse([2, 2, box[0] * 2 - 3, box[1] * 2 - 3], fill=255)
    turn = rng.uniform(-50, 50)
    ball = ball.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    cut = mask.resize(box, Image.Resampling.BOX).rotate(turn, Image.Resampling.BICUBIC, expand=True)
    image.paste(ball, (round(at[0] - ball.width / 2), round(at[1] - ball.height / 2)), cut)


def _candles(rng: Random, size: Size) -> Image.Image:
    width, height = size
    image = gradient(size, ((0, (16, 9, 10)), (0.6, (46, 21, 14)), (1, (22, 10, 8))))
    lights = [
        (rng.random(), rng.uniform(0.05, 0.5), rng.uniform(0.02, 0.05), (255, 160, 80), rng.uniform(0.1, 0.32))
        for _ in range(26)
    ]
    image = ImageChops.screen(image, blur(bokeh(rng, size, lights), 2))
    for n, x in enumerate((0.74, 0.24, 0.50)):
        near = 0.72 + 0.14 * n
        half, top, foot = 0.052 * near, 0.66 - 0.12 * near + 0.05 * n, 0.70 + 0.10 * n
        box = (round(half * 2 * width), round((foot - top) * height))
        wax = gradient(box, ((0, (255, 206, 140)), (0.25, (226, 150, 92)), (1, (120, 66, 42))))
        wax = shade(wax, glow(box, (0.42, 0.5), (0.75, 3.0), 0.6), 0.7)
        image = _contact(image, (x, foot), (half * 1.8, 0.03))
        image.paste(wax, (round((x - half) * width), round(top * height)))
        image = lighten(
            image,
            (255, 150, 60),
            glow(size, (x, top - 0.02), (0.34 * near, 0.34 * near), 2.2).point(lambda v: v * 0.75),
        )
        image = _flame(image, (x, top - 0.032), 0.016 * near)
    return image


def _flame(image: Image.Image, at: tuple[float, float], r: float) -> Image.Image:
    width, height = image.size
    mask = Image.new("L", image.size)
    x, y, w = at[0] * width, at[1] * height, r * width
    drop = [
        (x + w * math.sin(a) * (1 - 0.45 * math.cos(a)) * 0.75, y - w * 2.4 * math.cos(a))
        for a in (math.tau * n / 60 for n in range(60))
    ]
    ImageDraw.Draw(mask).polygon(drop, fill=255)
    image = lighten(image, (255, 190, 90), blur(mask, 5))
    return lighten(image, (255, 246, 214), blur(mask, 1.6))


def _honey(rng: Random, size: Size) -> Image.Image:
    width, height = size
    image = gradient(size, ((0, (96, 54, 10)), (0.5, (190, 112, 16)), (1, (74, 34, 6))))
    wax = Image.new("L", size)
    cells = Image.new("L", size)
    draw, fill = ImageDraw.Draw(wax), ImageDraw.Draw(cells)
    r = width * 0.082
    for row in range(-1, round(height / (r * 1.5)) + 2):
        for column in range(-1, round(width / (r * math.sqrt(3))) + 2):
            x = column * r * math.sqrt(3) + (r * math.sqrt(3) / 2 if row % 2 else 0)
            y = row * r * 1.5
            wobble = [(rng.uniform(-3, 3), rng.uniform(-3, 3)) for _ in range(6)]
            hexagon = [
                (x + r * math.sin(math.tau * k / 6) + wobble[k][0], y + r * math.cos(math.tau * k / 6) + wobble[k][1])
                for k in range(6)
            ]
            draw.line([*hexagon, hexagon[0]], fill=255, width=round(r * 0.17))
            fill.polygon(hexagon, fill=rng.randint(30, 255))
    image = shade(image, blur(cells, r * 0.12), 0.72)
    depth = ImageChops.subtract(blur(wax, 16), wax)
    image = shade(image, ImageChops.invert(ImageChops.offset(depth, 8, 14)), 0.75)
    image = tint(image, (232, 176, 84), blur(wax, 1.6).point(lambda v: v * 0.85))
    edge = ImageChops.subtract(wax, ImageChops.offset(wax, 4, 5))
    image = lighten(image, (255, 236, 180), blur(edge, 1.3).point(lambda v: v * 0.6))
    wet = ImageChops.multiply(blur(levels(clouds(rng, size, (6, 7), 3), 0.55, 0.95), 6), cells)
    image = lighten(image, (255, 190, 90), wet.point(lambda v: v * 0.6))
    soft = blur(image, 11)
    focus = glow(size, (0.48, 0.46), (0.62, 0.5), 0.6)
    image = Image.composite(image, soft, levels(focus, 0.15, 0.5))
    lights = [
        (rng.random(), rng.random() * 0.3, rng.uniform(0.03, 0.08), (255, 206, 110), rng.uniform(0.1, 0.3))
        for _ in range(12)
    ]
    return ImageChops.screen(image, bokeh(rng, size, lights))
