"""What others' tools make of our WACZ: the validator accepts it, an indexer finds the same, a player shows the post."""

from __future__ import annotations

import gzip
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from capturing import open_camera
from embedarchive.api.commands import import_files
from embedarchive.core import clock
from embedarchive.core.model import Fetch
from embedarchive.export import export_wacz
from embedarchive.export.signing import find_signer
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replica import Replica
from embedarchive.store import Archive, open_reader
from embedarchive.store.reading import read_page
from player import make_site, replay, serve
from test_importing import ARTIFACTS, CAPTURE, CHECKS, EXCHANGES, FETCHES, select
from tools import find_python_tools

pytestmark = pytest.mark.browser

ARTICLE = "https://news.example/story"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wacz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo visited twice, a reel, and an article; all captured by the real browser."""
    folder = tmp_path_factory.mktemp("wacz")
    with Replica() as replica, Archive(folder / "embeds.db", platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", clock.now(), "0", {})
        html = b"<!doctype html><title>Story</title><h1>Fog over the fjord</h1>"
        fetch = Fetch(ARTICLE, ARTICLE, clock.now(), "ok", 200, content_type="text/html", body=html)
        archive.keep_fetch(archive.keep_seed(crawl, ARTICLE, "seed", clock.now()), crawl, fetch)
        async with open_camera(replica) as camera:
            for name in ("fjord", "marathon", "fjord"):
                capture = await camera.take(name)
                number = archive.keep_capture(capture, crawl)
                visit = BY_NAME[capture.post.platform].visit
                assert visit
                said = visit.describe(read_page(archive.conn, number), capture.post)
                archive.keep_description(number, capture.post.key, said, visit.rules, clock.now())
        archive.conclude_all()
    conn = open_reader(folder / "embeds.db")
    exported = export_wacz(conn, folder / "posts.wacz", clock.now(), sign=find_signer(folder / "key.pem"))
    conn.close()
    assert exported.shared > 3
    return folder / "posts.wacz"


def test_the_validator_accepts_it(wacz: Path) -> None:
    tool = find_python_tools("wacz") / "wacz"
    said = subprocess.run([tool, "validate", "-f", wacz], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "the passed WACZ is valid" in said.stdout


def test_it_comes_back_whole_with_its_pictures_and_what_the_posts_said(wacz: Path, tmp_path: Path) -> None:
    assert import_files(wacz, archive=tmp_path).imported == {"kept": 3}
    said = """SELECT c.uid, d.kind, d.author_handle, d.text, d.likes, d.media, d.sources FROM current_descriptions d
              JOIN captures c ON c.id = d.capture_id ORDER BY c.uid"""
    held = "SELECT post_key, status, kept, expected, held, lacking FROM conclusions ORDER BY post_key"
    for query in (CAPTURE, ARTIFACTS, EXCHANGES, CHECKS, FETCHES, said, held):
        assert select(tmp_path / "embeds.db", query) == select(wacz.parent / "embeds.db", query), query


def test_the_validator_is_no_rubber_stamp(wacz: Path, tmp_path: Path) -> None:
    """One byte of one part changed: so the test above can fail."""
    tool, damaged = find_python_tools("wacz") / "wacz", tmp_path / "damaged.wacz"
    with zipfile.ZipFile(wacz) as good, zipfile.ZipFile(damaged, "w") as bad:
        for info in good.infolist():
            body = good.read(info)
            bad.writestr(info.filename, body[:-1] + b"!" if info.filename == "pages/pages.jsonl" else body)
    said = subprocess.run([tool, "validate", "-f", damaged], capture_output=True, text=True, check=False)
    assert "is invalid" in said.stdout


def test_an_independent_indexer_finds_the_same(wacz: Path, tmp_path: Path) -> None:
    tool = find_python_tools("wacz") / "cdxj-indexer"
    with zipfile.ZipFile(wacz) as file:
        file.extractall(tmp_path)
    [warc] = (tmp_path / "archive").iterdir()
    said = subprocess.run([tool, "--sort", warc], capture_output=True, text=True, check=True)
    theirs = {place(line): line.split(" ", 2) for line in said.stdout.splitlines()}
    index = gzip.decompress((tmp_path / "indexes/index.cdx.gz").read_bytes()).decode()
    ours = {place(line): line.split(" ", 2) for line in index.splitlines()}
    assert set(ours) == set(theirs)
    for where, (key, stamp, fields) in theirs.items():
        mine = json.loads(ours[where][2])
        assert json.loads(fields).items() <= mine.items()
        assert ours[where][1] == stamp
        assert ours[where][0] == key or mine["url"].startswith("urn:"), "the player keeps case in urn: keys, so do we"


def place(line: str) -> str:
    return str(json.loads(line.split(" ", 2)[2])["offset"])


def test_the_validator_reads_the_signature(wacz: Path) -> None:
    """It finds one, of the package's own time; it has no code of its own to judge an anonymous one."""
    tool = find_python_tools("wacz") / "wacz"
    said = subprocess.run([tool, "validate", "-f", wacz], capture_output=True, text=True, check=False)
    assert "Has signature" in said.stdout


# ------------------------------------------------------------------------------------------------------------- a player


@pytest.fixture(scope="module")
def site(wacz: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """replayweb.page as published, beside our WACZ, on loopback."""
    with serve(make_site(wacz, tmp_path_factory.mktemp("site"))) as base:
        yield base


@pytest.mark.asyncio(loop_scope="module")
async def test_a_player_shows_the_post(site: str, wacz: Path) -> None:
    fact = next(p for p in Replica().posts if p.name == "fjord")
    async with replay(site, f"https://www.instagram.com/p/{fact.key}/embed/captioned/") as (page, frame):
        photo = frame.locator("img.EmbeddedMediaImage")
        await photo.wait_for()
        assert await photo.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 540
        assert await photo.is_visible()
        text = " ".join((await frame.locator(".Embed").inner_text()).split())
        assert " ".join(fact.caption.split()) in text
        assert fact.author.handle in text
        sheets = await frame.evaluate("[...document.styleSheets].map(sheet => sheet.cssRules.length)")
        assert sheets
        assert all(sheets)
        await page.screenshot(path=str(wacz.with_name("fjord.png")))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_player_plays_the_video(site: str) -> None:
    fact = next(p for p in Replica().posts if p.name == "marathon")
    async with replay(site, f"https://www.instagram.com/p/{fact.key}/embed/captioned/") as (_, frame):
        video = frame.locator("video")
        await video.wait_for(state="attached")
        await video.evaluate("video => { video.preload = 'auto'; video.load() }")
        await frame.wait_for_function("document.querySelector('video').videoWidth > 0")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_player_shows_the_article(site: str) -> None:
    async with replay(site, ARTICLE) as (_, frame):
        assert await frame.locator("h1").inner_text() == "Fog over the fjord"


WHAT_IT_VERIFIED = """async () => {
  const ask = request => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const found = {};
  for (const { name } of await indexedDB.databases()) {
    const db = await ask(indexedDB.open(name));
    if (db.objectStoreNames.contains("verification"))
      for (const each of await ask(db.transaction("verification").objectStore("verification").getAll()))
        found[each.id] = each;
  }
  return found;
}"""


@pytest.mark.asyncio(loop_scope="module")
async def test_a_player_finds_the_signature_good(site: str, wacz: Path) -> None:
    """As it keeps it for its user: what it expected of each thing, and whether it was so."""
    with zipfile.ZipFile(wacz) as file:
        signed = json.loads(file.read("datapackage-digest.json"))["signedData"]
    async with replay(site, ARTICLE) as (_, frame):
        verified = await frame.evaluate(WHAT_IT_VERIFIED)
    assert verified["signature"]["matched"] is True
    assert verified["datapackageHash"]["expected"] == signed["hash"]
    assert verified["publicKey"]["expected"] == signed["publicKey"]
