"""Real saved article pages: what the labels say is found, and the prefilter changes no answer."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from embedarchive.detect import find_embeds

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.exists(), reason="../shared is not here"),
]


@cache
def pages() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / "truth.jsonl").read_text("utf-8").splitlines()]


def find(page: dict[str, Any], prefilter: bool) -> list[tuple[str, ...]]:
    body = gzip.decompress((CORPUS / "pages" / page["page"]).read_bytes())
    found = find_embeds(body, url=page["url"], prefilter=prefilter)
    return [
        (e.platform or "", e.post.native_id if e.post else "", e.form, e.layer, repr(e.claim)) for e in found.embeds
    ]


@pytest.fixture(scope="module")
def answers() -> dict[str, list[tuple[str, ...]]]:
    return {p["page"]: find(p, prefilter=True) for p in pages()}


def score(answers: dict[str, list[tuple[str, ...]]], platform: str | None = None) -> tuple[int, int, int]:
    """(found, missed, wrong) by platform and id, as the labels write them."""
    hit = missed = wrong = 0
    for page in pages():
        scored = {(e["platform"], e["post_id"]) for e in page["embeds"] if not e.get("ambiguous")}
        unsure = {(e["platform"], e["post_id"]) for e in page["embeds"] if e.get("ambiguous")}
        got = {("twitter" if a[0] == "x" else a[0], a[1]) for a in answers[page["page"]] if a[1]} - (unsure - scored)
        if platform:
            scored, got = ({k for k in s if k[0] == platform} for s in (scored, got))
        hit, missed, wrong = hit + len(scored & got), missed + len(scored - got), wrong + len(got - scored)
    return hit, missed, wrong


def test_precision_and_recall(answers: dict[str, list[tuple[str, ...]]]) -> None:
    hit, missed, wrong = score(answers)
    assert hit / (hit + missed) >= 0.99
    assert hit / (hit + wrong) >= 0.99


@pytest.mark.parametrize("platform", ["instagram", "twitter"])
def test_the_platforms_that_matter_most(answers: dict[str, list[tuple[str, ...]]], platform: str) -> None:
    hit, missed, wrong = score(answers, platform)
    assert hit > 100
    assert (missed, wrong) == (0, 0)


def test_pages_without_embeds_stay_without(answers: dict[str, list[tuple[str, ...]]]) -> None:
    empty = [p for p in pages() if not p["embeds"]]
    assert len(empty) > 50
    assert [p["page"] for p in empty if answers[p["page"]]] == []


def test_the_prefilter_changes_no_answer(answers: dict[str, list[tuple[str, ...]]]) -> None:
    for page in pages():
        assert find(page, prefilter=False) == answers[page["page"]], page["page"]
