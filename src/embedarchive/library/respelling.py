"""A word that an archive does not know -> the same word written otherwise: together or apart, with or without its signs. Pure.

`dont` for don't, `nightmarket` for night market, `storm spotting` for #stormspotting, `oeffentlich` for öffentlich, `sorskjar`
for Sørskjær. What is left is looked for as a word, so that it is no likeness but the very word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

LONGEST = 40
MOST = 48
"""Spellings of one word that are asked for."""

MOST_SIGNS = 4
"""Letters of one word that may each be another."""

_SIGNS = (
    ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ss", "ß"), ("ß", "ss"), ("aa", "a"),
    ("ae", "æ"), ("oe", "ø"), ("oe", "œ"), ("a", "æ"), ("o", "ø"), ("d", "ð"), ("d", "đ"), ("th", "þ"), ("l", "ł"), ("i", "ı"),
    ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("å", "aa"), ("æ", "ae"), ("ø", "oe"), ("æ", "a"), ("ø", "o"), ("œ", "oe"),
    ("ð", "d"), ("đ", "d"), ("þ", "th"), ("ł", "l"), ("ı", "i"), ("ي", "ى"), ("ى", "ي"), ("ة", "ه"), ("ه", "ة"),
)  # fmt: skip
"""What is typed, and what may be written for it. The index of words takes accents off by itself (ö is o there), not strokes."""


def respell(word: str) -> tuple[str, ...]:
    """Phrases and words that a word may stand for, of letters and single spaces; at most `MOST`."""
    if len(word) > LONGEST:
        return ()
    found = dict.fromkeys([*split_word(word), *islice(_exchange(word), MOST)])
    return tuple(islice(found, MOST))


def split_word(word: str) -> Iterator[str]:
    """A word as two, wherever it can be cut: `dont` is `don t` to an index, as `don't` is."""
    return (f"{word[:at]} {word[at:]}" for at in range(1, len(word)))


def _exchange(word: str) -> Iterator[str]:
    """A word with one and then with more of its letters as another alphabet has them."""
    made = [word.casefold() if "ß" not in word else word.lower()]
    for _ in range(MOST_SIGNS):
        more = []
        for each in made:
            for typed, written in _SIGNS:
                more += [each[: m.start()] + written + each[m.end() :] for m in re.finditer(typed, each)]
        made = list(dict.fromkeys(more))[:MOST]
        yield from made


def join_words(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """A text with two words that stand beside each other, or all of them, as one: `storm spotting` as `stormspotting`."""
    for at in range(len(words) - 1):
        yield (*words[:at], words[at] + words[at + 1], *words[at + 2 :])
    if len(words) > 2:
        yield ("".join(words),)
