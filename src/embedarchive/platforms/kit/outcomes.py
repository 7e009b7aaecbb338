"""Signs that platforms share: what an answer's status, address and structure mean, never its wording. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Outcome, Page, Sign, Verdict
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.fields import dig, parse_html, read_json

MAX_HTML = 8_000_000
"""Characters of markup that rules look at; no platform's frame comes near it."""

REASONS = frozenset((
    "age", "bad_token", "blank", "challenge", "consent", "copyright_blocked", "deleted", "embed_refused", "geo", "login",
    "login_only", "no_answer", "no_referrer", "password", "private", "rate", "refused", "restricted", "shell", "suspended",
    "timeout", "tombstone", "truncated", "unavailable", "unconfirmed", "unrecognized", "unsupported_browser", "wrong_post",
))  # fmt: skip
"""The short codes that platforms' rules give beside an outcome; an HTTP status is `http_NNN`."""
MISSING = frozenset(("copyright_blocked", "not_served", "only_streamed", "stream_only"))
"""The short codes that say why a file itself cannot be had."""

_WALLS = (
    ("challenge", re.compile(r"/(?:challenge|checkpoint|captcha|sorry)(?:/|$)", re.I)),
    ("login", re.compile(r"/(?:login|log-in|log_in|signin|sign-in|sign_in|authwall|oauth2?)(?:[/.]|$)", re.I)),
    ("consent", re.compile(r"/consent(?:/|$)|^//consent\.", re.I)),
    ("unsupported_browser", re.compile(r"/unsupportedbrowser", re.I)),
)


_SILENT = {"script", "style", "noscript", "template", "-comment"}


def verdict(outcome: Outcome, reason: str | None, rule: str, where: str, saw: object) -> Verdict:
    """A verdict that rests on one sign."""
    return Verdict(outcome, reason, (Sign(rule, where, str(saw)[:300]),))


def judge_refused_frame(told: Mapping[str, Any], *signs: Sign) -> Verdict:
    """A post that is there and whose frame is refused: seen, where what its page or its service tells is the post in full."""
    if is_told_in_full(told):
        return Verdict("available", None, signs, "refused")
    return Verdict("unavailable", "embed_refused", signs, "refused")


def is_told_in_full(fields: Mapping[str, Any]) -> bool:
    """Whether what is told of a post would do for a reader: who made it, and its words or its files."""
    media = any(each.role == "media" and each.url for each in fields.get("media") or ())
    who = fields.get("author_name") or fields.get("author_handle")
    return bool(who and (fields.get("text") or fields.get("title") or media))


def classify_answer(page: Page) -> Verdict | None:
    """Judge what can be judged without knowing the platform; None when the page itself must be read.

    A 404 or 410 is left to the platform: on some it is a sign of deletion, on some it means nothing.
    """
    if page.error or page.status is None:
        return verdict("error", page.error or "no_answer", "answered", page.url, page.error)
    wall = find_block_page(page)
    if wall:
        return verdict("blocked", wall, "stayed on the address", "address", page.final_url)
    if page.status in (401, 429):
        reason = "login"
        if page.status == 429 or _asks_to_wait(page.body):
            reason = "rate"
        return verdict("blocked", reason, "status", "status", page.status)
    if page.status == 403 or page.status >= 500:
        return verdict("error", f"http_{page.status}", "status", "status", page.status)
    if page.truncated:
        return verdict("error", "truncated", "complete body", "body", page.truncated)
    if not page.body.strip() and not page.dom.strip():
        return verdict("error", "blank", "some body", "body", f"{len(page.body)} characters")
    return None


def classify_strange(page: Page, tree: LexborHTMLParser) -> Verdict:
    """Judge a page that is neither the post nor a state the platform is known to have: never `available` or `gone`."""
    if page.status is not None and page.status >= 400:
        return verdict("error", f"http_{page.status}", "status", "status", page.status)
    if tree.css_first('input[type="password"]'):
        return verdict("blocked", "login", "no password field", 'input[type="password"]', "present")
    if is_blank(tree):
        return verdict("error", "blank", "visible content", "body", "no text, no media")
    return verdict("error", "unrecognized", "known structure", "body", "none of the platform's structures")


def find_block_page(page: Page) -> str | None:
    """Name the wall a redirect led to (`login`, `challenge`, `consent` …), judging by the path alone."""
    if _path(page.final_url) == _path(page.url):
        return None
    return next((name for name, pattern in _WALLS if pattern.search(_path(page.final_url))), None)


def _path(url: str) -> str:
    parts = split_anything(url)
    return f"//{parts.hostname or ''}{parts.path}"


def _asks_to_wait(body: str) -> bool:
    """A JSON refusal that is a rate limit in disguise: it wants a login, but only because we came too often."""
    return dig(read_json(body[:100_000]), "require_login") is True


def is_blank(tree: LexborHTMLParser) -> bool:
    """True when a page has neither text nor anything to look at."""
    if tree.body is None:
        return True
    if tree.body.css_first("img,video,canvas,object,embed,iframe,svg,picture"):
        return False
    return not any(node.text(deep=False).strip() for node in tree.body.css("*") if node.tag not in _SILENT)


def parse_page(page: Page) -> LexborHTMLParser:
    """Parse the page as served; as rendered when nothing else is there."""
    return parse_html((page.body or page.dom)[:MAX_HTML])


def read_retry_after(value: str | None, now: str) -> float | None:
    """Read a Retry-After header (seconds or a date) into seconds from `now`; None when it is garbage or past."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        wait = (parsedate_to_datetime(value) - datetime.fromisoformat(now)).total_seconds()
    except (TypeError, ValueError):
        return None
    if wait > 0:
        return wait
    return None
