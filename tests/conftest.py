"""What every test may use: the third-party material beside the repository, a replica, a clean home."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from playwright.async_api import Browser

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

os.environ["EMBEDARCHIVE_NO_CONFIG"] = "1"  # what somebody has in their own embedarchive.toml is no part of a test

# How long an example takes to make or to try says how busy the machine is, and nothing of what is tested.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


LONG = (
    "test_schema_crawl.py", "test_machine_failures.py", "test_conformance_played.py", "test_crawl_sites.py",
    "test_crawl.py", "test_viewer_datasette_1.py", "test_strangers.py", "test_schema.py", "test_side_files.py",
    "test_farm.py", "test_slow_servers.py", "test_merging.py", "test_find_hostile.py",
)  # fmt: skip
"""Files that take half a minute and more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, files that drive a browser above all, so that no worker has it left at the end."""
    browsers = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: (item.path.name not in LONG, item.path not in browsers))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Third-party pages that tests may read and the project must not copy."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here: it holds third-party pages that are not part of the project")
    return SHARED


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for each test, made by whoever writes there (pytest's own numbered folders are counted each time anew)."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def clean_home(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the state, the settings or the proxies of whoever runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(next(homes) / "state"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "EMBEDARCHIVE_ARCHIVE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    from reading_room import a_browser  # with Datasette and Playwright, which most tests do without

    async with a_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """One that shows pages, for all tests of a file; what a test opened in it is closed, with all that it knew."""
    yield chromium
    for context in chromium.contexts:
        await context.close()
