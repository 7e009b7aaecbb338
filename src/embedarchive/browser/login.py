"""A saved login (Playwright's storage state) -> what a tab is given before each visit, and what is never kept of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from embedarchive.browser.launch import Chrome, within
from embedarchive.browser.secrets import Secrets, read_parameters, read_secrets, read_stored
from embedarchive.browser.tab import OPEN_S, Tab
from embedarchive.browser.target import Target
from embedarchive.core.errors import BrowserCrashed, UsageError
from embedarchive.core.model import Capture, Post, Rendering

# A value the page has changed since stays changed: the login is what a visit begins with. Frames without a storage
# (sandboxed, about:blank) throw, and need none.
_GIVE_STORAGE = """(kept => { try {
  for (const [name, value] of Object.entries(kept[location.origin] || {}))
    if (localStorage.getItem(name) === null) localStorage.setItem(name, value);
} catch (error) {} })"""


@dataclass(frozen=True)
class Login:
    """Cookies, and local storage by origin. `sites` are the domains they are for; no value ever shows in its text."""

    cookies: tuple[Mapping[str, Any], ...] = field(repr=False)
    storage: Mapping[str, Mapping[str, str]] = field(repr=False)

    @property
    def sites(self) -> tuple[str, ...]:
        hosts = {str(cookie["domain"]).lstrip(".") for cookie in self.cookies}
        return tuple(sorted(hosts | {origin.partition("://")[2] for origin in self.storage}))

    @property
    def script(self) -> str:
        """What every document of a tab runs first, so that its origin finds its local storage."""
        return f"{_GIVE_STORAGE}({json.dumps(self.storage)});"

    @cached_property
    def secrets(self) -> Secrets:
        """Every value that must not be kept."""
        cookies = ((str(each["name"]), str(each["value"]), bool(each.get("httpOnly"))) for each in self.cookies)
        stored = (pair for kept in self.storage.values() for pair in kept.items())
        return read_secrets(cookies) | read_stored(stored, given=True)


# -------------------------------------------------------------------------------------------------------------- reading

_REMEDY = "Make one with: playwright open --save-storage=FILE URL (log in, then close the window)."


def read_login(path: Path, now: float) -> Login:
    """Read a storage state; `now` is in seconds since 1970. Raises UsageError for a file that is none, or out of date."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        cookies = [read_cookie(each) for each in state.get("cookies", [])]
        storage = {
            str(each["origin"]): {str(item["name"]): str(item["value"]) for item in each.get("localStorage", [])}
            for each in state.get("origins", [])
        }
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Nothing was done.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is no storage state of Playwright's. Nothing was done. {_REMEDY}") from error
    if not cookies and not any(storage.values()):
        raise UsageError(f"{path} holds no login: neither a cookie nor a stored value. Nothing was done. {_REMEDY}")
    alive = tuple(each for each in cookies if each["expires"] < 0 or each["expires"] > now)
    if cookies and not alive:
        raise UsageError(f"Every cookie in {path} has expired: log in again. Nothing was done. {_REMEDY}")
    return Login(alive, {origin: kept for origin, kept in storage.items() if kept})


def read_cookie(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A cookie with the fields a browser wants. Raises KeyError, TypeError, ValueError."""
    cookie = {name: str(kept[name]) for name in ("name", "value", "domain")} | {"path": str(kept.get("path") or "/")}
    flags = {name: bool(kept.get(name)) for name in ("httpOnly", "secure")}
    same_site = kept.get("sameSite")
    if same_site in ("Strict", "Lax", "None"):
        also = {"sameSite": same_site}
    else:
        also = {}
    return {**cookie, **flags, **also, "expires": float(kept.get("expires") or -1)}


# ------------------------------------------------------------------------------------------------------------- visiting


async def check_login(chrome: Chrome, login: Login) -> None:
    """Let the browser try the cookies once. Raises UsageError when it refuses them."""
    target = await within(OPEN_S, chrome.targets.open([]), "new page")
    try:
        await within(OPEN_S, _set_cookies(target, login), "set cookies")
    except BrowserCrashed as error:
        raise UsageError(f"The browser refuses the cookies of the storage state: {error}. Log in again.") from error
    finally:
        await within(OPEN_S, chrome.targets.close(target), "close the page")


async def give_storage(tab: Tab, login: Login) -> None:
    """Let a new tab hand out the local storage; once, for its life."""
    await within(OPEN_S, tab.target.add_script(login.script), "init script")


async def give_cookies(tab: Tab, login: Login) -> None:
    """Give an empty tab the cookies, for one visit."""
    await within(OPEN_S, _set_cookies(tab.target, login), "set cookies")


async def _set_cookies(target: Target, login: Login) -> None:
    cookies = [
        {name: value for name, value in each.items() if (name, value) != ("expires", -1)} for each in login.cookies
    ]
    await target.connection.root.send("Storage.setCookies", {"cookies": cookies, "browserContextId": target.context})


# -------------------------------------------------------------------------------------------------------------- learning

_READ_STORAGES = """() => { const found = []; for (const name of ['localStorage', 'sessionStorage']) try {
  found.push(...Object.entries(window[name])); } catch (error) {} return found; }"""
_LOOK_S = 3.0


async def watch_secrets(tab: Tab) -> None:
    """Note, for a tab's life, what answers set as cookies and what pages store, also what they take away again."""

    def on_answer(event: dict[str, Any]) -> None:
        for name, value in event["headers"].items():
            if name.lower() == "set-cookie":
                lines = (line.partition(";")[0].partition("=") for line in value.split("\n"))
                tab.written += [(each.strip(), given.strip(), True) for each, _, given in lines]

    def on_stored(event: dict[str, Any]) -> None:
        tab.stored.append((event["key"], event["newValue"]))

    tab.session.on("Network.responseReceivedExtraInfo", on_answer)
    tab.session.on("DOMStorage.domStorageItemAdded", on_stored)
    tab.session.on("DOMStorage.domStorageItemUpdated", on_stored)
    for domain in ("Network", "DOMStorage"):
        await within(OPEN_S, tab.session.send(f"{domain}.enable"), "watch for secrets")


async def learn_secrets(tab: Tab, login: Login, posts: tuple[Post, ...]) -> Secrets:
    """The login's secrets, and those that a visit was given: cookies, stored values, credentials in addresses.

    What names a post that is visited is none. Frames that do not answer are those of a page that is lost.
    """
    asked_for = {"browserContextId": tab.target.context}
    kept = await within(OPEN_S, tab.target.connection.root.send("Storage.getCookies", asked_for), "read the cookies")
    given = [(each["name"], each["value"], each["httpOnly"]) for each in kept["cookies"]]
    asking = [asyncio.ensure_future(frame.call(_READ_STORAGES)) for frame in tuple(tab.target.frames.values())]
    done, late = await asyncio.wait(asking, timeout=_LOOK_S)
    for each in late:
        each.cancel()
    stored = [(str(n), str(v)) for each in done if not each.exception() for n, v in each.result()]
    asked = [pair for e in (tab.recorder.entries if tab.recorder else ()) for pair in read_parameters(e.url)]
    learned = read_secrets([*tab.written, *given, *asked]) | read_stored([*tab.stored, *stored])
    names = {name for post in posts for name in (post.native_id, post.url)}
    about = "\n".join(names)
    values = frozenset(value for value in learned.values if value not in about)
    return login.secrets | Secrets(values, learned.named)


# -------------------------------------------------------------------------------------------------------------- keeping


def mark_capture(capture: Capture, login: Login) -> Capture:
    """Say in a capture that it was seen logged in, and where. Pure."""
    return replace(capture, environment={**capture.environment, "logged_in": list(login.sites)})


def mark_rendering(rendering: Rendering, login: Login) -> Rendering:
    """Say in an article's rendering that it was opened logged in. Pure."""
    return replace(
        rendering,
        alterations=(f"opened logged in to {', '.join(login.sites)}", *rendering.alterations),
        captures=tuple(mark_capture(each, login) for each in rendering.captures),
    )
