"""Who does not want to be archived is left alone by every run, and in every copy; mirrors are told what is withheld."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import ARTICLES, SAMPLES, build_archive
from commands import through
from embedarchive.library.optouts import identify_optout, read_list
from embedarchive.replica import Replica
from embedarchive.store import open_reader
from embedarchive.store.optouts import OptOut, OptOuts, read_optouts
from embedarchive.store.sharing import open_shared, read_level
from in_process import run

FUTURE = "2999-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build_archive(tmp_path_factory.mktemp("optouts") / "embeds.db").read_bytes()


@pytest.fixture
def path(made: bytes, tmp_path: Path) -> Path:
    kept = tmp_path / "embeds.db"
    kept.write_bytes(made)
    return kept


# ------------------------------------------------------------------------------------------------------------ the lines


@pytest.mark.parametrize(
    ("text", "optout"),
    [
        ("news.example", OptOut("host", "news.example")),
        ("https://www.News.example/", OptOut("host", "news.example")),
        ("@Maria.Silva", OptOut("account", "maria.silva")),
        ("instagram:@maria.silva", OptOut("account", "maria.silva", "instagram")),
        ("https://www.instagram.com/maria.silva/", OptOut("account", "maria.silva", "instagram")),
        ("https://x.com/clara_writes", OptOut("account", "clara_writes", "x")),
        ("https://www.instagram.com/p/CpQ9x1mNq8r/?igsh=1", OptOut("post", "instagram:CpQ9x1mNq8r")),
        ("instagram:CpQ9x1mNq8r", OptOut("post", "instagram:CpQ9x1mNq8r")),
        ("https://www.news.example/private/", OptOut("prefix", "news.example/private/")),
        ("news.example/private", OptOut("prefix", "news.example/private")),
        ("no line at all", None),
        ("ftp://news.example/", None),
        ("@", None),
    ],
)
def test_a_line_is_what_it_names(text: str, optout: OptOut | None) -> None:
    assert identify_optout(text) == optout
    assert optout is None or identify_optout(str(optout)) == optout  # what is listed can be imported


@pytest.mark.parametrize(
    ("url", "barred"),
    [
        ("https://news.example/story", True),
        ("http://www.blog.news.example/story", True),
        ("https://othernews.example/story", False),
        ("https://paper.example/private/1", True),
        ("https://www.PAPER.example/private/1", True),
        ("https://paper.example/public/private/1", False),
        ("file:///saved/story.html", False),
    ],
)
def test_an_address_is_barred_by_its_host_or_its_beginning(url: str, barred: bool) -> None:
    optouts = OptOuts(hosts=frozenset({"news.example"}), prefixes=("paper.example/private/",))
    assert optouts.bars_address(url) is barred
    assert optouts.bars_post("x:1", url) is barred
    assert not OptOuts().bars_address(url)


def test_a_post_is_barred_by_itself_or_by_whom_it_is_of() -> None:
    optouts = OptOuts(posts=frozenset({"x:1"}), accounts=frozenset({(None, "maria"), ("instagram", "ann")}))
    assert optouts.bars_post("x:1", "https://x.com/i/status/1")
    assert optouts.bars_post("x:2", "https://x.com/i/status/2", ["@Maria"])
    assert optouts.bars_post("instagram:3", "https://www.instagram.com/p/3/", ["somebody", "ann"])
    assert not optouts.bars_post("x:2", "https://x.com/i/status/2", ["ann"])


def test_a_list_has_comments_and_its_mistakes_are_named() -> None:
    found, wrong = read_list("# ours\nnews.example   # since 1 March 2026, the command line\n\n@ann\nno such line\n")
    assert found == [OptOut("host", "news.example"), OptOut("account", "ann")]
    assert wrong == ["no such line"]


# ---------------------------------------------------------------------------------------------------------- the command


def test_the_list_is_kept_and_can_be_handed_on(path: Path, tmp_path: Path) -> None:
    assert run("access", "optout", "add", "news.example", "@ann", "-a", path).code == 0
    assert "0 lines new" in run("access", "optout", "add", "@ann", "-a", path).err
    run("access", "optout", "add", "@over", "-a", path, "--until", "2020-01-01")
    listed = run("access", "optout", "list", "-a", path)
    assert [line.split()[0] for line in listed.out.splitlines()] == ["news.example", "@ann"]
    shared = tmp_path / "list.txt"
    shared.write_text(listed.out + "paper.example/private/\n")
    assert "1 line new, 0 taken off" in run("access", "optout", "import", shared, "-a", path).err
    shared.write_text("@ann\n@bob\n")  # the peer's list as it is now; what was ours stays
    assert "1 line new, 1 taken off" in run("access", "optout", "import", shared, "-a", path).err
    assert run("access", "optout", "remove", "news.example", "-a", path).code == 0
    now = {
        json.loads(line)["optout"]["pattern"]
        for line in run("access", "optout", "list", "-a", path, "--json").out.splitlines()
    }
    assert now == {"ann", "bob"}
    assert len(run("access", "optout", "list", "-a", path, "--ever").out.splitlines()) == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "no line at all"), "is no host"),
        (("remove", "@nobody"), "None of this is on the list"),
        (("import", "nowhere.txt"), "There is no list at"),
        (("add", "@ann", "--until", "soon"), "is no day"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(path: Path, words: tuple[str, ...], said: str) -> None:
    before = path.read_bytes()
    done = run("access", "optout", *words, "-a", path)
    assert (done.code, said in done.err) == (2, True), done.err
    assert "embedarchive" not in said or path.read_bytes() == before


# --------------------------------------------------------------------------------------------------- what is shown of it


@pytest.mark.parametrize(
    ("line", "posts", "articles"),
    [
        (SAMPLES[0].post.key, {0}, set()),
        ("@tokyo.yakei.bu", {1}, set()),
        ("instagram:@studio.bergamot", {4}, set()),
        ("x:@studio.bergamot", set(), set()),
        ("forma.example", {4}, {3}),
        ("example", set(), set()),
        ("https://the-meridian.example/2026/03/night", {1, 5, 7}, {2}),
        ("https://www.the-meridian.example/2026", {1, 3, 5, 6, 7}, {1, 2}),
    ],
)
def test_what_is_on_the_list_is_shown_to_nobody_else(
    path: Path, line: str, posts: set[int], articles: set[int]
) -> None:
    run("access", "optout", "add", line, "-a", path)
    hidden_posts = {SAMPLES[n].post.key for n in posts}
    hidden_articles = {ARTICLES[n][0] for n in articles}
    with closing(open_shared(path, "public")) as conn, closing(open_shared(path, "staff")) as staff:
        for table, column, hidden in (("posts", "key", hidden_posts), ("articles", "url", hidden_articles)):
            seen = {row[0] for row in conn.execute(f"SELECT {column} FROM {table}")}
            everything = {row[0] for row in staff.execute(f"SELECT {column} FROM {table}")}
            assert everything - seen == hidden
    run("access", "optout", "remove", line, "-a", path)
    with closing(open_shared(path, "public")) as conn:
        assert not {row[0] for row in staff_keys(path)} - {row[0] for row in conn.execute("SELECT key FROM posts")}


def staff_keys(path: Path) -> list[tuple[str]]:
    with closing(open_shared(path, "staff")) as conn:
        return [tuple(row) for row in conn.execute("SELECT key FROM posts")]


# ------------------------------------------------------------------------------------------------------------- the runs


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


def test_a_crawl_leaves_alone_what_does_not_want_to_be_archived(replica: Replica, tmp_path: Path) -> None:
    """Nothing of it is asked for, all of it is counted, and the exit code is that of a run that did all there was to do."""
    path, (barred, other, saved) = tmp_path / "embeds.db", replica.article_urls[:3]
    run("access", "optout", "add", barred, saved, *(post.url for post in replica.posts), "-a", path)
    page = tmp_path / "saved.html"
    page.write_text("<p>Saved before.</p>")
    named = run("crawl", page, "--base-url", saved, "-a", path, "--json", *through(replica))
    assert (named.code, named.json["skipped"]) == (0, {"opted_out": 1})
    before = len(replica.hits)
    done = run("crawl", barred, other, "-a", path, "--json", *through(replica))
    asked = [hit.url for hit in replica.hits[before:]]
    with closing(open_reader(path)) as conn:
        posts = conn.execute("SELECT count(DISTINCT post_key) FROM embeds WHERE kind = 'embed'").fetchone()[0]
        assert conn.execute("SELECT count(*) FROM captures").fetchone()[0] == 0
        assert [row[0] for row in conn.execute("SELECT url FROM articles")] == [other]
    assert done.json["articles"]["ok"] == 1
    assert done.json["skipped"] == {"opted_out": 1 + posts}
    assert posts > 0
    assert done.code == 0, done.err
    assert {url for url in asked if not url.endswith("/robots.txt")} == {other}


@pytest.mark.parametrize("command", [("check",), ("watch", "--once"), ("capture", SAMPLES[4].post.url, "--again")])
def test_no_run_visits_what_is_on_the_list(path: Path, command: tuple[str, ...]) -> None:
    with closing(open_reader(path)) as conn:
        before = conn.execute("SELECT count(*), max(id) FROM captures").fetchone()[:]
        handles = [row[0] for row in conn.execute("SELECT DISTINCT author_handle FROM descriptions")]
    unnamed = (sample.post.key for sample in SAMPLES[5:])  # nothing was seen of them yet
    run("access", "optout", "add", *(f"@{each}" for each in handles), *unnamed, "-a", path)
    done = run(*command, "-a", path, "--json")
    assert done.json["skipped"]["opted_out"] >= 1
    with closing(open_reader(path)) as conn:
        assert conn.execute("SELECT count(*), max(id) FROM captures").fetchone()[:] == before


# ------------------------------------------------------------------------------------------------------------ tombstones


def test_mirrors_withhold_what_is_withheld_here(path: Path, made: bytes, tmp_path: Path) -> None:
    mirror, file = tmp_path / "mirror.db", tmp_path / "tombstones.jsonl"
    mirror.write_bytes(made)
    run("access", "hide", SAMPLES[0].post.key, "-a", path, "--reason", "minor", "--ref", "Maria Silva, born 2011")
    run("access", "hide", "@tokyo.yakei.bu", "-a", path, "--level", "staff", "--reason", "court")
    run("access", "optout", "add", SAMPLES[3].post.key, "-a", path)
    assert run("access", "tombstones", "export", file, "-a", path).code == 0
    text = file.read_text("utf-8")
    assert not any(word in text for word in ("Maria", "tokyo", "Marit", "fjord"))
    run("access", "hide", SAMPLES[1].post.key, "-a", mirror)  # stricter already
    first = run("access", "tombstones", "import", file, "-a", mirror)
    assert "2 tombstones, 1 of them new. Case 2" in first.err
    again = run("access", "tombstones", "import", file, "-a", mirror)
    assert "2 tombstones, 0 of them new." in again.err
    with closing(open_reader(mirror)) as conn:
        assert [read_level(conn, SAMPLES[n].post.key) for n in (0, 1, 3)] == ["sealed", "sealed", "public"]
        assert read_optouts(conn, FUTURE).posts == {SAMPLES[0].post.key, SAMPLES[1].post.key}
    run("access", "decide", "2", "restore", "-a", mirror)
    assert "0 of them new" in run("access", "tombstones", "import", file, "-a", mirror).err  # what was decided stands


HEAD = '{"form": "embedarchive tombstones 1"}\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "no json",
        HEAD + '{"kind": "post"}\n',
        HEAD + '{"kind": "account", "subject": "ann", "level": "sealed"}',
    ],
)
def test_what_is_no_tombstone_changes_nothing(path: Path, tmp_path: Path, text: str) -> None:
    file, before = tmp_path / "tombstones.jsonl", path.read_bytes()
    file.write_text(text)
    assert run("access", "tombstones", "import", file, "-a", path).code == 2
    assert path.read_bytes() == before
