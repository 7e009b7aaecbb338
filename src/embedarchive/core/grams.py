"""Text -> how it is compared when words alone do not find it: folded, and its grams of three characters. Pure.

SQLite's own trigram tokenizer knows no fragment of two characters, which most words in Chinese and Japanese are, and
folds no accents before 3.45. So a gram is made here: each word's characters by threes, its end marked, so that any
two characters are the beginning of some gram (and any one, in scripts where one may be a word).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import chain

END = "_"
LONGEST = 20_000
"""Characters of one text that are indexed."""


class _Folding(dict[int, str]):
    """What becomes of each character: separators a space, accents nothing; letters, digits, signs and emoji stay."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        if unicodedata.combining(char) or kind == "Cf" or 0xFE00 <= code <= 0xFE0F:
            folded = ""
        else:
            folded = " "
            if kind[0] in "LNM" or kind == "So":
                folded = char
        return self.setdefault(code, folded)


_FOLDING = _Folding()


def fold(text: str) -> str:
    """A text without case, accents and punctuation, its words one space apart."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST]).casefold()
    return " ".join(plain.translate(_FOLDING).split())


def find_grams(text: str) -> list[str]:
    """The distinct grams of a text, in its order; `ferry` gives fer, err, rry, ry_."""
    return list(dict.fromkeys(chain.from_iterable(map(_cut_whole, fold(text).split()))))


@lru_cache(maxsize=1 << 16)
def _cut_whole(word: str) -> tuple[str, ...]:
    return tuple(cut(word + (END if word.isascii() else END + END)))


def cut(word: str) -> list[str]:
    """A word's characters by threes; a shorter one is its own only gram."""
    return [word[at : at + 3] for at in range(max(1, len(word) - 2))]
