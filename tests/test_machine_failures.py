"""What fails for the machine and for no post (no browser, no network, no room) stops a run once, with one message."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive_builder import build_archive
from capturing import Camera, Edges, open_camera, post_of
from commands import command, embedarchive, through
from embedarchive.browser.patience import crowding
from embedarchive.core import clock
from embedarchive.core.errors import BrowserMissing, ExitCode
from embedarchive.egress import Door
from embedarchive.fetch import Fetcher
from embedarchive.platforms import PLATFORMS
from embedarchive.replica import Replica
from embedarchive.run.ledger import Run
from embedarchive.store import Archive, open_reader
from waiting import BOUND_S, wait_until

PROMPT_S = 20.0
"""What a signal may take to end a command on an idle machine; what hangs would be waited for for minutes."""
STORY = "https://www.thelanternpost.example/2026/02/12/the-woman-who-waits-for-fog"
"""With two posts."""


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


def can_unshare() -> bool:
    """Whether this machine lets us make a network, or a place for files, of our own."""
    with contextlib.suppress(OSError):
        return subprocess.run(["unshare", "-rnm", "true"], capture_output=True, check=False).returncode == 0
    return False


apart = pytest.mark.skipif(not can_unshare(), reason="this machine does not let us unshare its network and its mounts")


def run_apart(script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script where there is no network beyond what it brings up, and where mounts are its own."""
    return subprocess.run(
        ["unshare", "-rnm", "sh", "-c", script], capture_output=True, text=True, timeout=BOUND_S, check=False
    )


def due(archive: Path) -> int:
    with contextlib.closing(open_reader(archive / "embeds.db")) as conn:
        count: int = conn.execute("SELECT count(*) FROM posts_to_capture").fetchone()[0]
        assert conn.execute("SELECT count(*) FROM captures").fetchone()[0] == 0
        return count


# --------------------------------------------------------------------------------------------------------------- browser


@pytest.mark.browser
def test_without_a_browser_a_crawl_stops_once_and_goes_on_when_there_is_one(replica: Replica, tmp_path: Path) -> None:
    crawl = ["crawl", STORY, "-a", tmp_path / "a", *through(replica)]
    without = embedarchive(*crawl, EMBEDARCHIVE_BROWSER="/nowhere/chrome")
    assert without.code == ExitCode.NO_BROWSER
    assert without.err.count("embedarchive install") == 1
    assert "Traceback" not in without.err
    assert due(tmp_path / "a") > 0, "what was found is kept, and is due"
    assert embedarchive(*crawl, "--no-replay", "--quiet").code == ExitCode.DONE
    with contextlib.closing(open_reader(tmp_path / "a" / "embeds.db")) as conn:
        assert conn.execute("SELECT count(*) FROM posts_to_capture").fetchone()[0] == 0


def test_without_a_browser_the_demo_stops_at_its_first_visit(tmp_path: Path) -> None:
    done = embedarchive("demo", "-a", tmp_path / "a", EMBEDARCHIVE_BROWSER="/nowhere/chrome")
    assert done.code == ExitCode.NO_BROWSER
    assert done.err.count("embedarchive install") == 1
    assert "taken down" not in done.err, "the second half of it would stop at the same place"


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


def test_a_browser_that_does_not_start_is_named_with_what_it_said(replica: Replica, tmp_path: Path) -> None:
    broken = program(tmp_path / "chrome", "echo 'error while loading shared libraries: libnss3.so' >&2; exit 1")
    done = embedarchive("crawl", STORY, "-a", tmp_path / "a", f"--browser-path={broken}", *through(replica))
    assert done.code == ExitCode.NO_BROWSER
    assert done.err.count("libnss3.so") == 1
    assert "embedarchive install" in done.err


@pytest.mark.browser
async def test_a_browser_that_dies_at_every_visit_is_none(tmp_path: Path) -> None:
    with Replica() as replica:
        posts = [p for p in replica.posts if p.platform == "instagram" and p.state == "live"]
        for post in posts:
            replica.set_state(post.key, "hang")
        async with open_camera(replica) as camera:
            killing = asyncio.create_task(kill_at_every_visit(camera))
            with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
                crawl_id = archive.start_crawl("capture", clock.now(), "test", {})
                for post in posts:
                    archive.keep_target(crawl_id, post_of(post), clock.now(), forced=False)
                edges: Any = Edges(camera)
                with pytest.raises(BrowserMissing, match="died at 5 visits in a row"):
                    await Run(archive, edges, crawl_id, lambda event: None, tabs=1).run(asyncio.Event())
                visited = archive.conn.execute("SELECT count(*) FROM captures").fetchone()[0]
            killing.cancel()
    assert visited == 4, "the last visit is held against no post, and no other is tried"


async def kill_at_every_visit(camera: Camera) -> None:
    camera.replica.clear_hits()
    while True:
        chrome = camera.browser._chrome
        if chrome and any("/embed/captioned/" in hit.target for hit in camera.replica.hits):
            with contextlib.suppress(OSError):
                os.killpg(chrome.group, signal.SIGKILL)
            camera.replica.clear_hits()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_browser_that_hangs_as_it_starts_is_not_waited_for(
    replica: Replica, tmp_path: Path, number: signal.Signals
) -> None:
    told = tmp_path / "told"
    hanging = program(tmp_path / "chrome", f"echo $$ >> {told}; sleep 600")
    arguments = ("crawl", STORY, "-a", tmp_path / "a", f"--browser-path={hanging}", *through(replica))
    with subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: told.exists() and told.read_text().strip() != "", "the browser was not started")
        began = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=BOUND_S)
    assert time.monotonic() - began < PROMPT_S * crowding()
    assert process.returncode in (ExitCode.INTERRUPTED, ExitCode.ENDED)
    assert "Traceback" not in said
    wait_until(lambda: not any(map(is_running, told.read_text().split())), "the browser was not ended")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_install_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(BOUND_S)
        env = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers"),
            "PLAYWRIGHT_DOWNLOAD_HOST": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }  # fmt: skip
        # Browsers that are installed must not be found: only Python's own folder is on the path.
        env["PATH"] = str(Path(sys.executable).parent)
        with subprocess.Popen(command("install"), env=env, stderr=subprocess.PIPE, text=True) as process:
            asking, _ = silent.accept()
            began = time.monotonic()
            process.send_signal(number)
            _, said = process.communicate(timeout=BOUND_S)
            assert time.monotonic() - began < PROMPT_S * crowding()
            assert process.returncode in (ExitCode.INTERRUPTED, ExitCode.ENDED)
            assert "Traceback" not in said
            asking.settimeout(PROMPT_S * crowding())
            with asking, contextlib.suppress(ConnectionError):
                while asking.recv(65536):  # ends when whoever was asking is gone
                    pass


def is_running(pid: str) -> bool:
    with contextlib.suppress(OSError):
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    return False


# --------------------------------------------------------------------------------------------------------------- network


@apart
def test_without_a_network_a_run_stops_once(tmp_path: Path) -> None:
    crawl = command(
        "crawl", "https://news.example/a", "https://other.example/b", "http://third.example/c", "-a", tmp_path / "a"
    )
    done = run_apart(f"ip link set lo up; exec {shlex.join(crawl)}")
    assert done.returncode == ExitCode.NO_NETWORK, done.stderr
    assert done.stderr.count("reaches nothing at all") == 1
    assert "the same command" in done.stderr
    with contextlib.closing(open_reader(tmp_path / "a" / "embeds.db")) as conn:
        assert conn.execute("SELECT count(*) FROM fetches").fetchone()[0] == 0, "it says nothing of the articles"
        due_now = conn.execute("SELECT count(*) FROM articles WHERE fetch_after <= ?", (clock.now(),))
        assert due_now.fetchone()[0] == 3


@apart
@pytest.mark.browser
def test_without_a_network_a_post_is_not_said_to_have_failed(tmp_path: Path) -> None:
    capture = command("capture", "https://www.instagram.com/p/C79gQqLpkul/", "-a", tmp_path / "a")
    done = run_apart(f"ip link set lo up; exec {shlex.join(capture)}")
    assert done.returncode == ExitCode.NO_NETWORK, done.stderr
    assert due(tmp_path / "a") == 1


@apart
@pytest.mark.browser
def test_a_name_that_nobody_answers_for_ends_no_run_that_reaches_others(tmp_path: Path) -> None:
    """The replica answers on port 443; names on port 80 are asked for in a network without a name server."""
    script = f"""
import json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from commands import embedarchive, through
from embedarchive.replica import Replica
with Replica() as replica:
    options = [option for option in through(replica) if ":80:" not in option]
    seeds = ["http://away.example/a", *replica.article_urls[:1]]
    done = embedarchive("crawl", *seeds, *options, "--no-replay", "-a", {str(tmp_path / "a")!r})
    print(json.dumps([done.code, done.err]))
"""
    done = run_apart(f"ip link set lo up; exec {shlex.join([sys.executable, '-c', script])}")
    code, said = json.loads(done.stdout)
    assert code == ExitCode.IN_PART, said
    assert "reaches nothing" not in said


@apart
def test_a_machine_that_does_not_reach_itself_is_told_so_before_anything_is_tried(tmp_path: Path) -> None:
    done = run_apart(shlex.join(command("crawl", "https://news.example/a", "-a", tmp_path / "a")))
    assert done.returncode == ExitCode.NO_NETWORK, done.stderr
    assert done.stderr.count("127.0.0.1") == 1
    assert "Traceback" not in done.stderr


# ------------------------------------------------------------------------------------------------------------------ room


@apart
@pytest.mark.browser
def test_a_full_disk_ends_a_run_once_and_what_was_kept_is_whole(tmp_path: Path) -> None:
    small, script = (
        tmp_path / "small",
        f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from commands import embedarchive, through
from embedarchive.replica import Replica
from embedarchive.store import open_reader
from pathlib import Path
with Replica() as replica:
    done = embedarchive("crawl", *replica.article_urls, "-a", {str(tmp_path / "small")!r}, "--no-replay", *through(replica))
sys.stderr.write(done.err)
archive = open_reader(Path({str(tmp_path / "small")!r}) / "embeds.db")
assert archive.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
sys.exit(done.code)
""",
    )
    small.mkdir()
    mount = f"ip link set lo up; mount -t tmpfs -o size=4m tmpfs {shlex.quote(str(small))}"
    done = run_apart(f"{mount} && exec {shlex.join([sys.executable, '-c', script])}")
    assert done.returncode == ExitCode.DISK_FULL, done.stderr[-2000:]
    assert done.stderr.count("embedarchive: ") == 1
    assert "same command" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_door_tells_a_name_that_is_not_there_from_a_network_that_is_not_there() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME if host == "gone.test" else socket.EAI_AGAIN, "no")

    async with Door(resolver=resolver) as door, Fetcher(door, user_agent="t") as fetcher:
        now = asyncio.get_running_loop().time
        began = now()
        await fetcher.fetch("https://gone.test/")
        assert not door.is_cut_off(began)
        await fetcher.fetch("https://news.test/")
        assert door.is_cut_off(began)
        assert not door.is_cut_off(now()), "that was before"


# --------------------------------------------------------------------------------------------------------------- machine


def test_a_bare_machine_is_enough_to_read_and_to_export(tmp_path: Path) -> None:
    """No home, no place for temporary files, few descriptors, a strict umask, and a name that few programs take."""
    folder = tmp_path / "a folder 🕊\nof two lines"
    build_archive(folder / "embeds.db")
    for args in (["stats", "-a", folder], ["export", "--wacz", folder / "out.wacz", "-a", folder]):
        script = f"ulimit -n 64; umask 077; unset HOME; TMPDIR=/nowhere exec {shlex.join(command(*args))}"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=BOUND_S, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr[-1000:]
    assert (folder / "out.wacz").stat().st_mode & 0o077 == 0
