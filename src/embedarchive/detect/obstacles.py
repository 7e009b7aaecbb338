"""A page without embeds -> what stands in their place: a paywall, a consent page, a challenge; or nothing. Pure.

By structure, never by wording: what the page declares, what its script is for, the host it was sent to.
"""

from __future__ import annotations

import re

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


def find_obstacle(page: bytes, url: str | None) -> str | None:
    """What stands in place of an article: `paywall`, `consent` or `challenge`, or None. `url` is where its redirects led."""
    page = page[:_SAID]
    if _CHALLENGE.search(page):
        return "challenge"
    if _CONSENT_HOST.match(split_anything(url or "").hostname or ""):
        return "consent"
    if _NOT_FREE.search(page) or _NOT_FREE_META.search(page):
        return "paywall"
    return None
