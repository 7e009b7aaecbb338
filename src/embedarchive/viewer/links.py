"""An archive in a Datasette -> the addresses of its pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from embedarchive.library.questions import find_address
from embedarchive.library.records import StoredFile
from embedarchive.show.content_types import SHOWABLE


@dataclass(frozen=True, slots=True)
class Links:
    """`base` is the database's own address in Datasette (`/embeds`), `root` the address of Datasette itself."""

    base: str
    root: str = "/"

    @property
    def front(self) -> str:
        return f"{self.base}/-/archive"

    @property
    def tables(self) -> str:
        return self.base

    @property
    def search(self) -> str:
        return f"{self.base}/-/find"

    @property
    def outlets(self) -> str:
        return f"{self.base}/-/outlets"

    @property
    def lost(self) -> str:
        return f"{self.base}/-/lost"

    @property
    def survival(self) -> str:
        return self.study("survival")

    @property
    def rot(self) -> str:
        return self.study("rot")

    def study(self, name: str, by: str = "", form: str = "") -> str:
        """What is estimated of the archive: its page, or with `.svg` or `.csv` its figure or table."""
        return f"{self.base}/-/{name}{form}" + (f"?by={by}" if by else "")

    def question(self, name: str) -> str:
        return f"{self.base}/{find_address(name)}"

    def desk(self, outlet: str | None = None) -> str:
        return f"{self.base}/-/desk" + (f"?{urlencode({'outlet': outlet})}" if outlet else "")

    def posts_feed(self, what: str) -> str:
        """The Atom feed of what was `preserved`, or `lost`."""
        return f"{self.base}/-/{what}.atom"

    def sitemap(self, page: int | None = None) -> str:
        return f"{self.base}/-/sitemap.xml" + (f"?page={page}" if page else "")

    def feed(self, outlet: str | None = None) -> str:
        return f"{self.base}/-/" + (f"outlet/{quote(outlet, safe='')}/alerts.atom" if outlet else "alerts.atom")

    def browse(self, asked: Mapping[str, str] | None = None, after: str = "") -> str:
        """Posts as they are asked for, newest first: an address that can be shared."""
        told = {**(asked or {}), **({"after": after} if after else {})}
        return f"{self.base}/-/browse" + (f"?{urlencode(told)}" if told else "")

    @property
    def note(self) -> str:
        return f"{self.base}/-/note"

    @property
    def save(self) -> str:
        """The page of the save button, to which the button posts."""
        return f"{self.base}/-/save"

    def find(self, text: str) -> str:
        return f"{self.search}?{urlencode({'q': text})}"

    def post(self, key: str) -> str:
        return f"{self.base}/-/post/{quote(key, safe=':/@')}"

    def card(self, key: str) -> str:
        return f"{self.base}/-/card/{quote(key, safe=':/@')}"

    def evidence(self, key: str) -> str:
        return f"{self.base}/-/evidence/{quote(key, safe=':/@')}"

    def proof(self, key: str) -> str:
        return f"{self.base}/-/proof/{quote(key, safe=':/@')}"

    def pack(self, key: str, *, every: bool = False) -> str:
        return f"{self.base}/-/pack/{quote(key, safe=':/@')}" + ("?all=1" if every else "")

    @property
    def check(self) -> str:
        """The page that checks a dropped pack."""
        return f"{self.root.rstrip('/')}/-/embedarchive/check"

    def embed(self, embed_id: int) -> str:
        return f"{self.base}/-/embed/{embed_id}"

    def article(self, article_id: int) -> str:
        return f"{self.base}/-/article/{article_id}"

    def outlet(self, name: str, page: int = 1) -> str:
        return f"{self.base}/-/outlet/{quote(name, safe='')}" + (f"?page={page}" if page > 1 else "")

    def capture(self, capture_id: int) -> str:
        return f"{self.base}/-/capture/{capture_id}"

    def media(self, sha256: str) -> str:
        return f"{self.base}/-/media/{sha256}"

    def source(self, sha256: str) -> str:
        return f"{self.base}/-/source/{sha256}"

    def snapshot(self, capture_id: int) -> str:
        return f"{self.base}/-/snapshot/{capture_id}"

    def shown(self, kept: StoredFile) -> str | None:
        """Where an artifact can be seen in a page, or None if a page must do without it."""
        if kept.held and kept.content_type in SHOWABLE:
            return self.media(kept.sha256)
        return None
