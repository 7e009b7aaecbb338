"""A command imports what it needs and no more; the list of commands is complete."""

from __future__ import annotations

import json
import pkgutil
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

import embedarchive.cli
from archive_builder import build_archive
from embedarchive.cli import COMMANDS, UNLISTED, load_command
from in_process import run
from waiting import BOUND_S

EDGES = frozenset({"playwright", "httpx", "datasette", "uvicorn", "feedparser", "warcio", "sqlite_utils"})
"""What speaks to the world, or writes for it: whoever reads an archive needs none of it."""

OF_SOME = frozenset({"PIL", "cryptography"})
"""What looks at pictures, and what signs and judges signatures, as a run, `verify` and `backup` do."""

SCRIPT = """
import io, json, sys
from contextlib import redirect_stdout
from embedarchive.cli import main
for line in json.loads(sys.argv[1]):
    sys.argv[1:] = line
    said = io.StringIO()
    with redirect_stdout(said):
        try:
            main()
        except SystemExit as done:
            pass
    print(said.getvalue())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
"""Runs several commands in one interpreter, and says what all of them imported together."""


def run_in_one(*lines: str) -> tuple[str, set[str]]:
    """What commands print, and the libraries that they import between them."""
    called = [sys.executable, "-c", SCRIPT, json.dumps([shlex.split(line) for line in lines])]
    done = subprocess.run(called, capture_output=True, text=True, timeout=BOUND_S, check=True)
    said, _, modules = done.stdout.rstrip().rpartition("\n")
    assert "Traceback" not in done.stderr, done.stderr
    return said, set(modules.split())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("start") / "embeds.db"
    build_archive(path)
    return path


def test_no_help_waits_for_a_library_of_the_edges() -> None:
    said, modules = run_in_one("--version", "--help", *(f"{name} --help" for name in COMMANDS))
    assert said.count("Usage: ") == len(COMMANDS) + 1
    assert modules & (EDGES | {"PIL"}) == set()


def test_what_reads_an_archive_imports_no_library_of_the_edges(archive: Path, tmp_path: Path) -> None:
    here = f"-a {archive}"
    said, modules = run_in_one(
        f"lookup {here} https://www.instagram.com/reel/DVRjR2E2RBD/?igsh=x",
        f"show {here} instagram:DVRjR2E2RBD",
        f"search {here} asked to delete",
        f"stats {here}",
        f"query {here} --csv 'select key from posts'",
        f"export {here} --jsonl {tmp_path / 'posts.jsonl'}",
        f"access list {here}",
    )
    for shown in ("instagram:DVRjR2E2RBD", "articles", "Clara Whitcombe"):
        assert shown in said
    assert modules & (EDGES | OF_SOME) == set()


def test_what_finds_in_a_saved_page_or_keeps_imports_no_browser_and_no_network(archive: Path, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text('<title>A</title><iframe src="https://www.instagram.com/p/CpQ9x1mNq8r/embed/"></iframe>')
    said, modules = run_in_one(
        f"find {page}",
        f"crawl {page} --dry-run",
        f"crawl {page} --plan -a {archive}",
        f"heal {page} --dry-run -a {archive}",
        f"verify -a {archive}",
        f"backup -a {archive} {tmp_path / 'copy'}",
        "platforms",
        "doctor config",
    )
    assert said.count("instagram:CpQ9x1mNq8r") == 2
    assert modules & {"playwright", "httpx", "datasette", "uvicorn", "PIL"} == set()


def find_defined() -> dict[str, str]:
    """Every command that a module of the command line defines, and in which."""
    defined = {
        command: module.name
        for module in pkgutil.iter_modules(embedarchive.cli.__path__)
        for command in vars(import_module(f"embedarchive.cli.{module.name}")).values()
        if isinstance(command, click.Command) and command.callback.__module__.endswith(f".{module.name}")
    }
    below = {part for command in defined if isinstance(command, click.Group) for part in command.commands.values()}
    return {command.name or "": module for command, module in defined.items() if command not in below}


def test_every_command_is_in_the_list_and_loads() -> None:
    assert {name: module for name, (module, _) in COMMANDS.items()} == find_defined()
    assert all(load_command(name).name == name for name in COMMANDS)


def test_the_list_says_a_line_of_each_but_the_unlisted() -> None:
    listed = run("--help", COLUMNS="80").out
    for name, (_, line) in COMMANDS.items():
        assert bool(re.search(rf" {name} +{re.escape(line)}$", listed, re.M)) == (name not in UNLISTED), name
    assert {"platforms", "rehydrate"} == set(UNLISTED)


def test_what_is_no_command_is_refused() -> None:
    done = run("lokup", "x")
    assert done.code == 2
    assert "No such command 'lokup'" in done.err
