"""The save button: who is given it, and what is taken of what it sends."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
from datasette.app import Datasette

from archive_builder import ARTICLES, build_archive
from embedarchive.store import handed_in
from embedarchive.store.handed_in import find_newest, list_handed_in, read_token, read_waiting
from embedarchive.viewer.serve import arrange
from embedarchive.viewer.shims import configure
from in_process import run
from reading_room import open_room

SAVE = "/embeds/-/save"
SITE = "https://thelanternpost.example"
URL = f"{SITE}/2026/03/ferry"
PAGE = "<!doctype html><html><head><title>Ferry</title></head>\n<body>Œuvre</body></html>"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")


async def open_taking(path: Path, base_url: str | None = None) -> Datasette:
    options, settings = arrange("127.0.0.1", base_url)
    del options["memory_mb"]  # it would hold for all of this process
    return await open_room(path, settings=settings, **configure({**options, "intake": True}))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(path: Path) -> Datasette:
    return await open_taking(path)


async def send(room: Datasette, path: Path, origin: str | None = SITE, **said: str) -> httpx.Response:
    """Post what the button posts, as a browser does that has cookies of the room."""
    form = {"token": read_token(path), "url": URL, "type": "text/html", "page": PAGE, **said}
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document", "cookie": "ds_csrftoken=x; ds_actor=y"}
    if origin:
        headers["origin"] = origin
    fields = {name: (None, value.replace("\n", "\r\n").encode()) for name, value in form.items()}
    answer: httpx.Response = await room.client.post(SAVE, files=fields, headers=headers)
    return answer


async def test_a_page_that_is_handed_in_waits_as_it_was(room: Datasette, path: Path) -> None:
    before = find_newest(path)
    answer = await send(room, path, url=f"{URL}#comments")
    assert (answer.status_code, URL in answer.text, "set-cookie" in answer.headers) == (202, True, False)
    page = next(each for each in read_waiting(path) if each.id > before)
    assert (page.url, page.body.decode()) == (URL, PAGE)
    listed = await room.client.get(SAVE)
    assert URL in listed.text
    assert "waits for the next crawl" in listed.text


@pytest.mark.parametrize(
    ("said", "origin", "status", "why"),
    [
        ({"token": "guessed"}, SITE, 403, "make it anew"),
        ({"token": ""}, SITE, 403, "make it anew"),
        ({}, "https://evil.example", 403, "can hand in its own pages only"),
        ({}, "http://thelanternpost.example", 403, "can hand in its own pages only"),
        ({}, "null", 403, "does not say from which site"),
        ({}, None, 403, "does not say from which site"),
        ({"url": "file:///home/ida/secret.html"}, SITE, 400, "no address"),
        ({"url": "http://127.0.0.1:8001/embeds"}, "http://127.0.0.1:8001", 400, "of this machine"),
        ({"url": "https://www.instagram.com/p/C79gQqLpkul/"}, "https://www.instagram.com", 400, "embedarchive capture"),
        ({"type": "application/pdf"}, SITE, 415, "Only HTML"),
        ({"page": "no page"}, SITE, 415, "Only HTML"),
    ],
)
async def test_what_is_not_taken_is_told_in_a_sentence(
    room: Datasette, path: Path, said: dict[str, str], origin: str | None, status: int, why: str
) -> None:
    before = list_handed_in(path, 1000)
    answer = await send(room, path, origin, **said)
    assert answer.status_code == status
    assert re.search(why, answer.text), answer.text
    assert "Nothing was kept" in answer.text
    assert list_handed_in(path, 1000) == before


async def test_a_page_too_large_is_told_so(room: Datasette, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedarchive.viewer.handing_in.LARGEST_HANDED_FORM", 1000)
    answer = await send(room, path, page=PAGE + "x" * 2000)
    assert (answer.status_code, "Save it as a file" in answer.text) == (413, True)


async def test_more_than_may_wait_is_told_so(room: Datasette, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_in, "MOST_WAITING", 0)
    answer = await send(room, path, url=f"{URL}/more")
    assert (answer.status_code, "embedarchive crawl" in answer.text) == (507, True)


async def test_what_is_not_to_be_archived_is_not_taken(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "embeds.db")
    room = await open_taking(path)
    assert run("access", "optout", "add", "thelanternpost.example", "-a", path).code == 0
    answer = await send(room, path)
    assert (answer.status_code, "does not want to be archived" in answer.text) == (403, True)
    withheld = ARTICLES[0][0]
    assert run("access", "hide", withheld, "-a", path).code == 0
    origin = "/".join(withheld.split("/")[:3])
    answer = await send(room, path, origin, url=withheld)
    assert (answer.status_code, "is withheld here" in answer.text) == (403, True)


async def test_a_script_in_the_background_hands_nothing_in(room: Datasette, path: Path) -> None:
    form = {"token": read_token(path), "url": URL, "type": "text/html", "page": PAGE}
    for dest in ("empty", "iframe", "image"):
        headers = {"origin": SITE, "sec-fetch-dest": dest}
        answer = await room.client.post(SAVE, files={k: (None, v) for k, v in form.items()}, headers=headers)
        assert answer.status_code == 403, dest


async def test_the_button_is_for_who_keeps_the_archive(room: Datasette, path: Path) -> None:
    token = read_token(path)
    shown = await room.client.get(SAVE)
    assert shown.status_code == 200
    assert token in unquote(shown.text)
    assert "frame-ancestors 'self'" in shown.headers["content-security-policy"]
    assert "access-control-allow-origin" not in shown.headers
    handed_on = await room.client.get(SAVE, headers={"x-forwarded-for": "203.0.113.9"})
    assert (handed_on.status_code, token in unquote(handed_on.text)) == (403, False)
    far = await open_taking(path, "https://archive.example/")
    host = {"host": "archive.example"}
    stranger = await far.client.get(SAVE, headers=host)
    assert (stranger.status_code, token in unquote(stranger.text)) == (403, False)
    cookies = {"ds_actor": far.sign({"a": {"id": "root"}}, "actor")}
    staff = await far.client.get(SAVE, headers=host, cookies=cookies)
    assert staff.status_code == 200
    assert "https://archive.example/embeds/-/save" in unquote(staff.text)


async def test_a_room_that_was_not_asked_to_takes_nothing_in(path: Path) -> None:
    room = await open_room(path)
    assert (await room.client.get(SAVE)).status_code == 404
    assert (await send(room, path)).status_code == 404
    assert "/-/save" not in (await room.client.get("/embeds/-/archive")).text


async def test_a_renewed_token_makes_the_old_button_void(room: Datasette, path: Path) -> None:
    old = read_token(path)
    read_token(path, renew=True)
    assert (await send(room, path, token=old)).status_code == 403
    assert (await send(room, path)).status_code == 202
