"""Options about inputs say what they do, for every kind of input, in `find` and in `crawl`."""

from __future__ import annotations

import asyncio
import gzip
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from commands import Done
from embedarchive.cli.upkeep import examine_hosts
from embedarchive.core.dates import read_age
from embedarchive.replica import Replica, Saved
from embedarchive.sources.links import find_refresh
from embedarchive.sources.walk import MAX_LISTINGS, ListingBudget
from in_process import run
from test_inputs import response

HTML = (("Content-Type", "text/html; charset=utf-8"),)
SITE = "http://paper.example"
OLD, NEW = "2020-01-01T00:00:00Z", "2026-06-01T00:00:00Z"


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


def article(n: int, more: str = "") -> bytes:
    """A page that embeds one post of @w`n`, which its markup does not name: so there is nothing to visit."""
    quote = f"<blockquote class='twitter-tweet'><p>Words {n}</p>&mdash; Ida (@w{n})</blockquote>"
    return f"<!doctype html><html><head>{more}</head><body>{quote}</body></html>".encode()


def serve(replica: Replica, path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
    url = path if "://" in path else SITE + path
    replica.serve(url, Saved(status, (*HTML, *((k.replace("_", "-"), v) for k, v in headers.items())), body))
    return url


def ask(replica: Replica, command: str, folder: Path, *args: str | Path) -> Done:
    """Run a command in this process, through the replica, without a browser."""
    replica.clear_hits()
    more = [*(f"--resolve={r}" for r in replica.resolve), "--delay=0"]
    if command == "crawl":
        more += ["-a", str(folder / "archive"), "--browser-path=/none", "--json", "--refresh=0s"]
    return run(command, *args, *more)


def found(command: str, done: Done, folder: Path) -> set[int]:
    """The numbers of the articles whose posts were found."""
    if command == "find":
        return {int(n) for n in re.findall(r"@w(\d+)", done.out)}
    with closing(sqlite3.connect(folder / "archive" / "embeds.db")) as conn:
        return {int(handle[1:]) for (handle,) in conn.execute("SELECT author_handle FROM embeds")}


def asked(replica: Replica) -> list[str]:
    return [hit.path for hit in replica.hits if hit.path != "/robots.txt"]


def sitemap(*entries: tuple[str, str], root: str = "urlset", each: str = "url") -> bytes:
    inner = "".join(f"<{each}><loc>{url}</loc><lastmod>{when}</lastmod></{each}>" for url, when in entries)
    return f"<{root}>{inner}</{root}>".encode()


# ------------------------------------------------------------------------------------- include, exclude, since


def lay_out(kind: str, replica: Replica, folder: Path) -> list[str | Path]:
    """Articles 1 (culture, old), 2 (culture, new), 3 (sport, new) as one kind of input."""
    urls = [f"{SITE}/culture/1", f"{SITE}/culture/2", f"{SITE}/sport/3"]
    dates = [OLD, NEW, NEW]
    for n, url in enumerate(urls, 1):
        serve(replica, url, article(n))
    if kind == "addresses":
        return list(urls)
    if kind == "list":
        (folder / "list.txt").write_text("\n".join(urls))
        return [f"@{folder / 'list.txt'}"]
    if kind in ("sitemap", "saved sitemap"):
        body = sitemap(*zip(urls, dates, strict=True))
        (folder / "map.xml").write_bytes(body)
        return [folder / "map.xml"] if kind == "saved sitemap" else [serve(replica, "/sitemap.xml", body)]
    if kind == "feed without a name":
        items = "".join(f"<item><link>{u}</link></item>" for u in urls)
        return [serve(replica, "/latest", f"<rss version='2.0'><channel>{items}</channel></rss>".encode())]
    if kind == "links":
        anchors = "".join(f"<a href='{url}'>x</a>" for url in urls)
        return [serve(replica, "/", f"<html><body>{anchors}</body></html>".encode()), "--follow"]
    if kind == "redirects":
        return [serve(replica, f"/culture/to-{n}", b"", 302, Location=url) for n, url in enumerate(urls, 1)]
    if kind == "web archive":
        records = [response(u, article(n), date=d) for n, (u, d) in enumerate(zip(urls, dates, strict=True), 1)]
        (folder / "a.warc").write_bytes(b"".join(records))
        return [folder / "a.warc"]
    assert kind == "folder"
    pages = folder / "pages"
    pages.mkdir()
    for n, url in enumerate(urls, 1):
        (pages / f"{n}.html").write_bytes(article(n, f"<link rel=canonical href='{url}'>"))
    return [pages]


UNDATED = ("addresses", "list", "feed without a name", "links", "redirects", "folder")
DATED = ("sitemap", "saved sitemap", "web archive")


@pytest.mark.parametrize("command", ["find", "crawl"])
@pytest.mark.parametrize("kind", [*UNDATED, *DATED])
def test_include_exclude_and_since_hold_for_every_kind_of_input(
    kind: str, command: str, replica: Replica, tmp_path: Path
) -> None:
    args = lay_out(kind, replica, tmp_path)
    for options, expected in (
        (["--include", "culture"], {1, 2}),
        (["--exclude", "culture/1$", "--exclude", "sport"], {2}),
        (["--since", "2026-01-01"], {2, 3} if kind in DATED else {1, 2, 3}),
    ):
        folder = tmp_path / options[0].strip("-")
        folder.mkdir()
        done = ask(replica, command, folder, *args, *options)
        assert found(command, done, folder) == expected, (options, done.err)
        left = len(expected) < 3 and (kind != "links" or "--include" in options)
        if command == "crawl":
            assert bool(done.json["skipped"].get("out_of_scope")) == left
        else:
            assert ("left out by" in done.err) == left


@pytest.mark.parametrize("command", ["find", "crawl"])
@pytest.mark.parametrize("named", ["address", "list", "without a scheme"])
def test_links_are_followed_however_the_seed_was_named(
    named: str, command: str, replica: Replica, tmp_path: Path
) -> None:
    site = "https://named.example"
    serve(
        replica,
        f"{site}/",
        f"<html><body><a href='{site}/9'>x</a><a href='https://away.example/'>x</a></body>".encode(),
    )
    serve(replica, f"{site}/9", article(9))
    (tmp_path / "list.txt").write_text(f"{site}/\n")
    seed = {"address": f"{site}/", "list": f"@{tmp_path / 'list.txt'}", "without a scheme": "named.example/"}[named]
    done = ask(replica, command, tmp_path, seed, "--follow", f"--ca-file={replica.ca_file}")
    assert (found(command, done, tmp_path), asked(replica)) == ({9}, ["/", "/9"]), done.err


def test_an_excluded_target_is_not_even_asked_for(replica: Replica, tmp_path: Path) -> None:
    serve(replica, "/sport/3", article(3))
    done = ask(replica, "crawl", tmp_path, serve(replica, "/go", b"", 301, Location="/sport/3"), "--exclude", "sport")
    assert (asked(replica), done.json["articles"]["failed"], done.json["skipped"]) == (["/go"], 0, {"out_of_scope": 1})


def test_what_is_due_is_narrowed_and_stays_due(replica: Replica, tmp_path: Path) -> None:
    urls = [serve(replica, path, b"", 503) for path in ("/culture/1", "/sport/3")]
    ask(replica, "crawl", tmp_path, *urls)
    for url, n in zip(urls, (1, 3), strict=True):
        serve(replica, url, article(n))
    with closing(sqlite3.connect(tmp_path / "archive" / "embeds.db")) as conn:
        conn.execute("UPDATE articles SET fetch_after = '2020-01-01'")
        conn.commit()
    run("doctor", "--lift", "paper.example")
    ask(replica, "crawl", tmp_path, "--exclude", "sport")
    assert asked(replica) == ["/culture/1"]
    ask(replica, "crawl", tmp_path)
    assert asked(replica) == ["/sport/3"]


@pytest.mark.parametrize("command", ["find", "crawl"])
@pytest.mark.parametrize("option", [("--include", "("), ("--exclude", "*a"), ("--since", "banana"), ("--since", "7x")])
def test_a_bad_option_is_wrong_use_at_once(command: str, option: tuple[str, str], tmp_path: Path) -> None:
    done = run(command, "http://127.0.0.1:1/", *option, *(["-a", tmp_path / "a"] if command == "crawl" else []))
    assert (done.code, (tmp_path / "a").exists(), "Nothing was done" in done.err) == (2, False, True)


def test_an_age_means_the_same_everywhere() -> None:
    said = {text: read_age(text) for text in ("90s", "30m", "12h", "7d", "2w", "7", "1.5d")}
    assert [age.total_seconds() if age else None for age in said.values()] == [
        90, 1800, 43_200, 604_800, 1_209_600, 604_800, 129_600,
    ]  # fmt: skip
    assert [read_age(text) for text in ("", "d", "-1d", "7x", "nan", "1e9d", "٣d")] == [None] * 7


# ---------------------------------------------------------------------------------- robots, refreshes, odd answers


def test_robots_txt_is_asked_again_after_a_redirect(replica: Replica, tmp_path: Path) -> None:
    replica.serve("http://shut.example/robots.txt", Saved(200, (), b"User-agent: *\nDisallow: /private"))
    serve(replica, "http://shut.example/private", article(1))
    serve(replica, "http://shut.example/open", article(2))
    hops = [
        serve(replica, f"/to-{name}", b"", 302, Location=f"http://shut.example/{name}") for name in ("private", "open")
    ]
    done = ask(replica, "crawl", tmp_path, *hops)
    assert (done.json["articles"], done.code) == ({"ok": 1, "unchanged": 0, "failed": 1}, 3)
    assert "/private" not in asked(replica)
    assert "robots" in done.err
    done = ask(replica, "crawl", tmp_path, hops[0], "--ignore-robots")
    assert done.json["articles"]["ok"] == 1


@pytest.mark.parametrize("command", ["find", "crawl"])
def test_a_page_that_sends_its_readers_on_is_followed(command: str, replica: Replica, tmp_path: Path) -> None:
    serve(replica, "/there", article(7))
    first = serve(replica, "/here", b"<html><head><meta http-equiv=Refresh content='0; URL=/middle'></head></html>")
    serve(replica, "/middle", b"<html><head><meta http-equiv=refresh content='1;url=/there'></head></html>")
    done = ask(replica, command, tmp_path, first)
    assert (found(command, done, tmp_path), done.code) == ({7}, 0)
    if command == "crawl":
        with closing(sqlite3.connect(tmp_path / "archive" / "embeds.db")) as conn:
            final, redirects = conn.execute("SELECT final_url, redirects FROM fetches").fetchone()
        assert (final, redirects.count("/")) == (
            f"{SITE}/there",
            redirects.count("/here") * 3 + redirects.count("/middle") * 3,
        )


def test_pages_that_send_readers_round_in_a_circle_end(replica: Replica, tmp_path: Path) -> None:
    for here, there in (("/a", "/b"), ("/b", "/a")):
        serve(replica, here, f"<head><meta http-equiv=refresh content='0;url={there}'></head>".encode())
    done = ask(replica, "crawl", tmp_path, f"{SITE}/a")
    assert (done.code, "too_many_redirects" in done.err, len(asked(replica)) < 10) == (3, True, True)


@pytest.mark.parametrize(
    ("head", "target"),
    [
        ("<meta http-equiv='refresh' content='0;url=/b'>", "/b"),
        ("<META HTTP-EQUIV=REFRESH CONTENT=\"2, URL='/b'\">", "/b"),
        ("<meta http-equiv=refresh content='0 /b'>", "/b"),
        ("<meta http-equiv=refresh content='300;url=/b'>", None),
        ("<meta http-equiv=refresh content='300'>", None),
        ("<meta http-equiv=refresh content='0;url=/a#top'>", None),
        ("<meta http-equiv=refresh content='0;url=javascript:alert(1)'>", None),
        ("<noscript><meta http-equiv=refresh content='0;url=/b'></noscript>", None),
        ("<!-- <meta http-equiv=refresh content='0;url=/b'> -->", None),
        ("<title>How to refresh</title>", None),
    ],
)
def test_where_a_page_sends_its_readers(head: str, target: str | None) -> None:
    said = find_refresh(f"<html><head>{head}</head><body>x</body></html>".encode(), f"{SITE}/a")
    assert said == (SITE + target if target else None)


@pytest.mark.parametrize(
    ("content_type", "body"), [("application/pdf", b"%PDF-1.7"), ("image/png", b"\x89PNG"), ("application/json", b"{}")]
)
@pytest.mark.parametrize("command", ["find", "crawl"])
def test_what_is_no_article_is_told(
    command: str, content_type: str, body: bytes, replica: Replica, tmp_path: Path
) -> None:
    url = f"{SITE}/thing"
    replica.serve(url, Saved(200, (("Content-Type", content_type),), body))
    done = ask(replica, command, tmp_path, url)
    assert (done.code, "no_article" in done.err) == (3, True)


def test_a_304_to_a_first_request_is_asked_again_and_a_206_is_a_part(replica: Replica, tmp_path: Path) -> None:
    unmoved, part = serve(replica, "/unmoved", b"", 304), serve(replica, "/part", article(4), 206)
    done = ask(replica, "crawl", tmp_path, unmoved, part)
    assert asked(replica).count("/unmoved") == 2
    assert done.json["articles"] == {"ok": 1, "unchanged": 0, "failed": 1}
    assert (done.json["searched_in_part"], done.code, "http_304" in done.err) == ({"incomplete": 1}, 3, True)


# ----------------------------------------------------------------------------------------- hosts to be left alone


def test_a_closed_host_is_named_with_until_when_and_can_be_lifted(replica: Replica, tmp_path: Path) -> None:
    url, other = serve(replica, "/busy", b"", 503, Retry_After="7200"), serve(replica, "/other", article(5))
    done = ask(replica, "crawl", tmp_path, url)
    assert list(done.json["closed_hosts"]) == ["paper.example"]
    until = done.json["closed_hosts"]["paper.example"]
    shown = until[:16].replace("T", " ")
    assert f"paper.example asks to be left alone until {shown} UTC" in done.err
    assert "embedarchive doctor --lift paper.example" in done.err
    with closing(sqlite3.connect(tmp_path / "archive" / "embeds.db")) as conn:
        assert conn.execute("SELECT fetch_after FROM articles").fetchone()[0] == until
    for command in ("crawl", "find"):
        done = ask(replica, command, tmp_path, other)
        assert (done.code, asked(replica), shown in done.err) == (3, [], True)
    assert f"paper.example until {shown} UTC" in asyncio.run(examine_hosts())[1]
    assert "may be asked again" in run("doctor", "--lift", "http://paper.example/busy").out
    assert ask(replica, "find", tmp_path, other).code == 0
    assert "has not asked" in run("doctor", "--lift", "paper.example").out


# -------------------------------------------------------------------------------------------- sitemaps without end


@pytest.mark.parametrize("command", ["find", "crawl"])
@pytest.mark.parametrize("shape", ["loop", "chain", "elsewhere", "index"])
def test_sitemaps_are_bounded_and_what_was_left_is_told(
    shape: str, command: str, replica: Replica, tmp_path: Path
) -> None:
    index = {"root": "sitemapindex", "each": "sitemap"}
    host = f"http://{shape}.example"
    start, told, code, most = f"{host}/0.xml", "", 0, 25
    for n in range(30):
        serve(replica, f"{host}/story-{n}", article(n))
    if shape == "loop":
        serve(replica, f"{host}/0.xml", sitemap((f"{host}/1.xml", NEW), (f"{host}/0.xml", NEW), **index))
        serve(replica, f"{host}/1.xml", sitemap((f"{host}/0.xml", NEW), (f"{host}/1.xml", NEW), **index))
        most = 2
    elif shape == "chain":
        for n in range(30):
            serve(replica, f"{host}/{n}.xml", sitemap((f"{host}/{n + 1}.xml", NEW), **index))
        told, code, most = "too_many_listings" if command == "crawl" else "one run reads", 3, 5
    elif shape == "elsewhere":
        many = ((f"http://other-{n}.test/a", NEW) for n in range(50))
        serve(replica, f"{host}/0.xml", gzip.compress(sitemap(*many, (f"{host}/story-1", NEW))))
        told, most = "other_site" if command == "crawl" else "addresses of other sites", 2
    else:
        maps = [f"{host}/{n}.xml" for n in range(1, 11)]
        serve(replica, start, sitemap(*((url, NEW) for url in maps), **index))
        for at, url in enumerate(maps):
            serve(replica, url, sitemap(*((f"{host}/story-{n}", NEW) for n in range(3 * at, 3 * at + 3))))
        done = ask(replica, command, tmp_path, start, "--limit", "7")
        assert len(found(command, done, tmp_path)) == 7
        assert sum(path.endswith(".xml") for path in asked(replica)) <= 11
        return
    done = ask(replica, command, tmp_path, start, "--limit", "5")
    assert (done.code, told in done.err + done.out) == (code, True), done.err
    assert len(asked(replica)) <= most
    if command == "crawl":
        assert done.json["skipped"].get("other_site", 0) == (50 if shape == "elsewhere" else 0)


def test_a_run_reads_so_many_sitemaps_each_once_and_says_once_that_there_were_more() -> None:
    budget = ListingBudget()
    budget.note("0")
    assert [budget.allows(str(n), 1) for n in range(MAX_LISTINGS + 3)] == [False] + [True] * MAX_LISTINGS + [False] * 2
    assert not budget.allows("1", 1)
    assert [budget.tell_spent() for _ in range(3)] == [True, False, False]


# ------------------------------------------------------------------------------------------------- a mistaken seed

NAMED_POST = "https://www.instagram.com/p/CpQ9x1mNq{:02}/"


def naming(*numbers: int, links: tuple[str, ...] = ()) -> bytes:
    """A page that embeds posts which can be visited."""
    quote = "<blockquote class='instagram-media' data-instgrm-permalink='{}'></blockquote>"
    quotes = "".join(quote.format(NAMED_POST.format(n)) for n in numbers)
    anchors = "".join(f"<a href={link}>x</a>" for link in links)
    return f"<!doctype html><html><body>{quotes}{anchors}</body></html>".encode()


def plan(folder: Path) -> tuple[set[str], set[int]]:
    """The articles and the posts that are in the plan: due, or to be checked and read again."""
    with closing(sqlite3.connect(folder / "archive" / "embeds.db")) as conn:
        articles = conn.execute("SELECT url FROM articles WHERE forgotten_at IS NULL").fetchall()
        posts = conn.execute("SELECT key FROM posts_to_capture").fetchall()
    return {url.removeprefix(SITE) for (url,) in articles}, {int(key[-2:]) for (key,) in posts}


def lay_out_seed(kind: str, replica: Replica, folder: Path) -> tuple[str, list[str]]:
    """A mistaken seed that brings articles /m/1 (posts 1 and 3) and /m/2 (post 2); the seed, and how it is crawled."""
    one, two = serve(replica, "/m/1", naming(1, 3)), serve(replica, "/m/2", naming(2))
    if kind == "list":
        (folder / "m.txt").write_text(f"{one}\n{two}\n")
        return f"@{folder / 'm.txt'}", [f"@{folder / 'm.txt'}"]
    if kind == "folder":
        pages = folder / "pages"
        pages.mkdir()
        for n, body in ((1, naming(1, 3)), (2, naming(2))):
            (pages / f"{n}.html").write_bytes(
                body.replace(b"<body>", f"<link rel=canonical href={SITE}/m/{n}><body>".encode())
            )
        return str(pages), [str(pages)]
    if kind == "site":
        serve(replica, "/m/", naming(links=(one,)))
        serve(replica, "/m/1", naming(1, 3, links=(two,)))
        return f"{SITE}/m/", [f"{SITE}/m/", "--follow", "--scope", "prefix"]
    if kind == "article":
        serve(replica, "/m/1", naming(1, 2, 3))
        return one, [one]
    serve(replica, "/m.xml", sitemap((one, NEW), (two, NEW)))
    if kind == "sitemap":
        return "paper.example/m.xml", [f"{SITE}/m.xml"]
    assert kind == "index"
    serve(replica, "/i.xml", sitemap((f"{SITE}/m.xml", NEW), root="sitemapindex", each="sitemap"))
    return f"{SITE}/i.xml", [f"{SITE}/i.xml"]


@pytest.mark.parametrize("kind", ["article", "list", "folder", "sitemap", "index", "site"])
def test_a_mistaken_seed_is_taken_back_and_taken_again(kind: str, replica: Replica, tmp_path: Path) -> None:
    seed, crawled = lay_out_seed(kind, replica, tmp_path)
    ask(replica, "crawl", tmp_path, serve(replica, "/kept", naming(3, 4)))
    ask(replica, "crawl", tmp_path, *crawled)
    whole = plan(tmp_path)
    assert whole[1] == {1, 2, 3, 4}
    at = ("-a", tmp_path / "archive")
    said = run("crawl", "--forget", seed, "--dry-run", *at)
    assert (said.code, "2 posts that nothing else embeds" in said.out, plan(tmp_path)) == (0, True, whole)
    with closing(sqlite3.connect(tmp_path / "archive" / "embeds.db")) as conn:
        seen = conn.execute("SELECT count(*) FROM fetches").fetchone()
    done = run("crawl", "--forget", seed, *at)
    assert (done.code, done.out) == (0, said.out.replace("would leave", "left"))
    assert plan(tmp_path) == ({"/kept"}, {3, 4})
    with closing(sqlite3.connect(tmp_path / "archive" / "embeds.db")) as conn:
        assert conn.execute("SELECT count(*) FROM fetches").fetchone() == seen
    ask(replica, "crawl", tmp_path)
    assert (plan(tmp_path), asked(replica)) == (({"/kept"}, {3, 4}), [])
    ask(replica, "crawl", tmp_path, *crawled)
    assert plan(tmp_path) == whole


def test_what_another_seed_named_too_stays(replica: Replica, tmp_path: Path) -> None:
    seed, crawled = lay_out_seed("sitemap", replica, tmp_path)
    ask(replica, "crawl", tmp_path, *crawled)
    ask(replica, "crawl", tmp_path, f"{SITE}/m/1")
    done = run("crawl", "--forget", seed, "-a", tmp_path / "archive", "--json")
    assert done.json["articles"] == 1
    assert plan(tmp_path) == ({"/m/1"}, {1, 3})
    done = run("crawl", "--forget", f"{SITE}/nothing", "-a", tmp_path / "archive")
    assert (done.code, "Nothing was done" in done.err) == (2, True)
    assert run("crawl", "--forget", "a", "-a", tmp_path / "none").code == 1
    assert run("crawl", f"{SITE}/m/1", "--forget", seed, "-a", tmp_path / "archive").code == 2
