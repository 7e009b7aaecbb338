"""placeholder"""

from __future__ import annotations

import random

from PIL import Image


def paint(recipe: str, width: int, height: int, seed: int) -> Image.Image:
    rng = random.Random(seed)
    small = Image.frombytes("RGB", (5, 6), rng.randbytes(90))
    return small.resize((width, height), Image.Resampling.BICUBIC)
