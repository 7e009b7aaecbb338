"""The commands as functions: the same options, the same rows, in a thread of their own, ended by a signal or none."""

from __future__ import annotations

import inspect
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

import embedarchive
from archive_builder import build_archive
from commands import command, through
from conftest import ROOT
from embedarchive import Report, UsageError, capture, check, crawl, open_archive
from embedarchive.api import commands
from embedarchive.cli import load_command
from embedarchive.core.errors import ArchiveError, ArchiveLocked, BrowserMissing, ExitCode, NotAnArchive, SourceError
from embedarchive.replica import PostFact, Replica
from embedarchive.run.ledger import Event
from embedarchive.run.services import Settings, SettingsOptions
from embedarchive.store import Archive, open_reader
from in_process import run
from waiting import BOUND_S

POST = "https://www.instagram.com/p/DVgxqYNKJ-P/"
ONLY_COMMANDS = {
    "release", "trust_clock", "quiet", "verbose", "as_json", "dry_run", "log_file", "plan", "forgotten",
}  # fmt: skip
"""Options about what is printed, for functions print nothing; and what commands do in place of a run."""


# --------------------------------------------------------------------------------------------------- what they take


def read_keywords(function: Callable[..., Report]) -> dict[str, Any]:
    """Each keyword of a function with its default."""
    named = {p.name: p.default for p in inspect.signature(function).parameters.values() if p.kind != p.VAR_POSITIONAL}
    named.pop("settings")
    blank = Settings()
    unset = {"no_film": False}  # of what is kept, which has a value of its own in Settings
    return named | {name: getattr(blank, name, unset.get(name)) for name in SettingsOptions.__annotations__}


@pytest.mark.parametrize("name", ["crawl", "capture", "check"])
def test_a_command_and_its_function_take_the_same(name: str) -> None:
    keywords, asked = read_keywords(getattr(embedarchive, name)), load_command(name)
    context = asked.make_context(name, [POST] if name == "capture" else [])
    options = {option.name for option in asked.params if isinstance(option, click.Option)} - ONLY_COMMANDS
    files = {"no_film", "max_bytes"} if name == "check" else set()  # which a check does not keep
    assert options == set(keywords) - {"watcher"} - files
    assert {option: context.params[option] for option in options} == {option: keywords[option] for option in options}


@pytest.mark.parametrize("name", ["crawl", "capture", "check", "recover", "find_embeds", "open_archive"])
def test_every_function_says_what_it_takes_gives_and_raises(name: str) -> None:
    function = getattr(embedarchive, name)
    said = inspect.getdoc(function) or ""
    parameters = inspect.signature(function).parameters.values()
    takes = {p.name for p in parameters if p.kind == p.KEYWORD_ONLY} - {"watcher", "prefilter"}
    assert {keyword for keyword in takes if f"`{keyword}`" not in said} <= {"archive"}
    assert all(p.annotation is not p.empty for p in parameters)
    assert "aises" in said or "raised" in said or name == "find_embeds"
    assert all(f"`{name}`" in (SettingsOptions.__doc__ or "") for name in SettingsOptions.__annotations__)


WRONG: list[tuple[Callable[[Path], object], type[Exception], str]] = [
    (lambda path: capture("https://news.example/story", archive=path), UsageError, "no post of a platform"),
    (lambda path: crawl("missing.html", archive=path), SourceError, "missing.html"),
    (lambda path: crawl(POST, archive=path, include=["("]), UsageError, "no regular expression"),
    (lambda path: crawl(POST, archive=path, scope="planet"), UsageError, "no scope 'planet'"),  # type: ignore[arg-type]
    (lambda path: capture(POST, archive=path, tabs=0), UsageError, "tabs is 0"),
    (lambda path: capture(POST, archive=path, ca_file="missing.pem"), UsageError, "missing.pem"),
    (lambda path: capture(POST, archive=path, resolve=["x"]), UsageError, "--resolve 'x'"),
    (lambda path: capture(POST, archive=path, storage_state="missing.json"), UsageError, "missing.json"),
    (lambda path: capture(POST, archive=path, colour=1), TypeError, "'colour'"),  # type: ignore[call-arg]
    (lambda path: check(path), ArchiveError, "There is no archive"),
]


@pytest.mark.parametrize(("call", "error", "says"), WRONG, ids=[says for _, _, says in WRONG])
def test_a_mistake_is_raised_before_there_is_an_archive(
    call: Callable[[Path], object], error: type[Exception], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says.replace("(", r"\(")):
        call(tmp_path / "archive")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "embeds.db")
    with Archive(path), pytest.raises(ArchiveLocked, match="Another embedarchive"):
        capture(POST, archive=path)
    (tmp_path / "notes.db").write_bytes(b"my own notes" * 100)
    with pytest.raises(NotAnArchive, match="left untouched"):
        capture(POST, archive=tmp_path / "notes.db")


def test_no_browser_is_said_once_when_all_else_is_done(tmp_path: Path) -> None:
    """Articles are found and kept; their posts stay due."""
    for name in "ab":
        (tmp_path / f"{name}.html").write_text(f'<iframe src="{POST}embed/"></iframe>', "utf-8")
    call = (tmp_path / "a.html", tmp_path / "b.html")
    with pytest.raises(BrowserMissing, match="no-such-browser"):
        crawl(*call, archive=tmp_path, base_url="https://news.example/", browser_path="no-such-browser")
    done = run("crawl", *call, "--base-url=https://news.example/", "-a", tmp_path, "--browser-path=no-such-browser")
    assert done.code == ExitCode.NO_BROWSER
    assert done.err.count("no-such-browser") == 1
    path = tmp_path / "embeds.db"
    assert rows(path, "SELECT ended FROM crawls") == [("failed",), ("failed",)]
    assert rows(path, "SELECT DISTINCT post_key FROM embeds") == [("instagram:DVgxqYNKJ-P",)]
    assert rows(path, "SELECT count(*) FROM captures") == [(0,)]
    assert rows(path, "SELECT count(*) FROM targets_to_visit") == [(1,)]


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    conn = open_reader(path)
    try:
        return [tuple(row) for row in conn.execute(sql)]
    finally:
        conn.close()


# ------------------------------------------------------------------------------------------------- against the replica


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def world(replica: Replica) -> SettingsOptions:
    return {"resolve": replica.resolve, "ca_file": replica.ca_file, "delay": 0.0}


def photos(replica: Replica, count: int) -> list[PostFact]:
    found = [p for p in replica.posts if p.platform == "instagram" and p.kind == "photo" and p.state == "live"]
    return found[:count]


def test_the_script_in_the_documentation_captures_a_post_and_reads_it_back(replica: Replica, tmp_path: Path) -> None:
    """Word for word, by an interpreter of its own: it brings its own replica."""
    page = (ROOT / "docs" / "researchers.md").read_text("utf-8")
    script = next(block for block in page.split("```python\n")[1:] if "Replica()" in block).partition("```")[0]
    assert script.count("\n") <= 10
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=5 * BOUND_S, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    post = replica.post("fjord")
    assert done.stdout.startswith(f"instagram:{post.key} available\n")
    assert post.caption.split("\n")[0] in done.stdout


async def test_they_work_where_a_loop_runs_already(
    replica: Replica, world: SettingsOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As in a notebook: captured, lost, checked, read, all from within a coroutine."""
    (post,) = photos(replica, 1)
    with caplog.at_level(logging.INFO, "embedarchive"):
        captured = capture(post.url + "?igsh=x", archive=tmp_path, **world)
    key = f"instagram:{post.key}"
    assert (captured.ended, captured.exit_code, captured.archive) == ("done", ExitCode.DONE, tmp_path / "embeds.db")
    assert [(kept.post, kept.outcome, kept.in_article) for kept in captured.kept] == [(key, "available", False)]
    assert captured.captures == {"available": 1, "gone": 0, "unavailable": 0, "blocked": 0, "error": 0}
    assert (captured.posts_left_due, captured.faults, captured.replays["ok"]) == (0, 0, 1)
    assert f"capture available: {key}" in caplog.text
    assert capture(post.url, archive=tmp_path, **world).kept == (), "nothing is done twice"
    replica.set_state(post.key, "gone")
    try:
        checked = check(tmp_path, **world)
        assert check(tmp_path, older_than=timedelta(days=1), **world).kept == ()
    finally:
        replica.set_state(post.key, post.state)
    assert [(kept.post, kept.outcome) for kept in checked.kept] == [(key, "gone")]
    with open_archive(captured.archive) as library:
        record = library.post(post.url)
    assert record is not None
    assert record.status == "gone"
    assert record.best is not None
    assert record.best.id == captured.kept[0].capture_id
    with pytest.raises(AttributeError):
        captured.embeds = 3  # type: ignore[misc]


KEPT = (
    "SELECT url FROM articles ORDER BY url",
    "SELECT position, post_key, form FROM embeds ORDER BY 1, 2",
    "SELECT post_key, outcome, reason, evidence, missing, alterations FROM captures ORDER BY post_key",
    "SELECT post_key, author_handle, text, likes, posted_at FROM descriptions ORDER BY post_key",
    "SELECT command, ended, options, render, in_article FROM crawls",
)


def test_a_command_and_its_function_keep_the_same(replica: Replica, world: SettingsOptions, tmp_path: Path) -> None:
    url = next(a.url for a in replica.articles if len(a.posts) == 1 and not a.unresolved)
    report = crawl(url, archive=tmp_path / "by-function", **world)
    done = run("crawl", url, "-a", tmp_path / "by-command", "--json", *through(replica))
    assert done.code == report.exit_code
    told = done.json
    assert (told["articles"], told["embeds"], told["captures"]) == (report.articles, report.embeds, report.captures)
    assert report.embeds == 1
    for sql in KEPT:
        kept = [rows(tmp_path / by / "embeds.db", sql) for by in ("by-function", "by-command")]
        assert kept[0] == kept[1], sql
        assert kept[0], sql


class Listener:
    """A watcher that looks at the world around it when something happens."""

    def __init__(self, look: Callable[[], Any]) -> None:
        self.look, self.seen, self.report = look, list[Any](), list[Report]()

    def begin(self, tally: object) -> None: ...
    def note(self, text: str) -> None: ...
    def emit(self, event: Event) -> None:
        if event.what == "article":
            return  # a page in hand is told before the run has its thread
        self.seen.append(self.look())

    def end(self, report: Report) -> None:
        self.report.append(report)


def test_in_another_thread_no_signal_is_taken(tmp_path: Path) -> None:
    """Nothing due: the run opens its edges, asks, and ends; what the main thread does with signals stays its own."""
    page = tmp_path / "page.html"
    page.write_text("<p>no embed</p>", "utf-8")
    mine = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    here = Listener(lambda: (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)))
    there = Listener(here.look)
    crawl(page, archive=tmp_path / "a", base_url="https://news.example/a", watcher=here)
    thread = threading.Thread(
        target=crawl,
        args=(page,),
        kwargs={"archive": tmp_path / "b", "base_url": "https://b.example/", "watcher": there},
    )
    thread.start()
    thread.join()
    assert here.seen
    assert there.seen
    assert mine not in here.seen, "the main thread's are taken while it runs"
    assert set(there.seen) == {mine}
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == mine, "and given back"
    assert len(here.report) == len(there.report) == 1


def test_a_disk_that_fails_at_the_very_end_takes_no_report_away(tmp_path: Path) -> None:
    """What was done is told, and after it that the archive could not be put to rest."""
    page, journal = tmp_path / "page.html", tmp_path / "a" / "embeds.db-journal"
    page.write_text("<p>no embed</p>", "utf-8")
    watcher = Listener(lambda: journal.mkdir(exist_ok=True))
    with pytest.raises(ArchiveError, match="stays kept"):
        crawl(page, archive=tmp_path / "a", base_url="https://news.example/a", watcher=watcher)
    assert [(report.ended, report.articles["ok"]) for report in watcher.report] == [("done", 1)]


SCRIPT = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s")
from embedarchive import capture
capture(*sys.argv[4:], archive=sys.argv[1], resolve=sys.argv[2].split(","), ca_file=sys.argv[3], delay=0, tabs=1)
print("went on")
"""


@pytest.mark.parametrize(
    ("by", "number", "code"),
    [
        ("script", signal.SIGINT, -signal.SIGINT),
        ("script", signal.SIGTERM, -signal.SIGTERM),
        ("command", signal.SIGTERM, ExitCode.ENDED),
    ],
    ids=["script-INT", "script-TERM", "command-TERM"],
)
def test_a_signal_lets_what_is_at_work_be_finished_and_then_ends_the_process(
    by: str, number: signal.Signals, code: int, replica: Replica, tmp_path: Path
) -> None:
    first, *others = photos(replica, 6)
    urls = [first.url, *(post.url for post in others)]
    for post in others:  # so that the run has not ended before the signal is there
        replica.set_state(post.key, "slow")
    script = [sys.executable, "-c", SCRIPT, str(tmp_path), ",".join(replica.resolve), str(replica.ca_file), *urls]
    given = command("capture", *urls, "-a", tmp_path, "--tabs=1", *through(replica)) if by == "command" else script
    process = subprocess.Popen(given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert any("available" in line for line in process.stderr), "a first capture was told"
    process.send_signal(number)
    out, said = process.communicate(timeout=BOUND_S)
    for post in others:
        replica.set_state(post.key, post.state)
    assert process.returncode == code, said
    assert "went on" not in out
    path = tmp_path / "embeds.db"
    assert rows(path, "SELECT ended FROM crawls ORDER BY id DESC LIMIT 1") == [("interrupted",)]
    assert 1 <= rows(path, "SELECT count(*) FROM captures")[0][0] < 6
    assert not path.with_name("embeds.db-wal").exists(), "a file at rest"


def test_the_functions_print_nothing() -> None:
    source = inspect.getsource(commands)
    assert not {"click", "rich", "print("} & set(source.split()), source
