"""A post's frame visited in a real Chromium behind the door: what a reader would have seen, kept whole and honestly."""

from embedarchive.browser.find import BrowserChoice, find_browser
from embedarchive.browser.install import ensure_browser, install_browser
from embedarchive.browser.launch import find_missing_fonts, read_version
from embedarchive.browser.login import Login, read_login
from embedarchive.browser.observe import VisitLimits
from embedarchive.browser.pool import Browser
from embedarchive.browser.tab import ScreenshotFormat

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
