"""What a feed carries of an article -> a version of it, for where the article itself cannot be had."""

from __future__ import annotations

from dataclasses import dataclass, field

from embedarchive.core import clock
from embedarchive.core.model import Fetch
from embedarchive.sources.article_url import canonicalize_article

_MOST_CHARACTERS = 64 * 1024 * 1024


def make_feed_version(url: str, content: str, now: str) -> Fetch:
    """A fetch of an article's HTML as its feed carries it; its `source` is `feed`. Pure."""
    page = f"<!doctype html><html><head><meta charset=utf-8></head><body>{content}</body></html>"
    return Fetch(
        url=url, final_url=url, fetched_at=now, outcome="ok", content_type="text/html; charset=utf-8",
        body=page.encode("utf-8", "replace"), source="feed",
    )  # fmt: skip


@dataclass
class FeedVersions:
    """What the feeds of one run carry, by the article's canonical address; 64 million characters at most."""

    contents: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def add(self, url: str, content: str | None) -> None:
        """Remember what a feed carries of an article, while there is room."""
        if content and self.size + len(content) <= _MOST_CHARACTERS:
            self.contents[canonicalize_article(url)] = content
            self.size += len(content)

    def take(self, url: str) -> Fetch | None:
        """The version of an article that cannot be had, once; None if no feed carries it."""
        content = self.contents.pop(canonicalize_article(url), None)
        if not content:
            return None
        return make_feed_version(url, content, clock.now())
