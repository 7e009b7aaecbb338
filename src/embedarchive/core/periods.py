"""A time as a person types it -> the days it means; or that it can be read in two ways. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from embedarchive.core.months import ENGLISH, find_month

LONGEST = 120
FIRST_YEAR, LAST_YEAR = 1990, 2100
OPEN_START, OPEN_END = date(1, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, UTC, from `start` to `end`, both of them in it; OPEN_START or OPEN_END where one side is open."""

    start: date
    end: date

    @property
    def bounds(self) -> tuple[str, str]:
        """What an ISO time must not be less than, and what it must be less than; '' and '9999' where open."""
        since, until = "", "9999"
        if self.start != OPEN_START:
            since = self.start.isoformat()
        if self.end != OPEN_END:
            until = (self.end + timedelta(days=1)).isoformat()
        return since, until

    @property
    def key(self) -> str:
        """The shortest text that means the same, for an address: `2026`, `2026-02`, `2026-02-11`, `2026-02-01..2026-02-11`."""
        if self.start == self.end:
            return self.start.isoformat()
        if self == month_of(self.start.year, self.start.month):
            return self.start.isoformat()[:7]
        if self == Period(date(self.start.year, 1, 1), date(self.start.year, 12, 31)):
            return self.start.isoformat()[:4]
        since = ""
        if self.start != OPEN_START:
            since = self.start.isoformat()
        until = ""
        if self.end != OPEN_END:
            until = self.end.isoformat()
        return f"{since}..{until}"

    @property
    def says(self) -> str:
        """`11 February 2026`, `February 2026`, `2026`, `1 February 2026 to 11 February 2026`, `since 1 February 2026`."""
        if self.start == OPEN_START:
            return f"until {say_day(self.end)}"
        if self.end == OPEN_END:
            return f"since {say_day(self.start)}"
        if ".." in self.key:
            return f"{say_day(self.start)} to {say_day(self.end)}"
        return " ".join(say_day(self.start).split()[3 - len(self.key.split("-")) :])


def say_day(day: date) -> str:
    return f"{day.day} {ENGLISH[day.month - 1]} {day.year}"


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A date in numbers alone that means two days, the day first and the month first."""

    readings: tuple[Period, Period]


_NUMBERS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ]\d{1,2}:\d{2}[\d:.]{0,12}(?:Z|[+-]\d{2}:?\d{2})?)?)?")
_QUARTER = re.compile(r"Q([1-4])[ /-]?(\d{4})|(\d{4})[ /-]?Q([1-4])", re.I)
_EAST = re.compile(r"(\d{4}) ?[年년](?: ?(\d{1,2}) ?[月월](?: ?(\d{1,2}) ?[日일])?)?")
_WORD = r"([^\W\d_]{3,14})\.?"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|\.|º)?"
_DAY_FIRST = re.compile(rf"{_DAY} (?:de |di |of )?{_WORD},?(?: de| d’| del)? (\d{{4}})")
_MONTH_FIRST = re.compile(rf"{_WORD} {_DAY},? (\d{{4}})")
_MONTH = re.compile(rf"{_WORD},?(?: de| del| of)? (\d{{4}})")
_YEAR = re.compile(r"\d{4}")
_WEEKDAY = re.compile(r"^[^\W\d_]{2,12}\.?, (?=\S)")
_DASH = r" ?(?:\.\.\.?|…|–|—|/) ?| (?:-|to|until|till|through|bis|a|à|al|až|до|tot|til) "
"""Every run of white space is one space by then: of runs, these would take a text's cube."""
_RANGE = re.compile(rf"(?:(?:from|between|von|de|du|del|entre|с) )?(.+?)(?:{_DASH}| and )(.+)", re.I)
_DAYS = re.compile(r"(\d{1,2})\.? ?(?:[-–]|to|bis|al?) ?(\d{1,2}\.? .+)")
_SINCE = re.compile(r"(since|from|after|before|until|till|by) (.+)", re.I)
_OPEN_RANGE = re.compile(r"(.*?)\.\.(.*)")


def read_period(text: str) -> Period | Ambiguous | None:
    """The days that a whole text means, or None if it means none.

    `2026-02-11`, `11 February 2026` and `Feb 11, 2026` in 27 languages, `feb 2026`, `2026-02`, `Q1 2026`, `2026`; a time of
    a day, for its day; ranges of those with `to`, `–`, `..`; `since`, `after`, `before`, `until`. A date in numbers alone
    is Ambiguous where day and month could be either (`3.4.2026`), and read where they could not (`11.2.2026` is Ambiguous
    too, `23.2.2026` and `2.2.2026` are not).
    """
    text = " ".join(text.split())[:LONGEST].strip(" ,;")
    if not any(c.isdigit() for c in text):
        return None
    if (single := _read_single(text)) is not None:
        return single
    if (m := _SINCE.fullmatch(text)) and (opened := _open(m[1].lower(), _read_single(m[2]))):
        return opened
    if m := _OPEN_RANGE.fullmatch(text):
        return _join(_read_single(m[1]), _read_single(m[2]), opens_left=not m[1], opens_right=not m[2])
    if m := _DAYS.fullmatch(text):
        last = _read_single(m[2])
        if isinstance(last, Period):
            return _join(_make(last.end.year, last.end.month, int(m[1])), last)
    if m := _RANGE.fullmatch(text):
        last = _read_single(m[2])
        first = _read_single(m[1])
        if first is None and isinstance(last, Period):  # `feb to april 2026`
            first = _read_single(f"{m[1]} {last.end.year}")
        if first is None and isinstance(last, Period) and m[1].isdigit():  # `between 1 and 15 february 2026`
            first = _make(last.end.year, last.end.month, int(m[1]))
        return _join(first, last)
    return None


def is_date(text: str) -> bool:
    """Whether a text has the form of a date, be it of a day that there is or not: `30 February 2026`, `2026-02-30`."""
    text = " ".join(text.split())[:LONGEST].strip(" ,;")
    if _NUMBERS.fullmatch(text) or _ISO.fullmatch(text) or _EAST.fullmatch(text):
        return True
    named = ((_DAY_FIRST, 2), (_MONTH_FIRST, 1), (_MONTH, 1))
    return any((m := form.fullmatch(text)) is not None and find_month(m[at]) is not None for form, at in named)


def find_period(text: str) -> tuple[Period, str] | None:
    """A time within words, and the words without it: `ferry february 2026` -> February 2026, `ferry`; None if none is named.

    Only what cannot be anything else: a year alone is a word like others.
    """
    words = text.split()
    for size in (7, 6, 5, 4, 3, 2, 1):
        for at in range(len(words) - size + 1):
            taken = " ".join(words[at : at + size])
            if _YEAR.fullmatch(taken) or len(words) == size:
                continue
            found = read_period(taken)
            if isinstance(found, Period):
                left = [*words[:at], *words[at + size :]]
                return found, " ".join(left)
    return None


def _read_single(text: str) -> Period | Ambiguous | None:
    """One day, month or year."""
    text = text.strip(" ,;")
    if m := _NUMBERS.fullmatch(text):
        return _read_numbers(int(m[1]), int(m[3]), int(m[4]))
    if (m := _ISO.fullmatch(text)) or (m := _EAST.fullmatch(text)):
        return _make(int(m[1]), int(m[2] or 0), int(m[3] or 0))
    if _YEAR.fullmatch(text):
        return _make(int(text))
    if m := _QUARTER.fullmatch(text):
        return _make_quarter(int(m[2] or m[3]), int(m[1] or m[4]))
    for words in (text, _WEEKDAY.sub("", text)):
        if m := _DAY_FIRST.fullmatch(words):
            return _make_named(m[3], m[2], m[1])
        if m := _MONTH_FIRST.fullmatch(words):
            return _make_named(m[3], m[1], m[2])
        if m := _MONTH.fullmatch(words):
            return _make_named(m[2], m[1], "0")
    return None


def _read_numbers(first: int, second: int, year: int) -> Period | Ambiguous | None:
    """`11.2.2026`: which is the month is known only where the other cannot be one, or where both are the same."""
    as_day, as_month = _make(year, second, first), _make(year, first, second)
    if as_day and as_month and as_day != as_month:
        return Ambiguous((as_day, as_month))
    return as_day or as_month


def _make_quarter(year: int, quarter: int) -> Period | None:
    return _join(_make(year, 3 * quarter - 2), _make(year, 3 * quarter))


def _make_named(year: str, month: str, day: str) -> Period | None:
    number = find_month(month)
    if number:
        return _make(int(year), number, int(day))
    return None


def _make(year: int, month: int = 0, day: int = 0) -> Period | None:
    """A day; with 0 for it its month; with 0 for that its year. None where there is no such day."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        if day:
            return Period(date(year, month, day), date(year, month, day))
        if month:
            return month_of(year, month)
    except ValueError:
        return None
    return Period(date(year, 1, 1), date(year, 12, 31))


def month_of(year: int, month: int) -> Period:
    """A whole month. Raises ValueError where there is none of that number."""
    first = date(year, month, 1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def split_months(period: Period) -> tuple[Period | None, tuple[Period, ...]]:
    """A period as its whole months, None if it has none, and the days before and after them."""
    start, end = period.start, period.end
    if start.day > 1:
        start = (start.replace(day=1) + timedelta(days=31)).replace(day=1)
    if end != OPEN_END and end != month_of(end.year, end.month).end:
        end = end.replace(day=1) - timedelta(days=1)
    if start > end:
        return None, (period,)
    edges = []
    if period.start < start:
        edges.append(Period(period.start, start - timedelta(days=1)))
    if end < period.end:
        edges.append(Period(end + timedelta(days=1), period.end))
    return Period(start, end), tuple(edges)


def _open(word: str, named: Period | Ambiguous | None) -> Period | None:
    """`since` and `until` with the day named in it, `after` and `before` without."""
    if not isinstance(named, Period):
        return None
    if word in ("since", "from"):
        return Period(named.start, OPEN_END)
    if word == "after":
        return Period(named.end + timedelta(days=1), OPEN_END)
    if word == "before":
        return Period(OPEN_START, named.start - timedelta(days=1))
    return Period(OPEN_START, named.end)


def _join(
    first: Period | Ambiguous | None,
    last: Period | Ambiguous | None,
    *,
    opens_left: bool = False,
    opens_right: bool = False,
) -> Period | None:
    """From the beginning of the one to the end of the other; None where they are not two times in order."""
    start = OPEN_START if opens_left else getattr(first, "start", None)
    end = OPEN_END if opens_right else getattr(last, "end", None)
    if start is None or end is None or start > end or (opens_left and opens_right):
        return None
    return Period(start, end)


def fill_months(months: Mapping[str, int], others: Mapping[str, int]) -> tuple[str, ...]:
    """Every month from the first to the last of both, those without posts as well. Pure."""
    named = sorted({*months, *others})
    if not named:
        return ()
    found = [named[0]]
    while found[-1] < named[-1]:
        year, month = (int(part) for part in found[-1].split("-"))
        found.append(month_of(year + month // 12, month % 12 + 1).start.isoformat()[:7])
    return tuple(found)
