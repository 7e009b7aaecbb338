"""What files say of options: who comes first, every option of every command, wrong names, what a stranger's file cannot say."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest
from click.shell_completion import get_completion_class

from archive_builder import SAMPLES, build_archive
from conftest import ROOT
from embedarchive.cli import COMMANDS, cli, load_command
from embedarchive.cli.configuration import (
    FILE_NAME,
    NOT_FROM_AN_ARCHIVE,
    OF_SOME_COMMANDS,
    ConfigFile,
    find_named,
    find_settings,
    name_of,
    options_of,
)
from embedarchive.cli.options import DOOR_OPTIONS, Age, Bytes, login_option, with_options
from embedarchive.cli.sources_of_options import name_variable, walk
from embedarchive.cli.watching import BudgetType
from embedarchive.core.errors import UsageError
from in_process import run

ALL = [(names, each) for name in COMMANDS for names, each in walk((name,), load_command(name))]
EVERY_OPTION = [pytest.param(n, c, o, id=f"{'-'.join(n)}-{name_of(o)}") for n, c in ALL for o in options_of(c)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db").parent


@pytest.fixture
def files(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Path]]:
    """Where the archive's own file would be, and the user's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("EMBEDARCHIVE_NO_CONFIG", raising=False)
    own = tmp_path / "embedarchive" / FILE_NAME
    own.parent.mkdir()
    monkeypatch.setattr("embedarchive.cli.configuration.own_file", lambda: own)
    beside = archive / FILE_NAME
    yield beside, own
    beside.unlink(missing_ok=True)


def count_hits(archive: Path, *args: str, **env: str) -> int:
    done = run("search", "the", "--json", "-a", archive, *args, **env)
    assert done.code == 0, done.err
    return len(json.loads(done.out))


def test_the_nearest_word_counts(archive: Path, files: tuple[Path, Path]) -> None:
    beside, own = files
    assert count_hits(archive) > 4
    own.write_text("limit = 1\n")
    assert count_hits(archive) == 1
    own.write_text("limit = 1\n[search]\nlimit = 2\n[crawl]\nlimit = 9\n")
    assert count_hits(archive) == 2
    beside.write_text("limit = 3\n")
    assert count_hits(archive) == 3
    assert count_hits(archive, EMBEDARCHIVE_SEARCH_LIMIT="4") == 4
    assert count_hits(archive, "--limit", "1", EMBEDARCHIVE_SEARCH_LIMIT="4") == 1
    for without in (("--no-config",), ()):
        assert count_hits(archive, *without, **({} if without else {"EMBEDARCHIVE_NO_CONFIG": "1"})) > 4
    done = run("--no-config", "search", "the", "--json", "-a", archive)
    assert len(json.loads(done.out)) > 4


def test_the_users_file_says_which_archive(archive: Path, files: tuple[Path, Path]) -> None:
    beside, own = files
    own.write_text(f'archive = "{archive}"\n')
    beside.write_text("limit = 2\n")
    done = run("search", "the", "--json")
    assert len(json.loads(done.out)) == 2


VALUES: dict[type, Any] = {Age: "7d", Bytes: "20MB", BudgetType: "2000/d"}


def make_value(option: click.Option, folder: Path) -> Any:
    """Some value that an option can have, as TOML has it."""
    kind = option.type
    if option.is_flag:
        return True
    if isinstance(kind, click.Choice):
        value: Any = next(iter(kind.choices))
    elif isinstance(kind, click.IntRange | click.FloatRange):
        value = max(kind.min or 0, 1)
    elif isinstance(kind, click.Tuple):
        value = ["a", "b"]
    elif isinstance(kind, click.Path):
        place = folder / option.name if option.name else folder
        if kind.exists:
            place.write_text("{}")
        value = str(place)
    else:
        value = VALUES.get(type(kind), "text")
    return [value] if option.multiple else value


@pytest.mark.parametrize(("names", "command", "option"), EVERY_OPTION)
def test_every_option_can_be_said_and_a_strangers_file_leads_nowhere(
    names: tuple[str, ...], command: click.Command, option: click.Option, tmp_path: Path
) -> None:
    key, value = name_of(option), make_value(option, tmp_path)
    table: dict[str, Any] = {key: value}
    for name in reversed(names):
        table = {name: table}
    own = ConfigFile(tmp_path / FILE_NAME, table, is_own=True)
    assert list(find_settings([own], names, command)) == [option.name]
    beside = ConfigFile(tmp_path / FILE_NAME, table, is_own=False)
    leads_out = isinstance(option.type, click.Path) or key in NOT_FROM_AN_ARCHIVE or "FILE" in (option.metavar or "")
    if not leads_out:
        assert list(find_settings([beside], names, command)) == [option.name]
        return
    with pytest.raises(UsageError, match=f"{key} is taken from your own"):
        find_settings([beside], names, command)


def test_the_way_out_is_never_a_strangers_to_say() -> None:
    door = click.Command("door")
    for each in (*DOOR_OPTIONS, login_option):
        with_options((each,))(door)
    doors = {name_of(option) for option in options_of(door)} - {"delay"}
    assert doors <= NOT_FROM_AN_ARCHIVE | {"storage-state"}


def test_one_word_of_two_meanings_is_for_those_that_mean_it() -> None:
    file = ConfigFile(Path("/c") / FILE_NAME, {"base_url": "https://archive.example"}, is_own=True)
    taken = {n[0] for n, c in ALL if "base-url" in map(name_of, options_of(c)) and find_settings([file], n, c)}
    assert taken == OF_SOME_COMMANDS["base-url"]
    assert not find_settings([file], ("crawl",), load_command("crawl"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dealy = 3", "Did you mean delay?"),
        ("[crwal]\ndelay = 3", "Did you mean crawl?"),
        ("[search]\nlimt = 3", "Did you mean limit?"),
        ("limit = ", "cannot be read as TOML"),
        ('limit = "many"', "limit: "),
        ("limit = 0", "limit: "),
        ("zzz = 1", "there is no 'zzz'"),
    ],
)
@pytest.mark.parametrize("which", [0, 1], ids=["beside", "own"])
def test_what_is_wrong_in_a_file_is_told(
    text: str, says: str, which: int, archive: Path, files: tuple[Path, Path]
) -> None:
    files[which].write_text(text)
    done = run("search", "the", "-a", archive)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert str(files[which]) in done.err
    assert "Nothing was done" in done.err
    assert run("search", "the", "-a", archive, "--no-config").code == 0
    assert run("search", "--help").code == 0


def test_doctor_says_where_each_value_comes_from(archive: Path, files: tuple[Path, Path]) -> None:
    beside, own = files
    own.write_text('delay = 5\n[crawl]\nproxy = "http://me:secret@proxy.example:1"\n')
    beside.write_text("[crawl]\ntabs = 2\n")
    told = run("doctor", "config", "crawl", "-a", archive, EMBEDARCHIVE_CRAWL_CONTACT="desk@paper.example")
    rows = {line.split()[1]: line for line in told.out.splitlines() if line.startswith("crawl ")}
    assert rows["delay"].split()[2:] == ["5", str(own)]
    assert rows["tabs"].split()[2:] == ["2", str(beside)]
    assert rows["contact"].split()[2:] == ["desk@paper.example", "$EMBEDARCHIVE_CRAWL_CONTACT"]
    assert rows["concurrency"].split()[2:] == ["6", "default"]
    assert "secret" not in told.out
    assert rows.keys() == {name_of(option) for option in options_of(load_command("crawl"))}
    short = run("doctor", "config", "-a", archive).out
    assert "crawl, capture, find" in next(line for line in short.splitlines() if line.startswith("delay"))
    assert run("doctor", "confg").code == 2
    for call in (("--no-config", "doctor", "config"), ("doctor", "config", "--no-config")):
        assert "Every option is its default" in run(*call, "-a", archive).out


@pytest.mark.parametrize(("names", "command", "option"), EVERY_OPTION)
def test_the_variable_of_every_option_is_the_one_that_click_reads(
    names: tuple[str, ...], command: click.Command, option: click.Option, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = click.Context(click.Group("embedarchive"), info_name="embedarchive", auto_envvar_prefix="EMBEDARCHIVE")
    for name in names:
        context = click.Context(command, parent=context, info_name=name)
    monkeypatch.setenv(name_variable(names, option), "said")
    assert option.resolve_envvar_value(context) == "said"


@pytest.mark.parametrize(
    ("name", "args", "archive"),
    [
        ("crawl", ["https://a.test", "-a", "x"], "x"),
        ("crawl", ["-ax", "--archive=y"], "y"),
        ("crawl", ["--archive", "x", "@list"], "x"),
        ("crawl", [], ""),
        ("crawl", ["-a"], ""),
    ],
)
def test_the_archive_is_known_before_the_options_are(name: str, args: list[str], archive: str) -> None:
    assert find_named(name, args) == archive


def test_the_documented_file_is_one(files: tuple[Path, Path], archive: Path) -> None:
    text = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "configuration.md").read_text("utf-8"), re.S)
    assert text is not None
    files[1].write_text(text[1])
    told = run("doctor", "config", "-a", archive)
    assert told.code == 0, told.err
    said = {line.split()[0]: line for line in told.out.splitlines() if " " in line}
    assert {"archive", "contact", "delay", "base-url", "max-bytes", "exclude", "budget", "since"} <= said.keys()
    assert "export" in said["base-url"]


def test_the_address_of_a_room_is_in_cards_and_citations(archive: Path, tmp_path: Path) -> None:
    post = SAMPLES[0].post
    card, site = tmp_path / "card.html", tmp_path / "site"
    assert run("show", post.key, "-a", archive, "-o", card, "--base-url", "https://room.example/").code == 0
    assert f'data-versionurl="https://room.example/-/embedarchive/post/{post.url}"' in card.read_text("utf-8")
    done = run("export", "--site", site, post.key, "-a", archive, "--base-url", "https://site.example/a")
    assert done.code == 0, done.err
    pages = {page.relative_to(site).as_posix(): page.read_text("utf-8") for page in (site / "posts").glob("*.html")}
    assert pages
    for place, page in pages.items():
        assert f"https://site.example/a/{place}" in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes(shell: str) -> None:
    env = {"_EMBEDARCHIVE_COMPLETE": f"{shell}_complete", "COMP_WORDS": "embedarchive crawl --in-a", "COMP_CWORD": "2"}
    if shell == "fish":
        env["COMP_CWORD"] = "--in-a"
    complete = get_completion_class(shell)
    assert complete is not None
    assert f"_EMBEDARCHIVE_COMPLETE={shell}_source" in (ROOT / "docs" / "configuration.md").read_text("utf-8")
    with mock.patch.dict(os.environ, env):
        said = complete(cli, {}, "embedarchive", "_EMBEDARCHIVE_COMPLETE").complete()
    assert "--in-article" in said
