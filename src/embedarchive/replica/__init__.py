"""A newsroom and the platforms it embeds, on loopback: real TLS at the real host names, every post kind, every failure.

    with Replica() as replica:
        crawl(replica.article_urls, resolve=replica.resolve, ca_file=replica.ca_file)
        replica.set_state(replica.post("fjord").key, "gone")

Used by the demo and by the tests; nothing of it is imported by the core.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import fill_url
from embedarchive.replica.authority import Authority
from embedarchive.replica.facts import ArticleFact, Person, PostFact, Slide, State
from embedarchive.replica.mementos import Archives, Flaw, Holder, Memento, Trouble
from embedarchive.replica.server import Server
from embedarchive.replica.sites import answer_request, find_sites
from embedarchive.replica.weather import Weather
from embedarchive.replica.wire import Reply, Request
from embedarchive.replica.world import Saved, SeenRequest, World, saved_key

__all__ = [
    "ArticleFact", "Memento", "Person", "PostFact", "Replica", "Saved", "SeenRequest", "Slide", "State", "Trouble", "Weather",
]  # fmt: skip


AS_A_BROWSER = (
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("accept-language", "en"),
)
"""How web archives ask what they archive."""


class Replica:
    """Runs from `start` to `stop`. Certificates go to `folder`, or to a folder that is removed at the end.

    `per_minute` limits how many embed pages are served before a platform answers 429. `stand_ins` answers the media and
    styles of saved real pages (given to `serve`) with pictures and styles of our own, so that they can be looked at.
    """

    def __init__(self, folder: Path | None = None, *, per_minute: int | None = None, stand_ins: bool = False) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="embedarchive-replica-")
        place = folder or Path(self._temporary.name if self._temporary else "")
        place.mkdir(parents=True, exist_ok=True)
        self._sites = find_sites()
        self._world = World(
            posts=tuple(post for site in self._sites for post in site.posts),
            per_minute=per_minute,
            stand_ins=stand_ins,
        )
        self._authority = Authority(place)
        self._server = Server(self._authority, self._answer, self._log)

    def start(self) -> Self:
        """Open the ports."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Close the ports and forget the certificates."""
        self._server.stop()
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def tls_port(self) -> int:
        return self._server.tls_port

    @property
    def plain_port(self) -> int:
        return self._server.plain_port

    @property
    def resolve(self) -> tuple[str, ...]:
        """The door's `--resolve` values that send every host name here."""
        return f"*:443:127.0.0.1:{self.tls_port}", f"*:80:127.0.0.1:{self.plain_port}"

    @property
    def ca_file(self) -> Path:
        return self._authority.ca_file

    @property
    def ca_spki(self) -> str:
        return self._authority.ca_spki

    @property
    def article_urls(self) -> tuple[str, ...]:
        """Every article of the newsroom, in the order of its front pages."""
        return tuple(article.url for article in self.articles)

    @property
    def articles(self) -> tuple[ArticleFact, ...]:
        """What every article of the newsroom holds, in the same order."""
        return tuple(article for site in self._sites for article in site.articles)

    @property
    def posts(self) -> tuple[PostFact, ...]:
        return self._world.posts

    def post(self, name: str) -> PostFact:
        """Give the post the newsroom calls so."""
        return self._world.named(name)

    def set_state(self, key: str, state: str) -> None:
        """Let a post (by native id or name) answer so from now on; `states_of` says what its platform knows.

        Raises ValueError for a post or a state that there is not.
        """
        post = next((p for p in self.posts if key in (p.key, p.name)), None)
        if post is None:
            raise ValueError(f"no post is called {key!r}; the names are {', '.join(p.name for p in self.posts)}")
        known = self.states_of(post.platform)
        if state not in known:
            raise ValueError(f"{post.platform} knows no state {state!r}; it knows {', '.join(known)}")
        self._world.states[post.key] = state

    def states_of(self, platform: str) -> Mapping[str, State]:
        """Give every state a platform's posts can be set to: what it then answers, and what a visit must make of it."""
        return next(s.states for s in self._sites if s.posts and s.posts[0].platform == platform)

    def limit(self, per_minute: int | None) -> None:
        """Allow so many embed pages a minute from now on, or any number."""
        self._world.per_minute = per_minute

    @property
    def weather(self) -> Weather:
        """How fast its hosts answer; may be set at any time."""
        return self._server.pacing.weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self._server.pacing.weather = weather

    @property
    def hits(self) -> tuple[SeenRequest, ...]:
        """Every request so far, in order."""
        return tuple(self._world.hits)

    def clear_hits(self) -> None:
        """Forget the requests so far."""
        self._world.hits.clear()

    def serve(self, url: str, saved: Saved) -> None:
        """Serve saved bytes at their own address, before anything else of that host."""
        self._world.saved[saved_key(url)] = saved

    @property
    def archives(self) -> Archives:
        """What the web archives hold, and how often they were asked."""
        return self._world.archives

    def archive(
        self,
        url: str,
        at: str,
        *,
        state: str = "",
        holder: Holder = "wayback",
        flaw: Flaw = "",
        saved: Saved | None = None,
    ) -> Memento:
        """Let a web archive hold what an address answers now, as seen `at` (14 digits).

        With a `state` the post that the address names is in it for that moment; `saved` is held instead of any answer.
        """
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        request = Request("GET", "https", (parts.hostname or "").lower(), target, AS_A_BROWSER)
        held = saved or self._answer_in_state(request, state)
        memento = Memento(url, at, held.status, held.headers, held.body, flaw, holder)
        self._world.archives.held.append(memento)
        return memento

    def archive_post(self, name: str, at: str, *, state: str = "live", ask: str = "frame", **how: Any) -> Memento:
        """Let a web archive hold a post's frame (or the answer of a probe, by its name) as it is in a state."""
        fact = self.post(name)
        visit = BY_NAME[fact.platform].visit
        post = identify_post(fact.url)
        assert visit is not None, "every post of the replica can be visited"
        assert post is not None, "every post of the replica is identified"
        places = {"frame": visit.frame.url} | {probe.name: probe.url for probe in visit.probes}
        return self.archive(fill_url(places[ask], post, visit), at, state=state, **how)

    def trouble(self, where: str, *troubles: Trouble) -> None:
        """Let the next answers of a web archive be these: `cdx` and `web`, `index` and `data` of Common Crawl."""
        self._world.archives.troubles[where] = deque(troubles)

    def _answer_in_state(self, request: Request, state: str) -> Saved:
        before, posts = dict(self._world.states), self._world.posts
        if state:
            self._world.states.update({post.key: state for post in posts if state in self.states_of(post.platform)})
        try:
            reply = self._answer(request)
        finally:
            self._world.states = before
        if callable(reply.body):
            body = reply.body()
        else:
            body = reply.body
        if reply.sent == 1:
            return Saved(reply.status, reply.headers, body)
        said = ("Content-Length", str(len(body)))  # as on the wire: all of it is announced
        return Saved(reply.status, (*reply.headers, said), body[: int(len(body) * reply.sent)])

    def _answer(self, request: Request) -> Reply:
        return answer_request(self._sites, self._world, request)

    def _log(self, request: Request, status: int) -> None:
        self._world.hits.append(
            SeenRequest(request.method, request.scheme, request.host, request.target, request.headers, status)
        )
