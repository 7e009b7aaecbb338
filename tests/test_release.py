"""What is withheld is told once, with what to do, and counts when a person releases it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_builder import NOW, Look, Sample, day, instagram, keep_look
from embedarchive.core.model import Description
from embedarchive.platforms import PLATFORMS
from embedarchive.run.report import say_hold
from embedarchive.store import Archive, open_reader
from embedarchive.store.conclusions import CONTROL_FAILED, MANY_AT_ONCE, PostScope
from in_process import run as embedarchive

LOST = Sample(
    instagram(3_842_007_115_046_129_731),
    Description(kind="photo", author_name="Ada", text="One picture."),
    (Look(day("03-03")), Look(day("03-09"), "gone", "not_found"), Look(day("03-10"), "gone", "not_found")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive of one loss that is withheld since many posts seemed gone at once."""
    path = tmp_path / "embeds.db"
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("check", NOW, "test", {})
        for look in LOST.looks:
            keep_look(archive, crawl, LOST, look)
        archive.keep_hold(PostScope("instagram"), day("03-08"), MANY_AT_ONCE, crawl)
        archive.conclude_all()
        archive.finish_crawl(crawl, NOW, "done", {})
    return path


def show(path: Path) -> str:
    return " ".join(embedarchive("show", LOST.post.key, "-a", path).out.replace("│", "").split())


def test_a_withheld_loss_is_perhaps_gone_until_a_person_releases_it(path: Path) -> None:
    assert "Perhaps gone, not confirmed (withheld until a person has looked" in show(path)
    assert "Gone by" not in show(path)
    assert "1 perhaps gone, not confirmed" in " ".join(embedarchive("stats", "-a", path).out.split())
    done = embedarchive("check", "--release", "instagram", "-a", path)
    assert (done.code, done.out) == (0, "1 hold of instagram released; 1 post concluded anew.\n")
    assert "Gone by 9 Mar 2026 · preserved 3 Mar 2026" in show(path)
    assert embedarchive("check", "--release", "instagram", "-a", path).out == "Nothing of instagram is withheld.\n"
    conn = open_reader(path)
    assert [tuple(row) for row in conn.execute("SELECT why, released_by FROM holds")] == [(MANY_AT_ONCE, "person")]
    conn.close()


def test_what_is_no_platform_is_refused(path: Path, tmp_path: Path) -> None:
    assert embedarchive("check", "--release", "instagramm", "-a", path).code == 2
    assert embedarchive("check", "--release", "instagram", "-a", tmp_path / "none.db").code == 1
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("why", "todo"),
    [(CONTROL_FAILED, "embedarchive doctor --live --platform x"), (MANY_AT_ONCE, "embedarchive check --release x")],
)
def test_a_hold_says_what_to_do(why: str, todo: str) -> None:
    assert say_hold("x", why).endswith(todo)
