"""A time as a person types it -> the days it means; or that it can be read in two ways. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from embedarchive.core.months import ENGLISH, find_month
from embedarchive.core.seasons import find_part, find_season, find_weekday

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
    """A date in numbers alone that means more than one day: the day first, the month first, or the year."""

    readings: tuple[Period, ...]


_NUMBERS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ]\d{1,2}:\d{2}[\d:.]{0,12}(?:Z|[+-]\d{2}:?\d{2})?)?)?")
_TH = r"(?:st|nd|rd|th|er|\.|º)"
_QUARTER = re.compile(rf"(?:Q([1-4])[ /-]?|([1-4]){_TH} quarter(?: of)? )(\d{{4}})|(\d{{4}})[ /-]?Q([1-4])", re.I)
_HALF = re.compile(rf"(?:H([12])[ /-]?|([12]){_TH} half(?: of)? )(\d{{4}})|(\d{{4}})[ /-]?H([12])", re.I)
_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.I)
_NAMED_WEEK = re.compile(r"(?:week|kw|semaine|semana|uke|vecka|uge) (\d{1,2})(?: of |, ?|/| )(\d{4})", re.I)
_SEASON = re.compile(r"([^\W\d_]{3,12}),?(?: of| de| del)? (\d{4})(?:[/–-](?:\d{2})?(\d{2}))?")
_PART = re.compile(
    r"(?:(?:in|at|am|im|à|the) ){0,2}([^\W\d_]{2,10})(?:[ -](?:of |de |di |von )?(?:the )?)(\D*\d.*)", re.I
)
_DECADE = re.compile(r"(?:the )?(\d{3}0)['’]?s")
_NTH = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th"}
_EAST = re.compile(r"(\d{4}) ?[年년](?: ?(\d{1,2}) ?[月월](?: ?(\d{1,2}) ?[日일])?)?")
_WORD = r"([^\W\d_]{3,14})\.?"
_DAY = rf"(?:the )?(\d{{1,2}}){_TH}?"
_SHORT = r"['’]?\d{2}"
_DAY_FIRST = re.compile(rf"{_DAY} (?:de |di |of )?{_WORD},?(?: de| d’| del)? (\d{{4}}|{_SHORT})")
_MONTH_FIRST = re.compile(rf"{_WORD} {_DAY}(?:,? (\d{{4}}|['’]\d{{2}})|, ?(\d{{2}}))")
_MONTH = re.compile(rf"{_WORD},?(?: de| del| of)? (\d{{4}}|['’]\d{{2}})")
_JOINED = re.compile(r"(\d{1,2})([-/]?)([^\W\d_]{3,14})\2(\d{4}|\d{2})")
_CLOCK = re.compile(
    r"(?:(?<=\d)[T ]|(?:^|[ ,·|•(-])+(?:(?:at|um|à|kl\.?|om|ore) )?)\d{1,2}[:h]\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
    r"(?: ?[AaPp]\.?[Mm]\.?(?!\w)| Uhr)?(?: ?(?:UTC|GMT|Z|[A-Z]{2,4}T)(?!\w)| ?[+-]\d{2}:?\d{2}(?!\d))?\)?(?=$|[ ,·|•-])"
)
"""A time of a day beside a date, with its zone: of such a date the day counts."""
_BEFORE = re.compile(r"(?:posted |published |dated )?(?:(?:on|in|am|im|den|le|el|il|during) )?", re.I)
_AROUND = re.compile(r"(?:around|about|circa|ca\.?|c\.|~|approx\.?|roughly|gegen|vers|hacia) ?(?=\S)", re.I)
AROUND_DAYS = 3
_YEAR = re.compile(r"\d{4}")
_WEEKDAY = re.compile(r"([^\W\d_]{2,12}(?:-feira)?)\.?,? (?=\S)")
_DASH = r" ?(?:\.\.\.?|…|–|—|/) ?| (?:-|to|until|till|through|bis|a|à|al|až|до|tot|til) "
"""Every run of white space is one space by then: of runs, these would take a text's cube."""
_RANGE = re.compile(rf"(?:(?:from|between|von|de|du|del|entre|с) )?(.+?)(?:{_DASH}| and )(.+)", re.I)
_DAYS = re.compile(r"(\d{1,2})\.? ?(?:[-–]|to|bis|al?) ?(\d{1,2}\.? .+)")
_SINCE = re.compile(r"(since|from|after|before|until|till|by) (.+)", re.I)
_OPEN_RANGE = re.compile(r"(.*?)\.\.(.*)")


def read_period(text: str) -> Period | Ambiguous | None:
    """The days that a whole text means, or None if it means none.

    `2026-02-11`, `11 February 2026` and `Feb 11, 2026` in 27 languages, `feb 2026`, `2026-02`, `Q1 2026`, `winter 2026`,
    `mid-2025`, `early March 2026`, `2026-W07`, `2026`; a time of a day, for its day; ranges of those with `to`, `–`, `..`;
    `since`, `after`, `before`, `until`. A date in numbers alone is Ambiguous where day and month could be either
    (`3.4.2026`, `11.02.26`), and read where they could not (`23.2.2026`, `2.2.2026`, `20.02.26`).
    """
    text = " ".join(_NTH.get(word.lower(), word) for word in text.split())[:LONGEST].strip(" ,;")
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
    """One day, month, year, or a part of one, whatever stands around it: a weekday, a clock's time, `on`, `around`."""
    text = text.strip(" ,;")
    if (found := _read_form(text)) is not None:
        return found
    plain = _CLOCK.sub(" ", text).strip(" ,;·|•-")
    day = _AROUND.sub("", plain, count=1) if _AROUND.match(plain) else plain
    found = _read_form(_drop_weekday(" ".join(_BEFORE.sub("", day, count=1).split())))
    if isinstance(found, Period) and found.start == found.end and day != plain:
        return Period(found.start - timedelta(days=AROUND_DAYS), found.end + timedelta(days=AROUND_DAYS))
    return found


def _drop_weekday(text: str) -> str:
    """A date without the day of the week before it; any word counts as one behind which a comma stands."""
    begun = _WEEKDAY.match(text)
    if begun and (find_weekday(begun[1]) is not None or "," in begun[0]):
        return text[begun.end() :]
    return text


def _read_form(text: str) -> Period | Ambiguous | None:
    """What the whole text is a form of; the first form that can be one decides."""
    for form, read in _FORMS:
        if (m := form.fullmatch(text)) and (found := read(m)) is not None:
            return found
    return None


def _read_numbers(m: re.Match[str]) -> Period | Ambiguous | None:
    """`11.2.2026`: which is the month is known only where the other cannot be one, or where both are the same.

    Of `26-02-11` the first may be the year as well.
    """
    first, second, year = int(m[1]), int(m[3]), _read_year(m[4])
    found = [_make(year, second, first), _make(year, first, second)]
    if m[2] == "-" and len(m[4]) == 2:
        found.append(_make(_read_year(m[1]), second, int(m[4])))
    readings = tuple(dict.fromkeys(each for each in found if each))
    if len(readings) > 1:
        return Ambiguous(readings)
    return next(iter(readings), None)


def _read_year(text: str) -> int:
    """`2026`, `26`, `'26`: of two digits, a year between 1970 and 2069."""
    number = int(text.lstrip("'’"))
    if number >= 100:
        return number
    return number + (1900 if number >= 70 else 2000)


def _read_quarter(m: re.Match[str]) -> Period | None:
    year, quarter = int(m[3] or m[4]), int(m[1] or m[2] or m[5])
    return _join(_make(year, 3 * quarter - 2), _make(year, 3 * quarter))


def _read_half(m: re.Match[str]) -> Period | None:
    year, half = int(m[3] or m[4]), int(m[1] or m[2] or m[5])
    return _join(_make(year, 6 * half - 5), _make(year, 6 * half))


def _make_week(year: str, week: str) -> Period | None:
    """A week as ISO 8601 numbers them, from Monday to Sunday."""
    try:
        monday = date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        return None
    return Period(monday, monday + timedelta(days=6))


def _read_season(m: re.Match[str]) -> Period | None:
    """Three months as meteorologists count them in the north; a winter of one year is that which ends in it.

    `summer 2025/26` is the south's, of December to February.
    """
    first, year = find_season(m[1]), int(m[2])
    if first is None:
        return None
    if m[3]:
        if first not in (6, 12) or (year + 1) % 100 != int(m[3]):
            return None
        first = 12
    elif first == 12:
        year -= 1
    return make_season(year, first)


def make_season(year: int, first: int) -> Period:
    """The three months from the `first` one."""
    begin = date(year, first, 1)
    return Period(begin, month_of(year + (first + 2) // 13, (first + 1) % 12 + 1).end)


def _read_part(m: re.Match[str]) -> Period | None:
    """`early March 2026`, `mid-2025`, `late 2025`: some ten days of a month, or a third of the months of what is longer."""
    part, whole = find_part(m[1]), None
    if part is not None:
        whole = _read_form(m[2])
    if part is None or not isinstance(whole, Period):
        return None
    first, last = whole.start, whole.end
    if (first.year, first.month) == (last.year, last.month):
        return _read_part_of_month(whole, part)
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    begin = first.month - 1 + months // 3 * part
    end = begin + months // 3 - 1
    return Period(
        month_of(first.year + begin // 12, begin % 12 + 1).start, month_of(first.year + end // 12, end % 12 + 1).end
    )


def _read_part_of_month(whole: Period, part: int) -> Period | None:
    if whole != month_of(whole.start.year, whole.start.month):
        return None
    ends = (whole.start.replace(day=10), whole.start.replace(day=20), whole.end)
    return Period(whole.start.replace(day=1 + 10 * part), ends[part])


def _read_decade(m: re.Match[str]) -> Period | None:
    return _join(_make(int(m[1])), _make(int(m[1]) + 9))


def _make_named(year: str, month: str, day: str) -> Period | None:
    number = find_month(month)
    if number:
        return _make(_read_year(year), number, int(day))
    return None


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Period | Ambiguous | None]], ...] = (
    (_NUMBERS, _read_numbers),
    (_ISO, lambda m: _make(int(m[1]), int(m[2] or 0), int(m[3] or 0))),
    (_EAST, lambda m: _make(int(m[1]), int(m[2] or 0), int(m[3] or 0))),
    (_YEAR, lambda m: _make(int(m[0]))),
    (_DECADE, _read_decade),
    (_QUARTER, _read_quarter),
    (_HALF, _read_half),
    (_WEEK, lambda m: _make_week(m[1], m[2])),
    (_NAMED_WEEK, lambda m: _make_week(m[2], m[1])),
    (_DAY_FIRST, lambda m: _make_named(m[3], m[2], m[1])),
    (_MONTH_FIRST, lambda m: _make_named(m[3] or m[4], m[1], m[2])),
    (_MONTH, lambda m: _make_named(m[2], m[1], "0")),
    (_JOINED, lambda m: _make_named(m[4], m[3], m[1])),
    (_SEASON, _read_season),
    (_PART, _read_part),
)
"""Each form of a date with what it means; the first that can be one counts."""


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
