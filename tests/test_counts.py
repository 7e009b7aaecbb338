"""Counts as people write them, in many scripts; what could mean two things is None."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedarchive.platforms.kit.counts import read_count

SURE = {
    "4,737 likes": 4737,
    "1.4M followers": 1_400_000,
    "46,280 likes": 46_280,
    "View all 30 comments": 30,
    "0 likes": 0,
    "12K": 12_000,
    "Gefällt 4.737 Mal": 4737,
    "4 737 J’aime": 4737,
    "4\u202f737 J’aime": 4737,
    "4\u00a0737": 4737,
    "1’234’567": 1_234_567,
    "1,2 mil me gusta": 1200,
    "12 mil": 12_000,
    "1,4 Mio. Abonnenten": 1_400_000,
    "3,5 тыс. подписчиков": 3500,
    "「いいね！」4,737件": 4737,
    "いいね！1.2万件": 12_000,
    "좋아요 3.4만개": 34_000,
    "٤٬٧٣٧ إعجابًا": 4737,
    "१२ लाख": 1_200_000,
    "1,23,456 likes": 123_456,
    "2B views": 2_000_000_000,
}
UNSURE = (None, "", "likes", "Liked by a1 and 4,736 others", "1.4 likes", "1.234K", "1,2,3", "12,34", "½", "3²³ ⑤")


@pytest.mark.parametrize(("text", "count"), SURE.items())
def test_reads_a_count(text: str, count: int) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize("text", UNSURE)
def test_gives_none_rather_than_a_guess(text: str | None) -> None:
    assert read_count(text) is None


def test_a_turkish_b_is_a_thousand_so_it_is_no_billion() -> None:
    assert read_count("12,3 B beğenme", lang="tr") is None


@given(st.text(max_size=60))
def test_never_raises(text: str) -> None:
    count = read_count(text)
    assert count is None or count >= 0
