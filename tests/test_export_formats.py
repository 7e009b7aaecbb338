"""A form of export is one module and one line: the command, its help and its messages are made of the table."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import embedarchive.export
from archive_builder import SAMPLES, build_archive
from embedarchive.cli import exporting
from embedarchive.export.formats import FORMATS, ExportFormat, load_writer
from in_process import run

ADDRESSES = '''
from embedarchive.export.atomic import drafting
from embedarchive.export.formats import ExportJob, Written


def write(job: ExportJob) -> Written:
    """Write the addresses of posts, one a line."""
    with drafting(job.out, job.overwrite) as file:
        urls = [row["url"] for row in job.conn.execute("SELECT url FROM post_status ORDER BY key")]
        file.writelines(f"{url}\\n" for url in urls)
    return Written({"rows": len(urls)}, f"{job.out} holds {len(urls)} addresses.")
'''
"""What an exporter of one's own is, whole."""


@pytest.fixture
def addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module beside the others, and its line in the table."""
    (tmp_path / "addresses.py").write_text(ADDRESSES, "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(embedarchive.export, "__path__", [*embedarchive.export.__path__, str(tmp_path)])
        patch.setitem(FORMATS, "addresses", ExportFormat("text", "Write addresses, one a line."))  # type: ignore[arg-type]
        importlib.reload(exporting)
        yield
    importlib.reload(exporting)


@pytest.mark.usefixtures("addresses")
def test_a_form_is_added_by_a_module_and_a_line(tmp_path: Path) -> None:
    build_archive(tmp_path / "embeds.db")
    assert "--addresses OUT" in run("export", "--help").out
    done = run("export", "--addresses", "-", "-a", tmp_path)
    assert done.code == 0
    assert set(done.out.split()) == {sample.post.url for sample in SAMPLES}
    done = run("export", "--addresses", tmp_path / "urls.txt", "-a", tmp_path, "--json")
    assert done.json == {"rows": len(SAMPLES), "path": str(tmp_path / "urls.txt")}
    assert "--addresses" in run("export", "-a", tmp_path).err


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_has_a_module_that_writes_it(name: str) -> None:
    assert load_writer(name).__module__ == f"embedarchive.export.{name}"
