"""The main job, end to end: real Chromium, real SQLite, real TLS to the replica, the command line as users run it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import command, through
from embedarchive.replica import PostFact, Replica
from embedarchive.store import open_reader
from in_process import run as embedarchive
from waiting import BOUND_S, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture(autouse=True)
def as_at_first(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "replica" in request.fixturenames:
        replica = request.getfixturevalue("replica")
        replica.limit(None)
        for post in replica.posts:
            replica.set_state(post.key, post.state)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive" / "embeds.db"


def rows(path: Path, sql: str, *values: object) -> list[sqlite3.Row]:
    conn = open_reader(path)
    try:
        return conn.execute(sql, values).fetchall()
    finally:
        conn.close()


def photos(replica: Replica, count: int) -> list[PostFact]:
    found = [p for p in replica.posts if p.platform == "instagram" and p.kind == "photo" and p.state == "live"]
    return found[:count]


def test_a_newsroom_is_crawled_whole_and_crawling_again_does_nothing(replica: Replica, path: Path) -> None:
    done = embedarchive("crawl", *replica.article_urls, "-a", path, "--json", *through(replica))
    assert done.code in (0, 3, 6), done.err
    assert done.json["articles"] == {"ok": len(replica.article_urls), "unchanged": 0, "failed": 0}
    facts = {p.key: p for p in replica.posts}
    for row in rows(path, "SELECT p.native_id, c.outcome, c.reason FROM captures c JOIN posts p ON p.key = c.post_key"):
        if row["native_id"] in facts and facts[row["native_id"]].state == "live":
            assert row["outcome"] == "available", (facts[row["native_id"]].name, row["reason"])
    said = {
        r["native_id"]: r
        for r in rows(path, "SELECT p.native_id, d.* FROM descriptions d JOIN posts p ON p.key = d.post_key")
    }
    assert len(said) >= 10
    for key, row in said.items():
        if facts[key].platform == "instagram":
            assert (row["author_handle"], row["likes"]) == (facts[key].author.handle, facts[key].likes)
            assert row["text"].split() == facts[key].caption.split()
    before, hits = rows(path, "SELECT * FROM captures"), len(replica.hits)
    again = embedarchive("crawl", *replica.article_urls, "-a", path, "--json", *through(replica))
    assert again.json["articles"]["ok"] == 0
    assert rows(path, "SELECT * FROM captures") == before
    assert len(replica.hits) == hits, "nothing was asked for twice"


def test_the_archive_is_one_file_that_any_sqlite_reads(replica: Replica, path: Path) -> None:
    embedarchive("capture", photos(replica, 1)[0].url, "-a", path, *through(replica))
    assert not path.with_name("embeds.db-wal").exists()
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as conn:
        assert conn.execute("SELECT count(*) FROM preserved_posts").fetchone()[0] == 1


def test_a_post_that_goes_is_recorded_with_both_dates_and_stays_readable(replica: Replica, path: Path) -> None:
    post = photos(replica, 1)[0]
    assert embedarchive("capture", post.url + "?igsh=x", "-a", path, *through(replica)).code == 0
    replica.set_state(post.key, "gone")
    assert embedarchive("check", "-a", path, *through(replica)).code == 0
    status = rows(path, "SELECT * FROM post_status")[0]
    assert (status["status"], status["last_available_at"] < status["first_gone_at"]) == ("gone", True)
    found = embedarchive("lookup", f"https://m.instagram.com/reel/{post.key}/?utm_source=ig_embed", "-a", path)
    assert found.code == 0
    assert post.author.handle in found.out
    card = path.with_name("card.html")
    assert embedarchive("show", f"instagram:{post.key}", "-o", card, "-a", path).code == 0
    html = card.read_text("utf-8")
    assert post.caption.split("\n")[0] in html
    assert "<script" not in html
    assert html.count("data:image/") >= 2
    assert_it_can_be_proved(path, post.url)


def assert_it_can_be_proved(path: Path, post: str) -> None:
    """What a run kept and signed is packed, and its pack checked by the system's Python and openssl alone."""
    python, room = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin"), path.with_name("pack")
    done = embedarchive("evidence", "pack", post, "--all", "-a", path, "-o", path.with_name("pack.zip"))
    assert done.code == 0, done.err
    shutil.unpack_archive(path.with_name("pack.zip"), room)
    [pack] = room.iterdir()
    checked = subprocess.run(
        [python or sys.executable, pack / "verify.py"], env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout) == (0, "Nothing is wrong.\n")
    assert len(list(pack.glob("data/*/evidence/entry.json"))) == 2


@pytest.mark.parametrize(
    ("state", "outcome", "reason"),
    [
        ("private", "unavailable", None),
        ("age", "unavailable", "age"),
        ("login", "blocked", "login"),
        ("server_error", "error", None),
    ],
)
def test_a_check_tells_a_loss_from_a_wall(
    replica: Replica, path: Path, state: str, outcome: str, reason: str | None
) -> None:
    post = photos(replica, 1)[0]
    embedarchive("capture", post.url, "-a", path, *through(replica))
    replica.set_state(post.key, state)
    embedarchive("check", "-a", path, *through(replica))
    last = rows(path, "SELECT outcome, reason FROM checks ORDER BY id DESC LIMIT 1")[0]
    assert last["outcome"] == outcome
    assert reason is None or last["reason"] == reason
    wall = outcome in ("blocked", "error")
    assert rows(path, "SELECT status FROM post_status")[0]["status"] == ("available" if wall else outcome)


def test_a_platform_that_keeps_us_out_is_left_alone_and_its_posts_stay_due(replica: Replica, path: Path) -> None:
    for post in photos(replica, 8):
        replica.set_state(post.key, "rate_after")
    done = embedarchive(
        "capture", *(p.url for p in photos(replica, 8)), "-a", path, "--json", "--tabs=1", *through(replica)
    )
    assert done.code == 6, done.err
    assert done.json["captures"]["blocked"] < 8, "it stopped knocking"
    assert done.json["posts_left_due"] > 0
    assert {r["status"] for r in rows(path, "SELECT status FROM post_status")} <= {"blocked", "not captured"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_where_it_was(replica: Replica, path: Path, how: signal.Signals) -> None:
    urls = [p.url for p in photos(replica, 8)]
    args = ("capture", *urls, "-a", str(path), "--tabs=1", *through(replica))
    running = subprocess.Popen(command(*args), stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert any(" available " in line for line in running.stderr), "a first capture was told"
    running.send_signal(how)
    running.communicate(timeout=BOUND_S)
    assert running.returncode == (130 if how == signal.SIGINT else -9)
    kept = rows(path, "SELECT count(*) FROM captures")[0][0]
    assert 1 <= kept < 8
    assert embedarchive(*args).code == 0
    assert [tuple(r) for r in rows(path, "SELECT count(*), count(DISTINCT post_key) FROM captures")] == [(8, 8)]


def test_a_second_interrupt_drops_what_is_at_work(replica: Replica, path: Path) -> None:
    post = photos(replica, 1)[0]
    replica.set_state(post.key, "hang")
    replica.clear_hits()
    running = subprocess.Popen(
        command("capture", post.url, "-a", path, *through(replica)), stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: any(post.key in hit.path for hit in replica.hits), "the visit never began")
    running.send_signal(signal.SIGINT)
    assert running.stderr is not None
    assert any("Finishing what is at work" in line for line in running.stderr)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=BOUND_S)
    assert running.returncode == 130
    assert rows(path, "SELECT ended FROM crawls")[0]["ended"] == "interrupted"
    assert rows(path, "SELECT count(*) FROM captures")[0][0] == 0


def test_no_browser_process_outlives_a_killed_run(replica: Replica, path: Path) -> None:
    args = ("capture", *(p.url for p in photos(replica, 4)), "-a", str(path), *through(replica))
    running = subprocess.Popen(command(*args), stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    assert any(" available " in line for line in running.stderr)
    children = browser_processes(running.pid)
    assert children
    running.kill()
    running.communicate(timeout=BOUND_S)
    wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in children), "browser processes are left")


def browser_processes(parent: int) -> list[int]:
    """All descendants of a process, by /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = list[int](), [parent]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def test_a_dry_run_keeps_nothing(replica: Replica, path: Path) -> None:
    done = embedarchive("crawl", replica.article_urls[0], "--dry-run", "--json", "-a", path, *through(replica))
    assert done.code == 0
    assert '"platform": "instagram"' in done.out
    assert not path.exists()


def test_a_plain_text_article_gives_its_one_unresolved_embed(shared: Path, path: Path) -> None:
    seed = shared / "fixtures" / "seed-article.txt"
    done = embedarchive("find", seed, "--nl")
    assert len(done.out.splitlines()) == 1
    found = done.json
    assert (found["platform"], found["author_name"], found["author_handle"]) == (
        "instagram",
        "Balenciaga 🕊",
        "balenciaga",
    )
    assert (found["native_id"], found["key"], found["position"]) == (None, None, 1)
    assert embedarchive("crawl", seed, "-a", path).code == 0
    for ask in (("search", "balenciaga"), ("lookup", "@balenciaga"), ("show", "embed:1")):
        shown = embedarchive(*ask, "-a", path)
        assert shown.code == 0, shown
        assert "Balenciaga 🕊" in shown.out


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("capture", "https://news.example/story"), 2, "no post of a platform"),
        (("check",), 1, "embedarchive crawl"),
        (("lookup", "anything"), 1, "no archive"),
        (("crawl", "missing-file.html"), 2, "missing-file.html"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_mistakes_are_told_with_what_to_do(path: Path, args: tuple[str, ...], code: int, says: str) -> None:
    done = embedarchive(*args, *(() if args == ("nonsense",) else ("-a", path)))
    assert done.code == code, done
    assert says in done.err
    assert "Traceback" not in done.err
    assert not path.exists()
