"""A visit with a saved login: it sees what the account can see, says so, and keeps nothing of the account's secrets."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import pytest_asyncio

from archive_builder import SAMPLES
from capturing import Camera, open_camera, post_of
from commands import embedarchive, through
from embedarchive.browser import Login, read_login
from embedarchive.browser.secrets import forget_text
from embedarchive.cli.upkeep import examine_archive
from embedarchive.core.errors import UsageError
from embedarchive.core.model import Capture, Verdict
from embedarchive.platforms import BY_NAME
from embedarchive.replica import Replica, Saved
from embedarchive.replica.sites.instagram.embed import render_embed
from embedarchive.store import Archive
from in_process import run
from spellings import PLACES, SPELLINGS

SESSION, TOKEN, DEVICE = "48291%3AqX7secretsession%3A12", "t0kenThatMustNotBeKept99", "device-5f0c2b7a91"
NOW = 1_773_900_000.0


def cookie(name: str, value: str, **more: Any) -> dict[str, Any]:
    about = {"domain": ".instagram.com", "path": "/", "expires": -1, "httpOnly": True, "secure": True}
    return {"name": name, "value": value, "sameSite": "None", **about, **more}


STATE = {
    "cookies": [cookie("sessionid", SESSION), cookie("csrftoken", TOKEN), cookie("lang", "en", httpOnly=False)],
    "origins": [
        {"origin": "https://www.instagram.com", "localStorage": [{"name": "me", "value": json.dumps({"d": DEVICE})}]}
    ],
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(STATE))
    return file


# ------------------------------------------------------------------------------------------------------------- the file


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not json", "no storage state"),
        ("[]", "no storage state"),
        ("[" * 100_000, "no storage state"),
        ('{"cookies": [{"name": "a"}]}', "no storage state"),
        ('{"cookies": [], "origins": []}', "holds no login"),
        (json.dumps({"cookies": [cookie("a", "b", expires=NOW - 1)]}), "has expired: log in again"),
    ],
)
def test_a_file_that_is_no_login_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=says) as refusal:
        read_login(file, NOW)
    assert "Nothing was done" in str(refusal.value)
    assert "--save-storage" in str(refusal.value)


def test_expired_cookies_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"cookies": [cookie("a", "b", expires=NOW - 1), cookie("c", "d", expires=NOW + 1)]}))
    assert [each["name"] for each in read_login(file, NOW).cookies] == ["c"]


def test_no_secret_is_in_what_a_login_prints(state: Path) -> None:
    login = read_login(state, NOW)
    assert login.sites == ("instagram.com", "www.instagram.com")
    assert not any(secret in repr(login) for secret in (SESSION, TOKEN, DEVICE))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"a={TOKEN}&b=1", "a=[redacted]&b=1"),
        (f'{{"id": "{SESSION}"}}', '{"id": "[redacted]"}'),
        (unquote(SESSION), "[redacted]"),
        (quote(SESSION, safe=""), "[redacted]"),
        (f"<b>{DEVICE}</b>", "<b>[redacted]</b>"),
        ("lang=en; the lens", "lang=en; the lens"),
    ],
)
def test_a_secret_is_known_however_it_is_written(state: Path, said: str, kept: str) -> None:
    assert forget_text(said, read_login(state, NOW).secrets) == kept


# --------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory) -> Login:
    file = tmp_path_factory.mktemp("login") / "state.json"
    file.write_text(json.dumps(STATE))
    return read_login(file, NOW)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica, login: Login) -> AsyncIterator[Camera]:
    async with open_camera(replica, login=login) as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_only_the_logged_in_see_a_post_for_followers(camera: Camera) -> None:
    capture = await camera.take("lighthouse", "followers")
    assert (capture.verdict.outcome, capture.missing) == ("available", ())
    assert capture.environment["logged_in"] == ["instagram.com", "www.instagram.com"]
    async with open_camera(camera.replica) as stranger:
        alone = await stranger.take("lighthouse", "followers")
    assert (alone.verdict.outcome, alone.verdict.reason) == ("unavailable", "private")
    assert "logged_in" not in alone.environment


LOOK = """const found = {me: localStorage.me, left: localStorage.left, cookie: document.cookie};
new Image().src = '/seen?' + encodeURIComponent(JSON.stringify(found));
localStorage.left = 7; localStorage.me = 'changed'; document.cookie = 'left=7;path=/;secure;max-age=9999';"""


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_every_visit_begins_with_the_login_and_nothing_else(camera: Camera) -> None:
    """A page changes what it was given and leaves traces; the next visit to its site finds the login as in the file."""
    for name in ("snow", "backstage", "snow"):
        fact = camera.replica.post(name)
        page = render_embed(fact, "AtestAtestAtestAtest12", captioned=True, caption="x")
        page = page.replace("<title", f"<script>{LOOK}</script><title", 1)
        address = f"https://www.instagram.com/p/{fact.key}/embed/captioned/"
        camera.replica.serve(address, Saved(body=page.encode()))
        camera.replica.clear_hits()
        await camera.browser.capture(post_of(fact), BY_NAME["instagram"])
        seen = next(h for h in camera.replica.hits if h.target.startswith("/seen?"))
        found = json.loads(unquote(seen.target.partition("?")[2]))
        assert json.loads(found["me"]) == {"d": DEVICE}
        assert "left" not in found
        assert found["cookie"] == "lang=en"
        asked = next(h for h in camera.replica.hits if h.path.endswith("/embed/captioned/"))
        assert dict(each.split("=", 1) for each in asked.header("cookie").split("; ")) == {
            "sessionid": SESSION, "csrftoken": TOKEN, "lang": "en",
        }  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- the archive


def find_everything(file: Path) -> Iterator[bytes]:
    """Every byte of an archive: the file as it lies there, and its blobs as they went in."""
    yield file.read_bytes()
    conn = sqlite3.connect(file)
    for encoding, body in conn.execute("SELECT encoding, body FROM blobs"):
        yield zlib.decompress(body) if encoding == "zlib" else body
    conn.close()


ROTATED, STORED, PASSED = "r0tated:4471/secret+of-this%2Fvisit", "st0red-in-this-visit-8812", "p4ssed-on-as-auth-3317"
SHORT = "q7Zp2"


def play_hostile_page(replica: Replica) -> list[str]:
    """Let a post's frame repeat its visitor's secrets, and new ones, in every spelling and place; give what was written."""
    fact = replica.post("lighthouse")
    page = render_embed(fact, "AtestAtestAtestAtest12", captioned=True, caption="x")
    written = [
        spell(secret) for spell in SPELLINGS.values() for secret in (SESSION, TOKEN, DEVICE, ROTATED, STORED, PASSED)
    ]
    safe = [each.replace("</", "<\\/").replace("\0", "&#0;") for each in written]
    said = "".join(place.format(each) for each in safe for place in (PLACES["text"], PLACES["attribute"]))
    store = json.dumps({"t0": STORED})
    script = f"""<script>
      document.cookie = 'short={SHORT};path=/;secure'; localStorage.setItem('token', {json.dumps(STORED)});
      sessionStorage.setItem('token2', {json.dumps(store)}); localStorage.removeItem('token');
      for (const one of {json.dumps([quote(each, safe="") for each in written])}) 0;
      fetch('/api/echo?auth={PASSED}&sid={SHORT}');
      fetch('/api/state.json?t=' + encodeURIComponent({json.dumps(ROTATED)}));</script>"""
    style = "<style>" + "".join(PLACES["style"].format(each) for each in safe if "\r" not in each) + "</style>"
    page = page.replace("<title", f"{script}{style}<title", 1).replace("</body>", f"{said}</body>", 1)
    address = f"https://www.instagram.com/p/{fact.key}/embed/captioned/"
    headers = (
        ("set-cookie", f"sessionid2={ROTATED}; Path=/; Secure; HttpOnly"), ("x-echo", quote(ROTATED, safe="")),
        ("x-session-of", SESSION), ("content-type", "text/html; charset=utf-8"),
    )  # fmt: skip
    replica.serve(address, Saved(body=page.encode("utf-8", "replace"), headers=headers))
    body = json.dumps({"all": written, "short": SHORT, "sid": SHORT}).encode()
    json_type = (("content-type", "application/json"),)
    replica.serve("https://www.instagram.com/api/echo", Saved(body=body, headers=json_type))
    replica.serve("https://www.instagram.com/api/state.json", Saved(body=gzip.compress(body), headers=json_type))
    return [each for each in written if len(each) > 7]


@pytest.mark.browser
def test_no_secret_is_kept(replica: Replica, state: Path, tmp_path: Path) -> None:
    """The platform hands the visitor's own token back in the page, as the real one does: it must not be kept either."""
    written = play_hostile_page(replica)
    url, folder = replica.post("lighthouse").url, tmp_path / "archive"
    done = embedarchive("capture", url, "-a", folder, "--storage-state", state, "--json", *through(replica))
    assert (done.code, done.json["captures"]["available"]) == (0, 1), done.out + done.err
    wacz = tmp_path / "all.wacz"
    assert run("export", "--wacz", wacz, "-a", folder).code == 0
    every = [*find_everything(folder / "embeds.db"), *find_packed(wacz), done.out.encode(), done.err.encode()]
    for secret in written:
        for form in {secret.encode("utf-8", "replace"), json.dumps(secret)[1:-1].encode()}:
            assert not any(form in each for each in every), secret
    assert any(b"[redacted]" in each for each in every), "else the page held no token to begin with"
    conn = sqlite3.connect(folder / "embeds.db")
    assert "logged_in" in conn.execute("SELECT environment FROM captures").fetchone()[0]
    conn.close()
    assert (folder.stat().st_mode & 0o777, (folder / "embeds.db").stat().st_mode & 0o777) == (0o700, 0o600)


def find_packed(wacz: Path) -> Iterator[bytes]:
    """What is in a package, each member as it is, and unpacked where it is a compressed one."""
    with zipfile.ZipFile(wacz) as package:
        for name in package.namelist():
            body = package.read(name)
            yield body
            if name.endswith(".gz"):
                yield gzip.decompress(body)


def test_a_bad_file_ends_the_command_before_it_begins(tmp_path: Path) -> None:
    bad = tmp_path / "state.json"
    bad.write_text("{}")
    url, folder = "https://www.instagram.com/p/CpQ9x1mNq8r/", tmp_path / "archive"
    done = embedarchive("capture", url, "-a", folder, "--storage-state", bad, "--no-replay", **os.environ)
    assert done.code == 2
    assert "holds no login" in done.err
    assert not folder.exists()


@pytest.mark.parametrize(
    ("folder", "file", "says"),
    [
        (0o700, 0o600, "only its owner may read it (its folder 700, its file 600)"),
        (0o755, 0o600, "only its owner may read it (its folder 755, its file 600)"),
        (0o700, 0o644, "only its owner may read it (its folder 700, its file 644)"),
        (0o755, 0o644, "other users of this machine may read it (its folder 755, its file 644)"),
        (0o710, 0o640, "other users of this machine may read it (its folder 710, its file 640)"),
    ],
)
@pytest.mark.parametrize("logged_in", [False, True])
async def test_doctor_says_who_may_read_an_archive(
    folder: int, file: int, says: str, logged_in: bool, tmp_path: Path
) -> None:
    """And what to do where a login saw what others may not, unless none but its owner can look."""
    path = tmp_path / "an archive" / "embeds.db"
    with Archive(path, private=logged_in) as archive:
        post, now = SAMPLES[0].post, "2026-03-01T10:00:00.000Z"
        environment = {"logged_in": ["instagram.com"]} if logged_in else {}
        seen = Capture(post, post.url, post.url, now, now, Verdict("available"), 200, environment=environment)
        archive.keep_capture(seen, archive.start_crawl("capture", now, "test", {}))
    if logged_in:
        assert [each.stat().st_mode & 0o777 for each in (path.parent, path)] == [0o700, 0o600], "as it was made"
    path.parent.chmod(folder)
    path.chmod(file)
    _, said = await examine_archive(path)
    assert says in said
    advice = f"chmod 700 '{path.parent}'"
    assert (advice in said) == (logged_in and says.startswith("other"))
