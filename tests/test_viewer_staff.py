"""Staff sign in at the reading room with the Datasette plugin that the docs name, and nobody else sees anything."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from archive_builder import SAMPLES, build_archive
from conftest import ROOT
from test_viewer_datasette_1 import serve_with
from tools import find_python_tools

KEY = SAMPLES[0].post.key
PAGES = (
    "archive",
    f"post/{KEY}",
    f"card/{KEY}",
    "find?q=ferry",
    "capture/1",
    "snapshot/1",
    "article/2",
    f"evidence/{KEY}",
    f"proof/{KEY}",
)
PASSWORD = "for this test alone"


@pytest.fixture(scope="module")
def python() -> Path:
    return find_python_tools("datasette-passwords") / "python"


@pytest.fixture(scope="module")
def room(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A Datasette with the lines of docs/researchers.md, the hash put where they take it from the environment."""
    folder = tmp_path_factory.mktemp("staff")
    path = build_archive(folder / "embeds.db")
    ask = f"from datasette_auth_passwords.utils import hash_password; print(hash_password({PASSWORD!r}))"
    made = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True)
    lines = re.search(r"```yaml\n(plugins:.*?)```", (ROOT / "docs/researchers.md").read_text("utf-8"), re.S)
    assert lines, "the docs show no configuration"
    config = folder / "datasette.yaml"
    config.write_text(lines[1].replace("{$env: EDITOR_PASSWORD_HASH}", f"'{made.stdout.strip()}'"), "utf-8")
    with serve_with(python, path, config, "--metadata") as client:
        yield client


def test_nobody_else_sees_anything(room: httpx.Client) -> None:
    for page in PAGES:
        assert room.get(f"/embeds/-/{page}").status_code == 403, page


def test_who_signs_in_sees_all(room: httpx.Client) -> None:
    form = room.get("/-/login")
    token = re.search(r'name="csrftoken" value="([^"]+)"', form.text)
    given = {"username": "editor", "password": PASSWORD} | ({"csrftoken": token[1]} if token else {})
    assert room.post("/-/login", data=given | {"password": "wrong"}).status_code in (200, 403)
    assert room.get("/embeds/-/archive").status_code == 403
    assert room.post("/-/login", data=given).status_code == 302
    for page in PAGES:
        assert room.get(f"/embeds/-/{page}").status_code == 200, page
