"""What is said around a post, `A post shared by Mara Lind (@mara.lind)` -> whose it is, when, in which words. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from embedarchive.core.periods import Period, read_period

LONGEST = 2_000

_HANDLE = r"@?([\w.-]{2,63}(?:@[\w.-]{3,80})?)"
_SITE = r"(?:Instagram|Twitter|X|TikTok|Facebook|Threads|Bluesky|Mastodon|YouTube|Reddit|Telegram|LinkedIn)"
_BY = r"(?:by|from|von|de|par|di|da|av|af|van|door|od|от|від|przez|tarafından)"
_SHARED = r"(?:shared |posted |geteilt |partagée? |compartida |condiviso )?"
_POST = r"(?:tweet|post|reel|video|story|thread|photo|picture|toot|skeet|tiktok|beitrag|publication|publicación)s?"
_VIEW = re.compile(rf"(?i)(?:view|see|sieh dir|voir) [^@()\"“]{{0,40}}\b{_SITE}\b[ .:]*")

_SIGNED = re.compile(r"[^\"“”«»]{0,160}?\(@([\w.-]{2,63})\)(.{0,60})")
"""`A post shared by Mara Lind (@mara.lind) on Feb 11, 2026`, in any language; `— Mara Lind (@mara) March 2, 2026`."""
_WHOLE = tuple(
    re.compile(form, re.I)
    for form in (
        rf"{_BY}:? ?@([\w.-]{{2,63}})",
        rf"(?:an? |the )?(?:{_SITE} )?{_POST} {_SHARED}{_BY} {_HANDLE}",
        rf"@?([\w.-]{{2,63}})(?: on| auf| sur| en| su| på) {_SITE}",
        r"from:@?([\w.-]{2,63})",
        r"(?:https?://)?\S+/@([\w.-]{2,63})/?",
    )
)
_TOLD = tuple(
    re.compile(form, re.I)
    for form in (
        rf"(?:.*\(@([\w.-]{{2,63}})\)|@?([\w.-]{{2,63}})) (?:on|auf|sur) {_SITE}: .*",
        r".*likes?, .*comments? - ([\w.-]{2,63})(?: on .{5,30})?: .*",
        r".*?(?:^|[\s(“\"])(?:@|from:@?)([\w.-]{2,63}).*",
    )
)
_QUOTED = re.compile(r"[\"“«„]([^\"”»“]{8,})[\"”»“]?")
_SPOKEN = re.compile(r"(?:@|from:@?)[\w.-]+(?:['’]s)?|^RT\b|[()\"“”:]|pic\.\S+|https?://\S+|…")
_AFTER = re.compile(rf"(?i)^(?:[\s·•,—–-]|on {_SITE}\b|/ ?X\b|• {_SITE}.*$|on(?= ))*")


@dataclass(frozen=True, slots=True)
class Byline:
    """Whose a post is (no `@`), of which days if that is said, and the words that are told of it, or ''."""

    handle: str
    period: Period | None = None
    words: str = ""


def read_byline(text: str) -> Byline | None:
    """What a text says that is a byline and nothing else, or None."""
    text = _VIEW.sub("", " ".join(text.split())).strip(" .,;:…|") if len(text) <= LONGEST else ""
    if m := _SIGNED.fullmatch(text):
        rest = _AFTER.sub("", m[2]).strip()
        period = read_period(rest)
        if not rest or isinstance(period, Period):
            return Byline(_trim(m[1]), period if isinstance(period, Period) else None)
    for form in _WHOLE:
        if m := form.fullmatch(text):
            return Byline(_trim(m[1]))
    return None


def read_told(text: str) -> Byline | None:
    """Whose post a text tells of, and in which words, where it names an account; None where it names none."""
    text = " ".join(text.split())
    if len(text) > LONGEST:
        return None
    for form in _TOLD:
        if m := form.fullmatch(text):
            handle = next(filter(None, m.groups()))
            return Byline(_trim(handle), words=read_quoted(text) or " ".join(_SPOKEN.sub(" ", text).split()))
    return None


def read_quoted(text: str) -> str:
    """The longest words in quotation marks, or ''."""
    return max(_QUOTED.findall(text), key=len, default="").strip()


def _trim(handle: str) -> str:
    """A handle without the punctuation of its sentence."""
    return re.sub(r"['’]s$", "", handle).rstrip(".-").removeprefix("@")
