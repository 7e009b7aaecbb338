"""The core imports and runs without the edges' libraries, and reaches for no input, output, clock or chance."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "embedarchive"
CORE = sorted(
    p
    for name in ("model.py", "platform.py", "urls.py", "errors.py", "platforms", "detect", "describe.py", "classify.py", "render.py",
                 "assumptions.py",
                 "describe", "classify", "render")
    if (PACKAGE / name).exists()
    for p in ([PACKAGE / name] if name.endswith(".py") else (PACKAGE / name).rglob("*.py"))
)  # fmt: skip
WORLD = {
    "asyncio", "http", "httpx", "io", "multiprocessing", "os", "playwright", "random", "secrets", "shutil", "socket", "sqlite3",
    "sqlite_utils", "ssl", "subprocess", "tempfile", "threading", "time", "datasette", "uuid", "click", "rich",
}  # fmt: skip
CALLS = {"open", "input", "print", "exec", "eval"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("datetime", "today")}

BLOCKED = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"playwright", "httpx", "datasette"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from embedarchive import model, platform, urls
from embedarchive.platforms import PLATFORMS
from embedarchive.detect import find_embeds
found = find_embeds('<iframe src="https://www.instagram.com/p/BwiVvR9lD0m/embed"></iframe>')
assert found.embeds[0].post.key == "instagram:BwiVvR9lD0m", found
assert not {"playwright", "httpx", "datasette"} & set(sys.modules)
print(len(PLATFORMS))
"""


def test_the_core_runs_without_the_edges_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 28


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_core_modules_touch_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not {a.name.split(".")[0] for a in node.names} & WORLD
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in WORLD
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in CLOCKS
