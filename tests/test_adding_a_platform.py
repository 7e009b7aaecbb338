"""docs/adding-a-platform.md is done as it says: its two files become a platform that every command knows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "adding-a-platform.md"
_FILE = re.compile(r"`(embedarchive/\S+\.py)`:\n\n```python\n(.*?)```", re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's files, each at its place in a folder that is nowhere near the package."""
    place = tmp_path_factory.mktemp("elsewhere")
    for name, source in _FILE.findall(PAGE.read_text("utf-8")):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    return place


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True)


def test_the_page_has_a_platform_and_its_site(folder: Path) -> None:
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))
    assert found == ["embedarchive/platforms/ember.py", "embedarchive/replica/sites/ember.py"]


def test_it_conforms(folder: Path) -> None:
    done = run(folder, "-m", "embedarchive.conformance", "ember", "--json")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.browser
def test_every_state_of_it_ends_as_declared(folder: Path) -> None:
    played = Path(__file__).with_name("test_conformance_played.py")
    done = run(folder, "-m", "pytest", str(played), "-q", "-p", "no:cacheprovider", "-rA", "-k", "ember and not drawn")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") > 8


def test_a_platform_with_a_mistake_in_it_does_not(folder: Path, tmp_path: Path) -> None:
    for path in folder.rglob("*.py"):
        wrong = tmp_path / path.relative_to(folder)
        wrong.parent.mkdir(parents=True, exist_ok=True)
        wrong.write_text(path.read_text("utf-8").replace('hosts=("ember.example"', 'hosts=("amber.example"'), "utf-8")
    done = run(tmp_path, "-m", "embedarchive.conformance", "ember", "--json")
    assert done.returncode == 1
    assert {json.loads(line)["check"] for line in done.stdout.splitlines()} >= {"addresses"}


def test_every_command_knows_it(folder: Path, tmp_path: Path) -> None:
    html = '<article><p>On Monday:</p><blockquote class="ember-post" data-url="https://ember.example/post/240817365"></blockquote></article>'
    article = tmp_path / "article.html"
    article.write_text(html, "utf-8")
    found = run(folder, "-m", "embedarchive", "find", str(article), "--nl")
    assert "ember:240817365" in found.stdout, found.stderr
    assert "ember" in run(folder, "-m", "embedarchive", "platforms").stdout


def test_the_newsroom_shows_it(folder: Path) -> None:
    asked = (
        "from embedarchive.replica.sites.newsroom.stories import all_stories\n"
        "print({post.key for story in all_stories() for post in story.posts})"
    )
    assert "'240817365'" in run(folder, "-c", asked).stdout


def test_without_it_nothing_is_known() -> None:
    done = run(Path("nowhere"), "-m", "embedarchive.conformance", "ember")
    assert done.returncode == 2
    assert "no platform is called ember" in done.stderr


@pytest.mark.parametrize("name", re.findall(r"`((?:kit/)?\w+\.py)`", PAGE.read_text("utf-8")))
def test_files_that_the_page_names_are_there(name: str) -> None:
    assert (PAGE.parents[1] / "src" / "embedarchive" / "platforms" / name).exists()
