"""The fallback markup of an embed -> what the publisher says of the post, read by structure in any language. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Claim
from embedarchive.core.urls import split_url
from embedarchive.detect.written_dates import parse_time
from embedarchive.platforms.kit.ids import date_ms
from embedarchive.platforms.kit.specification import Platform

LONGEST_PIECE = 20_000
_LONGEST_CALL = 80
_LONGEST_DATE = 8
"""Words."""
_BYLINE = re.compile(r"[(（]\s*[@＠]([\w.\-]{1,64}(?:@[\w.\-]{1,80})?)\s*[)）]")
_DASH = re.compile(r"(?:^|\s)[—–―]\s*(?=\S)")
_BLOCK = re.compile(r"<(/?(?:p|div|section|footer|figcaption|li)\b|br\b)", re.I)
_NOISE = re.compile(r"<(script|style|svg|noscript|template)\b.{0,15000}?</\1>", re.S | re.I)
_TITLED = re.compile(r"^@[\w.\-]+$")
_SHARED_TITLE = re.compile(
    r"^(.{1,80}?) on (?:Instagram|Threads|X|Twitter|TikTok|Facebook)(?:: [\"\u201c](.*)[\"\u201d])?$", re.S
)
"""The title that a platform gives a post's page: its author, and the words themselves."""
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.-]+\.[a-z]{2,8}/\S+|pic\.twitter\.com/\w+")
_ANY_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_COUNT = re.compile(r"^[\d.,\s]+[KMB]?(?:\s+\w+){0,2}$")
_USER = re.compile(r"^(?:/?u/|@)([\w.-]{2,60})$")
_PLACEHOLDER = re.compile(r"^\[[^\[\]]{3,40}\]$")
"""What stands for a picture: `[image or embed]`."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_AUTHOR = frozenset(("author", "username", "handle", "user", "screen", "account", "full", "display"))
_WHEN = frozenset(("date", "time", "timestamp"))
_WORDS = frozenset(("text", "body", "content"))
_SAYING = _AUTHOR | _WHEN
_ASIDE = _SAYING | frozenset(
    (
        "footer",
        "header",
        "stats",
        "count",
        "counts",
        "metrics",
        "likes",
        "retweets",
        "replies",
        "actions",
        "avatar",
        "byline",
        "meta",
        "cta",
    )
)
"""Words in the classes of elements that hold something else than the words of a post."""
_PARTS = frozenset(("timestamp", "metadata"))
"""Words in the classes of what stands within a paragraph and is no word of the post."""
_OF_DOCUMENTS = frozenset(("html", "head", "body"))
"""What a parser puts around a piece."""
_QUOTES = frozenset(("tweet", "quote", "toot", "status"))


def read_claim(
    piece: str, platform: Platform | None = None, handle: str | None = None, *, quoted: bool = True
) -> Claim:
    """Read author, text, date and language from the markup of one embed (its first 20,000 characters).

    `handle` is the author's, where the post's address has it. What is not `quoted` is a box of the publisher's own, of which
    only those elements are believed whose classes say what they hold.
    """
    if "<" not in piece[1:]:
        return Claim()
    root = LexborHTMLParser(_BLOCK.sub(r"\n<\1", _NOISE.sub("", piece[:LONGEST_PIECE]))).root
    if root is None:
        return Claim()
    lines = _read_lines(root)
    name, said, byline = read_byline(lines, platform)
    tags = [t for t in root.css("*") if t.tag not in _OF_DOCUMENTS]
    paragraphs, links = ([t for t in tags if t.tag == kind] for kind in ("p", "a"))
    parts = _read_parts(tags)
    for part in (t for t in tags if t.tag == "span" and _words_of(t) & _PARTS):
        _empty(part)
    name = name or _read_profile_name(links, platform) or parts.get("name")
    if name and (user := _USER.match(name)):
        name, said = None, said or user[1]
    for placeholder in (a for a in links if _PLACEHOLDER.match(a.text(strip=True))):
        _empty(placeholder)
    said = said or _read_titled_handle(links) or parts.get("handle")
    when = _read_date(tags, links, lines, byline or name) or parse_time(parts.get("date", ""))
    text = parts.get("text")
    if quoted and not _is_wordless(piece, platform):
        author = {name, said, handle}
        text = _read_text(paragraphs, byline, platform) or _read_loose(tags, links, byline, platform, author)
    return Claim(name, said or handle, text, when, _read_lang(tags, paragraphs))


def read_record_claim(pairs: Mapping[str, str]) -> Claim:
    """Author, text and date of a record that keeps them under their plain names."""

    def pick(*names: str) -> str | None:
        return next((v.strip() for n in names if (v := pairs.get(n)) and v.strip()), None)

    text = _strip_tags(pick("full_text", "fullText", "text", "snapshot", "title") or "")
    handle = pick("username", "screen_name", "screenName", "author_handle", "authorHandle", "handle")
    # A name alone may be the service's, or the block's.
    name = pick("author_name", "authorName") or (pick("name") if handle else None)
    if name and _TITLED.match(name):
        name, handle = None, handle or name
    if m := _SHARED_TITLE.match(text):
        name, text = name or m[1], m[2] or ""
    said = pick("date", "timestamp", "created_at", "createdAt") or ""
    return Claim(
        author_name=name,
        author_handle=(handle or "").lstrip("@") or None,
        text=None if _ADDRESS.fullmatch(text) else text or None,
        posted_at=_read_seconds(said) if said.isdecimal() else parse_time(said),
    )


def _strip_tags(text: str) -> str:
    """The words of a text that is, or may be, markup."""
    if "<" in text or "&" in text:
        plain = html.unescape(_ANY_TAG.sub("", text))
    else:
        plain = text
    return "\n".join(" ".join(line.split()) for line in plain.strip().split("\n"))


def _read_seconds(said: str) -> str | None:
    """Seconds or milliseconds since 1970."""
    if len(said) in (10, 13):
        return date_ms(int(said) * (1 if len(said) > 11 else 1000))
    return None


def _get(tag: LexborNode, name: str) -> str:
    return tag.attributes.get(name) or ""


def _empty(tag: LexborNode) -> None:
    """Take out all that a tag holds. What is taken out may still be asked."""
    for inner in list(tag.iter(include_text=True)):
        inner.replace_with("")


def _words_of(tag: LexborNode) -> set[str]:
    return {w.lower() for w in _WORD.findall(_get(tag, "class")[:300])}


def _read_parts(tags: list[LexborNode]) -> dict[str, str]:
    """What elements hold whose class says that it is the author's name, handle, or the date."""
    parts: dict[str, str] = {}
    for tag in tags[1:]:
        words = _words_of(tag)
        if words.isdisjoint(_SAYING | _QUOTES):
            continue
        text = " ".join(tag.text().split())
        if _TITLED.match(text) and words & _AUTHOR:
            parts.setdefault("handle", text[1:])
        elif words & _AUTHOR and "name" in words and 0 < len(text) < 80:
            parts.setdefault("name", text)
        elif words & _QUOTES and (words & _WORDS or words <= _QUOTES):
            parts.setdefault("text", text)
        elif words & _WHEN:
            parts.setdefault("date", text)
    return parts


def _is_wordless(piece: str, platform: Platform | None) -> bool:
    return bool(platform and platform.wordless and re.search(platform.wordless, piece))


def _read_lines(root: LexborNode) -> list[str]:
    return [line for line in (" ".join(raw.split()) for raw in root.text().split("\n")) if line]


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
        # A line that begins with a dash is a byline and nothing else; else the post's words stand before the last one.
        if before[: dashes[0].start()].strip():
            at = dashes[-1]
        else:
            at = dashes[0]
        return before[at.end() :].strip() or None
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


def _read_profile_name(links: list[LexborNode], platform: Platform | None) -> str | None:
    """The text of a link to a profile, when there is no `(@handle)`."""
    for a in (a for a in links if "href" in a.attributes):
        href, text = _get(a, "href"), a.text(separator=" ", strip=True)
        if platform and _is_profile(href) and text and not text.startswith(("#", "http")):
            url = split_url(href)
            own = url is not None and any(host in href for host in platform.hosts) and platform.identify(url) is None
            if own:
                return text
            return None
    return None


def _read_titled_handle(links: list[LexborNode]) -> str | None:
    """`<a title="@handle">`, as TikTok writes it."""
    titles = (_get(a, "title") for a in links)
    return next((t[1:] for t in titles if _TITLED.match(t)), None)


def _read_text(paragraphs: list[LexborNode], byline: str | None, platform: Platform | None) -> str | None:
    """The paragraphs of the quote before its byline that are no date, no address and no call to view the post."""
    texts: list[str] = []
    for p in paragraphs:
        text = p.text()
        flat = " ".join(text.split())
        if byline and flat and (byline in flat or flat in byline):
            if texts:
                break  # what follows the byline is the article's, where the quote was not closed
            continue
        if flat and not _says_nothing(p, flat) and not _is_call(p, flat, platform):
            texts.append("\n".join(" ".join(line.split()) for line in text.strip().split("\n")).strip())
    return re.sub(r"\n{2,}", "\n", "\n".join(texts)) or None


def _says_nothing(tag: LexborNode, flat: str) -> bool:
    """An address, a date, or what its class says is one."""
    return bool(_ADDRESS.fullmatch(flat)) or parse_time(flat) is not None or bool(_words_of(tag) & _WHEN)


def _is_call(p: LexborNode, flat: str, platform: Platform | None) -> bool:
    """A paragraph that is one short link naming the platform: "View this post on …" in whatever language."""
    if platform is None or len(flat) >= _LONGEST_CALL or platform.title.lower() not in flat.lower():
        return False
    a = p.css_first("a")
    return a is not None and " ".join(a.text().split()) == flat


def _read_loose(
    tags: list[LexborNode],
    links: list[LexborNode],
    byline: str | None,
    platform: Platform | None,
    author: set[str | None],
) -> str | None:
    """The words of a quote that stand in no paragraph: all lines that are not its byline, date, counts or a link alone."""
    root = tags[0] if tags else None
    if platform is None or root is None:
        return None
    if platform.titled:
        return _read_title(links, platform)
    if root.tag != "blockquote" and not _words_of(root) & _QUOTES:
        return None
    for card in (a for a in links if _is_card(a, platform)):
        _empty(card)
    alone = {" ".join(a.text().split()) for a in links}
    for tag in tags[1:]:
        if tag.tag in ("time", "p") or _words_of(tag) & _ASIDE or _is_credit(tag, author):
            _empty(tag)
    texts: list[str] = []
    for line in _read_lines(root):
        if line == byline:
            words = _cut_byline(line)
        else:
            words = line
        link = line in alone and (len(line) < _LONGEST_CALL or bool(_ADDRESS.fullmatch(line)))
        if not words or link or (words == line and _names(line, author, platform)):
            continue
        if not (_ADDRESS.fullmatch(words) or _COUNT.match(words) or parse_time(words)):
            texts.append(words)
        if line == byline:
            break
    return "\n".join(texts) or None


def _read_title(links: list[LexborNode], platform: Platform) -> str | None:
    """The words of the first link to the post: its title, where they do not say where it is to be seen."""
    for a in links:
        url, text = split_url(_get(a, "href")), " ".join(a.text().split())
        native_id = None
        if url:
            native_id = platform.identify(url)
        if native_id and text:
            told = _ADDRESS.fullmatch(text) or platform.title.lower() in text.lower() or platform.about(native_id)
            if told:
                return None
            return text
    return None


def _is_card(link: LexborNode, platform: Platform) -> bool:
    """A link to a post that is drawn as a card: who wrote it and where it is to be seen, in boxes that say nothing."""
    url = split_url(_get(link, "href"))
    text = link.text().strip()
    if "\n" not in text or url is None or platform.identify(url) is None or link.css_first("p") is not None:
        return False
    classes = (_get(box, "class") for box in link.css("*") if box.mem_id != link.mem_id)
    return len(" ".join(text.split())) < 2 * _LONGEST_CALL and not any(classes)


def _cut_byline(line: str) -> str:
    """The words of a post that stand before its byline on one line."""
    dashes = list(_DASH.finditer(line))
    if dashes:
        return line[: dashes[-1].start()].strip()
    return ""


def _is_credit(tag: LexborNode, author: set[str | None]) -> bool:
    """A link that is the author's name, or the name of a sound."""
    text = ""
    if tag.tag == "a":
        text = " ".join(tag.text().split())
    return bool(text) and (text.lstrip("@") in author or "/music/" in _get(tag, "href"))


def _names(line: str, author: set[str | None], platform: Platform) -> bool:
    """Whether a short line says who wrote the post, or where it is to be seen: "by u/mara in birds", "View on Mastodon"."""
    if len(line) >= _LONGEST_CALL:
        return False
    told = any(name and len(name) > 2 and name in line for name in author)
    return told or (len(platform.title) > 1 and platform.title.lower() in line.lower())


def _read_lang(tags: list[LexborNode], paragraphs: list[LexborNode]) -> str | None:
    """The language that a paragraph of the quote says it is in, else the quote."""
    quote = next((t for t in tags if t.tag == "blockquote"), tags[0] if tags else None)
    if quote is None:
        return None
    inner = next((p for p in paragraphs if "lang" in p.attributes and p.mem_id != quote.mem_id), None)
    if inner is not None:
        own = [_get(inner, "lang"), _get(inner, "data-lang")]
    else:
        own = []
    return next(filter(None, (*own, _get(quote, "lang"))), None)


def _read_date(tags: list[LexborNode], links: list[LexborNode], lines: list[str], byline: str | None) -> str | None:
    """`<time datetime>` before any text, which is wrong where am/pm was lost; else the last link, or the end of the line
    that says who wrote the post."""
    time = next((t for t in tags if t.tag == "time" and "datetime" in t.attributes), None)
    if time is not None:
        return parse_time(_get(time, "datetime"))
    linked = None
    if links:
        linked = parse_time(links[-1].text(separator=" ", strip=True))
    signed = next((line for line in reversed(lines) if byline and byline in line), "").split()
    ends = (" ".join(signed[-count:]) for count in range(min(len(signed), _LONGEST_DATE), 2, -1))
    return linked or next((when for when in map(parse_time, ends) if when), None)
