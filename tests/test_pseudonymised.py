"""The pseudonymised export: who is who can be followed and not told, and nothing in it leads back to a post."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from archive_builder import ARTICLES, SAMPLES, build_archive
from conftest import ROOT
from embedarchive.core.version import __version__
from embedarchive.export.pseudonymised import hide
from in_process import run


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")


def export(path: Path, *options: object) -> str:
    done = run("export", "--pseudonymised", "-", "-q", "-a", path, *map(str, options))
    assert done.code == 0, done.err
    return str(done.out)


def read(text: str, kind: str) -> list[dict[str, object]]:
    return [line for line in map(json.loads, text.splitlines()) if line["type"] == kind]


def test_nothing_of_it_leads_back(path: Path, tmp_path: Path) -> None:
    text = export(path, "--key", tmp_path / "key").lower()
    for sample in SAMPLES:
        said, post = sample.says, sample.post
        told = [
            post.key,
            post.native_id,
            post.url,
            sample.claim.author_handle,
            sample.claim.author_name,
            sample.claim.text,
        ]
        told += [said.author_handle, said.author_name, said.text, said.title, said.posted_at] if said else []
        for each in filter(None, told):
            assert each.lower() not in text
            assert json.dumps(each.lower())[1:-1] not in text
    for url, title, *_ in ARTICLES:
        assert url not in text
        assert title.lower() not in text
    assert not re.search(r"\b[0-9a-f]{64}\b", text), "hashes of files name the files"
    assert not re.search(r"https?:", text)


def test_people_and_posts_can_be_followed(path: Path, tmp_path: Path) -> None:
    text = export(path, "--key", tmp_path / "key")
    posts, embeds = read(text, "post"), read(text, "embed")
    assert len({post["post"] for post in posts}) == len(posts) == len(SAMPLES)
    assert len(embeds) == sum(len(embedded) for *_, embedded in ARTICLES)
    assert {embed["post"] for embed in embeds} - {None} <= {post["post"] for post in posts}
    assert len({embed["article"] for embed in embeds}) == len(ARTICLES)
    key = (tmp_path / "key").read_bytes().strip()
    ships = hide(key, "handle instagram", "marit.solheim.foto")
    claimed = {embed["post"] for embed in embeds if embed["author"] == ships}
    assert (
        claimed
        == {post["post"] for post in posts if post["author"] == ships}
        == {hide(key, "post", SAMPLES[0].post.key)}
    )
    looks = next(post["looks"] for post in posts if post["author"] == ships)
    assert [look["outcome"] for look in looks] == [look.outcome for look in SAMPLES[0].looks]  # type: ignore[attr-defined]
    assert [post["post"] for post in posts] == sorted(str(post["post"]) for post in posts)


def test_the_same_key_gives_the_same_pseudonyms_and_another_others(path: Path, tmp_path: Path) -> None:
    assert export(path, "--key", tmp_path / "key") == export(path, "--key", tmp_path / "key")
    names = [
        {post["post"] for post in read(export(path, *key), "post")} for key in ((), (), ("--key", tmp_path / "other"))
    ]
    assert not names[0] & names[1]
    assert not names[0] & names[2]
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_a_key_that_could_be_tried_out_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n", "utf-8")
    done = run("export", "--pseudonymised", "-", "--key", tmp_path / "key", "-a", path)
    assert done.code == 2
    assert "too little for a key" in done.err


def test_the_selection_holds(path: Path, tmp_path: Path) -> None:
    text = export(path, SAMPLES[0].post.url)
    assert len(read(text, "post")) == 1
    assert len({embed["post"] for embed in read(text, "embed")}) == 1


def test_it_can_be_cited() -> None:
    """As https://github.com/citation-file-format/citation-file-format/blob/main/schema-guide.md asks."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited.keys() >= {"cff-version", "message", "title", "authors", "version", "license"}
    assert (cited["version"], cited["type"]) == (__version__, "software")
