"""A page without embeds -> what stands in their place: a paywall, a consent page, a challenge; or nothing. Pure.

By structure, never by wording: what the page declares, what its script is for, the host it was sent to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from embedarchive.core.urls import split_anything

OBSTACLES = ("paywall", "consent", "challenge")

_NOT_FREE = re.compile(
    rb"""(?i)["']isAccessibleForFree["']\s*:\s*["']?false\b|itemprop=["']?isAccessibleForFree["']?[^>]{0,80}false"""
)
_NOT_FREE_META = re.compile(
    rb"""(?i)<meta\b[^>]*(?:article:content_tier["'][^>]*content=["'](?:locked|metered)|(?:locked|metered)["'][^>]*article:content_tier)"""
)
# What only the page of a challenge holds; a site's ordinary pages may carry the scripts of its guards.
_CHALLENGE = re.compile(
    rb"""window\._cf_chl_opt|/cdn-cgi/challenge-platform/h/[bg]/orchestrate|_Incapsula_Resource\?(?:SWKMTFSR|CWUDNSAI)|"""
    rb"""geo\.captcha-delivery\.com/(?:captcha|interstitial)|id=["']px-captcha["']|window\.gokuProps|"""
    rb"""/_sec/cp_challenge/|ddos-guard/js-challenge"""
)
_CONSENT_HOST = re.compile(r"(?i)^(?:consent|guce|myprivacy|privacygate|cookiewall|consentmanager)\.")
_SAID = 2_000_000
_AROUND = 4_000
"""Bytes before and after a word that are looked at."""

OBSTACLE = "obstacle"
"""The kind of the keywords that `find_obstacle` goes by."""
_WORDS = ("isAccessibleForFree", "content_tier", "_cf_chl_opt", "challenge-platform/h/", "_Incapsula_Resource?",
          "captcha-delivery.com/", "px-captcha", "window.gokuProps", "/_sec/cp_challenge/", "/js-challenge")  # fmt: skip
OBSTACLE_PATTERNS = tuple((re.escape(word), OBSTACLE, word, len(word)) for word in _WORDS)
"""What `keywords` looks for on behalf of obstacles: no page holds one that holds none of these words."""


def find_obstacle(page: bytes, url: str | None, keywords: Sequence[tuple[int, str, str]]) -> str | None:
    """What stands in place of an article: `paywall`, `consent` or `challenge`, or None. `url` is where its redirects led.

    `keywords` are the document's.
    """
    places = [at for at, kind, _ in keywords if kind == OBSTACLE and at < _SAID]
    if _says(page, places, _CHALLENGE):
        return "challenge"
    if _CONSENT_HOST.match(split_anything(url or "").hostname or ""):
        return "consent"
    if _says(page, places, _NOT_FREE) or _says(page, places, _NOT_FREE_META):
        return "paywall"
    return None


def _says(page: bytes, places: Sequence[int], pattern: re.Pattern[bytes]) -> bool:
    return any(pattern.search(page, max(0, at - _AROUND), at + _AROUND) for at in places)
