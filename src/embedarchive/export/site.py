"""An archive -> a web site of plain files in the look of the reading room: no server, no request beyond its folder.

It is made from a public copy (see `publish`), so it can show nothing that such a copy does not hold.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader

from embedarchive import library
from embedarchive.core.texts import shorten
from embedarchive.export.folder import Folder
from embedarchive.export.formats import ExportJob, Written
from embedarchive.export.places import (
    SUFFIXES,
    Places,
    place_all,
    place_article,
    place_embed,
    place_media,
    place_outlet,
    place_post,
)
from embedarchive.export.publish import SHOWN, publish
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.library.articles import MOST_ON_A_PAGE, article_lines
from embedarchive.library.figures import list_moments
from embedarchive.library.posts import read_lines
from embedarchive.library.records import ArticleLine, Counts, PostLine, StoredFile
from embedarchive.show import words as phrases
from embedarchive.show.card import InlineSource, author_of, fullest_claim, render_post, title_of
from embedarchive.show.content_types import SNIFFED, sniff_type
from embedarchive.show.feed import render_posts_feed, render_sitemap
from embedarchive.show.files import Source
from embedarchive.show.pages import HELPERS, load_asset, load_templates
from embedarchive.show.social import describe_post_link
from embedarchive.store import open_reader
from embedarchive.store.fixity import read_blob
from embedarchive.store.reading import read_piece

PIECE = 1_000_000
ON_A_PAGE = 100
LONGEST_TEXT = 300
"""Characters of a post that the search index holds."""


@dataclass(frozen=True, slots=True)
class StaticSite:
    """What a site holds, and what of that this export had to write."""

    pages: int
    files: int
    written: int
    removed: int
    damaged: Mapping[str, str] = field(default_factory=dict)
    """Files that it lacks because they are not what their sha256 names: sha256 -> what is wrong with them."""


def write(job: ExportJob) -> Written:
    done = export_site(
        job.archive, job.out, job.now, job.chosen, thumbnails_only=job.thumbnails_only, base_url=job.base_url
    )
    held = f"{phrases.say_count(done.pages, 'page')} and {phrases.say_count(done.files, 'file')}"
    changes = f"{done.written} written, {done.removed} removed"
    look = f"Open {job.out / 'index.html'} in any browser."
    return Written(asdict(done), f"{job.out} holds {held} ({changes}). {look}", done.damaged)


def export_site(
    source: Path,
    out: Path,
    now: str,
    selection: Selection = EVERYTHING,
    *,
    thumbnails_only: bool = False,
    title: str | None = None,
    base_url: str | None = None,
) -> StaticSite:
    """Make or renew the site in the folder `out`, which will stand at `base_url`, if that is known.

    Raises UsageError when something else is there, DiskFull.
    """
    folder = Folder(out)
    with tempfile.TemporaryDirectory(dir=out.resolve().parent, prefix=".site-") as rooms:
        copy = Path(rooms) / "copy.db"
        published = publish(source, copy, now, selection, thumbnails_only=thumbnails_only)
        folder.begin()
        with closing(open_reader(copy)) as conn:
            pages = Pages(conn, folder, title or "Preserved posts", base_url)
            pages.write()
            files = len(pages.media_types)
    return StaticSite(pages.count, files, folder.written, folder.finish(), published.damaged)


@dataclass
class Pages:
    """The pages of one site, being written."""

    conn: sqlite3.Connection
    folder: Folder
    title: str
    base_url: str | None = None
    count: int = 0
    media_types: dict[str, str] = field(default_factory=dict)
    index: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[tuple[str, str | None]] = field(default_factory=list)

    def write(self) -> None:
        self.media_types = find_media(self.conn)
        self.env = Environment(
            loader=ChoiceLoader([PackageLoader("embedarchive.export"), load_templates()]),
            autoescape=True,
        )
        counts = library.count(self.conn)
        self.write_media()
        self.write_front(counts)
        self.write_posts()
        self.write_articles()
        self.write_outlets(counts)
        self.write_search()
        if self.base_url:
            self.write_syndication()

    def write_syndication(self) -> None:
        """What others read of a site that has an address: its sitemap, and Atom of what was preserved and what was lost."""
        self.folder.write("sitemap.xml", render_sitemap(self.addresses[:50_000]))
        begun = self.conn.execute("SELECT min(started_at) FROM crawls").fetchone()[0] or "1970-01-01T00:00:00.000Z"
        for what, page in (("preserved", "all.html"), ("lost", "lost.html")):
            feed = render_posts_feed(
                list_moments(self.conn, what),
                title=f"{what.capitalize()} · {self.title}",
                named=f"embedarchive:{self.base_url}:{what}",
                self_url=self.find_address(f"{what}.atom") or "",
                page_url=self.find_address(page) or "",
                updated=begun,
                post_url=lambda key: self.find_address(place_post(key)) or "",
            )
            self.folder.write(f"{what}.atom", feed)

    def page(self, name: str, template: str, **context: Any) -> None:
        """Render one page to its place; its links lead from there."""
        links = Places("../" * name.count("/"), self.media_types)
        context.setdefault("canonical", self.find_address(name))
        if self.base_url:
            self.addresses.append((self.find_address(name) or "", None))
        html = self.env.get_template(template).render(
            **HELPERS,
            **context,
            links=links,
            asset=links.asset,
            archive=self.title,
        )
        self.folder.write(name, html.encode("utf-8", "replace"))
        self.count += 1

    def write_media(self) -> None:
        for sha256, kind in self.media_types.items():
            rowid, size = self.conn.execute("SELECT rowid, size FROM blobs WHERE sha256 = ?", (sha256,)).fetchone()
            starts = range(0, size, PIECE)
            pieces = map(partial(read_piece, self.conn, rowid, length=PIECE), starts)
            self.folder.write_once(place_media(sha256, SUFFIXES[kind]), size, pieces)
        for name in ("reading-room.css", "reading-room.js"):
            self.folder.write(f"assets/{name}", load_asset(name))

    def write_front(self, counts: Counts) -> None:
        self.page("index.html", "site/front.html", front=library.front(self.conn), counts=counts)
        self.page("lost.html", "embedarchive/lost.html", lines=library.recent_losses(self.conn, 1_000))

    def write_posts(self) -> None:
        total = int(
            self.conn.execute("SELECT count(*) FROM posts WHERE same_as IS NULL AND is_control = 0").fetchone()[0]
        )
        pages = max(1, -(-total // ON_A_PAGE))
        for page in range(1, pages + 1):
            lines = self.read_posts(page)
            self.page(place_all(page), "site/all.html", lines=lines, page=page, pages=pages, total=total)
            for line in lines:
                self.write_post(line)

    def read_posts(self, page: int) -> list[PostLine]:
        sql = "SELECT key FROM posts WHERE same_as IS NULL AND is_control = 0 ORDER BY key LIMIT ? OFFSET ?"
        keys = [row[0] for row in self.conn.execute(sql, (ON_A_PAGE, (page - 1) * ON_A_PAGE))]
        return list(read_lines(self.conn, keys).values())

    def write_post(self, line: PostLine) -> None:
        record = library.post_record(self.conn, line.key)
        if record is None:
            return
        place = place_post(line.key)
        address = self.find_address(place)
        self.page(
            place, "site/post.html", record=record, title=title_of(record), author=author_of(record),
            card=render_post(record, self.find_source(), version_url=address), page_url=address,
            runs=phrases.find_runs(record.observations), changes=phrases.find_changes(record.captures),
            claim=fullest_claim(record), social=describe_post_link(record, self.find_picture),
        )  # fmt: skip
        self.index.append(index_post(line, place, record.post.native_id))

    def find_address(self, place: str) -> str | None:
        """Where a page will stand, for citations; None where nobody said."""
        if self.base_url:
            return f"{self.base_url.rstrip('/')}/{place}"
        return None

    def find_picture(self, kept: StoredFile) -> str | None:
        """The whole address of a file of the site; None where nobody said where it will stand."""
        shown = Places("", self.media_types).shown(kept)
        if shown:
            return self.find_address(shown)
        return None

    def find_source(self) -> Source:
        """Where a post's page finds its files. Subtitles are in the page: a browser takes none from a disk's file."""
        places, inline = Places("../", self.media_types), InlineSource(partial(read_blob, self.conn))

        def find(kept: StoredFile) -> str | None:
            if kept.role == "subtitles":
                return inline(kept)
            return places.shown(kept)

        return find

    def write_articles(self) -> None:
        for (number,) in self.conn.execute("SELECT id FROM articles ORDER BY id").fetchall():
            record = library.article_record(self.conn, number)
            if record is None:
                continue
            unread = tuple(replace(fetch, html_sha256=None, place=None) for fetch in record.fetches)
            self.page(place_article(number), "embedarchive/article.html", record=replace(record, fetches=unread))
            self.index += (index_article(line) for line in article_lines(self.conn, [number]).values())
        for (number,) in self.conn.execute("SELECT id FROM embeds WHERE post_key IS NULL ORDER BY id").fetchall():
            self.page(place_embed(number), "embedarchive/embed.html", record=library.embed_record(self.conn, number))

    def write_outlets(self, counts: Counts) -> None:
        self.page("outlets.html", "embedarchive/outlets.html", counts=counts)
        for (name,) in self.conn.execute("SELECT DISTINCT outlet FROM articles WHERE outlet IS NOT NULL ORDER BY 1"):
            for page in count(1):
                record = library.outlet_record(self.conn, name, page, counts.outlet(name))
                if record is None or (page > 1 and not record.lines):
                    break
                self.page(place_outlet(name, page), "embedarchive/outlet.html", record=record, page=page)
                if record.articles <= page * MOST_ON_A_PAGE:
                    break

    def write_search(self) -> None:
        self.page("search.html", "site/search.html")
        entries = ",\n".join(json.dumps({k: v for k, v in each.items() if v}) for each in self.index)
        self.folder.write("assets/search-index.js", f"window.EMBEDARCHIVE_INDEX = [\n{entries}\n];\n".encode())
        self.folder.write("assets/search.js", files("embedarchive.export").joinpath("static/search.js").read_bytes())


def find_media(conn: sqlite3.Connection) -> dict[str, str]:
    """The hash of every file that a page may show, with the type its first bytes prove."""
    placeholders = ", ".join("?" * len(SHOWN))
    rows = conn.execute(
        "SELECT sha256, rowid FROM blobs WHERE encoding = 'identity' AND length(body) > 0 "
        f"AND sha256 IN (SELECT sha256 FROM artifacts WHERE role IN ({placeholders})) ORDER BY sha256",
        SHOWN,
    )
    typed = ((sha256, sniff_type(read_piece(conn, rowid, 0, SNIFFED))) for sha256, rowid in rows)
    return {sha256: kind for sha256, kind in typed if kind}


def index_post(line: PostLine, place: str, native_id: str) -> dict[str, Any]:
    """What the search of a site knows of a post. Pure."""
    name = line.author_name or (f"@{line.author_handle}" if line.author_handle else line.key)
    handle = None
    if line.author_name:
        handle = line.author_handle
    text = shorten(line.text or line.alt or "", LONGEST_TEXT)
    return {
        "to": place, "name": name, "handle": handle, "text": text, "status": phrases.say_post_status(line),
        "key": line.key, "id": native_id,
    }  # fmt: skip


def index_article(line: ArticleLine) -> dict[str, Any]:
    """What the search of a site knows of an article. Pure."""
    return {"to": place_article(line.id), "name": line.title or line.url, "outlet": line.outlet, "url": line.url}
