"""An article's address without what does not make it another article: tracking, AMP, print, fragments. Pure.

Careful rather than thorough: two addresses taken for one lose an article; one taken for two costs a second fetch, and
then the page's canonical link says that they are one.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from embedarchive.core.errors import RefusedError
from embedarchive.egress import check_url

# Parameters that say who sent the reader, never what is read.
_TRACKING = re.compile(
    r"""(?ix) utm_.* | at_(?:campaign|custom|link|medium|ptr).* | guce_.* | mtm_.* | vero_.* | cx_(?:artpos|test.*)
    | __twitter_impression | _g[al] | _hs(?:enc|mi) | hsctatracking | _openstat | cmpid | ncid | ocid | xtor | epik
    | fbclid | fb_(?:action_.*|ref|source) | gclid | gclsrc | dclid | gbraid | wbraid | msclkid | ttclid | twclid
    | yclid | ysclid | li_fat_id | igsh | igshid | mc_[ce]id | mkt_tok | oly_(?:anon|enc)_id | guccounter | wt_z?mc
    | pk_(?:campaign|kwd|medium|source) | ref_(?:src|url) | s_cid | s_kwcid | smid | smtyp | soc_(?:src|trk) | spm
    | sref | srnd | trk | trkinfo | wickedid"""
)
_AMP = re.compile(r"(?i)(?:amp|amp_js_v|usqp|amp_gsa|outputtype|_amp)")
_PRINT = re.compile(r"(?i)(?:print|printable|printview|print_view|view|format|mode)")
_YES = frozenset(["", "1", "true", "yes", "y", "on", "amp", "print", "printable"])
_AMP_ENDING = re.compile(r"(?i)\.amp(?:\.html?)?$|(?<=\.html)/amp/?$|(?<=\.htm)/amp/?$")
# `/amp` or `/print` is only a variant behind what looks like one article: a slug of several words, or a number.
_LAST = re.compile(r"(?i)(?P<article>.*/(?=[^/]*(?:\d{4}|-[^/]*-))[^/]+)(?:/(?:amp|print))(?P<slash>/?)$")

_GOOGLE_HOST = re.compile(r"(?:www\.)?google\.[a-z.]{2,6}")
_CACHE_HOST = re.compile(r"(?i)[a-z0-9-]+\.cdn\.ampproject\.org")
_CACHE_PATH = re.compile(r"/(?:amp|[a-z])/(?P<s>s/)?(?P<rest>[^/]+\.[^/]+(?:/.*)?)")


def canonicalize_article(url: str) -> str:
    """Give the address that all variants of an article's URL share. Raises `RefusedError` for what is no http(s) URL.

    The result can still be fetched: nothing is guessed of hosts (`m.`, `amp.`) or schemes.
    """
    parts = urlsplit(check_url(url.partition("#")[0]))
    inner = _unwrap_amp_cache(parts)
    if inner:
        return canonicalize_article(inner)
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_noise(pair))
    path = _AMP_ENDING.sub(lambda m: ".html" if m[0].lower().endswith((".html", ".htm")) else "", parts.path)
    path = _LAST.sub(r"\g<article>\g<slash>", path)
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def spell_seed(seed: str) -> tuple[str, ...]:
    """A seed as it may be written in an archive: as it was given, canonical, and in both schemes."""
    spelled = {seed: None}
    for text in (seed, f"https://{seed}"):
        try:
            rest = canonicalize_article(text).partition("://")[2]
        except (RefusedError, ValueError):
            continue
        spelled |= {f"https://{rest}": None, f"http://{rest}": None}
    return tuple(spelled)


def _is_noise(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name, value = unquote(name), unquote(value).lower()
    if _TRACKING.fullmatch(name):
        return True
    if _AMP.fullmatch(name):
        return value in _YES or name.lower() in ("amp_js_v", "usqp", "amp_gsa")
    if not _PRINT.fullmatch(name) or value not in _YES:
        return False
    return value.startswith("print") or "print" in name.lower()


def _unwrap_amp_cache(parts: SplitResult) -> str | None:
    """The publisher's address in that of an AMP cache (https://developers.google.com/amp/cache/overview)."""
    is_google = _GOOGLE_HOST.fullmatch(parts.netloc) and parts.path.startswith("/amp/")
    match = _CACHE_PATH.fullmatch(parts.path)
    if not match or not (is_google or _CACHE_HOST.fullmatch(parts.netloc)):
        return None
    scheme = "https" if match["s"] else "http"
    query = f"?{parts.query}" if parts.query else ""
    inner = f"{scheme}://{match['rest']}{query}"
    try:
        return check_url(inner)
    except RefusedError:
        return None
