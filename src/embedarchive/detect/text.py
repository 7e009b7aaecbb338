"""An article of which only text is left -> the embeds it still shows. Pure."""

from __future__ import annotations

import re

from embedarchive.core.model import Claim, Found
from embedarchive.detect.claims import read_byline
from embedarchive.detect.identity import identify_embedded
from embedarchive.detect.match import Match, number_embeds
from embedarchive.detect.written_dates import parse_time
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.specification import Platform

_ADDRESS = re.compile(r"^(?:https?:)?//\S{8,4000}$")
_SHORT_LINE = 120
_LONGEST_WORDS = 5_000
_BYLINE_END = re.compile(r"[(（]\s*[@＠][\w.\-]{1,64}\s*[)）][^()（）]{0,60}(?<![.!?。])$")


def find_in_text(text: str) -> Found:
    """Embeds in plain text, by structure: an address alone on a line; or a short line that names a platform, and
    the next
    one (or the same) a byline ending in `(@handle)`."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    seen: list[Match] = []
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else ""
        match = _match_address(line) or match_signature(before, line) or match_byline(before, line)
        if match:
            seen.append(match)
    return Found(
        embeds=number_embeds(seen), title=lines[0][:300] if lines and not _starts_with(seen, lines[0]) else None
    )


def _starts_with(seen: list[Match], line: str) -> bool:
    """Whether the first line is itself part of an embed."""
    return bool(seen) and line in seen[0].markup


def _match_address(line: str) -> Match | None:
    post = None
    if _ADDRESS.match(line):
        post = identify_embedded(line)
    if post is None:
        return None
    return Match("embed", post.platform, post, line, "bare-url", "text", "address-alone", line)


def name_platform(line: str) -> Platform | None:
    """The platform whose title is a word of a short line; one-letter titles are no word."""
    if len(line) <= _SHORT_LINE and line[-1:] not in ".!?":
        words = set(re.findall(r"[a-z0-9]+", line.lower()))
    else:
        words = set()
    return next((p for p in PLATFORMS if len(p.title) > 1 and p.title.lower() in words), None)


_SIGNED = [(re.compile(p.signed), p) for p in PLATFORMS if p.signed]


def match_signature(before: str, line: str) -> Match | None:
    """A line that nothing else can be than the end of a platform's quote: who wrote it, and a day."""
    for pattern, platform in _SIGNED if len(line) <= 2 * _SHORT_LINE else ():
        m = pattern.fullmatch(line)
        when = parse_time(m[3]) if m else None
        if m and when:
            claim = Claim(m[1], m[2], before[:_LONGEST_WORDS] or None, when)
            return Match("embed", platform.name, None, None, "text", "text", "signature", f"{before}\n{line}", claim)
    return None


def match_byline(before: str, line: str) -> Match | None:
    """A line that ends in `(@handle)`, where it or the line before names the platform."""
    if len(line) > 2 * _SHORT_LINE or not _BYLINE_END.search(line):
        return None
    platform = name_platform(before) or name_platform(line.partition("(@")[0])
    if platform is None:
        return None
    name, handle, _ = read_byline([line], platform)
    if platform is name_platform(before):
        shown = f"{before}\n{line}"
    else:
        shown = line
    claim = Claim(author_name=name, author_handle=handle)
    return Match("embed", platform.name, None, None, "text", "text", "byline", shown, claim)
