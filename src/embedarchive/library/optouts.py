"""A line that somebody writes, or a list of them -> what is to be left alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from embedarchive.core.urls import host_of, split_url
from embedarchive.library.lookup import find_handle
from embedarchive.library.subjects import ACCOUNT
from embedarchive.store.optouts import OptOut, strip_address

_HOST = re.compile(r"^(?:[\w-]+\.)+[\w-]{2,}$")
_KEY = re.compile(r"^([a-z]+):[^\s@/][^\s]*$")


def identify_optout(text: str) -> OptOut | None:
    """What a line names: `@handle`, `platform:@handle`, a post's key or address, a host, or the beginning of an address.

    The address of an account is that account, the address of a host's front page that host. None for what is none of these.
    """
    from embedarchive.detect.identity import find_platforms, identify_pasted
    from embedarchive.platforms import BY_NAME

    text = text.strip()
    account, key = ACCOUNT.match(text), _KEY.match(text)
    if account and account[1] in (None, *BY_NAME):
        return OptOut("account", account[2].lower(), account[1])
    if key and key[1] in BY_NAME:
        return OptOut("post", text)
    host = text.lower().removeprefix("www.").rstrip("/")
    if _HOST.match(host):
        return OptOut("host", host)
    if not text.lower().startswith(("http://", "https://")):
        if not _HOST.match(host.partition("/")[0]):
            return None
        text = f"https://{text}"
    parts = split_url(text)
    if parts is None:
        return None
    if parts.path in ("", "/") and not parts.query:
        return OptOut("host", host_of(parts).removeprefix("www."))
    if post := identify_pasted(text):
        return OptOut("post", post.key)
    if handle := find_handle(text):
        platforms = find_platforms(parts)
        return OptOut("account", handle.lower(), platforms[0].name if len(platforms) == 1 else None)
    return OptOut("prefix", strip_address(text))


def read_list(text: str) -> tuple[list[OptOut], list[str]]:
    """The lines of a list, and those that name nothing; `#` begins a comment."""
    found, wrong = list[OptOut](), list[str]()
    for line in find_lines(text.splitlines()):
        optout = identify_optout(line)
        if optout:
            found.append(optout)
        else:
            wrong.append(line)
    return found, wrong


def find_lines(lines: Iterable[str]) -> Iterator[str]:
    """The lines that say something, without what follows ` #`."""
    for line in lines:
        said = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if said:
            yield said
