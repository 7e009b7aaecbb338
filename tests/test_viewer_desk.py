"""The desk's page and its feeds: what changed, in whose stories, with the copy and the command that closes the hole."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import replace
from pathlib import Path

import feedparser
import pytest
import pytest_asyncio
from datasette.app import Datasette
from lxml import etree

from archive_builder import SAMPLES, build_archive
from embedarchive.core import clock
from embedarchive.core.standing import later
from embedarchive.library.alerts import read_alerts
from embedarchive.platforms import PLATFORMS
from embedarchive.show.feed import render_feed
from embedarchive.store import Archive, open_reader
from embedarchive.viewer.desk import divide
from reading_room import open_room

ATOM = """
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
<start><ref name="feed"/></start>
<define name="common"><optional><attribute name="xml:base"><data type="anyURI"/></attribute></optional>
  <optional><attribute name="xml:lang"><text/></attribute></optional></define>
<define name="text"><ref name="common"/><optional><attribute name="type"><choice><value>text</value><value>html</value></choice>
  </attribute></optional><text/></define>
<define name="uri"><data type="anyURI"><param name="minLength">1</param></data></define>
<define name="date"><ref name="common"/><data type="dateTime"/></define>
<define name="person"><ref name="common"/><interleave><element name="name"><text/></element>
  <optional><element name="uri"><ref name="uri"/></element></optional>
  <optional><element name="email"><text/></element></optional></interleave></define>
<define name="link"><element name="link"><ref name="common"/><attribute name="href"><ref name="uri"/></attribute>
  <optional><attribute name="rel"><text/></attribute></optional>
  <optional><attribute name="type"><data type="string"><param name="pattern">.+/.+</param></data></attribute></optional>
  <optional><attribute name="title"><text/></attribute></optional></element></define>
<define name="category"><element name="category"><ref name="common"/><attribute name="term"><text/></attribute></element>
  </define>
<define name="id"><element name="id"><ref name="common"/><ref name="uri"/></element></define>
<define name="feed"><element name="feed"><ref name="common"/><interleave>
  <zeroOrMore><element name="author"><ref name="person"/></element></zeroOrMore>
  <zeroOrMore><ref name="category"/></zeroOrMore>
  <optional><element name="generator"><ref name="common"/><text/></element></optional>
  <ref name="id"/><zeroOrMore><ref name="link"/></zeroOrMore>
  <optional><element name="subtitle"><ref name="text"/></element></optional>
  <element name="title"><ref name="text"/></element><element name="updated"><ref name="date"/></element>
  </interleave><zeroOrMore><ref name="entry"/></zeroOrMore></element></define>
<define name="entry"><element name="entry"><ref name="common"/><interleave>
  <zeroOrMore><element name="author"><ref name="person"/></element></zeroOrMore>
  <zeroOrMore><ref name="category"/></zeroOrMore>
  <optional><element name="content"><ref name="text"/></element></optional>
  <ref name="id"/><oneOrMore><ref name="link"/></oneOrMore>
  <optional><element name="published"><ref name="date"/></element></optional>
  <optional><element name="summary"><ref name="text"/></element></optional>
  <element name="title"><ref name="text"/></element><element name="updated"><ref name="date"/></element>
  </interleave></element></define>
</grammar>"""
"""RFC 4287, appendix B, as far as these feeds go: what it allows beyond (sources, XHTML, foreign markup) is not in them."""

SHIPS, STATEMENT = SAMPLES[0].post, SAMPLES[3].post
OUTLET = "kuestenbote.example"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose changes were told now, some a week ago."""
    path = build_archive(tmp_path_factory.mktemp("desk") / "embeds.db")
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.announce(clock.now())
        week = later(clock.now(), -5 * 86_400)
        archive.conn.execute(
            "UPDATE deliveries SET noted_at = ? WHERE change_id IN (SELECT id FROM changes WHERE post_key = ?)",
            (week, STATEMENT.key),
        )
    return path


@pytest_asyncio.fixture
async def room(path: Path) -> Datasette:
    return await open_room(path)


def words_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def test_the_desk_tells_what_went_by_story_with_the_copy_and_the_command(room: Datasette) -> None:
    answer = await room.client.get("/embeds/-/desk")
    assert answer.status_code == 200
    page = words_of(answer.text)
    day, week = page.index("In the last day"), page.index("In the week before")
    assert day < page.index("The last ferry out of Leirvik") < week, "a story of a loss told today"
    assert page.index("What the council deleted", week) > week
    assert "embedarchive heal https://www.kuestenbote.example/reportage/letzte-faehre" in page
    assert "The copy is ready." in page
    assert page.count("Marit Solheim") >= 2, "under each story that embeds it"
    assert "Missing, being confirmed · " not in page.split("Clara")[0].split("Marit Solheim")[0], (
        "the newest word of a loss"
    )
    assert "Private" in page
    assert "Edited" in page


async def test_the_desk_of_one_outlet_has_its_stories_alone(room: Datasette) -> None:
    page = words_of((await room.client.get(f"/embeds/-/desk?outlet={OUTLET}")).text)
    assert "Marit Solheim" in page
    assert "Clara Whitcombe" not in page
    empty = await room.client.get("/embeds/-/desk?outlet=none.example")
    assert "Nothing changed in the last month" in words_of(empty.text)


@pytest.mark.parametrize("address", ["alerts.atom", f"outlet/{OUTLET}/alerts.atom", "outlet/none.example/alerts.atom"])
async def test_a_feed_is_valid_atom_and_a_reader_has_no_complaint(address: str, room: Datasette) -> None:
    answer = await room.client.get(f"/embeds/-/{address}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    schema = etree.RelaxNG(etree.fromstring(ATOM))
    document = etree.fromstring(answer.content)
    assert schema.validate(document), schema.error_log
    read = feedparser.parse(answer.content)
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "atom10"
    ids = [entry.id for entry in read.entries]
    assert len(ids) == len(set(ids))
    assert all(entry.link.startswith("http") for entry in read.entries)
    assert (len(ids) > 0) == ("none.example" not in address)


async def test_a_feed_has_permanent_ids_and_says_what_the_page_says(room: Datasette, path: Path) -> None:
    first, second = [feedparser.parse((await room.client.get("/embeds/-/alerts.atom")).content) for _ in range(2)]
    assert first.feed.id == second.feed.id
    conn = open_reader(path)
    known = {uuid.UUID(row[0]).urn for row in conn.execute("SELECT id FROM changes")}
    conn.close()
    assert {entry.id for entry in first.entries} == known
    told = next(entry for entry in first.entries if entry.title.startswith("Gone: a post by Marit Solheim"))
    assert "in “The last ferry out of Leirvik”" in told.title or "and 1 other story" in told.title
    assert "between 5 March 2026, 07:14 UTC and 9 March 2026, 14:14 UTC" in told.summary, (
        "not: by when it was confirmed"
    )
    assert "embedarchive heal https://" in told.summary
    assert (await room.client.get("/-/embedarchive/alerts.atom")).headers["location"].endswith("/embeds/-/alerts.atom")


def test_what_xml_cannot_hold_breaks_no_feed(path: Path) -> None:
    conn = open_reader(path)
    alert = read_alerts(conn)[0]
    conn.close()
    nasty = "a\x00b\x0b <script>&amp; ]]> \ud800 \U0001f426"
    bad = replace(alert, post=replace(alert.post, text=nasty, author_name=nasty))
    urls = {"self_url": "https://a.example/x", "page_url": "https://a.example/"}
    made = render_feed(
        [bad], title=nasty, named="n", updated=alert.noted_at, post_url=lambda key: "https://a.example/p", **urls
    )
    assert etree.RelaxNG(etree.fromstring(ATOM)).validate(etree.fromstring(made))
    assert not feedparser.parse(made).bozo


def test_periods_share_nothing_and_leave_nothing_out(path: Path) -> None:
    conn = open_reader(path)
    alerts = read_alerts(conn)
    conn.close()
    now = clock.now()
    periods = divide(alerts, now)
    assert [len(stories) > 0 for _, stories in periods] == [True, True, False]
    keys = [{alert.id for changed in stories for alert in changed.alerts} for _, stories in periods]
    assert not keys[0] & keys[1]
    losses = {alert.post.key for alert in alerts if alert.change in ("missing", "gone")}
    told = [alert.post.key for _, stories in periods for changed in stories
            for alert in {a.id: a for a in changed.alerts}.values() if alert.change in ("missing", "gone")]  # fmt: skip
    assert set(told) == losses


async def test_an_archive_that_nobody_watched_shows_what_it_knows(tmp_path: Path) -> None:
    room = await open_room(build_archive(tmp_path / "embeds.db"))
    assert (await room.client.get("/embeds/-/desk")).status_code == 200
    feed = feedparser.parse((await room.client.get("/embeds/-/alerts.atom")).content)
    assert len(feed.entries) >= 3, "a feed has no month"
