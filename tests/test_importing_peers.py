"""Web archives that others' tools made of the replica's posts: recorded by them over its TLS, and imported as theirs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedarchive.api.commands import import_files
from embedarchive.replica import Replica
from embedarchive.run.importing import NOBODY
from test_importing import select
from tools import find_python_tools
from waiting import BOUND_S
from web_archives import find_post, find_scene, record_scene

NAMES = ("bluesky", "instagram", "telegram")
HOMES = {"warcio": "recorders", "warcprox": "recorders", "pywb": "pywb"}
"""Where each tool lives (`tools.PYTHON`)."""
RECORDER = Path(__file__).with_name("recorder.py")


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


def record(tool: str, replica: Replica, out: Path) -> Path:
    """What that tool wrote down of the frames, the answers and the files of three posts."""
    urls = [each.url for name in NAMES for each in record_scene(find_scene(name))]
    python = find_python_tools(HOMES[tool]) / "python"
    asked = [python, RECORDER, tool, out, str(replica.tls_port), replica.ca_file, *urls]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=BOUND_S, check=False)
    assert done.returncode == 0, done.stderr
    return out


def check(path: Path, archive: Path, seen_by: str) -> None:
    report = import_files(path, archive=archive)
    assert report.imported == {"kept": len(NAMES)}
    seen = "SELECT DISTINCT json_extract(environment, '$.seen_by') FROM captures"
    assert [name for (name,) in select(archive / "embeds.db", seen) if not name.startswith(seen_by)] == []
    kept = dict(select(archive / "embeds.db", "SELECT post_key, kept FROM conclusions"))
    assert kept == {find_post(find_scene(name)).key: "whole" for name in NAMES}, "with all their files"
    assert select(archive / "embeds.db", "SELECT count(*) FROM articles") == [(0,)]


@pytest.fixture(scope="module")
def by_warcio(replica: Replica, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record("warcio", replica, tmp_path_factory.mktemp("warcio") / "warcio.warc.gz")


def test_what_a_program_s_recorder_wrote_down_comes_in(by_warcio: Path, tmp_path: Path) -> None:
    check(by_warcio, tmp_path, NOBODY)


def test_what_a_proxy_wrote_down_comes_in(replica: Replica, tmp_path: Path) -> None:
    check(record("warcprox", replica, tmp_path / "warcprox.warc.gz"), tmp_path / "new", "warcprox")


def test_what_a_player_recorded_comes_in(replica: Replica, tmp_path: Path) -> None:
    check(record("pywb", replica, tmp_path / "pywb.warc.gz"), tmp_path / "new", NOBODY)


def test_what_a_packer_packed_comes_in(by_warcio: Path, tmp_path: Path) -> None:
    wacz = find_python_tools("wacz") / "wacz"
    packed = [wacz, "create", "-f", by_warcio, "-o", tmp_path / "packed.wacz", "--detect-pages"]
    done = subprocess.run(packed, capture_output=True, text=True, timeout=BOUND_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    check(tmp_path / "packed.wacz", tmp_path / "new", "py-wacz")
