"""The reading room under the current Datasette 1.0 alpha, installed apart: the same tests pass, and it serves over HTTP."""

from __future__ import annotations

import socket
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from itsdangerous import URLSafeSerializer

from archive_builder import SAMPLES, build_archive
from conftest import ROOT
from in_process import run
from tools import find_python_tools
from waiting import BOUND_S, wait_until

# Their environment has the newer Datasette and what it needs; all else comes from ours, which stands behind it.
PREFACE = f"import site, sys; site.addsitedir({sysconfig.get_path('purelib')!r}); "
SERVE = PREFACE + "from datasette.cli import cli; cli()"
TEST = PREFACE + "import pytest; sys.exit(pytest.main(sys.argv[1:]))"

ROOM = (
    "test_viewer_pages.py",
    "test_viewer_save.py",
    "test_collections.py::test_staff_notes_and_collects_in_the_room",
    "test_collections.py::test_nobody_else_is_shown_the_form_or_taken_one_from",
    "test_damaged.py::test_the_reading_room_says_it_in_a_page",
    "test_damaged.py::test_the_reading_room_says_it_also_when_it_happens_later",
    "test_damaged.py::test_the_reading_room_says_that_an_archive_is_locked",
    "test_schema.py::test_the_reading_room_reads_an_archive_of_any_age[001]",
)
"""The tests of the reading room."""

LOST = SAMPLES[0].post
SECRET = "for this test alone"


@pytest.fixture(scope="module")
def python() -> Path:
    return find_python_tools("datasette-1") / "python"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")


@contextmanager
def serve_with(python: Path, path: Path, config: Path, told_by: str = "--config") -> Iterator[httpx.Client]:
    """A client of `datasette serve` as users start it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [python, "-c", SERVE, "serve", path, "--port", port, told_by, config, "--secret", SECRET]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=BOUND_S) as client:
            wait_until(lambda: answers(client, process), "Datasette does not answer")
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=BOUND_S)


def answers(client: httpx.Client, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, process.communicate()
    try:
        client.get("/-/versions.json")
    except httpx.ConnectError:
        return False
    return True


@pytest.fixture(scope="module")
def room(python: Path, path: Path) -> Iterator[httpx.Client]:
    config = path.with_name("datasette.yaml")
    assert run("serve", "-a", path, "--write-config", config).code == 0
    with serve_with(python, path, config) as client:
        yield client


def test_what_holds_under_the_stable_version_holds_under_this_one(python: Path) -> None:
    tests = [str(Path(__file__).with_name(name)) for name in ROOM]
    done = subprocess.run(
        [str(python), "-c", TEST, "-p", "no:cacheprovider", "-x", *tests],
        cwd=ROOT, capture_output=True, text=True, timeout=20 * BOUND_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def test_it_is_the_newer_datasette_that_answers(room: httpx.Client) -> None:
    assert room.get("/-/versions.json").json()["datasette"]["version"].startswith("1.")
    assert "embedarchive" in {plugin["name"] for plugin in room.get("/-/plugins.json").json()}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/embeds/-/archive", "3 of these 8 posts are gone"),
        (f"/embeds/-/post/{LOST.key}", "Gone by 9 Mar 2026 · preserved 5 Mar 2026"),
        (f"/embeds/-/card/{LOST.key}", "Three mornings at the mouth of the fjord"),
        ("/embeds/-/find?q=ferry", "<mark>ferry</mark>"),
        ("/embeds", "Posts that articles embed, as readers saw them"),
        ("/embeds", "/embeds/-/queries"),
        ("/embeds/-/queries", "/embeds/lost_by_outlet"),
        ("/embeds/captures", "One visit to one post; never changed."),
        ("/embeds/captures?_facet=outcome", "facet-results"),
        ("/embeds/preserved_posts", f'href="/embeds/-/post/{LOST.key}"'),
        ("/embeds/posts_by_handle?handle=marit.solheim.foto", "claimed by the-meridian.example"),
        ("/embeds/posts.csv", LOST.key),
    ],
)
def test_pages_tables_and_questions(room: httpx.Client, url: str, said: str) -> None:
    response = room.get(url)
    assert response.status_code == 200
    assert said in response.text


def test_lookups_lead_to_the_post(room: httpx.Client, path: Path) -> None:
    for url in (f"/embeds/-/find?q={LOST.native_id}", f"/-/embedarchive/post/{LOST.url}?igsh=x"):
        assert room.get(url).headers["location"] == f"/embeds/-/post/{LOST.key}"
    sha256 = room.get("/embeds/artifacts.json?_shape=array&role=screenshot&_sort=id").json()[0]["sha256"]
    shot = room.get(f"/embeds/-/media/{sha256}").content
    found = room.post("/embeds/-/find", files={"picture": ("a.png", shot, "image/png")})
    assert "the same picture" in found.text
    part = room.get(f"/embeds/-/media/{sha256}", headers={"range": "bytes=3-12"})
    assert (part.status_code, part.content) == (206, shot[3:13])


def test_a_runaway_question_is_stopped_and_the_room_stays_open(room: httpx.Client) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    for sql in (endless, "select length(randomblob(1000000000))"):
        assert room.get("/embeds/-/query.json", params={"sql": sql}).status_code == 400
    assert room.get("/embeds/-/archive").status_code == 200


def test_what_it_forbids_we_forbid_and_whom_it_lets_in_we_let_in(python: Path, path: Path, tmp_path: Path) -> None:
    config = tmp_path / "desk.yaml"
    config.write_text("databases:\n  embeds:\n    allow:\n      id: editor\n", "utf-8")
    editor = {"cookie": f"ds_actor={URLSafeSerializer(SECRET, 'actor').dumps({'a': {'id': 'editor'}})}"}
    with serve_with(python, path, config) as room:
        for page in ("archive", f"post/{LOST.key}", "find?q=ferry", "capture/1", "snapshot/1", f"card/{LOST.key}"):
            assert room.get(f"/embeds/-/{page}").status_code == 403, page
            assert room.get(f"/embeds/-/{page}", headers=editor).status_code == 200, page
