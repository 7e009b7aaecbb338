"""A command imports what it needs and no more; the list of commands is complete."""

from __future__ import annotations

import pkgutil
import re
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

HEAVY = {"playwright", "httpx", "datasette", "bs4", "feedparser", "warcio", "cryptography", "sqlite_utils"}

SCRIPT = """
import sys
from embedarchive.cli import main
try:
    main()
except SystemExit:
    pass
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("start") / "embeds.db"
    build_archive(path)
    return path


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("--version", "embedarchive, version"),
        ("--help", "Is it preserved?"),
        ("lookup --help", "Is it preserved?"),
        ("lookup -a {} https://www.instagram.com/reel/DVRjR2E2RBD/?igsh=x", "instagram:DVRjR2E2RBD"),
        ("lookup -a {} @clara_writes", "Clara Whitcombe"),
        ("show -a {} instagram:DVRjR2E2RBD", "instagram:DVRjR2E2RBD"),
        ("search -a {} asked to delete", "Clara Whitcombe"),
        ("stats -a {}", "articles"),
    ],
)
def test_what_only_reads_imports_no_library_of_the_edges(line: str, shown: str, archive: Path) -> None:
    arguments = line.format(archive).split()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=BOUND_S, check=True
    )
    assert shown in done.stdout
    assert set(done.stderr.split()) & HEAVY == set()


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
