"""A change of a post and an address that the user named -> a signed request that hands it over."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from embedarchive.core.errors import UsageError
from embedarchive.core.model import Fetch

TRIED_AGAIN_S = (60.0, 600.0, 3600.0, 6 * 3600.0, 16 * 3600.0)
"""Seconds after the first, second … try that failed: six tries within a day, and then it is given up."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Whom changes are posted to, as JSON. `secret` signs each request; it is never kept."""

    url: str
    secret: str = field(repr=False)

    @property
    def name(self) -> str:
        """What the archive calls it: its host, and a hash of the rest, which may itself be a secret."""
        host = urlsplit(self.url).hostname or "webhook"
        return f"{host} {hashlib.sha256(self.url.encode()).hexdigest()[:8]}"


def make_webhooks(urls: tuple[str, ...], secret: str | None) -> tuple[Webhook, ...]:
    """The webhooks that are meant. Raises UsageError for what is no address, and where there is no secret to sign with."""
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url!r} is no http(s) address to post changes to. Nothing was done.")
    if urls and not secret:
        raise UsageError(
            "A webhook needs a secret, by which its receiver knows that it was you. Set EMBEDARCHIVE_WEBHOOK_SECRET to a "
            "long random text in the environment, and tell the receiver. Nothing was done."
        )
    return tuple(Webhook(url, secret or "") for url in urls)


def make_request(hook: Webhook, said: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request. The id of the change is its idempotency key: who honours it is told once. Pure."""
    body = json.dumps(said, ensure_ascii=False).encode()
    signature = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json",
        "Idempotency-Key": str(said["id"]),
        "X-Embedarchive-Signature": f"sha256={signature}",
    }


def say_answer(fetch: Fetch) -> str:
    """`ok` where the receiver took it, else why not. Pure."""
    if fetch.status is not None and 200 <= fetch.status < 300:
        return "ok"
    return fetch.reason or (f"http_{fetch.status}" if fetch.status else "no_answer")


def wait_after(tried: int, answer: str) -> float | None:
    """Seconds until a change is told again that was told `tried` times; None: it was taken, or is given up. Pure."""
    if answer in ("ok", "http_410") or tried > len(TRIED_AGAIN_S):
        return None
    return TRIED_AGAIN_S[tried - 1]


TEST_ALERT: Mapping[str, Any] = {
    "id": "0" * 32, "change": "missing", "after": "2026-03-01T09:00:00.000Z", "by": "2026-03-02T09:00:00.000Z",
    "happened_by": "2026-03-02T09:00:00.000Z",
    "confirmed": False, "noted_at": "2026-03-02T09:00:01.000Z", "post": "x:20", "url": "https://x.com/jack/status/20",
    "author": "a test", "text": "This alert is made up: embedarchive watch alerts --test.", "preserved": "none", "stories": [],
    "copy": None, "show": "embedarchive show x:20", "heal": [], "test": True,
}  # fmt: skip
"""A made-up one, that says so."""
