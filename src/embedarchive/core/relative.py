"""A time said from today on, `yesterday`, `last week`, `on Friday` -> the days it means. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from embedarchive.core.months import find_month, fold_name
from embedarchive.core.periods import Period, make_season, month_of
from embedarchive.core.seasons import find_season, find_weekday

LONGEST = 60

_DAYS_AGO = {
    0: "today heute aujourd'hui aujourd’hui hoy oggi hoje сегодня сьогодні اليوم 今日 오늘 vandaag idag dzisiaj bugun",
    1: "yesterday gestern hier ayer ieri ontem вчера вчора أمس 昨日 昨天 어제 gisteren igar wczoraj dun",
    2: "vorgestern avant-hier anteayer anteontem позавчера позавчора おととい 前天 그저께 eergisteren",
}
_NAMED_DAYS = {fold_name(word): days for days, words in _DAYS_AGO.items() for word in words.split()} | {
    "the day before yesterday": 2,
    "day before yesterday": 2,
}
_UNITS = {
    "day": "day", "days": "day", "tage": "day", "tagen": "day", "jours": "day", "dias": "day", "giorni": "day",
    "week": "week", "weeks": "week", "woche": "week", "wochen": "week", "semaine": "week", "semaines": "week",
    "semana": "week", "semanas": "week", "settimana": "week", "settimane": "week",
    "month": "month", "months": "month", "monat": "month", "monaten": "month", "mois": "month", "mes": "month",
    "mese": "month", "meses": "month", "mesi": "month",
    "year": "year", "years": "year", "jahr": "year", "jahren": "year", "annee": "year", "ano": "year", "anno": "year",
    "weekend": "weekend", "wochenende": "weekend",
}  # fmt: skip
_DAYS_OF = {"day": 1, "week": 7, "month": 30, "year": 365}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}

_LAST = re.compile(r"(?:last|past|previous|letzten?s?|letzte[rn]?|vergangenen?|vorige[nrs]?|am letzten) (.+)")
_LAST_BEHIND = re.compile(r"(?:la |le |el |l'|l’)?(.+?) (?:dernier|derniere|pasad[oa]|passad[oa]|scors[oa])")
_THIS = re.compile(r"(?:this|diese[nrs]?|cette|ce|esta|este|questa|questo) (.+)")
_ON = re.compile(r"(?:on|am|in|im|le|el|il) (.+)")
_AGO = re.compile(r"(?:vor |il y a |hace )?(\d{1,3}|[a-z]+) ([a-z]+)(?: ago)?")
_COUNTED = re.compile(r"(?:in )?(?:the )?(?:last|past|letzten?|vergangenen) (\d{1,3}|[a-z]+) ([a-z]+)")
_DAY_OF_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)? (?:of )?([^\W\d_]{3,14})|([^\W\d_]{3,14}) (\d{1,2})(?:st|nd|rd|th)?"
)


def read_relative(text: str, today: date) -> Period | None:
    """The days that a whole text means to somebody who writes it on that day, or None if it means none.

    Never a day that is to come: `friday` is the last one there was, `11 february` and `february` the last of theirs.
    A week begins on Monday.
    """
    words = fold_name(" ".join(text.split()))[: LONGEST + 1].strip(" ,;.!?")
    if not words or len(words) > LONGEST:
        return None
    if words in _NAMED_DAYS:
        return _days(today, _NAMED_DAYS[words])
    if m := _COUNTED.fullmatch(words):
        return _read_counted(m[1], m[2], today)
    if (m := _AGO.fullmatch(words)) and words != f"{m[1]} {m[2]}":
        return _read_ago(m[1], m[2], today)
    if m := _LAST.fullmatch(words) or _LAST_BEHIND.fullmatch(words):
        return _read_unit(m[1], today, back=1) or _read_last(m[1], today)
    if m := _THIS.fullmatch(words):
        return _read_unit(m[1], today, back=0) or _read_last(m[1], today)
    if m := _ON.fullmatch(words):
        return _read_last(m[1], today)
    return _read_last(words, today)


def _days(today: date, ago: int, count: int = 1) -> Period:
    end = today - timedelta(days=ago)
    return Period(end - timedelta(days=count - 1), end)


def _count(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    return _COUNTS.get(text)


def _read_counted(number: str, name: str, today: date) -> Period | None:
    """`the last 7 days`: up to today."""
    count, unit = _count(number), _UNITS.get(name, "")
    if count and unit in _DAYS_OF:
        return _days(today, 0, count * _DAYS_OF[unit])
    return None


def _read_ago(number: str, name: str, today: date) -> Period | None:
    """`3 days ago` is that day; of weeks that week; of months that month."""
    count, unit = _count(number), _UNITS.get(name, "")
    if count is None or unit not in _DAYS_OF:
        return None
    return _read_unit(unit, today, back=count)


def _read_unit(name: str, today: date, back: int) -> Period | None:
    """The day, week, weekend, month or year so many before that of today."""
    unit = _UNITS.get(name)
    monday = today - timedelta(days=today.weekday())
    if unit == "day":
        return _days(today, back)
    if unit == "week":
        return _days(monday + timedelta(days=6 - 7 * back), 0, 7)
    if unit == "weekend":
        return _days(monday + timedelta(days=6 - 7 * (back or int(today.weekday() < 5))), 0, 2)
    if unit == "month":
        months = today.year * 12 + today.month - 1 - back
        return month_of(months // 12, months % 12 + 1)
    if unit == "year":
        return Period(date(today.year - back, 1, 1), date(today.year - back, 12, 31))
    return None


def _read_last(name: str, today: date) -> Period | None:
    """The last day, month, season, or day of a month of that name that has begun; a weekday before today."""
    if (weekday := find_weekday(name)) is not None:
        return _days(today, (today.weekday() - weekday - 1) % 7 + 1)
    if month := find_month(name):
        return month_of(today.year - int(month > today.month), month)
    if first := find_season(name):
        return make_season(today.year - int(first > today.month), first)
    if m := _DAY_OF_MONTH.fullmatch(name):
        return _read_day_of_month(int(m[1] or m[4]), find_month(m[2] or m[3]), today)
    return None


def _read_day_of_month(day: int, month: int | None, today: date) -> Period | None:
    """The last such day; of 29 February, that of the last leap year."""
    for year in range(today.year, today.year - 9, -1) if month else ():
        try:
            found = date(year, month or 0, day)
        except ValueError:
            continue
        if found <= today:
            return Period(found, found)
    return None
