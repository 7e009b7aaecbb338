"""A date as markup writes it, by machine or in words -> ISO 8601, or None where it could be misread. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from embedarchive.core.dates import to_iso
from embedarchive.core.months import find_month

_DIGIT = re.compile(r"\d")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2})?")
_OF_X = re.compile(r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d\d:\d\d:\d\d) ([+-]\d{4}) (\d{4})$")
_CLOCK_BEFORE = re.compile(
    r"^(?:\w{1,6}\s?)?\d{1,2}:\d{2}(?:\s?[AaPp]\.?\s?[Mm]\.?)?\s*[\u00b7\u2219\u2022|-]\s*(?=\w)"
)
_CLOCK_BEHIND = re.compile(r"(?<=\d{4})(?:,? \w{1,4}|,)? \d{1,2}[:.]\d{2}(?:\s?[AaPp]\.?\s?[Mm]\.?)?(?: [A-Z]{2,4})?$")
"""A time of day before or behind a date in words: of which zone, nobody knows."""
_WEEKDAY = re.compile(r"^[^\W\d_]{3,12}(?:-feira)?\.?[,\u060c]? (?=\S+ \S)")
_MONTH_FIRST = re.compile(r"^([^\W\d_][^\s\d.,]{2,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$")
_DAY_FIRST = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th|er|\.)? (?:de |di |of )?([^\W\d_][^\s\d.,\u060c]{1,12})"
    r"[.,\u060c]{0,2} (?:de )?(\d{4})(?: [гр]\.)?$"
)
_YEAR_FIRST = re.compile(r"^(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")
_LONGEST = 80
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


def parse_time(text: str) -> str | None:
    """ISO 8601, X's own (`Tue May 25 13:25:57 +0000 2021`), or a date whose month is named in any of 27 languages, as ISO
    UTC; a day alone stays a day. None for all else: of `03/04/2021` nobody knows which is the month."""
    if _DIGIT.search(text) is None:
        return None
    text = " ".join(text.split())[:_LONGEST]
    if (m := _OF_X.match(text)) and (month := find_month(m[1])):
        text = f"{m[5]}-{month:02d}-{int(m[2]):02d}T{m[3]}{m[4]}"
    m = _ISO.match(text)
    if m is None:
        text = _CLOCK_BEHIND.sub("", _CLOCK_BEFORE.sub("", text))
        return _parse_words(text) or _parse_words(_WEEKDAY.sub("", text))
    if not m[1]:
        if len(text) == len("2026-11-23"):
            return text
        return None
    try:
        when = datetime.fromisoformat(re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text.replace(" ", "T", 1)))
        return to_iso(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _parse_words(text: str) -> str | None:
    """A day whose month is a word, or which is written from the year down, as ISO."""
    if m := _MONTH_FIRST.match(text):
        year, named, day = m[3], m[1], m[2]
    elif m := _DAY_FIRST.match(text):
        year, named, day = m[3], m[2], m[1]
    elif m := _YEAR_FIRST.match(text):
        year, named, day = m[1], m[2], m[3]
    else:
        return None
    if named.isdigit():
        month = int(named)
    else:
        month = find_month(named) or 0
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:  # of another calendar
        return None
    try:
        return datetime(int(year), month, int(day), tzinfo=UTC).strftime("%Y-%m-%d")
    except ValueError:
        return None
