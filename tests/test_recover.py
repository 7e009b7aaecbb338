"""`embedarchive recover` against the replica's web archives: what is found, what is not, what is never taken for a post."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from commands import Done, through
from embedarchive.core import clock
from embedarchive.core.model import Capture, Claim, Embed, Fetch, Found, Post, Sign, Verdict
from embedarchive.detect import find_embeds, identify_post
from embedarchive.library.possible import compare
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import fill_url
from embedarchive.replica import Replica, Saved
from embedarchive.store import Archive, open_reader
from embedarchive.store.optouts import OptOut, add_optouts
from in_process import run as embedarchive
from waiting import wait_until

ARTICLE = "https://www.thelanternpost.example/2024/05/04/a-house-goes-quiet"
SEEN = "20260301101500"
Build = Callable[..., Path]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        running.archives.per_minute = dict.fromkeys(running.archives.per_minute, 100_000)
        yield running


@pytest.fixture(autouse=True)
def empty(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is held, the weather is fair, and nobody waits at a gate: how long, is tested by a clock of its own."""
    replica.archives.held.clear()
    replica.archives.troubles.clear()
    replica.clear_hits()
    monkeypatch.setattr("embedarchive.politeness.client.find_gate", lambda url: None)


def post_of(replica: Replica, name: str) -> Post:
    post = identify_post(replica.post(name).url)
    assert post
    return post


def lose(path: Path, *posts: Post, claim: Claim | None = None) -> Path:
    """An archive whose article embeds these posts, which were gone before anybody captured them."""
    with Archive(path / "embeds.db", platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", clock.now(), "0", {})
        article = archive.keep_seed(crawl, ARTICLE, "seed", clock.now())
        fetched = archive.keep_fetch(article, crawl, Fetch(ARTICLE, ARTICLE, clock.now(), "ok", 200, body=b"<p>story"))
        assert fetched
        embeds = tuple(
            Embed(n, "embed", each.platform, each, each.url, "blockquote", "mark", "1", "<p>", claim or Claim())
            for n, each in enumerate(posts, 1)
        )
        archive.keep_found(fetched, Found(embeds), 99, clock.now(), crawl)
        for each in posts:
            signs = (Sign("oembed", "status", "404"),)
            gone = Capture(each, each.url, each.url, clock.now(), clock.now(), Verdict("gone", "deleted", signs), 404)
            archive.keep_capture(gone, crawl)
            archive.conclude(each.key)
    return path


def recover(replica: Replica, path: Path, *args: str | Path) -> Done:
    return embedarchive("recover", "-a", path, "--json", *args, *through(replica))


def read(path: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(open_reader(path / "embeds.db")) as conn:
        return [tuple(row) for row in conn.execute(query, values)]


# ---------------------------------------------------------------------------------------------------------- what is found


def test_a_lost_post_that_an_archive_holds_is_kept_as_its(replica: Replica, tmp_path: Path) -> None:
    post = post_of(replica, "fjord")
    lose(tmp_path, post)
    held = replica.archive_post("fjord", SEEN)
    done = recover(replica, tmp_path)
    assert done.code == 0, done.err
    said = done.json["recovery"]
    assert said["answers"]["wayback"] == {"held": 1}
    assert said["tried"] == {"wayback": {"recovered": 1}}
    assert sum(map(len, said["recovered"].values())) == 1
    kept = read(tmp_path, "SELECT origin, seen_at, visit_url, environment FROM captures WHERE outcome = 'available'")
    assert [(row[0], row[1], row[2]) for row in kept] == [("memento", "2026-03-01T10:15:00.000Z", held.url)]
    environment = json.loads(kept[0][3])
    assert environment["seen_by"] == "Internet Archive"
    assert environment["source"] == f"https://web.archive.org/web/{SEEN}id_/{held.url}"
    assert read(tmp_path, "SELECT count(*) FROM checks WHERE outcome = 'available'") == [(0,)]
    assert read(tmp_path, "SELECT text FROM current_descriptions")[0][0] == replica.post("fjord").caption
    assert read(tmp_path, "SELECT count(*) FROM artifacts WHERE role = 'media'")[0][0] > 0
    assert read(tmp_path, "SELECT count(*) FROM posts_to_seek") == [(0,)]


def test_walls_shells_logins_and_other_pages_are_rows_and_never_posts(replica: Replica, tmp_path: Path) -> None:
    post = post_of(replica, "fjord")
    lose(tmp_path, post)
    for day, state in enumerate(("login", "shell", "gone", "rate", "age", "wrong_post", "truncated"), 1):
        replica.archive_post("fjord", f"202603{day:02}000000", state=state)
    replica.archive(post.url, "20260320000000", saved=Saved(404, body=b"<title>Page not found</title>"))
    done = recover(replica, tmp_path, "--all")
    assert done.code == 0, done.err
    assert done.json["recovery"]["recovered"] == {}
    assert read(tmp_path, "SELECT count(*) FROM captures WHERE outcome = 'available'") == [(0,)]
    rows = read(tmp_path, "SELECT verdict, reason, capture_id FROM mementos ORDER BY seen_at")
    assert len(rows) == 8
    assert all(row[0] in ("wall", "gone", "other page", "unreadable") and row[2] is None for row in rows), rows


@pytest.mark.parametrize("flaw", ["missing", "truncated", "wrong_digest"])
def test_what_is_wrong_with_a_memento_is_told(replica: Replica, tmp_path: Path, flaw: Any) -> None:
    lose(tmp_path, post_of(replica, "fjord"))
    replica.archive_post("fjord", SEEN, flaw=flaw)
    assert recover(replica, tmp_path).code == 0
    assert read(tmp_path, "SELECT verdict FROM mementos") in ([("lost",)], [("unreadable",)])
    assert read(tmp_path, "SELECT count(*) FROM captures WHERE outcome = 'available'") == [(0,)]


def test_what_its_owner_had_excluded_is_told(replica: Replica, tmp_path: Path) -> None:
    lose(tmp_path, post_of(replica, "fjord"))
    replica.archive_post("fjord", SEEN, flaw="excluded")
    assert recover(replica, tmp_path).json["recovery"]["answers"]["wayback"] == {"excluded": 1}


def test_common_crawl_is_asked_last(replica: Replica, tmp_path: Path) -> None:
    lose(tmp_path, post_of(replica, "fjord"))
    replica.archive_post("fjord", "20260110000000", holder="commoncrawl")
    said = recover(replica, tmp_path).json["recovery"]
    assert said["answers"]["wayback"] == {"none": 1}
    assert said["tried"] == {"commoncrawl": {"recovered": 1}}
    environment = read(tmp_path, "SELECT environment FROM captures WHERE origin = 'memento'")[0][0]
    assert json.loads(environment)["seen_by"] == "Common Crawl"


def test_an_article_of_old_says_more(replica: Replica, tmp_path: Path) -> None:
    """The publisher's words are a claim, however old, and no capture."""
    post = post_of(replica, "fjord")
    lose(tmp_path, post)
    quote = (
        f'<blockquote class="instagram-media" data-instgrm-permalink="{post.url}"><a href="{post.url}">Fog over the fjord'
        '</a><p>A post shared by <a href="https://www.instagram.com/mara/">Mara</a> (@mara)</p></blockquote>'
    )
    replica.archive(ARTICLE, "20260201000000", saved=Saved(body=f"<!doctype html><title>Story</title>{quote}".encode()))
    done = recover(replica, tmp_path)
    assert done.json["recovery"]["claims"] == 1
    assert read(tmp_path, "SELECT count(*) FROM captures WHERE outcome = 'available'") == [(0,)]
    assert read(tmp_path, "SELECT author_handle FROM embeds WHERE author_handle IS NOT NULL") == [("mara",)]


def test_files_by_addresses_kept_earlier_come_from_the_platform_s_own_server(
    replica: Replica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept with the sight that names them and dated as that was; they say nothing about the post of today."""
    post = post_of(replica, "fjord")
    lose(tmp_path, post)
    replica.archive_post("fjord", SEEN)
    monkeypatch.setattr("embedarchive.run.recovering.MOST_FILES", 0)
    recover(replica, tmp_path, post.url, "--sources", "wayback")
    monkeypatch.undo()
    monkeypatch.setattr("embedarchive.politeness.client.find_gate", lambda url: None)
    replica.clear_hits()
    said = recover(replica, tmp_path, post.url, "--sources", "cdn", "--dry-run").json["recovery"]
    assert (said["held"]["cdn"] > 0, replica.hits) == (True, ()), (
        "whose addresses are here is told, and nobody is asked"
    )
    done = recover(replica, tmp_path, post.url, "--sources", "cdn")
    assert done.code == 0, done.err
    assert set(done.json["recovery"]["tried"]["cdn"]) == {"recovered"}
    assert not [hit for hit in replica.hits if "archive.org" in hit.host]
    kept = read(
        tmp_path,
        "SELECT origin, seen_at, environment ->> 'seen_by' FROM captures WHERE origin = 'memento' ORDER BY id",
    )
    assert [row[:2] for row in kept] == [("memento", "2026-03-01T10:15:00.000Z")] * 2
    assert kept[1][2] == "Internet Archive, with files from Instagram's own server"
    assert read(tmp_path, "SELECT count(*) FROM checks WHERE outcome = 'available'") == [(0,)]
    assert read(tmp_path, "SELECT kept FROM conclusions") == [("whole",)]


# ------------------------------------------------------------------------------------------------------------- manners


def test_nothing_anywhere_costs_six_requests_and_is_asked_once(replica: Replica, tmp_path: Path) -> None:
    posts = [post_of(replica, name) for name in ("fjord", "x-alarm")]
    lose(tmp_path, *posts, claim=Claim(author_handle="somebody"))
    said = recover(replica, tmp_path).json["recovery"]
    asked = read(tmp_path, "SELECT post_key, sum(requests) FROM searches GROUP BY 1")
    assert len(asked) == 2
    assert all(count <= 6 for _, count in asked), asked
    assert said["recovered"] == {}
    replica.clear_hits()
    again = recover(replica, tmp_path)
    assert (again.code, [hit for hit in replica.hits if "archive.org" in hit.host or "commoncrawl" in hit.host]) == (
        0,
        [],
    )


def test_a_busy_archive_is_asked_again_by_the_same_command(replica: Replica, tmp_path: Path, monkeypatch: Any) -> None:
    lose(tmp_path, post_of(replica, "fjord"))
    replica.archive_post("fjord", SEEN)
    replica.trouble("cdx", "429_after", "429_after", "429_after")
    monkeypatch.setattr("embedarchive.politeness.client.LONGEST_WAITED_FOR_S", 1.0)
    first = recover(replica, tmp_path, "--sources", "wayback")
    assert first.code == 6
    assert first.json["recovery"]["answers"] == {"wayback": {"refused": 1}}
    assert read(tmp_path, "SELECT due_at IS NOT NULL FROM searches") == [(1,)]


def test_two_mementos_of_a_day_show_what_neither_does(replica: Replica, tmp_path: Path) -> None:
    """A frame that names no post, and a page that tells too little of it; of two days they are two sights."""
    fact = next(each for each in replica.posts if each.platform == "twitch")
    post = identify_post(fact.url)
    visit = BY_NAME["twitch"].visit
    assert post
    assert visit
    lose(tmp_path, post)
    frame = fill_url(visit.frame.url, post, visit)
    replica.archive(fill_url(visit.probes[0].url, post, visit), "20260301101500", state="live")
    replica.archive(frame, "20260401101500", state="live")
    replica.archive(frame, "20260301110000", state="live")
    assert recover(replica, tmp_path, post.url, "--sources", "wayback", "--all").code == 0
    seen = "SELECT substr(seen_at, 1, 10), json_extract(environment, '$.seen_by') FROM captures WHERE outcome = 'available'"
    assert read(tmp_path, seen) == [("2026-03-01", "Internet Archive")]


KILLED = """
from embedarchive.politeness import client
client.find_gate = lambda url: None
from embedarchive.cli import main
main()"""


def test_killed_in_the_midst_of_judging_nothing_is_lost_or_asked_twice(replica: Replica, tmp_path: Path) -> None:
    """A page and a frame of one day show the post together; killed between them, the first is not asked for again."""
    fact = next(each for each in replica.posts if each.platform == "twitch")
    post, visit = identify_post(fact.url), BY_NAME["twitch"].visit
    assert post
    assert visit
    lose(tmp_path, post)
    page, frame = fill_url(visit.probes[0].url, post, visit), fill_url(visit.frame.url, post, visit)
    replica.archive(frame, "20260401101500", state="live")
    replica.archive(page, "20260301101500", state="live")
    replica.archive(frame, "20260301110000", state="live")
    replica.trouble("web", "fair", "fair", "hang")
    args = ["recover", "-a", str(tmp_path), "--json", post.url, "--sources", "wayback", "--all", *through(replica)]
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: len(asked(replica, "/web/")) == 3 or child.poll() is not None, "the third request")
        assert child.poll() is None, "it waits for the third"
    finally:
        child.kill()
        child.wait()
    before = asked(replica, "/web/")
    replica.clear_hits()
    assert recover(replica, tmp_path, post.url, "--sources", "wayback", "--all").code == 0
    again = [each for each in asked(replica, "/web/") if "im_/" not in each]
    assert (asked(replica, "/cdx/"), again) == ([], before[2:]), "only what was on its way"
    seen = "SELECT substr(seen_at, 1, 10) FROM captures WHERE outcome = 'available'"
    assert read(tmp_path, seen) == [("2026-03-01",)]
    assert read(tmp_path, "SELECT count(*) FROM consulted") == [(0,)], "answers go when nothing more is due"


def asked(replica: Replica, begins: str) -> list[str]:
    return [hit.path for hit in replica.hits if hit.host == "web.archive.org" and hit.path.startswith(begins)]


def test_killed_and_again_is_once(replica: Replica, tmp_path: Path) -> None:
    """Kept and not yet settled, as after a kill between the two: the memento is tried again, and the capture is there once."""
    lose(tmp_path, post_of(replica, "fjord"))
    replica.archive_post("fjord", SEEN)
    recover(replica, tmp_path)
    with closing(sqlite3.connect(tmp_path / "embeds.db")) as conn, conn:
        conn.execute("UPDATE mementos SET tried_at = NULL, verdict = NULL, capture_id = NULL")
    assert recover(replica, tmp_path, post_of(replica, "fjord").url).code == 0
    assert read(tmp_path, "SELECT count(*) FROM captures WHERE origin = 'memento'") == [(1,)]
    assert read(tmp_path, "SELECT verdict, capture_id IS NOT NULL FROM mementos") == [("recovered", 1)]


def test_who_does_not_want_to_be_archived_is_not_asked_for(replica: Replica, tmp_path: Path) -> None:
    post = post_of(replica, "fjord")
    lose(tmp_path, post)
    replica.archive_post("fjord", SEEN)
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        add_optouts(archive, [OptOut("post", post.key)], clock.now(), "person")
    recover(replica, tmp_path, post.url)
    assert not [hit for hit in replica.hits if "archive.org" in hit.host]
    assert read(tmp_path, "SELECT count(*) FROM captures WHERE origin = 'memento'") == [(0,)]


def test_a_dry_run_says_who_holds_what_and_fetches_nothing(replica: Replica, tmp_path: Path) -> None:
    lose(tmp_path, post_of(replica, "fjord"))
    replica.archive_post("fjord", SEEN)
    said = recover(replica, tmp_path, "--dry-run").json["recovery"]
    assert said["held"]["wayback"] == 1
    assert not [hit for hit in replica.hits if hit.path.startswith("/web/")]
    assert recover(replica, tmp_path).json["recovery"]["tried"] == {"wayback": {"recovered": 1}}


# ------------------------------------------------------------------------------------------------------- what is in hand


def test_another_archive_is_looked_into_first(replica: Replica, tmp_path: Path) -> None:
    """What is in hand is taken, and nobody on the web is asked."""
    post, other, mine = post_of(replica, "fjord"), tmp_path / "other", tmp_path / "mine"
    for path in (other, mine):
        path.mkdir()
        lose(path, post)
    replica.archive_post("fjord", SEEN)
    recover(replica, other)
    replica.clear_hits()
    done = recover(replica, mine, "--from", other)
    assert done.code == 0, done.err
    assert not replica.hits
    assert read(mine, "SELECT origin FROM captures WHERE outcome = 'available'") == [("import",)]


def test_a_folder_of_web_archives_is_read_for_the_lost_posts_only(replica: Replica, tmp_path: Path) -> None:
    from embedarchive.replica.sites.commoncrawl import make_record

    lose(tmp_path, post_of(replica, "fjord"))
    folder = tmp_path / "warcs"
    folder.mkdir()
    records = [make_record(replica.archive_post(name, SEEN, holder="commoncrawl")) for name in ("fjord", "harbour")]
    (folder / "crawl.warc.gz").write_bytes(b"".join(records))
    replica.archives.held.clear()
    done = recover(replica, tmp_path, "--from", folder)
    assert done.code == 0, done.err
    assert read(tmp_path, "SELECT post_key, origin FROM captures WHERE outcome = 'available'") == [
        (post_of(replica, "fjord").key, "import")
    ]


def test_a_lost_post_offers_the_command_that_asks_for_it(replica: Replica, tmp_path: Path) -> None:
    post = post_of(replica, "fjord")
    lose(tmp_path, post)
    line = f"embedarchive recover {post.url}"
    assert line in embedarchive("show", post.key, "-a", tmp_path).out.replace("\n", " ")
    held = replica.archive_post("fjord", SEEN)
    assert held
    recover(replica, tmp_path)
    assert line not in embedarchive("show", post.key, "-a", tmp_path).out.replace("\n", " ")


# ------------------------------------------------------------------------------------------------------- wrong use, unnamed


@pytest.mark.parametrize(
    ("args", "told"),
    [(("--sources", "google"), "no source 'google'"), (("--from", "/nowhere.wacz"), "is not here"),
     (("https://news.example/",), "is no post"), (("--unresolved", "instagram:C79gQqLpkul"), "name no post")],
)  # fmt: skip
def test_wrong_use_says_what_is_wrong(replica: Replica, tmp_path: Path, args: tuple[str, ...], told: str) -> None:
    lose(tmp_path)
    done = recover(replica, tmp_path, *args)
    assert (done.code, told in done.err) == (2, True), done.err


def test_an_embed_that_names_no_post_has_candidates_and_no_link(replica: Replica, tmp_path: Path) -> None:
    """An older version of the article may name the post; it is shown as possible, and nobody visits it."""
    lose(tmp_path)
    listed, older = (
        "https://www.instagram.com/Balladyna/p/DUm6L771dVL/",
        "https://www.instagram.com/balladyna/p/C79gQqLpkul/",
    )
    named = identify_post(listed)
    assert named
    claim = Claim("Balladyna", "balladyna", "A post shared by Balladyna (@balladyna)", f"{named.posted_at}"[:10])
    bare = Embed(1, "embed", "instagram", None, None, "byline", "text", "byline", "<p>", claim)
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        archive.keep_found(1, Found((bare,)), 99, clock.now(), 1)
    post = post_of(replica, "harbour")
    quote = (
        f'<blockquote class="instagram-media" data-instgrm-permalink="{post.url}"><a href="{post.url}">The kiln</a><p>A post'
        ' shared by <a href="https://www.instagram.com/balladyna/">Balladyna</a> (@balladyna)</p></blockquote>'
    )
    replica.archive(ARTICLE, "20260305100000", saved=Saved(body=f"<!doctype html><title>Kiln</title>{quote}".encode()))
    for url in (listed, older, "https://www.instagram.com/balladynax/p/DUm6L771dVM/"):
        replica.archive(url, "20260305100000", saved=Saved())
    nobody = embedarchive("recover", "--unresolved", "--dry-run", "-a", tmp_path)
    assert (nobody.code, "nothing of that account is known here" in nobody.out, replica.hits) == (0, True, ())
    done = embedarchive("recover", "--unresolved", "-a", tmp_path, "--json", *through(replica))
    assert done.code == 0, done.err
    (said,) = [json.loads(line) for line in done.out.splitlines()]
    assert [(each["key"], each["agrees"]) for each in said["candidates"]] == [(named.key, ["day"]), (post.key, [])]
    assert read(tmp_path, "SELECT capture_after FROM posts WHERE key = ?", named.key) == [(None,)], (
        "nothing is due of it"
    )
    assert read(tmp_path, "SELECT count(*) FROM mementos WHERE tried_at IS NULL AND crawl_id IS NULL") == [(1,)]
    assert read(tmp_path, "SELECT post_key FROM current_embeds") == [(None,)]
    assert read(tmp_path, "SELECT count(*) FROM captures WHERE post_key = ?", post.key) == [(0,)]


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BYLINE = "View this post on Instagram<p>A post shared by Balenciaga \N{DOVE OF PEACE} (@balenciaga)"
PARTNERS = "We are honoured to announce our three-year partnership with the Alliance"


def post_at(moment: str) -> str:
    """The address of a post of Balenciaga's of a moment, by the date in its id."""
    number = (int(datetime.fromisoformat(moment).timestamp() * 1000) - 1_314_220_021_721) << 23
    code = "".join(LETTERS[number >> shift & 63] for shift in range(60, -1, -6))
    return f"https://www.instagram.com/balenciaga/p/{code}/"


def lose_byline(path: Path) -> None:
    """An article that was found with nothing but a byline, as a crawl of today meets it."""
    page = f"<html><title>Balenciaga announces</title><blockquote class=instagram-media>{BYLINE}</blockquote></html>"
    found = find_embeds(page, url=ARTICLE)
    assert [(each.post, each.claim.author_handle) for each in found.embeds] == [(None, "balenciaga")]
    with Archive(path / "embeds.db", platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", clock.now(), "0", {})
        article = archive.keep_seed(crawl, ARTICLE, "seed", clock.now())
        fetch = archive.keep_fetch(article, crawl, Fetch(ARTICLE, ARTICLE, clock.now(), "ok", 200, body=page.encode()))
        assert fetch
        archive.keep_found(fetch, replace(found, published_at="2023-02-20T09:00:00.000Z"), 99, clock.now(), crawl)


@pytest.mark.parametrize("older", [False, True])
def test_a_byline_alone_has_candidates_of_about_its_article_or_of_the_day_that_an_older_version_names(
    replica: Replica, tmp_path: Path, older: bool
) -> None:
    """The seed's own case: "A post shared by Balenciaga (@balenciaga)", and no address anywhere."""
    lose_byline(tmp_path)
    near, same, far = (post_at(f"{day}T10:00:00+00:00") for day in ("2023-02-17", "2023-02-11", "2022-02-17"))
    for url in (near, same, far):
        replica.archive(url, "20230301000000", saved=Saved())
    if older:
        said = f"<p>{PARTNERS}</p>{BYLINE} on <time datetime=2023-02-17T10:00:00+00:00>Feb 17, 2023</time>"
        page = f"<html><title>Old</title><blockquote class=instagram-media>{said}</blockquote></html>"
        replica.archive(ARTICLE, "20230301000000", saved=Saved(body=page.encode()))
    done = embedarchive("recover", "--unresolved", "-a", tmp_path, "--json", *through(replica))
    assert done.code == 0, done.err
    (told,) = [json.loads(line) for line in done.out.splitlines()]
    candidates = {each["url"]: each["agrees"] for each in told["candidates"]}
    named = {identify_post(url).url: agrees for url, agrees in  # type: ignore[union-attr]
             ([(near, ["day", "time"])] if older else [(near, ["article"]), (same, ["article"])])}  # fmt: skip
    assert candidates == named
    assert read(tmp_path, "SELECT post_key FROM current_embeds") == [(None,)], "nothing is linked"
    assert read(tmp_path, "SELECT count(*) FROM posts WHERE capture_after IS NOT NULL") == [(0,)], "nothing is due"
    assert read(tmp_path, "SELECT count(*) FROM captures") == [(0,)]


@pytest.mark.parametrize(
    ("at", "text", "posted_at", "said", "agrees"),
    [
        ("2026-03-01T10:00:00Z", None, "2026-03-01T10:00:00.000Z", None, ("time", "day")),
        ("2026-03-01", None, "2026-03-01T10:00:00.000Z", None, ("day",)),
        (None, "Kiln opened this morning, forty bowls", None, "Kiln opened this morning. Forty bowls, one crack.", ("words",)),
        (None, "Kiln opened", None, "Kiln opened", ()),
        (None, "Kiln opened this morning, forty cups", None, "Kiln opened this evening, forty cups", ()),
    ],
)  # fmt: skip
def test_a_claim_and_a_post_agree_in_words_or_time(
    at: str | None, text: str | None, posted_at: str | None, said: str | None, agrees: tuple[str, ...]
) -> None:
    assert compare(at, text, posted_at, said) == agrees
