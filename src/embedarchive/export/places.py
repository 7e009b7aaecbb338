"""A post, an article, an outlet, a file -> its place in a web site of plain files. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from embedarchive.library.records import StoredFile

SUFFIXES = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/avif": ".avif", "image/gif": ".gif",
    "video/mp4": ".mp4", "video/webm": ".webm", "audio/mpeg": ".mp3", "audio/mp4": ".m4a",
    "text/vtt": ".vtt",
}  # fmt: skip
LONGEST_NAME = 48


def make_name(text: str) -> str:
    """A file name that any system takes: letters, digits, hyphens, and a hash, for ids may differ in case only."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_NAME].strip("-")
    return f"{plain or 'x'}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:10]}"


def place_post(key: str) -> str:
    return f"posts/{make_name(key)}.html"


def place_article(article_id: int) -> str:
    return f"articles/{article_id}.html"


def place_embed(embed_id: int) -> str:
    return f"embeds/{embed_id}.html"


def place_outlet(name: str, page: int = 1) -> str:
    return f"outlets/{make_name(name)}{f'-p{page}' if page > 1 else ''}.html"


def place_all(page: int = 1) -> str:
    return f"all{f'-{page}' if page > 1 else ''}.html"


def place_media(sha256: str, suffix: str) -> str:
    return f"media/{sha256[:2]}/{sha256}{suffix}"


@dataclass(frozen=True, slots=True)
class Places:
    """What pages link to, as `viewer.links.Links` has it for a server. `base` leads from a page to the site's root;
    `media_types` are the files that the site holds."""

    base: str
    media_types: Mapping[str, str]

    @property
    def front(self) -> str:
        return f"{self.base}index.html"

    @property
    def search(self) -> str:
        return f"{self.base}search.html"

    @property
    def outlets(self) -> str:
        return f"{self.base}outlets.html"

    @property
    def lost(self) -> str:
        return f"{self.base}lost.html"

    def all(self, page: int = 1) -> str:
        return self.base + place_all(page)

    def find(self, text: str) -> str:
        return f"{self.search}?{urlencode({'q': text})}"

    def post(self, key: str) -> str:
        return self.base + place_post(key)

    def embed(self, embed_id: int) -> str:
        return self.base + place_embed(embed_id)

    def article(self, article_id: int) -> str:
        return self.base + place_article(article_id)

    def outlet(self, name: str, page: int = 1) -> str:
        return self.base + place_outlet(name, page)

    def media(self, sha256: str) -> str | None:
        kind = self.media_types.get(sha256)
        if not kind:
            return None
        return self.base + place_media(sha256, SUFFIXES[kind])

    def asset(self, name: str) -> str:
        return f"{self.base}assets/{name}"

    def shown(self, kept: StoredFile) -> str | None:
        """Where an artifact can be seen in a page, or None if a page must do without it."""
        if kept.held:
            return self.media(kept.sha256)
        return None
