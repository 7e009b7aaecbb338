"""Headers and addresses -> the same without what would let a reader of the archive act as the visitor. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from embedarchive.core.model import Headers

REDACTED = "[redacted]"

_HEADER = re.compile(
    r"cookie|authorization|authenticate$|csrf|xsrf|api-?key|secret|session|(?:^|-)(?:auth-?)?token(?:$|-)|^x-door", re.I
)
_PARAMETER = re.compile(
    r"(?i)([?&;](?:access_|auth_|oauth_|id_|refresh_|csrf_?|xsrf_?)token=|[?&;](?:password|passwd|sessionid|session_id"
    r"|api_?key|client_secret|fb_dtsg|jwt)=)[^&;#]*"
)


def redact_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Keep every header's name, and the value of those that carry no credential."""
    return tuple((name, redact_value(name, value)) for name, value in headers)


def redact_value(name: str, value: str) -> str:
    """A header's value, or what stands for it; the secret parts of an address in it."""
    if is_secret(name):
        return REDACTED
    if "://" in value:
        return redact_url(value)
    return value


@lru_cache(maxsize=2048)
def is_secret(name: str) -> bool:
    """Whether a header of that name carries a credential."""
    return bool(_HEADER.search(name))


def redact_url(url: str) -> str:
    """Drop user names, passwords and login tokens; the signature of a media URL stays, it opens nothing else."""
    if "@" not in url and "?" not in url and ";" not in url:
        return url
    url = _PARAMETER.sub(rf"\1{REDACTED}", url)
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = parts.netloc.rpartition("@")[2]
    if host != parts.netloc:
        return urlunsplit(parts._replace(netloc=host))
    return url
