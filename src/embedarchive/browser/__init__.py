"""A post's frame visited in a real Chromium behind the door: what a reader would have seen, kept whole and honestly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedarchive.core.lazy import import_lazily

if TYPE_CHECKING:
    from embedarchive.browser.find import BrowserChoice, find_browser
    from embedarchive.browser.install import ensure_browser, install_browser
    from embedarchive.browser.launch import find_missing_fonts, read_version
    from embedarchive.browser.limits import VisitLimits
    from embedarchive.browser.login import Login, read_login
    from embedarchive.browser.pool import Browser
    from embedarchive.browser.tab import ScreenshotFormat

_HOMES = {
    "Browser": "pool",
    "BrowserChoice": "find",
    "Login": "login",
    "ScreenshotFormat": "tab",
    "VisitLimits": "limits",
    "ensure_browser": "install",
    "find_browser": "find",
    "find_missing_fonts": "launch",
    "install_browser": "install",
    "read_login": "login",
    "read_version": "launch",
}

__all__ = [
    "Browser",
    "BrowserChoice",
    "Login",
    "ScreenshotFormat",
    "VisitLimits",
    "ensure_browser",
    "find_browser",
    "find_missing_fonts",
    "install_browser",
    "read_login",
    "read_version",
]

__getattr__ = import_lazily(__name__, _HOMES)
