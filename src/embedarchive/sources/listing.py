"""A fetched document that lists articles (sitemap, feed) turned into its entries; anything else into None. Pure.

What a document is, its first bytes say, not its address or content type. XML is read without entities, without
network, and as a stream, so that a million entries or a document cut in half give what is there.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urljoin

from embedarchive.core.dates import to_iso
from embedarchive.core.errors import RefusedError
from embedarchive.core.urls import split_anything
from embedarchive.egress import check_url
from embedarchive.fetch.body import Body
from embedarchive.sources.lists import (
    decode_list,
    find_address,
    has_columns_of_addresses,
    is_address_list,
    is_bookmarks,
    read_list,
)

MAX_ENTRIES = 100_000
"""Of one document; the protocol of sitemaps allows 50,000."""

MAX_BYTES = 64 * 1024 * 1024
_MAX_FEED = 8 * 1024 * 1024
_STEP = 1 << 16

Kind = Literal["sitemap", "sitemap_index", "feed", "list"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One address that a listing names. `changed_at` is when it says that the article was written or changed.

    `content` is the article's HTML as a feed carries it, in full or in part.
    """

    url: str
    changed_at: str | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries of a sitemap, of an index of sitemaps, of a feed, or of a list (addresses on lines, or in a table).

    `truncated` is why they are not all, or None; `elsewhere` counts what a sitemap names of other sites.
    """

    kind: Kind
    entries: tuple[Entry, ...]
    truncated: str | None = None
    elsewhere: int = 0

    def find_new(self, since: str) -> tuple[Entry, ...]:
        """Its entries without those of a sitemap that say they changed before that day, or do not say when. Pure.

        A feed is short and of the newest; a sitemap has all that a site ever wrote. Of an index, what says nothing is read.
        """
        if self.kind == "feed":
            return self.entries
        undated = self.kind == "sitemap_index"
        return tuple(
            each for each in self.entries if (each.changed_at[:10] >= since[:10] if each.changed_at else undated)
        )


def find_listing(body: bytes, url: str, truncated: str | None = None) -> Listing | None:
    """Read a document as a listing, if it is one. `url` is where it came from: relative addresses start there."""
    if body.startswith(b"\x1f\x8b"):
        unpacked = Body(("gzip",), MAX_BYTES)
        if unpacked.add(body):
            unpacked.finish(framed=True)
        body, truncated = bytes(unpacked.data), truncated or unpacked.truncated
    body = _clean_start(body)
    kind = identify_listing(body[:4096]) or identify_list(body[:4096], url)
    if kind is None:
        return None
    named = _READERS[kind](body, url)
    entries: dict[str, Entry] = {}
    elsewhere = 0
    for seen, found in enumerate(named):
        if seen >= MAX_ENTRIES:
            truncated = truncated or "too_many"
            break
        entry = None
        if found.url.strip():
            entry = _make_entry(found, url)
        if entry and _speaks_for(kind, url, entry.url):
            entries[entry.url] = entry
        elif entry:
            elsewhere += 1
    return Listing(kind, tuple(entries.values()), truncated, elsewhere)


_ROOT = re.compile(rb"(?s)^(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>)*<(?:[\w-]+:)?(\w+)")
_ROOTS: dict[bytes, Kind] = {
    b"urlset": "sitemap",
    b"sitemapindex": "sitemap_index",
    b"rss": "feed",
    b"feed": "feed",
    b"RDF": "feed",
}


def identify_listing(start: bytes) -> Kind | None:
    """Tell from its first bytes whether a document is a sitemap, an index of them, or a feed."""
    if start.startswith(b"{") and b"jsonfeed.org/version/" in start.replace(b"\\/", b"/"):
        return "feed"
    root = _ROOT.match(start)
    if root:
        return _ROOTS.get(root[1])
    return None


def identify_list(start: bytes, url: str) -> Kind | None:
    """Tell whether a document is a list: nothing but addresses, a table whose heading says so, or bookmarks."""
    if not start or start.startswith((b"{", b"[")) or start[:200].count(b"\x00") > 2:
        return None
    text = decode_list(start)
    if text.startswith("<"):
        if is_bookmarks(text):
            return "list"
        return None
    is_table = _CSV.search(url) is not None and _find_first_address(text)
    if is_table or is_address_list(text) or has_columns_of_addresses(text):
        return "list"
    return None


# A table by its ending, or by what Google's sheets are exported with.
_CSV = re.compile(r"(?i)\.(?:csv|tsv)(?:\.gz)?(?:[?#]|$)|[?&](?:output|format)=(?:csv|tsv)\b")


def _find_first_address(text: str) -> bool:
    return any(find_address(line.text) for line in read_list(text, ".csv"))


def _read_text_list(body: bytes, url: str) -> Iterator[Entry]:
    name = ".tsv" if re.search(r"(?i)\btsv\b", url) else ".csv" if _CSV.search(url) else ""
    for line in read_list(decode_list(body), name):
        address = None
        if not line.heading:
            address = find_address(line.text)
        if address:
            yield Entry(address if "://" in address else f"https://{address}")


def _clean_start(body: bytes) -> bytes:
    """UTF-8 without byte order mark or white space before it: nothing may stand before an XML declaration."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = re.sub(rb"^\s*<\?xml[^>]*>", b"", body.decode("utf-16", "replace").encode())
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()


def _make_entry(found: Entry, base_url: str) -> Entry | None:
    try:
        said = found.url.strip()
        if said.startswith(("https://", "http://")):
            whole = said
        else:
            whole = urljoin(base_url, said)
        url = check_url(whole.partition("#")[0])
    except (RefusedError, ValueError):
        return None
    return replace(found, url=url)


def _speaks_for(kind: Kind, base_url: str, url: str) -> bool:
    """Whether a listing may name an address: a sitemap only those of its own site, else it could send us anywhere."""
    return kind not in ("sitemap", "sitemap_index") or not base_url or _find_site(url) == _find_site(base_url)


def _find_site(url: str) -> list[str]:
    return (split_anything(url).hostname or "").split(".")[-2:]


# ------------------------------------------------------------------------------------------------------------- sitemaps


def _read_sitemap(body: bytes, _: str) -> Iterator[Entry]:
    """Give address and date of each `<url>` or `<sitemap>`, from direct children: images have a `<loc>` as well."""
    from lxml import etree

    parser = etree.XMLPullParser(
        events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    body = _mend_ampersands(body)
    for start in range(0, len(body), _STEP):
        try:
            parser.feed(body[start : start + _STEP])
        except etree.XMLSyntaxError:
            return
        for _, node in parser.read_events():
            element: Any = node
            if _local_name(element) in ("url", "sitemap") and element.getparent() is not None:
                fields = {_local_name(child): child.text for child in element if child.text}
                date = _find_time(fields.get("lastmod") or _find_news_date(element))
                yield Entry(fields.get("loc") or "", date)
                _forget(element)


_LOOSE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")


def _mend_ampersands(body: bytes) -> bytes:
    """Write `&amp;` for each `&` that is not of XML's own five or a number, outside CDATA.

    Addresses are often pasted in as they are, and one such makes libxml2 drop every right `&amp;` after it. Entities of
    the document's own become plain text by the same stroke: there is nothing left to expand.
    """
    first, *rest = body.split(b"<![CDATA[")
    mended = [_LOOSE.sub(b"&amp;", first)]
    for part in rest:
        inside, end, after = part.partition(b"]]>")
        mended.append(inside + end + _LOOSE.sub(b"&amp;", after))
    return b"<![CDATA[".join(mended)


def _find_news_date(element: Any) -> str | None:
    """When a news sitemap says that the article was published."""
    return next((e.text for e in element.iter("{*}publication_date")), None)


def _forget(element: Any) -> None:
    """Free what has been read, and its older siblings: the tree would otherwise grow with the document."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _local_name(element: Any) -> str:
    if isinstance(element.tag, str):
        return element.tag.rpartition("}")[2]
    return ""


def _find_time(text: str | None) -> str | None:
    """An ISO 8601 time as the archive writes it; a month or a year stands for its beginning."""
    text = (text or "").strip()
    if re.fullmatch(r"\d{4}(?:-\d{2})?", text):
        if len(text) == 4:
            text = f"{text}-01-01"[:10]
        else:
            text = f"{text}-01"
    try:
        moment = datetime.fromisoformat(text)
        return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


# ---------------------------------------------------------------------------------------------------------------- feeds


def _read_feed(body: bytes, _: str) -> Iterable[Entry]:
    body = body[:_MAX_FEED]
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _read_json_feed(body)
    import feedparser  # it takes a sixth of a second to load, and brings half of the network's libraries

    # As a file object: bytes would be tried as an address and as a file name first.
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    return (Entry(_find_feed_link(e), _find_feed_time(e), _find_feed_content(e)) for e in feed.entries)


def _find_feed_content(entry: Any) -> str | None:
    """The article as the feed carries it: `content:encoded` and Atom's content, else a description that is markup."""
    contents = [part.get("value") for part in entry.get("content") or () if isinstance(part, dict)]
    told = next((text for text in (*contents, entry.get("summary")) if isinstance(text, str) and "<" in text), None)
    return told or None


def _find_feed_link(entry: Any) -> str:
    """The article itself where a feed service put its own counting address in front of it."""
    return str(entry.get("feedburner_origlink") or entry.get("link") or "")


def _find_feed_time(entry: Any) -> str | None:
    moment: tuple[int, int, int, int, int, int] | None = dict.get(entry, "updated_parsed") or dict.get(
        entry, "published_parsed"
    )
    try:
        if not moment:
            return None
        return to_iso(datetime(*moment[:6], tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _read_json_feed(body: bytes) -> Iterator[Entry]:
    """Read a JSON Feed (https://jsonfeed.org/version/1.1)."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return
    items = None
    if isinstance(feed, dict):
        items = feed.get("items")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            link = item.get("url") or item.get("external_url") or ""
            content = item.get("content_html")
            date = _find_time(str(item.get("date_modified") or item.get("date_published") or ""))
            yield Entry(str(link), date, content if isinstance(content, str) else None)


_READERS: Mapping[Kind, Callable[[bytes, str], Iterable[Entry]]] = {
    "sitemap": _read_sitemap,
    "sitemap_index": _read_sitemap,
    "feed": _read_feed,
    "list": _read_text_list,
}
