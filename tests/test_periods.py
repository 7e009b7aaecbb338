"""Times as people type them: the days they mean, and what could be read in two ways."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedarchive.core.periods import OPEN_END, OPEN_START, Ambiguous, Period, find_period, read_period, split_months

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
    "from 1 February 2026 to 11 February 2026": "2026-02-01..2026-02-11", "1 to 11 February 2026": "2026-02-01..2026-02-11",
    "between 1 February 2026 and 11 February 2026": "2026-02-01..2026-02-11",
    "between 1 and 11 February 2026": "2026-02-01..2026-02-11", "2026-02-11T04:00:31.5Z": DAY, "2026-02-11 04:00": DAY,
    "2026-02-11T04:00+01:00": DAY, "Q1 2026": "2026-01-01..2026-03-31", "2026-Q4": "2026-10-01..2026-12-31", "Q5 2026": None,
    "feb to april 2026": "2026-02-01..2026-04-30", "feb 2026 - apr 2026": "2026-02-01..2026-04-30",
    "2025..2026": "2025-01-01..2026-12-31", "since 2026-02-11": "2026-02-11..", "after feb 2026": "2026-03-01..",
    "before 2026-02-11": "..2026-02-10", "until feb 2026": "..2026-02-28", "2026-02-11..": "2026-02-11..",
    "..2026-02-11": "..2026-02-11",
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
