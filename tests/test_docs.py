"""What the documentation shows is what happens: its commands, its SQL, its Python, its links, its reference pages."""

from __future__ import annotations

import copy
import difflib
import doctest
import importlib.util
import re
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from archive_builder import build_archive
from conftest import ROOT
from embedarchive import open_archive
from embedarchive.cli import COMMANDS, load_command
from in_process import run

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
SHOWN = [ROOT / "README.md", *PAGES]
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FENCE = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.M | re.S)
VALUES = {"handle": "clara_writes", "url": "https://www.instagram.com/reel/DVRjR2E2RBD/"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample archive in `archive/`, as the tutorial has it."""
    folder = tmp_path_factory.mktemp("tutorial")
    build_archive(folder / "archive" / "embeds.db")
    return folder


def blocks(path: Path, *languages: str) -> Iterator[tuple[str, str]]:
    """The code blocks of a page in these languages, with their text."""
    for match in FENCE.finditer(path.read_text("utf-8")):
        if match[1] in languages:
            yield match[1], match[2]


# ------------------------------------------------------------------------------------------------------------- tutorial


def test_the_tutorial_is_true(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its blocks run in order, in one folder, and print what it says they print (`...` stands for anything)."""
    monkeypatch.chdir(place)
    names: dict[str, Any] = {}
    wrong: list[str] = []
    done = 0
    for language, text in blocks(DOCS / "tutorial.md", "console", "pycon"):
        wrong += run_console(text) if language == "console" else run_python(text, names)
        done += 1
    assert done == 12
    assert not wrong, "\n".join(wrong)
    assert {p.name for p in place.iterdir()} >= {"posts.csv", "study.jsonl", "public.db", "public", "joined.jsonl"}


def run_console(text: str) -> list[str]:
    """Run each `$ command` and compare what it prints; give what differs."""
    wrong = []
    for step in re.split(r"^\$ ", text, flags=re.M)[1:]:
        line, _, wanted = step.partition("\n")
        program, *arguments = shlex.split(line)
        assert program == "embedarchive", line
        got = run(*arguments, COLUMNS="140")
        if not doctest.OutputChecker().check_output(wanted, got.out + got.err, LOOSE):
            wrong.append(f"$ {line}\nshould print\n{wanted}\nprints\n{got.out}{got.err}")
    return wrong


def run_python(text: str, names: dict[str, Any]) -> list[str]:
    """Run a block of `>>>` lines with the names of the blocks before it; give what differs."""
    wrong: list[str] = []
    test = doctest.DocTestParser().get_doctest(text, names, "tutorial.md", None, 0)
    doctest.DocTestRunner(optionflags=LOOSE).run(test, out=wrong.append, clear_globs=False)
    names.update(test.globs)
    return wrong


def test_the_case_of_a_withdrawal_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case that the page for archivists plays through happens as it says, in an archive of its own."""
    build_archive(tmp_path / "archive" / "embeds.db")
    monkeypatch.chdir(tmp_path)
    wrong = [line for _, text in blocks(DOCS / "withdrawal.md", "console") for line in run_console(text)]
    assert not wrong, "\n".join(wrong)
    assert (tmp_path / "tombstones.jsonl").exists()


# ---------------------------------------------------------------------------------------------------- what it refers to


def find_commands(path: Path) -> Iterator[str]:
    """Every line of a shell block that calls embedarchive, and every such call within a sentence."""
    for _, text in blocks(path, "sh", "console"):
        joined = text.replace("\\\n", " ")
        yield from (m[1] for m in re.finditer(r"(?:^|\$ |&& |\| )embedarchive ([^\n|]+)", joined, re.M))
    prose = FENCE.sub("", path.read_text("utf-8"))
    yield from (" ".join(m[1].split()) for m in re.finditer(r"`embedarchive ([^`]+)`", prose))


@pytest.mark.parametrize("path", SHOWN, ids=lambda p: p.name)
def test_every_command_shown_exists(path: Path) -> None:
    for line in find_commands(path):
        words = [w for w in shlex.split(line.partition(" > ")[0].partition(" < ")[0], comments=True) if w != "&&"]
        command = load_command(words[0]) if words[0] in COMMANDS else None
        assert words[0].startswith("-") or command is not None, f"{path.name}: embedarchive {line}"
        if isinstance(command, click.Group) and words[1:2] and words[1] in command.commands:
            command = command.commands[words[1]]
        for option in (w.partition("=")[0] for w in words[1:] if re.match(r"--?[a-z]", w)):
            assert command is not None
            below = getattr(command, "commands", {}).get(words[1], command)
            known = {name for p in below.params for name in (*p.opts, *p.secondary_opts)} | {"-h", "--help"}
            assert option in known, f"{path.name}: embedarchive {line}"


@pytest.mark.parametrize("path", SHOWN, ids=lambda p: p.name)
def test_every_question_shown_is_answered(path: Path, place: Path) -> None:
    with open_archive(place / "archive") as library:
        for _, sql in blocks(path, "sql"):
            needed = {name: VALUES[name] for name in re.findall(r":(\w+)", sql)}
            list(library.query(sql, **needed))


@pytest.mark.parametrize("path", SHOWN, ids=lambda p: p.name)
def test_python_shown_runs(path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    for _, text in blocks(path, "python"):
        if "Replica()" in text:  # by a test of its own, against the platforms it brings
            continue
        exec(compile(text, path.name, "exec"), {})


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if not re.match(r"https?:", target):
            assert not file or (path.parent / file).exists(), f"{path.name}: {target}"
            assert not anchor or re.search(rf"^#+ {anchor}$", text if not file else "", re.M), f"{path.name}: {target}"


def test_every_test_that_is_named_exists() -> None:
    text = "".join((DOCS / name).read_text("utf-8") for name in ("faults.md", "security.md"))
    for file, test in re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", text):
        code = (ROOT / "tests" / file).read_text("utf-8")
        assert not test or f"def {test}(" in code, f"{file}::{test}"
    assert all((ROOT / path).exists() for path in re.findall(r"`(bench/\w+\.py)`", text))


def test_the_methods_named_for_researchers_exist() -> None:
    from embedarchive import Library

    text = (DOCS / "researchers.md").read_text("utf-8")
    calls = re.findall(r"`(\w+)\(([^)]*)\)`", text.partition("## From Python")[2].partition("## Datasette")[0])
    assert len(calls) >= 11
    for name, arguments in calls:
        accepted = getattr(Library, name).__code__.co_varnames
        assert set(re.findall(r"(\w+)=", arguments)) <= set(accepted), name


# ------------------------------------------------------------------------------------------------------------ generated


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py, which is a script and no part of the package."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_reference_page_is_stale(generate: ModuleType) -> None:
    for path in generate.find_stale():
        made = dict(generate.render_all())[path].splitlines()
        differing = list(difflib.unified_diff(path.read_text("utf-8").splitlines(), made, lineterm="", n=0))
        raise AssertionError(f"{path.name} is stale, run: python docs/generate.py\n" + "\n".join(differing[:20]))


def test_a_page_hangs_on_nothing_that_was_asked_of_a_command_before(generate: ModuleType) -> None:
    """As another test may have, in the same process: click keeps what a command's help option is first called."""
    for name in COMMANDS:
        command = copy.copy(load_command(name))
        command._help_option = None  # as it is when nobody has asked yet
        command.get_params(command.make_context(name, [], resilient_parsing=True))
        assert "-h, --help" in generate.read_help(name, command), name


def test_a_stale_page_is_found(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in PAGES:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    schema, researchers = tmp_path / "schema.md", tmp_path / "researchers.md"
    schema.write_text(schema.read_text("utf-8").replace("### posts", "### post"), "utf-8")
    researchers.write_text(researchers.read_text("utf-8").replace("FROM post_status", "FROM posts"), "utf-8")
    (tmp_path / "cli.md").unlink()
    assert [path.name for path in generate.find_stale()] == ["schema.md", "cli.md", "researchers.md"]


def test_every_table_view_and_command_has_words(generate: ModuleType, place: Path) -> None:
    conn = sqlite3.connect(place / "archive" / "embeds.db")
    query = "SELECT name FROM pragma_table_list WHERE type IN ('table', 'view') AND name NOT LIKE '%sqlite%'"
    names = {row[0] for row in conn.execute(query)}
    conn.close()
    described = generate.describe_tables()
    assert set(described) == names
    assert [name for name, meaning in described.items() if not meaning["description"]] == []
    commands = {name: load_command(name) for name in COMMANDS}
    assert all(isinstance(command, click.Command) and command.name == name for name, command in commands.items())
    assert [name for name, command in commands.items() if not command.help or not COMMANDS[name][1]] == []
