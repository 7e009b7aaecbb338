"""What cannot be shown -> a short page that says why. A wrong address is never a traceback."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasette.utils import tilde_decode
from datasette.utils.asgi import Response

from embedarchive.core.errors import ArchiveBusy, ArchiveError
from embedarchive.library.pictures import LARGEST_PICTURE
from embedarchive.show.tags import Html, tag
from embedarchive.show.words import say_size
from embedarchive.store.faults import FAULTS, explain
from embedarchive.store.verify import explain_surprise
from embedarchive.viewer.archives import Missing, PageTooSlow
from embedarchive.viewer.assets import asset_path
from embedarchive.viewer.bounds import TOO_LARGE
from embedarchive.viewer.eyes import Withheld, is_ours
from embedarchive.viewer.uploads import TooLarge

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
}
LONGEST_LOOK_S = 3.0
_causes: dict[tuple[Path, int, int], ArchiveError | None] = {}

SLOW = "The archive could not answer in time. A narrower question may do."
LARGE = f"A picture may have {say_size(LARGEST_PICTURE)} at most. A smaller copy of it finds the same."


def guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, with what it cannot show told in a page."""

    @functools.wraps(view)
    async def refusing(datasette: Any, request: Any, send: Any) -> Response | None:
        wanted = {"datasette": datasette, "request": request, "send": send}
        ours = is_ours.set(True)
        try:
            names = inspect.signature(view).parameters
            return await view(**{name: wanted[name] for name in names})
        except Missing as missing:
            return refuse(datasette, 404, "Nothing here", str(missing))
        except Withheld as withheld:
            return refuse(datasette, 410, "Withheld", str(withheld))
        except TooLarge:
            return refuse(datasette, 413, "Too large", LARGE)
        except PageTooSlow:
            return refuse(datasette, 503, "Too slow", SLOW)
        except (*FAULTS, ArchiveError) as error:
            if told := refuse_fault(datasette, request, error):
                return told
            raise
        except (TypeError, ValueError, LookupError, AttributeError):
            if told := await find_cause(datasette, request):
                return refuse(datasette, 500, "The archive cannot be read", str(told))
            raise
        finally:
            is_ours.reset(ours)

    # functools.wraps points here; Datasette must see what this function takes, not what the view takes.
    del refusing.__wrapped__
    return refusing


async def find_cause(datasette: Any, request: Any) -> ArchiveError | None:
    """The value that its column may not hold, if one explains what nobody expected; looked for once in a state of the file."""
    name = ""
    if request:
        name = tilde_decode(request.url_vars.get("database", ""))
    paths = [Path(db.path) for key, db in datasette.databases.items() if db.path and name in ("", key)]
    for path in paths:
        state = (path, path.stat().st_mtime_ns, path.stat().st_size)
        if state not in _causes:
            _causes.clear()
            _causes[state] = await asyncio.to_thread(explain_surprise, path, LONGEST_LOOK_S)
        if told := _causes[state]:
            return told
    return None


def refuse_fault(datasette: Any, request: Any, error: Exception) -> Response | None:
    """A page that says why an archive cannot be read; None for what is no fault of an archive's."""
    name = ""
    if request:
        name = request.url_vars.get("database", "")
    if isinstance(error, FAULTS):
        told = explain(error, f"The archive {tilde_decode(name)}".rstrip())
    else:
        told = None
        if isinstance(error, ArchiveError):
            told = error
    if told is None:
        return None
    status = 500
    if isinstance(told, ArchiveBusy):
        status = 503
    return refuse(datasette, status, "The archive cannot be read", str(told))


def is_too_much(error: Exception) -> bool:
    """Whether an answer did not fit into what a question may take."""
    return isinstance(error, MemoryError) or (
        isinstance(error, sqlite3.Error) and str(error) in (TOO_LARGE, "string or blob too big")
    )


def refuse_too_much(datasette: Any, request: Any) -> Response:
    """Say so, to programs in JSON."""
    if request.path.endswith((".json", ".csv")):
        return Response.json({"ok": False, "error": TOO_LARGE, "status": 400}, status=400)
    return refuse(datasette, 400, "Too much at once", f"{TOO_LARGE[0].upper()}{TOO_LARGE[1:]}.")


def refuse(datasette: Any, status: int, title: str, why: str) -> Response:
    """A short page that says why something cannot be shown."""
    return tell(datasette, status, title, why, datasette.urls.path("/-/embedarchive"))


def tell(datasette: Any, status: int, title: str, why: str, back: str) -> Response:
    """A short page in our look, which leads `back`. Without a template: it has to be there when little else is."""
    style = tag("link", rel="stylesheet", href=str(datasette.urls.path(asset_path("reading-room.css"))))
    leads = tag("a", "To the reading room", href=str(back))
    main = tag("main", tag("div", tag("h1", title), tag("p", why), tag("p", leads), class_="lead small"), id="main")
    meta = tag("meta", name="viewport", content="width=device-width, initial-scale=1")
    scheme = tag("meta", name="color-scheme", content="light dark")
    head = tag("head", tag("meta", charset="utf-8"), meta, scheme, tag("title", title), style)
    body = tag(
        "body", render_header(datasette), main, tag("footer", tag("p", "Kept by embedarchive."), class_="bottom")
    )
    return Response.html(f'<!DOCTYPE html><html lang="en">{head}{body}</html>', status=status, headers=dict(HEADERS))


def render_header(datasette: Any) -> Html:
    """The top of a page that is about no archive: the way back, and the one box."""
    front, find = (str(datasette.urls.path(f"/-/embedarchive{path}")) for path in ("", "/find"))
    brand = tag("a", tag("span", class_="brand-mark", aria_hidden="true"), "Reading room", class_="brand", href=front)
    label = tag("label", "Look up a post, an article, an account or words", class_="hidden", for_="q")
    box = tag("input", id="q", name="q", type="search", autocomplete="off", placeholder="Link, handle, words, date")
    form = tag("form", label, box, tag("button", "Look up"), class_="ask", role="search", action=find)
    return tag("header", brand, form, class_="top")
