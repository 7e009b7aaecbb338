"""The fallback markup of an embed -> what the publisher says of the post, read by structure in any language. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedarchive.core.dates import to_iso
from embedarchive.core.html import blunt
from embedarchive.core.model import Claim
from embedarchive.platforms.kit.specification import Platform

if TYPE_CHECKING:  # a tenth of a second, which a command that looks up a link needs not wait
    from bs4 import BeautifulSoup, Tag

LONGEST_PIECE = 20_000
_BYLINE = re.compile(r"[(（]\s*[@＠]([\w.\-]{1,64}(?:@[\w.\-]{1,80})?)\s*[)）]")
_DASH = re.compile(r"(?:^|\s)[—–―]\s*(?=\S)")
_BLOCK = re.compile(r"<(/?(?:p|div|section|footer|figcaption|li)\b|br\b)", re.I)
_NOISE = re.compile(r"<(script|style|svg|noscript|template)\b.{0,15000}?</\1>", re.S | re.I)
_TITLED = re.compile(r"^@[\w.\-]+$")
_ENGLISH = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2})?")
_MONTH_FIRST = re.compile(r"^([A-Z][a-z]{2,8})\.? (\d{1,2}), (\d{4})$")
_DAY_FIRST = re.compile(r"^(\d{1,2}) ([A-Z][a-z]{2,8})\.? (\d{4})$")


def read_claim(piece: str, platform: Platform | None = None) -> Claim:
    """Read author, text, date and language from the markup of one embed (its first 20,000 characters)."""
    from bs4 import BeautifulSoup, Tag

    if "<" not in piece[1:]:
        return Claim()
    plain = _BLOCK.sub(r"\n<\1", _NOISE.sub("", blunt(piece[:LONGEST_PIECE])))
    soup = BeautifulSoup(plain, "html.parser", store_line_numbers=False, multi_valued_attributes=None)  # half the time
    lines = _read_lines(soup)
    name, handle, byline = read_byline(lines, platform)
    tags = [t for t in soup.descendants if isinstance(t, Tag)]
    paragraphs, links = ([t for t in tags if t.name == kind] for kind in ("p", "a"))
    return Claim(
        author_name=name or _read_profile_name(links, platform),
        author_handle=handle or _read_titled_handle(links),
        text=None if _is_wordless(piece, platform) else _read_text(paragraphs, byline, platform),
        posted_at=_read_date(tags, links),
        lang=_read_lang(tags, paragraphs),
    )


def read_record_claim(pairs: Mapping[str, str]) -> Claim:
    """Author, text and date of a record that keeps them under their plain names."""

    def pick(*names: str) -> str | None:
        return next((v.strip() for n in names if (v := pairs.get(n)) and v.strip()), None)

    return Claim(
        author_name=pick("author_name", "authorName", "name"),
        author_handle=(pick("username", "screen_name", "author_handle") or "").lstrip("@") or None,
        text=pick("full_text", "text", "snapshot", "title"),
        posted_at=parse_time(pick("date", "timestamp", "created_at") or ""),
    )


def _is_wordless(piece: str, platform: Platform | None) -> bool:
    return bool(platform and platform.wordless and re.search(platform.wordless, piece))


def _read_lines(soup: BeautifulSoup) -> list[str]:
    return [line for line in (" ".join(raw.split()) for raw in soup.get_text().split("\n")) if line]


def read_byline(lines: list[str], platform: Platform | None) -> tuple[str | None, str | None, str | None]:
    """(name, handle, the line) of the last line that ends a name with `(@handle)`."""
    for line in reversed(lines):
        found = list(_BYLINE.finditer(line))
        if found:
            before = line[: found[-1].start()].strip()
            return _strip_prefix(before, found[-1][1], platform), found[-1][1], line
    return None, None, None


def _strip_prefix(before: str, handle: str, platform: Platform | None) -> str | None:
    """The display name at the end of a localised "A post shared by NAME"."""
    dashes = list(_DASH.finditer(before))
    if dashes:
        return before[dashes[0].end() :].strip() or None
    for prefix in platform.bylines if platform else ():
        if before.lower().startswith(prefix.lower()):
            return before[len(prefix) :].strip(" \u200f\u200e:") or None
    return _find_like_handle(before, handle) or before or None


def _fold(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if c.isalnum())


def _find_like_handle(before: str, handle: str) -> str | None:
    """In a language we have no wording for: the name starts at the first word that the handle repeats."""
    words, folded = before.split(), _fold(handle)
    for i, word in enumerate(words[:40]):
        if len(_fold(word)) > 2 and _fold(word) in folded:
            return " ".join(words[i:])
    return None


def _is_profile(href: str) -> bool:
    return bool(re.match(r"(?i)^https?://[^/]+/(?:@?[\w.\-]{1,60}|(?:user|u|profile)/[\w.\-]{1,80})/?(?:\?|$)", href))


def _read_profile_name(links: list[Tag], platform: Platform | None) -> str | None:
    """The text of a link to a profile, when there is no `(@handle)`."""
    for a in (a for a in links if a.has_attr("href")):
        text = a.get_text(" ", strip=True)
        if platform and _is_profile(str(a["href"])) and text and not text.startswith(("#", "http")):
            return text.lstrip("@") if any(host in str(a["href"]) for host in platform.hosts) else None
    return None


def _read_titled_handle(links: list[Tag]) -> str | None:
    """`<a title="@handle">`, as TikTok writes it."""
    titles = (str(a.get("title") or "") for a in links)
    return next((t[1:] for t in titles if _TITLED.match(t)), None)


def _read_text(paragraphs: list[Tag], byline: str | None, platform: Platform | None) -> str | None:
    """The paragraphs of the quote that are neither its byline nor its call to view the post."""
    texts = []
    for p in paragraphs:
        text = p.get_text()
        flat = " ".join(text.split())
        if flat and not (byline and (byline in flat or flat in byline)) and not _is_call(p, flat, platform):
            texts.append("\n".join(" ".join(line.split()) for line in text.strip().split("\n")).strip())
    return re.sub(r"\n{2,}", "\n", "\n".join(texts)) or None


def _is_call(p: Tag, flat: str, platform: Platform | None) -> bool:
    """A paragraph that is one short link naming the platform: "View this post on …" in whatever language."""
    if platform is None or len(flat) >= 80 or platform.title.lower() not in flat.lower():
        return False
    a = p.find("a")
    return a is not None and " ".join(a.get_text().split()) == flat


def _read_lang(tags: list[Tag], paragraphs: list[Tag]) -> str | None:
    """The language that a paragraph of the quote says it is in, else the quote."""
    quote = next((t for t in tags if t.name == "blockquote"), tags[0] if tags else None)
    inner = next((p for p in paragraphs if p.has_attr("lang") and (p is not quote)), None)
    found = (t.get("lang") or (t.get("data-lang") if t is inner else None) for t in (inner, quote) if t is not None)
    return next((str(lang) for lang in found if lang), None)


def _read_date(tags: list[Tag], links: list[Tag]) -> str | None:
    """`<time datetime>` before any text: the text is localised, and wrong where am/pm was lost."""
    time = next((t for t in tags if t.name == "time" and t.has_attr("datetime")), None)
    if time is not None:
        return parse_time(str(time["datetime"]))
    return parse_time(links[-1].get_text(" ", strip=True)) if links else None


def parse_time(text: str) -> str | None:
    """ISO 8601, or an unambiguous date in English words, as ISO UTC; a day alone stays a day. Else None."""
    text = text.strip()
    m = _ISO.match(text)
    if m and not m[1]:
        return text if len(text) == len("2026-11-23") else None
    if m:
        try:
            when = datetime.fromisoformat(re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text.replace(" ", "T", 1)))
            return to_iso(when if when.tzinfo else when.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            return None
    return _parse_words(text)


def _parse_words(text: str) -> str | None:
    if m := _MONTH_FIRST.match(text):
        month, day, year = m[1], m[2], m[3]
    elif m := _DAY_FIRST.match(text):
        day, month, year = m[1], m[2], m[3]
    else:
        return None
    if month[:3].lower() not in _ENGLISH:
        return None
    try:
        return datetime(int(year), _ENGLISH.index(month[:3].lower()) + 1, int(day), tzinfo=UTC).strftime("%Y-%m-%d")
    except ValueError:
        return None
