"""A seed -> invented writing: four tongues in four scripts, with the habits that make text hard or easy to search. Pure.

Words follow Zipf's law, and the commoner the shorter; their syllables are as many as a language has, so that its threes
of characters are about as many, too (ten thousand in Latin script). One tongue puts no spaces between its words.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate


def sounds(text: str) -> list[str]:
    """Sounds, one space apart; a dot is silence."""
    return ["" if each == "." else each for each in text.split()]


ONSETS = sounds(
    ". . . b br c ch cl d dr f fl g gr h j k kn l l m m n n p ph pl pr qu r r s s sh sl sp st str t t th tr v w wh z"
)
NUCLEI = sounds("a a a e e e i i o o u ai au ay ea ee ei ie io oa oo ou ue y")
CODAS = sounds(". . . . . . . . ck d g l ll m n n nd ng nt p r r rd rk rt s s ss st t t x")
CYRILLIC = sounds("б в г д ж з к л м н п р с т х ц ч ш вл гр др кр пр ст стр тр"), sounds("а е и о у ы э ю я ой ий")
ARABIC = sounds("ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ع غ ف ق ك ل م ن ه و ي"), sounds(". . ا و ي")
HAN = [chr(0x4E00 + 5 * n) for n in range(3500)]


@dataclass(frozen=True)
class Tongue:
    """One invented language: its words, commonest first, and how often each is said."""

    words: list[str]
    weights: list[float]
    joint: str


def make_tongue(rng: random.Random, size: int, speak: Callable[[int], str], joint: str = " ") -> Tongue:
    """A vocabulary of distinct words, made by `speak(syllables)`; about as many as asked for."""
    words = list(dict.fromkeys(speak(count_syllables(rng, rank)) for rank in range(size)))
    return Tongue(words, list(accumulate(1 / (rank + 2) for rank in range(len(words)))), joint)


def count_syllables(rng: random.Random, rank: int) -> int:
    """The commoner a word, the shorter."""
    return rng.randint(1, 1 if rank < 200 else 2 if rank < 3000 else 3)


def make_tongues(rng: random.Random, size: int) -> tuple[Tongue, ...]:
    """Latin first, which most of what is said is in."""

    def speak(parts: tuple[list[str], ...], syllables: int) -> str:
        return "".join(rng.choice(part) for _ in range(syllables) for part in parts)

    han = list(accumulate(1 / (rank + 10) for rank in range(len(HAN))))
    return (
        make_tongue(rng, size, partial(speak, (ONSETS, NUCLEI, CODAS))),
        make_tongue(rng, size // 3, partial(speak, CYRILLIC)),
        make_tongue(rng, size // 3, lambda count: speak(ARABIC, count + 1)),
        make_tongue(rng, size // 3, lambda count: "".join(rng.choices(HAN, cum_weights=han, k=min(count, 3))), ""),
    )


SPOKEN = (72, 82, 90, 100)
"""Of a hundred sentences how many are in each tongue, summed up."""

SENTENCES = (1, 1, 2, 2, 3, 6)
"""How many sentences a post has."""


def write_sentence(rng: random.Random, tongue: Tongue) -> str:
    return tongue.joint.join(rng.choices(tongue.words, cum_weights=tongue.weights, k=rng.randint(4, 14)))


def write_post(rng: random.Random, tongues: tuple[Tongue, ...]) -> list[str]:
    """The sentences of a post, in one tongue; every third ends in tags."""
    tongue = rng.choices(tongues, cum_weights=SPOKEN)[0]
    said = [write_sentence(rng, tongue) for _ in range(rng.choice(SENTENCES))]
    tags = rng.choices(tongue.words, cum_weights=tongue.weights, k=rng.randint(1, 5)) if rng.random() < 0.33 else []
    return said + ([" ".join(f"#{tag}" for tag in tags)] if tags else [])
