"""What changes while the replica runs: the state of each post, pages added by a test, the log of what was asked."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from embedarchive.replica.facts import PostFact
from embedarchive.replica.mementos import Archives
from embedarchive.replica.wire import Headers, Request


@dataclass(frozen=True, slots=True)
class Saved:
    """Bytes saved from somewhere, to be served at their own address. No `Content-Length` needed."""

    status: int = 200
    headers: Headers = (("Content-Type", "text/html; charset=utf-8"),)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request the replica saw. `status` is 0 when it hung up or never answered on purpose."""

    method: str
    scheme: str
    host: str
    target: str
    headers: Headers
    status: int

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target}"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        """Give the first header of that lower-case name, or an empty text."""
        return next((v for k, v in self.headers if k == name), "")


@dataclass
class World:
    """The one mutable thing the sites share. `per_minute` is how many post pages a platform gives out, if limited."""

    posts: tuple[PostFact, ...]
    states: dict[str, str] = field(default_factory=dict)
    saved: dict[str, Saved] = field(default_factory=dict)
    hits: list[SeenRequest] = field(default_factory=list)
    per_minute: int | None = None
    stand_ins: bool = False
    """Whether media and styles of saved real pages are answered with pictures and styles of our own."""
    archives: Archives = field(default_factory=Archives)
    """What web archives hold of all this."""
    _recent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def __post_init__(self) -> None:
        self._by_key = {(p.platform, p.key): p for p in self.posts}
        self._by_name = {p.name: p for p in self.posts}

    def find(self, platform: str, key: str) -> PostFact | None:
        """Give the post with that native id."""
        return self._by_key.get((platform, key))

    def named(self, name: str) -> PostFact:
        """Give the post the newsroom calls so."""
        return self._by_name[name]

    def state(self, post: PostFact | None) -> str:
        """Give what the platform answers for this post now; `gone` for one that there never was."""
        if post is None:
            return "gone"
        return self.states.get(post.key, post.state)

    def over_limit(self, who: str) -> bool:
        """Count one request and tell whether that was too many within the last minute."""
        if self.per_minute is None:
            return False
        now, recent = time.monotonic(), self._recent[who]
        while recent and now - recent[0] > 60:
            recent.popleft()
        recent.append(now)
        return len(recent) > self.per_minute

    def saved_for(self, request: Request) -> Saved | None:
        """Give the saved page of that address: with its query, else without."""
        return self.saved.get(f"{request.host}{request.target}") or self.saved.get(
            f"{request.host}{request.target.partition('?')[0]}"
        )


def saved_key(url: str) -> str:
    """Turn an address into the key its saved bytes are kept under: scheme and fragment do not matter."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return f"{host}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
