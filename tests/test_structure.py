"""The house: which room may use which, that what is called pure is, that no two things share a name, and that its
code can be read in one go."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from waiting import BOUND_S

PACKAGE = Path(__file__).parents[1] / "src" / "embedarchive"
MODULES = sorted(PACKAGE.rglob("*.py"))

WORLD = {
    "asyncio", "fcntl", "httpx", "multiprocessing", "os", "playwright", "random", "secrets", "shutil", "signal",
    "socket", "sqlite3", "sqlite_utils", "ssl", "subprocess", "tempfile", "threading", "time", "datasette", "click",
}  # fmt: skip
"""What a module that touches nothing may not import. (`rich` only lays out text: printing is the command's.)"""

CALLS = {"open", "input", "print", "exec", "eval"}
CLOCKS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("datetime", "today"),
    ("uuid", "uuid1"), ("uuid", "uuid4"), ("io", "open"),
}  # fmt: skip
"""Clocks, chance and files behind modules that are harmless otherwise."""

PURE_ROOMS = ("platforms",)
"""Rooms in which every module is pure; elsewhere a module says so in its first docstring."""

BLOCKED = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"playwright", "httpx", "datasette"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from embedarchive.core import model
from embedarchive.platforms import PLATFORMS
from embedarchive.detect import find_embeds
found = find_embeds('<iframe src="https://www.instagram.com/p/BwiVvR9lD0m/embed"></iframe>')
assert found.embeds[0].post.key == "instagram:BwiVvR9lD0m", found
assert not {"playwright", "httpx", "datasette"} & set(sys.modules)
print(len(PLATFORMS))
"""


def name_of(path: Path) -> str:
    """`embedarchive.detect.match` for its file; a package for its `__init__.py`."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path): path for path in MODULES}


@cache
def read_tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def find_imports(path: Path) -> Iterator[str]:
    """Our own modules that a module imports, anywhere in it: at its top, in a function, for its types."""
    for node in ast.walk(read_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "embedarchive":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else str(node.module)


@cache
def all_imports() -> dict[str, set[str]]:
    """Asked for by tests only: every worker reads this file, and one runs it."""
    return {name: set(find_imports(path)) - {name} for name, path in NAMES.items()}


def room_of(name: str) -> str:
    """The folder of the package that a module stands in; the public face is a room of its own."""
    parts = name.split(".")
    in_folder = len(parts) > 1 and (PACKAGE / parts[1]).is_dir()
    return parts[1] if in_folder else "the public face"


def is_pure(path: Path) -> bool:
    """Asked as tests are collected, by every worker: only what holds the word is parsed for it."""
    if path.relative_to(PACKAGE).parts[0] in PURE_ROOMS:
        return True
    if "Pure." not in path.read_text("utf-8"):
        return False
    return "Pure." in (ast.get_docstring(read_tree(path)) or "").split("\n\n")[0]


def find_cycles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Groups of names each of which leads to all the others (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(arrows.get(name, ())):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in sorted(arrows):
        if name not in index:
            visit(name)
    return found


def test_the_core_runs_without_the_edges_libraries() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=5 * BOUND_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 28


@pytest.mark.parametrize("path", [path for path in MODULES if is_pure(path)], ids=name_of)
def test_what_is_called_pure_touches_nothing(path: Path) -> None:
    for node in ast.walk(read_tree(path)):
        if isinstance(node, ast.Import):
            assert not {a.name.split(".")[0] for a in node.names} & WORLD
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in WORLD
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in CLOCKS
    impure = [
        name for name in all_imports()[name_of(path)] if not is_pure(NAMES[name]) and NAMES[name].name != "__init__.py"
    ]
    assert not impure, f"{name_of(path)} says it is pure and imports {impure}"


def test_most_of_the_house_is_pure() -> None:
    assert sum(map(is_pure, MODULES)) > 80


def test_no_file_leads_back_to_itself() -> None:
    packages = {name for name, path in NAMES.items() if path.name == "__init__.py"}
    files = {name: used - packages for name, used in all_imports().items() if name not in packages}
    assert find_cycles(files) == []


def test_no_room_leads_back_to_itself() -> None:
    arrows: dict[str, set[str]] = {}
    for name, used in all_imports().items():
        arrows.setdefault(room_of(name), set()).update(room_of(other) for other in used)
    for name, used in arrows.items():
        used.discard(name)
    assert find_cycles(arrows) == []


def test_nothing_uses_the_commands_but_the_way_in() -> None:
    users = {room_of(name) for name, used in all_imports().items() if any(room_of(other) == "cli" for other in used)}
    assert users <= {"cli", "the public face"}


def test_the_top_holds_rooms_and_the_public_face_only() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} <= {"__init__", "__main__", "api"}


def test_one_name_for_one_thing() -> None:
    classes = Counter(node.name for path in MODULES for node in read_tree(path).body if isinstance(node, ast.ClassDef))
    assert [name for name, count in classes.items() if count > 1] == []


Function = ast.FunctionDef | ast.AsyncFunctionDef

NESTED_PER_1000_LINES = 0.25
"""The most conditional expressions within others: each has to be read twice."""


def find_functions(body: list[ast.stmt]) -> Iterator[Function]:
    """The functions and methods that a caller can reach, by their names at least."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.If | ast.Try):
            yield from find_functions(node.body)
        elif isinstance(node, Function) and not node.name.startswith("_"):
            yield node


def find_raised(function: Function) -> Iterator[str]:
    """Classes that the function itself raises, by name: `raise X`, `raise X(…)`, `raise X.made_from(…)`."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            yield from (part for part in ast.unparse(raised).split(".") if part[0].isupper())
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def is_command(function: Function) -> bool:
    """Its docstring is the command's help, and what it raises ends the command with an exit code."""
    return any(ast.unparse(each).split("(")[0].endswith(".command") for each in function.decorator_list)


@cache
def find_routes() -> frozenset[str]:
    """The reading room's routes: all are guarded, so that what they raise becomes a page."""
    tree = read_tree(PACKAGE / "viewer" / "__init__.py")
    register = next(each for each in find_functions(tree.body) if each.name == "register_routes")
    pairs = [node.elts[1] for node in ast.walk(register) if isinstance(node, ast.Tuple) and len(node.elts) == 2]
    return frozenset(ast.unparse(view).split(".")[-1] for view in pairs)


def is_route(path: Path, function: Function) -> bool:
    return path.parent.name == "viewer" and function.name in find_routes()


def test_a_docstring_names_what_its_function_raises() -> None:
    unsaid, said = [], 0
    for path in MODULES:
        for function in find_functions(read_tree(path).body):
            if is_command(function) or is_route(path, function):
                continue
            words = ast.get_docstring(function) or ""
            # An AssertionError is nothing a caller can meet: it marks a line that is never reached.
            raised = set(find_raised(function)) - {"AssertionError"}
            silent = sorted(name for name in raised if not re.search(rf"(?s)\b[Rr]aises?\b.*\b{name}\b", words))
            unsaid += [f"{name_of(path)}.{function.name}: {name}" for name in silent]
            said += len(raised) - len(silent)
    assert unsaid == []
    assert said > 60


def test_what_the_rule_on_raising_passes_over_is_there() -> None:
    assert {"show_post", "serve_media", "serve_timemap"} <= find_routes()
    commands = {f.name for path in MODULES for f in find_functions(read_tree(path).body) if is_command(f)}
    assert {"crawl", "query", "show"} <= commands


def test_conditional_expressions_stand_alone() -> None:
    nested = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(read_tree(path))
        if isinstance(node, ast.IfExp)
        and any(isinstance(inner, ast.IfExp) for part in ast.iter_child_nodes(node) for inner in ast.walk(part))
    ]
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in MODULES)
    assert len(nested) <= NESTED_PER_1000_LINES * lines / 1000, nested


def test_nothing_is_bounded_by_wait_for() -> None:
    """Python 3.11's `asyncio.wait_for` forgets that it was cancelled when what it waits for ends at that moment
    (https://github.com/python/cpython/issues/86296), and what was to end goes on for ever; `asyncio.timeout` does not.
    """
    called = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(read_tree(path))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "asyncio.wait_for")
        or (
            isinstance(node, ast.ImportFrom) and node.module == "asyncio" and "wait_for" in {a.name for a in node.names}
        )
    ]
    assert called == []
