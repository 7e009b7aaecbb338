"""Every saved real page and answer gives the verdict and author that a person read in it, and is nothing to any other post."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def saved(shared: Path) -> ModuleType:
    """bench/saved.py, which is a script and no part of the package; its files are third-party."""
    spec = importlib.util.spec_from_file_location("saved", Path(__file__).parents[1] / "bench" / "saved.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_saved_file_is_listed(saved: ModuleType) -> None:
    assert {each.file for each in saved.FILES} == set(saved.list_files())


def test_every_saved_file_is_what_a_person_read_in_it(saved: ModuleType) -> None:
    assert [wrong for each in saved.FILES for wrong in saved.find_wrong(each)[1]] == []


def test_no_saved_file_is_another_post_nor_its_end_nor_tells_of_it(saved: ModuleType) -> None:
    met = [saved.find_strange(each) for each in saved.FILES]
    assert [wrong for _, found in met for wrong in found] == []
    assert sum(count for count, _ in met) > 3000


def test_a_wrong_verdict_author_or_post_is_found_out(saved: ModuleType) -> None:
    first = saved.FILES[0]
    assert saved.find_wrong(replace(first, author="somebody.else"))[1]
    assert saved.find_wrong(replace(first, verdict=saved.UNSURE))[1]
    assert saved.find_wrong(replace(first, native_id="C79gQqLpkuX"))[1]
