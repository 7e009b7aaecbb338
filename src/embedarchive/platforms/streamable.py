"""Streamable: short ids, in frames. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.core.model import Answer, Post
from embedarchive.platforms.kit.fields import as_count, as_text, as_time, dig
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_seconds,
    as_url,
    file_or_stream,
    make_visit,
    poster_of,
    read_json_answer,
)
from embedarchive.platforms.kit.ids import match_path
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, Gap, MarkupExample, Platform

_PATH = re.compile(r"^/(?:[eost]/)?([a-z0-9]{3,8})(?:/[a-z0-9]{4,8})?/?$")
_ROUTES = frozenset(
    [
        "login",
        "signup",
        "about",
        "terms",
        "privacy",
        "pricing",
        "upload",
        "help",
        "blog",
        "clipper",
        "video",
        "videos",
        "support",
        "docs",
        "api",
        "contact",
        "press",
        "jobs",
        "careers",
        "faq",
        "dmca",
        "legal",
        "features",
        "business",
        "pro",
        "teams",
        "settings",
        "account",
        "logout",
        "register",
        "search",
        "explore",
        "home",
        "index",
        "static",
        "favicon",
        "robots",
        "sitemap",
        "create",
        "edit",
        "editor",
        "library",
        "labels",
        "cookies",
        "security",
        "status",
        "download",
        "tools",
        "convert",
        "trim",
        "gif",
        "record",
    ]
)


_NO_PAGES = re.compile(r"(?:cdn[\w-]*|ajax|api|support|help|blog|status|docs)\.streamable\.")


def identify(url: SplitResult) -> str | None:
    """The id of a video."""
    found = match_path(_PATH, url)
    if found and found not in _ROUTES and not _NO_PAGES.match(url.hostname or ""):
        return found
    return None


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://streamable.com/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`/e/ID` and its relatives."""
    return bool(re.match(r"^/[eos]/\w", url.path))


EXAMPLES = (
    Example("https://streamable.com/e/moo12x?loop=0", "moo12x", "https://streamable.com/moo12x", frame=True),
    Example("https://streamable.com/k3d", "k3d", "https://streamable.com/k3d"),
    Example("https://streamable.com/mara/blog", "mara", "https://streamable.com/mara"),
)

MARKUP = (MarkupExample('<iframe src="https://streamable.com/e/moo12x"></iframe>', ("moo12x",), "iframe"),)

# ------------------------------------------------------------------------------------------------------------ capturing

_READY = 2


def read_video(answer: Answer, post: Post) -> Said:
    """Read the video's object (its shape: yt-dlp)."""
    data = read_json_answer(answer)
    if not isinstance(data, dict) or data.get("status") != _READY:
        return {}
    film = dig(data, "files", "mp4") or {}
    added, length = data.get("date_added"), as_seconds(data.get("duration")) or as_seconds(film.get("duration"))
    media = file_or_stream(as_url(film.get("url")), film.get("width"), film.get("height"), length)
    return {
        "author_name": as_text(dig(data, "owner", "user_name")),
        "title": as_text(data.get("title")),
        "posted_at": as_time(int(added)) if isinstance(added, int | float) else None,
        "views": as_count(data.get("plays")),
        "media": (media, *poster_of(as_url(data.get("thumbnail_url")))),
    }


FRAMED = Framed(
    frame=Frame("https://streamable.com/e/{id}", card="#player, .player, video", width=640, height=360),
    signatures={"video": r'"messages?"\s*:[^<]*does not exist'},
    asks={
        "video": "https://ajax.streamable.com/videos/{id}",
        "oembed": "https://api.streamable.com/oembed.json?url={quoted_url}",
    },
    readers={"video": read_video},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`ajax.streamable.com/videos/ID` gives the file, `status` 2 when it is ready",
        "reported",
        check="ask for one",
    ),
)
GAPS = (
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="streamable",
    title="Streamable",
    hosts=("streamable.com",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://streamable.com/login",
        "https://streamable.com/support",
        "https://streamable.com/help",
        "https://streamable.com/about",
        "https://streamable.com/terms",
        "https://streamable.com/video",
        "https://streamable.com/signup",
        "https://streamable.com/upload",
        "https://streamable.com/privacy",
        "https://streamable.com/pricing",
        "https://streamable.com/clipper",
        "https://streamable.com/blog",
    ),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://streamable.com/{id}",
        "https://streamable.com/e/{id}",
    ),
    states=FRAMED_STATES,
)
