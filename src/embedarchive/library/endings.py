"""A word as a reader of Korean or Japanese types it -> what of it stays when its particle is another one. Pure.

Such languages put particles right behind a word (`안개는`, `안개가`: fog, as the topic and as the subject), so that one
word is many to an index of words. Only particles come off, no endings of verbs; what is left is looked for inside of
words, and only where nothing holds what was typed.
"""

from __future__ import annotations

import re
import unicodedata

_KOREAN = (
    "에서부터|으로부터|에서는|에서도|에게서|에게는|으로는|으로도|으로서|"
    "으로써|이라는|이라고|이라도|까지는|까지도|부터는|까지|부터|에서|에게|"
    "한테|께서|처럼|보다|마다|조차|밖에|만큼|대로|으로|이나|이란|이랑|"
    "하고|라는|라고|에는|에도|와는|과는|로는|로서|은|는|이|가|을|를|의|"
    "에|로|와|과|도|만|나|랑|께"
)
_JAPANESE = (
    "からの|までの|からは|までは|には|では|とは|にも|でも|への|との|から|まで|より|だけ|など|は|が|を|に|で|と|も|の|へ"
)

_WORD_OF_KOREAN = re.compile(rf"([가-힣]+?)(?:{_KOREAN})")
_WORD_OF_JAPANESE = re.compile(rf"(.*[\u3400-\u9fff々ァ-ヺー])(?:{_JAPANESE})")
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Japanese, Chinese, Thai, Lao, Burmese, Khmer."""
_ALL_HANGUL = re.compile(r"[가-힣]+")
_FINALS = "\u11ab\u11af\u11b8\u11bb"
"""Consonants (n, l, p, ss) by which an ending may close the last syllable of a Korean verb's stem: `기다린`, `기다렸`."""

_ARABIC = re.compile(r"(?:[وف]?(?:[بك]?ال|لل)|[وف])?([\u0621-\u064a]{3,}?)(?:[ةهىي]|ها|هم)?")
_HAN, _KANA = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[\u3041-\u309f]")
_STEM = re.compile(r"[\u3400-\u9fff々ァ-ヺー]+(?:(?<=[\u3400-\u9fff])[\u3041-\u309f](?=[\u3041-\u309f]{2}))?")
LEAST_SYLLABLES = 2
"""What is left of a Korean word has so many: one syllable stands inside of too many words."""


def strip_endings(text: str) -> tuple[str, ...]:
    """The words of a text without their particles, in order; empty where no word ends in one."""
    words = text.split()
    stems = tuple(map(strip_ending, words))
    if stems == tuple(words):
        return ()
    return stems


def split_run(text: str) -> tuple[str, ...]:
    """The words of a text in which some belong to a script without spaces, where each may stand inside of a run; else none."""
    words = text.split()
    if len(words) > 1 and any(map(_WITHOUT_SPACES.search, words)):
        return tuple(words)
    if (
        len(words) > 1
        and all(len(word) >= LEAST_SYLLABLES for word in words)
        and all(map(_ALL_HANGUL.fullmatch, words))
    ):
        return tuple(words)
    return ()


def cut_endings(text: str) -> tuple[str, ...]:
    """The beginnings of the words of a text that their endings leave as they are; empty where none is cut.

    Of a Korean verb all but what follows its stem's two first syllables, of a Japanese word its last sign or two that are
    no Chinese character, of an Arabic word its article and what is bound to its front.
    """
    words = text.split()
    cut = tuple(piece for word in words for piece in _cut_word(word))
    if cut == tuple(words):
        return ()
    return cut


def _cut_word(word: str) -> tuple[str, ...]:
    if _ALL_HANGUL.fullmatch(word) and len(word) > LEAST_SYLLABLES:
        kept = unicodedata.normalize("NFD", word[: max(LEAST_SYLLABLES, len(word) - 2)])
        return (unicodedata.normalize("NFC", kept.rstrip(_FINALS)),)
    if m := _ARABIC.fullmatch(word):
        return (m[1],)
    if _HAN.search(word) and _KANA.search(word):
        return tuple(m[0] for m in _STEM.finditer(word))
    return (word,)


def strip_ending(word: str) -> str:
    """A word without its particle, the longest that it may be; itself where it has none."""
    if (match := _WORD_OF_KOREAN.fullmatch(word)) and len(match[1]) >= LEAST_SYLLABLES:
        return match[1]
    if match := _WORD_OF_JAPANESE.fullmatch(word):
        return match[1]
    return word
