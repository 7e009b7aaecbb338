"""An article that was opened in a browser -> the records that show it in others' players as its readers saw it.

Three kinds: the page as it was once its scripts had run, the files that it was drawn with, and for each frame of a post a page
of ours that leads from the address in the article to the one that we visited, for a post is framed under many addresses and
captured under one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.decode import decode_html
from embedarchive.core.urls import join_url, split_url
from embedarchive.detect.identity import identify_embedded
from embedarchive.export.lines import ExportLine, Row, Stored, make_id, make_resource, make_response
from embedarchive.show.tags import escape_text, tag
from embedarchive.store.fixity import Checked, read_blob

_ACTIVE = ("script", "noscript", "link[rel~=preload]", "link[rel~=modulepreload]", "meta[http-equiv]")
"""What would run again, or asks for what nobody kept."""

HTML = "text/html; charset=utf-8"

_VISITED = """SELECT x.url FROM captures c JOIN exchanges x ON x.capture_id = c.id
  WHERE c.post_key IN (SELECT key FROM posts WHERE coalesce(same_as, key) = :key)
    AND c.outcome = 'available' AND c.fetch_id IS NULL AND x.resource_type = 'document' AND x.body_sha256 IS NOT NULL
    AND x.status = 200
  ORDER BY c.started_at DESC, x.position DESC LIMIT 1"""
_KEY = "SELECT coalesce(same_as, key) FROM posts WHERE key = ?"


def find_drawn_records(files: Checked, fetch: Row, place: str) -> Iterator[ExportLine]:
    """What an article is shown with, one record a file and frame; of one that no browser opened, its frames alone."""
    drawn: list[str] = []
    for row in files.conn.execute("SELECT * FROM page_files WHERE fetch_id = ? ORDER BY position", (fetch["id"],)):
        held = files.find(row["sha256"])
        if held:
            drawn.append(row["url"])
            yield make_file_record(row, place, Stored(held.sha256, held.size))
    served = read_held(files, fetch["html_sha256"])
    if served:
        tree = LexborHTMLParser(decode_html(served, fetch["content_type"] or HTML))
        yield from make_frame_records(files, tree, fetch["final_url"], fetch["fetched_at"], place)
    rendered = read_held(files, fetch["dom_sha256"])
    if rendered:
        tree = LexborHTMLParser(decode_html(rendered, HTML))
        yield from make_frame_records(files, tree, fetch["final_url"], fetch["rendered_at"], place)
        shown = draw_page(tree, fetch["final_url"], frozenset(drawn))
        yield make_resource(fetch["final_url"], fetch["rendered_at"], place, HTML, shown.encode())


def read_held(files: Checked, sha256: str | None) -> bytes | None:
    """The bytes of that hash, None where they are not held or not sound."""
    held = files.find(sha256)
    if held is None:
        return None
    return read_blob(files.conn, held.sha256)


def make_file_record(row: Row, place: str, held: Stored) -> ExportLine:
    """A file that a page was drawn with, as it was answered."""
    from_row = {
        "url": row["url"], "status": row["status"], "method": "GET", "truncated": None, "remote_address": None,
        "response_headers": row["headers"], "content_type": row["content_type"], "started_at": row["fetched_at"],
    }  # fmt: skip
    return make_response(from_row, make_id("file", place, row["url"], row["fetched_at"]), held)


def make_frame_records(
    files: Checked, tree: LexborHTMLParser, base: str, date: str, place: str
) -> Iterator[ExportLine]:
    """For each frame of a post that was captured under another address: a page of ours that leads there."""
    for url in dict.fromkeys(find_frames(tree, base)):
        visited = find_visited(files, url)
        if visited and visited != url:
            yield make_resource(url, date, f"{place} frame", HTML, render_lead(visited).encode())


def find_visited(files: Checked, url: str) -> str | None:
    """The address under which the post that a frame shows was captured last, None if it was not."""
    post = identify_embedded(url)
    known = None
    if post:
        known = files.conn.execute(_KEY, (post.key,)).fetchone()
    if known is None:
        return None
    row = files.conn.execute(_VISITED, {"key": known[0]}).fetchone()
    if row:
        return str(row[0])
    return None


# ------------------------------------------------------------------------------------------------------------ pure parts


def find_frames(tree: LexborHTMLParser, base: str) -> Iterator[str]:
    """The addresses of a page's frames, absolute and without fragments, in its order. Pure."""
    for node in tree.css("iframe[src], frame[src]"):
        url = join_url(base, (node.attributes["src"] or "").strip()).partition("#")[0]
        if url.startswith(("http://", "https://")) and url.isprintable() and split_url(url):
            yield url


def render_lead(url: str) -> str:
    """A page that leads on at once, and says where. Pure."""
    said = f"embedarchive kept the post of this frame under {url}"
    refresh = tag("meta", **{"http-equiv": "refresh", "content": f"0; url={url}"})
    head, body = f"{refresh}<title>{escape_text(said)}</title>", tag("a", said, href=url)
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def draw_page(tree: LexborHTMLParser, base: str, drawn: Collection[str]) -> str:
    """The page without what would run again, which is taken out of the tree; of a picture's many files the one drawn."""
    for selector in _ACTIVE:
        for node in tree.css(selector):
            node.decompose()
    for node in tree.css("img"):
        settle_picture(node, base, drawn)
    return tree.html or ""


def settle_picture(node: LexborNode, base: str, drawn: Collection[str]) -> None:
    """Leave a picture the one address that its browser chose: a player's window has another width."""
    offered = [node.attributes.get("src") or "", *split_set(node.attributes.get("srcset"))]
    sources = find_sources(node)
    for source in sources:
        offered += split_set(source.attributes.get("srcset"))
    chosen = next((url for url in offered if url and join_url(base, url) in drawn), None)
    if chosen is None:
        return
    node.attrs["src"] = chosen
    for name in ("srcset", "sizes", "loading"):
        if name in node.attributes:
            del node.attrs[name]
    for source in sources:
        source.decompose()


def find_sources(picture: LexborNode) -> list[LexborNode]:
    parent = picture.parent
    if parent is None or parent.tag != "picture":
        return []
    return parent.css("source")


def split_set(srcset: str | None) -> Iterable[str]:
    """The addresses of a `srcset`, which may hold commas of their own. Pure."""
    for candidate in (srcset or "").split(", "):
        yield candidate.strip().strip(",").split(" ")[0]
