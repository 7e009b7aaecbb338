"""One table of exit codes for every command: each error has its own, no command has others, signals end all alike."""

from __future__ import annotations

import ast
import errno
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click
import pytest

import embedarchive.core.errors as errors
from archive_builder import build_archive
from commands import command
from conftest import ROOT
from embedarchive.cli import COMMANDS, SECTIONS, cli, load_command
from embedarchive.core.errors import EmbedArchiveError, ExitCode, FetchError
from embedarchive.store import Archive
from in_process import run
from strangers import write_protected
from waiting import BOUND_S, wait_until

SOURCE = ROOT / "src" / "embedarchive"
NOT_YET: set[ExitCode] = set()
"""Codes that stand in the table for commands to come."""

for path in SOURCE.rglob("*.py"):  # errors may be defined anywhere
    if "class" in path.read_text("utf-8") and "Error)" in path.read_text("utf-8"):
        import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"))


def find_errors(root: type[EmbedArchiveError] = EmbedArchiveError) -> list[type[EmbedArchiveError]]:
    return [root, *(below for child in root.__subclasses__() for below in find_errors(child))]


ERRORS = find_errors()
ENDINGS: list[tuple[BaseException, ExitCode]] = [
    (OSError(errno.ENOSPC, "No space left on device", "out.csv"), ExitCode.DISK_FULL),
    (PermissionError(errno.EACCES, "Permission denied", "out.csv"), ExitCode.ERROR),
    (click.UsageError("what?"), ExitCode.WRONG_USE),
    (click.Abort(), ExitCode.INTERRUPTED),
    (KeyboardInterrupt(), ExitCode.INTERRUPTED),
]


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command of its own, `embedarchive end`, that ends with the error put in here."""
    given: list[BaseException] = []

    @click.command()
    def end() -> None:
        raise given[0]

    module = ModuleType("embedarchive.cli.ending")
    module.end = end  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(COMMANDS, "end", ("ending", "End."))
    return given


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_ends_with_its_code_and_one_paragraph(
    kind: type[EmbedArchiveError], ending: list[BaseException]
) -> None:
    error = kind("timeout", "It broke.") if issubclass(kind, FetchError) else kind("It broke.")
    ending.append(error)
    done = run("end")
    assert done.code == kind.exit_code
    assert isinstance(kind.exit_code, ExitCode)
    assert done.err == f"embedarchive: {error}\n"
    assert "It broke" in done.err


@pytest.mark.parametrize(("error", "code"), ENDINGS, ids=lambda value: type(value).__name__)
def test_whatever_else_ends_a_command_is_told_by_the_same_table(
    error: BaseException, code: ExitCode, ending: list[BaseException]
) -> None:
    ending.append(error)
    done = run("end")
    assert done.code == code
    assert "Traceback" not in done.err
    if isinstance(error, OSError) and code:
        assert "out.csv" in done.err


def test_the_tree_of_errors_says_the_codes_they_have() -> None:
    said = re.findall(r"^[│├└─ ]*(\w+) {2,}.*?(?:exit (\d+))?$", errors.__doc__ or "", re.M)
    written = {name: int(code) for name, code in said if code}
    has = {kind.__name__: kind.exit_code for kind in ERRORS}
    assert {name for name, _ in said} | {"EmbedArchiveError"} == {
        k.__name__ for k in ERRORS if k.__module__ == errors.__name__
    }
    assert all(has[name] == code for name, code in written.items())
    assert {name for name, code in has.items() if code != ExitCode.ERROR and hasattr(errors, name)} <= set(written)


def find_uses() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ExitCode":
                yield node.attr


def test_no_code_stands_in_the_table_for_nothing() -> None:
    assert {code.name for code in ExitCode} - set(find_uses()) == {code.name for code in NOT_YET}
    assert all(("yet" in code.meaning) == (code in NOT_YET) for code in ExitCode)


@pytest.mark.parametrize("path", sorted((SOURCE / "cli").glob("*.py")), ids=lambda path: path.stem)
def test_no_command_has_codes_of_its_own(path: Path) -> None:
    """A command gives a member of the table, or nothing at all; a bare number is nobody's."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Return | ast.IfExp):
            values = [node.value] if isinstance(node, ast.Return) else [node.body, node.orelse]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("sys.exit", "SystemExit", "exit"):
            values = list(node.args)
        else:
            continue
        numbers = [v for v in values if isinstance(v, ast.Constant) and type(v.value) is int]
        in_exit = isinstance(node, ast.Return | ast.Call)
        assert not (numbers and in_exit), f"{path.name}:{node.lineno}"


# ------------------------------------------------------------------------------------------------------- every command

POST = "https://www.instagram.com/reel/DVRjR2E2RBD/"
READING: dict[str, tuple[str, ...]] = {
    "lookup": (POST,), "search": ("words",), "show": (POST,), "serve": ("--no-open",), "check": (), "heal": ("page.html",),
    "watch": ("--once",), "query": ("select 1",), "stats": (), "export": ("--csv=out.csv",), "publish": ("out.db",),
    "rehydrate": ("in.jsonl", "-o=out.jsonl"), "verify": (),
    "backup": ("copy",), "restore": ("none",), "access": ("list",),
    "evidence": ("pack", POST), "note": ("list",), "collection": ("list",), "recover": (),
}  # fmt: skip
WRITING: dict[str, tuple[str, ...]] = {
    "crawl": ("page.html",), "capture": (POST,), "check": (), "demo": (), "watch": ("--once",), "import": ("page.html",),
    "recover": (), "merge": ("none",),
}  # fmt: skip
WITHOUT = {"find", "platforms", "install", "doctor", "farm"}
"""Commands that need no archive: `doctor` says of one that it is none."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("page.html").write_text("<p>nothing</p>", "utf-8")
    Path("in.jsonl").write_text("", "utf-8")
    return tmp_path


def test_no_command_is_left_out() -> None:
    assert {*READING, *WRITING, *WITHOUT} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_what_it_does_not_know(name: str, place: Path) -> None:
    done = run(name, "--no-such-option")
    assert done.code == ExitCode.WRONG_USE
    assert "No such option" in done.err


@pytest.mark.parametrize("name", READING)
def test_every_command_that_needs_an_archive_says_that_there_is_none(name: str, place: Path) -> None:
    done = run(name, *READING[name], "-a", "none")
    assert (done.code, list(place.glob("none*"))) == (ExitCode.ERROR, [])
    assert "There is no archive at none/embeds.db" in done.err


@pytest.mark.parametrize("name", sorted({*READING, *WRITING}))
def test_every_command_leaves_alone_what_is_no_archive(name: str, place: Path) -> None:
    other = place / "other.db"
    other.write_bytes(b"my own notes" * 100)
    done = run(name, *(WRITING | READING)[name], "-a", other)
    assert done.code == ExitCode.ERROR
    assert "is not an embedarchive archive" in done.err
    assert other.read_bytes() == b"my own notes" * 100


@pytest.mark.parametrize("name", WRITING)
def test_a_second_writer_is_told_so(name: str, place: Path) -> None:
    build_archive(place / "embeds.db")
    with Archive(place / "embeds.db"):
        done = run(name, *WRITING[name], "-a", place)
    assert done.code == ExitCode.LOCKED
    assert "Another embedarchive is writing" in done.err


def test_a_place_that_cannot_be_written_to_is_told(place: Path) -> None:
    build_archive(place / "embeds.db")
    done = run("show", POST, "-a", place, "-o", "missing/card.html")
    assert done.code == ExitCode.ERROR
    assert "missing/card.html: No such file or directory" in done.err
    assert "Traceback" not in done.err


# ------------------------------------------------------------------------------------------------------------- signals


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.ENDED)], ids=["INT", "TERM"]
)
def test_a_signal_ends_a_command_and_what_it_had_half_written(number: signal.Signals, code: int, place: Path) -> None:
    build_archive(place / "embeds.db")
    waiting = command("rehydrate", "-", "-a", place, "-o", "out.jsonl")
    process = subprocess.Popen(waiting, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=place)
    begun = place / ".out.jsonl.part"  # it has begun to write, and waits for its input
    wait_until(lambda: begun.exists() or process.poll() is not None, "the command never began to write")
    assert process.poll() is None, process.communicate()
    process.send_signal(number)
    _, said = process.communicate(timeout=BOUND_S)
    assert (process.returncode, said.strip()) == (code, b"")
    assert not (place / ".out.jsonl.part").exists()
    assert not (place / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.DONE), (signal.SIGTERM, ExitCode.ENDED)], ids=["INT", "TERM"]
)
def test_serving_is_ended_by_a_signal(number: signal.Signals, code: int, place: Path) -> None:
    build_archive(place / "embeds.db")
    serving = command("serve", "-a", place, "--port=0", "--no-open")
    process = subprocess.Popen(serving, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "http://127.0.0.1:" in process.stderr.readline()
    process.send_signal(number)
    _, said = process.communicate(timeout=BOUND_S)
    assert process.returncode == code
    assert "Traceback" not in said


@pytest.mark.parametrize("name", [*WRITING, "restore"])
@pytest.mark.parametrize("what", ["folder", "file", "new folder"])
def test_what_may_not_be_written_to_is_told_in_one_sentence(name: str, what: str, place: Path) -> None:
    """Nothing is fetched, nothing changed; what only reads goes on as ever."""
    folder = place / "archive"
    for path in (folder / "embeds.db", place / "backup.db"):
        Archive(path).close()
    before = (folder / "embeds.db").read_bytes()
    args = (WRITING | dict.fromkeys(("restore", "merge"), (str(place / "backup.db"),)))[name]
    with write_protected(folder):
        if what == "file":
            folder.chmod(0o755)
            (folder / "embeds.db.lock").chmod(0o644)
        done = run(name, *args, "-a", folder / "deeper" if what == "new folder" else folder)
        reads = run("stats", "-a", folder)
    if name in ("check", "watch", "recover") and what == "new folder":
        assert "There is no archive" in done.err
    elif (name, what) == ("restore", "file"):  # which puts another in its place, and keeps it
        assert done.code == ExitCode.DONE
        return
    else:
        assert re.search(r"Nothing was (changed|kept)", done.err)
    told = [line for line in done.err.splitlines() if name != "demo" or line.startswith("embedarchive:")]
    assert (done.code, len(told)) == (ExitCode.ERROR, 1)
    assert (folder / "embeds.db").read_bytes() == before
    assert (reads.code, reads.err) == (0, "")


# ------------------------------------------------------------------------------------------------------------ the help

TO_COME = ()
"""Commands that the screen has to have room for."""


def test_the_help_stays_on_one_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run("--help", COLUMNS="80").out
    to_come = dict.fromkeys(TO_COME, ("keeping", "x" * 57))
    monkeypatch.setitem(SECTIONS, "Keep", SECTIONS["Keep"] | to_come)
    grown = run("--help", COLUMNS="80").out
    assert grown.count("\n") == shown.count("\n") + len(TO_COME) <= 40
    assert max(map(len, grown.splitlines())) <= 80


def test_the_help_is_aligned_and_ends_with_every_exit_code() -> None:
    shown = run("--help", COLUMNS="80").out
    lines = [line for line in shown.splitlines() if re.match(r" {2}(\w+)? +[a-z]+ {2,}[A-Z]", line)]
    columns = {tuple(match.start() for match in re.finditer(r"(?<=  )\S", line))[-2:] for line in lines}
    assert (len(lines), len(columns)) == (sum(map(len, SECTIONS.values())), 1)
    assert [line.split()[0] for line in lines if not line.startswith("   ")] == list(SECTIONS)
    told = " ".join(shown.partition("Exit codes:")[2].split())
    assert told == ", ".join(f"{code} {code.brief}" for code in ExitCode) + "."


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "embedarchive", "--version"], capture_output=True, text=True, timeout=BOUND_S, check=True
    )
    assert done.stdout.startswith("embedarchive, version")


def test_on_windows_every_command_says_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    done = run("stats")
    assert done.code == 1
    assert "runs on Linux and macOS" in done.err
    assert "Traceback" not in done.err


SIMPLE = ("-a", "--archive", "--tabs")
"""Options with a value that groups' commands share."""


def find_groups(name: str, command: click.Command) -> Iterator[tuple[str, click.Group]]:
    if isinstance(command, click.Group):
        yield name, command
        for inner in command.commands.values():
            yield from find_groups(f"{name} {inner.name}", inner)


GROUPS = dict(each for name in COMMANDS for each in find_groups(name, load_command(name)))


@pytest.mark.parametrize("group", GROUPS)
def test_no_line_of_a_group_s_list_is_cut(group: str) -> None:
    shown = run(*group.split(), "--help", COLUMNS="80").out
    listed = shown.partition("Commands:\n")[2].splitlines()
    assert listed
    assert not [line for line in listed if line.endswith("...")]


def find_groups(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Group]]:
    """Each group with the words that lead to it."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield (*path, name), command
            yield from find_groups(command, (*path, name))


@pytest.mark.parametrize("path", [" ".join(path) for path, _ in find_groups(cli)])
def test_an_option_before_a_group_s_command_is_told_with_the_line_to_type(path: str) -> None:
    group = dict(find_groups(cli))[tuple(path.split())]
    name, option = next(
        (name, each.opts[-1])
        for name, command in sorted(group.commands.items())
        for each in command.params
        if each.opts[-1].startswith("-") and not getattr(each, "is_flag", False) and each.opts[-1] in SIMPLE
    )
    done = run(*path.split(), option, "X Y", name)
    said = " ".join(done.err.split())
    assert done.code == ExitCode.WRONG_USE
    assert f"Nothing was done. Type: embedarchive {path} {name} {option} 'X Y'" in said
    if not any(option in each.opts for each in group.params):
        done = run(*path.split(), option, "X Y")
        assert done.code == ExitCode.WRONG_USE
        assert f"embedarchive {path} needs one of its commands first" in " ".join(done.err.split())
