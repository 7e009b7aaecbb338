"""A saved login (Playwright's storage state) -> what a tab is given before each visit, and what is never kept of it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from embedarchive.browser.launch import Chrome, within
from embedarchive.browser.redact import REDACTED
from embedarchive.browser.tab import OPEN_S, Tab
from embedarchive.browser.visit import Visit
from embedarchive.core.errors import BrowserCrashed, UsageError
from embedarchive.core.model import Capture, Exchange, Headers, Rendering

SHORTEST_SECRET = 8
"""Characters: a shorter value (`1`, `en`, `dark`) is no credential, and stands everywhere."""
_OPAQUE = re.compile(r"^(?!.*://)\S+$")
_NO_TEXT = re.compile(r"^(?:image/(?!svg)|video/|audio/|font/)", re.I)

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
    def secrets(self) -> re.Pattern[str]:
        """Every value that must not be kept, as pages write it: plain, in an address, in JSON, in markup."""
        values = {str(cookie["value"]) for cookie in self.cookies}
        for kept in self.storage.values():
            values |= {each for value in kept.values() for each in (value, *find_strings(value)) if _OPAQUE.match(each)}
        forms = {form for value in values if len(value) >= SHORTEST_SECRET for form in write_forms(value)}
        return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) or r"(?!)")


def find_strings(value: str) -> Iterator[str]:
    """The texts within a stored value that is JSON: tokens lie there among settings. Pure."""
    try:
        left = [json.loads(value)]
    except ValueError:
        return
    while left:
        match left.pop():
            case str(text) if len(text) >= 2 * SHORTEST_SECRET:
                yield text
            case dict(some):
                left += some.values()
            case list(some):
                left += some


def write_forms(value: str) -> set[str]:
    """The ways in which a page may write a value. Pure."""
    plain = {value, unquote(value)}
    return plain | {
        form for each in plain for form in (quote(each, safe=""), json.dumps(each)[1:-1], html.escape(each))
    }


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
    except (ValueError, KeyError, TypeError, AttributeError) as error:
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
    also = {"sameSite": same_site} if same_site in ("Strict", "Lax", "None") else {}
    return {**cookie, **flags, **also, "expires": float(kept.get("expires") or -1)}


# ------------------------------------------------------------------------------------------------------------- visiting


async def check_login(chrome: Chrome, login: Login) -> None:
    """Let the browser try the cookies once. Raises UsageError when it refuses them."""
    context = await within(OPEN_S, chrome.browser.new_context(), "new context")
    try:
        await within(OPEN_S, context.add_cookies(_as_given(login)), "set cookies")
    except BrowserCrashed as error:
        raise UsageError(f"The browser refuses the cookies of the storage state: {error}. Log in again.") from error
    finally:
        await within(OPEN_S, context.close(), "close the context")


async def give_storage(tab: Tab, login: Login) -> None:
    """Let a new tab hand out the local storage; once, for its life."""
    await within(OPEN_S, tab.context.add_init_script(login.script), "init script")


async def give_cookies(tab: Tab, login: Login) -> None:
    """Give an empty tab the cookies, for one visit."""
    await within(OPEN_S, tab.context.add_cookies(_as_given(login)), "set cookies")


def _as_given(login: Login) -> Any:
    """The cookies as Playwright types them, by a name that it does not export."""
    return [dict(cookie) for cookie in login.cookies]


# -------------------------------------------------------------------------------------------------------------- keeping


def mark_capture(capture: Capture, login: Login) -> Capture:
    """Say in a capture that it was seen logged in, and where. Pure."""
    return replace(capture, environment={**capture.environment, "logged_in": list(login.sites)})


def mark_rendering(rendering: Rendering, login: Login) -> Rendering:
    """Say in an article's rendering that it was opened logged in, and take the secrets out of its text. Pure."""
    return replace(
        rendering,
        final_url=forget_text(rendering.final_url, login),
        dom=forget_text(rendering.dom, login),
        alterations=(f"opened logged in to {', '.join(login.sites)}", *rendering.alterations),
        captures=tuple(mark_capture(each, login) for each in rendering.captures),
    )


def forget_login(seen: Visit, login: Login) -> None:
    """Take every secret of the login out of what a visit brought back, before anyone reads it."""
    page = seen.page
    seen.page = replace(
        page,
        final_url=forget_text(page.final_url, login),
        body=forget_text(page.body, login),
        dom=forget_text(page.dom, login),
        headers=_forget_headers(page.headers, login),
        redirects=tuple((status, forget_text(url, login)) for status, url in page.redirects),
        answers=tuple(replace(a, url=forget_text(a.url, login), body=forget_text(a.body, login)) for a in page.answers),
    )
    seen.exchanges = [_forget_exchange(each, login) for each in seen.exchanges]
    seen.bodies = {forget_text(url, login): _forget_exchange(each, login) for url, each in seen.bodies.items()}
    seen.broken = [forget_text(url, login) for url in seen.broken]


def forget_text(text: str, login: Login) -> str:
    """A text without the secrets of a login. Pure."""
    return login.secrets.sub(REDACTED, text)


def _forget_exchange(exchange: Exchange, login: Login) -> Exchange:
    body = exchange.body
    if body and not _NO_TEXT.match(exchange.content_type or ""):
        # Whatever is no UTF-8 comes out of this as it went in.
        body = forget_text(body.decode("utf-8", "surrogateescape"), login).encode("utf-8", "surrogateescape")
    return replace(
        exchange,
        url=forget_text(exchange.url, login),
        request_headers=_forget_headers(exchange.request_headers, login),
        response_headers=_forget_headers(exchange.response_headers, login),
        body=body,
    )


def _forget_headers(headers: Headers, login: Login) -> Headers:
    return tuple((name, forget_text(value, login)) for name, value in headers)
