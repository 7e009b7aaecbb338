"""A count as people write it, in any script and many languages, into a whole number. Pure."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d(?:[\d.,'’٬٫ ]*\d)?")
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")

# Compact forms as in CLDR; words that mean two things in two languages are in _ENGLISH or left out.
_WORDS = {
    **dict.fromkeys(("k", "mil", "tsd", "tys", "tis", "rb", "тыс", "тис", "thousand", "хил", "χιλ"), 10**3),
    **dict.fromkeys(("m", "mio", "mln", "mn", "mi", "jt", "milj", "млн", "million", "millions", "εκ"), 10**6),
    **dict.fromkeys(("millionen", "millones", "milhões", "milioni", "miljoen", "juta"), 10**6),
    **dict.fromkeys(("mrd", "mld", "bn", "млрд", "billion", "milyar"), 10**9),
}
_ENGLISH = {"b": 10**9, "t": 10**12}
_PREFIXES = (
    *((word, 10**4) for word in ("万", "萬", "만", "หมื่น")),
    *((word, 10**3) for word in ("千", "천", "พัน", "हज़ार", "ألف", "آلاف")),
    *((word, 10**8) for word in ("億", "亿", "억")),
    *((word, 10**5) for word in ("แสน", "लाख")),
    *((word, 10**6) for word in ("ล้าน", "مليون")),
    *((word, 10**7) for word in ("करोड़",)),
)
_UNSURE = {"b", "t", "n", "e", "tn", "tr", "bin", "d"}


def read_count(text: str | None, lang: str = "en") -> int | None:
    """Read "4,737 likes", "1.4M", "1,2 mil" or "3.5万"; None when there is no number, or it could mean two things."""
    text = _SPACES.sub(" ", "".join(_ascii_digit(c) for c in text or ""))
    numbers = list(_NUMBER.finditer(text))
    if len(numbers) != 1:
        return None
    number = numbers[0].group().strip()
    rest = text[numbers[0].end() :].lstrip(" .")
    times = _multiplier(re.split(r"[ .,;:)(]", rest)[0], lang)
    whole = _whole(number)
    if times is None or rest[:1].isdigit():
        return None
    if times == 1:
        return whole
    if number.isdigit():
        return int(number) * times
    if whole is None:
        return _decimal(number, times)
    return None


def _ascii_digit(char: str) -> str:
    """Turn any script's decimal digit into 0-9 (superscripts and circled numbers are no counts)."""
    if char.isdecimal():
        return str(int(char))
    return char


def _multiplier(word: str, lang: str) -> int | None:
    """What the word after a number multiplies it by: 1 for an ordinary word, None for an ambiguous one."""
    low = word.lower()
    if low in _ENGLISH and lang.startswith("en"):
        return _ENGLISH[low]
    if low in _UNSURE:
        return None
    return _WORDS.get(low) or next((times for prefix, times in _PREFIXES if word.startswith(prefix)), 1)


def _whole(number: str) -> int | None:
    """Read digits grouped by one kind of separator, in threes or the Indian way; else None."""
    groups = re.split(r"\D", number)
    if len(groups) == 1:
        if len(number) < 19:
            return int(number)
        return None
    western = len(set(re.findall(r"\D", number))) == 1 and all(len(g) == 3 for g in groups[1:])
    indian = "," in number and len(groups[-1]) == 3 and all(len(g) == 2 for g in groups[1:-1])
    if (western or indian) and 1 <= len(groups[0]) <= 3:
        return int("".join(groups))
    return None


def _decimal(number: str, times: int) -> int | None:
    match = re.fullmatch(r"(\d{1,3})[.,٫](\d{1,2})", number)
    if not match:
        return None
    return round(float(f"{match[1]}.{match[2]}") * times)
