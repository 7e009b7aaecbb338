"""Times as people type them: the days they mean, and what could be read in two ways."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedarchive.core.periods import OPEN_END, OPEN_START, Ambiguous, Period, find_period, read_period, split_months
from embedarchive.core.relative import read_relative

DAY = "2026-02-11"
CASES = {
    "11 February 2026": DAY, "February 11, 2026": DAY, "2026-02-11": DAY, "2026/02/11": DAY, "2026.2.11": DAY,
    "11. Februar 2026": DAY, "11 de febrero de 2026": DAY, "11 février 2026": DAY, "11 февраля 2026": DAY,
    "2026年2月11日": DAY, "2026년 2월 11일": DAY, "11 فبراير 2026": DAY, "Wednesday, 11 February 2026": DAY,
    "11th Feb 2026": DAY,
    "feb 2026": "2026-02", "Feb. 2026": "2026-02", "2026-02": "2026-02", "2026/2": "2026-02", "Februar 2026": "2026-02",
    "febrero de 2026": "2026-02", "2026年2月": "2026-02", "2026": "2026",
    "23.2.2026": "2026-02-23", "2/23/2026": "2026-02-23", "2.2.2026": "2026-02-02",
    "2026-02-01..2026-02-11": "2026-02-01..2026-02-11", "2026-02-01 to 2026-02-11": "2026-02-01..2026-02-11",
    "2026-02-01 – 2026-02-11": "2026-02-01..2026-02-11", "1-11 February 2026": "2026-02-01..2026-02-11",
    "from 1 February 2026 to 11 February 2026": "2026-02-01..2026-02-11",
    "1 to 11 February 2026": "2026-02-01..2026-02-11",
    "between 1 February 2026 and 11 February 2026": "2026-02-01..2026-02-11",
    "between 1 and 11 February 2026": "2026-02-01..2026-02-11", "2026-02-11T04:00:31.5Z": DAY, "2026-02-11 04:00": DAY,
    "2026-02-11T04:00+01:00": DAY, "Q1 2026": "2026-01-01..2026-03-31", "2026-Q4": "2026-10-01..2026-12-31",
    "Q5 2026": None,
    "feb to april 2026": "2026-02-01..2026-04-30", "feb 2026 - apr 2026": "2026-02-01..2026-04-30",
    "2025..2026": "2025-01-01..2026-12-31", "since 2026-02-11": "2026-02-11..", "after feb 2026": "2026-03-01..",
    "before 2026-02-11": "..2026-02-10", "until feb 2026": "..2026-02-28", "2026-02-11..": "2026-02-11..",
    "..2026-02-11": "..2026-02-11",
    "23.02.26": "2026-02-23", "2/23/26": "2026-02-23", "11 Feb 26": DAY, "11 Feb '26": DAY, "Feb 11, 26": DAY,
    "feb ’26": "2026-02",
    "11feb2026": DAY, "11-Feb-2026": DAY, "11/Feb/26": DAY, "the 11th of February 2026": DAY,
    "on Wednesday 11 February 2026": DAY,
    "posted 11 February 2026": DAY, "in feb 2026": "2026-02", "around 11 February 2026": "2026-02-08..2026-02-14",
    "11 February 2026, 07:42": DAY, "11 February 2026 at 7:42": DAY, "Wed, 11 Feb 2026 06:42:10 GMT": DAY,
    "Wed Feb 11 06:42:10 +0000 2026": DAY, "6:42 AM · Feb 11, 2026": DAY, "February 11, 2026 at 6:42am PST": DAY,
    "winter 2026": "2025-12-01..2026-02-28", "winter 2025/26": "2025-12-01..2026-02-28",
    "summer 2025": "2025-06-01..2025-08-31",
    "summer 2025/26": "2025-12-01..2026-02-28", "summer 2025/27": None, "Herbst 2025": "2025-09-01..2025-11-30",
    "printemps 2026": "2026-03-01..2026-05-31", "winter 2024": "2023-12-01..2024-02-29",
    "early March 2026": "2026-03-01..2026-03-10", "mid-february 2026": "2026-02-11..2026-02-20",
    "end of february 2026": "2026-02-21..2026-02-28", "Anfang März 2026": "2026-03-01..2026-03-10",
    "début mars 2026": "2026-03-01..2026-03-10", "mid-2025": "2025-05-01..2025-08-31",
    "early 2026": "2026-01-01..2026-04-30",
    "late 2025": "2025-09-01..2025-12-31", "late summer 2025": "2025-08", "early 11 February 2026": None,
    "first quarter of 2026": "2026-01-01..2026-03-31", "Q1/2026": "2026-01-01..2026-03-31",
    "H2 2025": "2025-07-01..2025-12-31",
    "first half of 2026": "2026-01-01..2026-06-30", "2026-W07": "2026-02-09..2026-02-15",
    "KW 7 2026": "2026-02-09..2026-02-15",
    "2026-W60": None, "the 2020s": "2020-01-01..2029-12-31", "may 26": None, "fall guys 2025": None, "the 2026": None,
    "30 February 2026": None, "2026-13": None, "11 Foo 2026": None, "ferry": None, "12345": None, "@2026": None, "": None,
    "3026-02-11": None, "2026-02-11..2026-02-01": None, "..": None, "C79gQqLpkul": None, "1847213": None,
}  # fmt: skip


@pytest.mark.parametrize("text", CASES)
def test_a_time_is_read_as_the_days_it_means(text: str) -> None:
    found = read_period(text)
    assert (found.key if isinstance(found, Period) else found) == CASES[text]


def test_numbers_alone_that_mean_two_days_are_not_guessed_at() -> None:
    found = read_period("11.2.2026")
    assert isinstance(found, Ambiguous)
    assert [each.key for each in found.readings] == ["2026-02-11", "2026-11-02"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [("11.02.26", ["2026-02-11", "2026-11-02"]), ("26-02-11", ["2011-02-26", "2026-02-11"]),
     ("11.2.2026 07:42", ["2026-02-11", "2026-11-02"])],
)  # fmt: skip
def test_a_short_year_is_no_reason_to_guess(text: str, keys: list[str]) -> None:
    found = read_period(text)
    assert isinstance(found, Ambiguous)
    assert [each.key for each in found.readings] == keys


TODAY = date(2026, 11, 27)
"""A Friday."""

RELATIVE = {
    "today": "2026-11-27", "Yesterday": "2026-11-26", "the day before yesterday": "2026-11-25", "gestern": "2026-11-26",
    "hier": "2026-11-26", "вчера": "2026-11-26", "昨日": "2026-11-26", "어제": "2026-11-26", "أمس": "2026-11-26",
    "3 days ago": "2026-11-24", "vor 3 Tagen": "2026-11-24", "il y a 2 jours": "2026-11-25", "a month ago": "2026-10",
    "last week": "2026-11-16..2026-11-22", "this week": "2026-11-23..2026-11-29",
    "two weeks ago": "2026-11-09..2026-11-15",
    "letzte Woche": "2026-11-16..2026-11-22", "la semaine dernière": "2026-11-16..2026-11-22",
    "the last 7 days": "2026-11-21..2026-11-27", "last month": "2026-10", "last year": "2025",
    "last weekend": "2026-11-21..2026-11-22", "friday": "2026-11-20", "on Friday": "2026-11-20",
    "last Monday": "2026-11-23",
    "Montag": "2026-11-23", "february": "2026-02", "last december": "2025-12", "11 february": "2026-02-11",
    "Feb 11": "2026-02-11",
    "11 december": "2025-12-11", "29 february": "2024-02-29", "last winter": "2025-12-01..2026-02-28",
    "this summer": "2026-06-01..2026-08-31",
    "so": None, "weekend": None, "two weeks": None, "last": None, "30 february": None, "ferry": None, "": None,
    "999 days": None,
}  # fmt: skip


@pytest.mark.parametrize("text", RELATIVE)
def test_a_time_said_from_today_on_is_never_to_come(text: str) -> None:
    found = read_relative(text, TODAY)
    assert (found.key if found else None) == RELATIVE[text]
    assert found is None or found.start <= TODAY


@given(st.text(max_size=80), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_no_text_raises_on_any_day(text: str, today: date) -> None:
    read_relative(text, today)


@pytest.mark.parametrize(
    ("text", "key", "left"),
    [("ferry february 2026", "2026-02", "ferry"), ("2026-02-11 ferry quay", DAY, "ferry quay"),
     ("the ferry of 11 February 2026", DAY, "the ferry of")],
)  # fmt: skip
def test_a_time_within_words_is_found(text: str, key: str, left: str) -> None:
    found = find_period(text)
    assert found is not None
    assert (found[0].key, found[1]) == (key, left)


@pytest.mark.parametrize("text", ["election 2026", "room 101", "feb 2026", "1984 and all that"])
def test_a_year_within_words_is_a_word(text: str) -> None:
    assert find_period(text) is None


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 400))
def test_what_a_period_is_called_means_the_same_period(first: date, days: int) -> None:
    period = Period(first, min(date(2100, 12, 31), date.fromordinal(first.toordinal() + days)))
    assert read_period(period.key) == period


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    read_period(text)
    find_period(text)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 400))
def test_whole_months_and_their_edges_are_the_period(first: date, days: int) -> None:
    last = date.fromordinal(first.toordinal() + days)
    for period in (Period(first, last), Period(OPEN_START, last), Period(first, OPEN_END)):
        whole, edges = split_months(period)
        parts = sorted([*([whole] if whole else []), *edges], key=lambda part: part.start)
        assert (parts[0].start, parts[-1].end) == (period.start, period.end)
        for one, other in pairwise(parts):
            assert one.end.toordinal() + 1 == other.start.toordinal()
        if whole:
            assert all(len(bound) < 10 or bound.endswith("-01") for bound in whole.bounds)
