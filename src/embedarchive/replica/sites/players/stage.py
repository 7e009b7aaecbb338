"""What player platforms of the replica share: a stage with its frame, its services and its states into answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any
from urllib.parse import unquote

from embedarchive.replica import people as p
from embedarchive.replica.assets import read
from embedarchive.replica.cdn import answer_media, picture_url
from embedarchive.replica.facts import Person, PostFact, Slide, State, milliseconds
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault
from embedarchive.replica.published import Published
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {
    "live": State("the post"),
    "gone": State("no frame, and every other source says 404", "gone", "deleted"),
    "unsure": State("no frame; the other sources answer 500", "unavailable", "unconfirmed"),
    "private": State("no frame; the other sources answer 403", "unavailable", "private"),
    "refused": State("no frame; the other sources tell of the post", embedding="refused"),
    "strange": State("the frame answers with a page of another make", "error", "unrecognized"),
    "wrong_post": State("the frame of another post", "error", "unrecognized"),
    **FAULTS,
}
_Draw = Callable[[PostFact], str]


@dataclass(frozen=True, slots=True)
class Stage:
    """One platform. `services` are addresses (host and path, or its start up to a slash) and what each gives of a post.

    `dead` is the frame of a post that is not there, 404 where it is only a text, `denial` what services say of it.
    `alias` is a second id by which services are asked. `only` names the one path at which a post's frame shows it.
    `late` frames are drawn by script. `states` are those beside `STATES`, and those of them that end otherwise here;
    `own` gives the frames of the platform's own, `told` what its services say in them. `publishes` says what frame
    and services tell of a post, `refused` what the services alone do.
    """

    name: str
    hosts: tuple[str, ...]
    cdn: str
    draw: _Draw
    posts: tuple[PostFact, ...]
    services: Mapping[str, Callable[[PostFact], Any]] = field(default_factory=dict)
    dead: Reply = field(default_factory=lambda: html("<!DOCTYPE html><title>404</title><h1>Not found</h1>", 404))
    denial: Reply = field(default_factory=lambda: json_text('{"error":"no"}', 404))
    states: Mapping[str, State] = field(default_factory=dict)
    own: Callable[[PostFact, str], Reply | None] = lambda post, state: None
    told: Mapping[str, Callable[[PostFact], Any]] = field(default_factory=dict)
    alias: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    late: bool = False
    publishes: Callable[[PostFact], Published] = lambda post: {}
    refused: Callable[[PostFact], Published] | None = None


# -------------------------------------------------------------------------------------------------------------- frames


def page(color: str, body: str, data: str = "", head: str = "", ink: str = "#fff") -> str:
    """Give a player's page: its film or picture fills the frame, bars lie over it."""
    style = read("players/player.css").decode().replace("COLOR", color).replace("INK", ink)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">{head}<title>Player</title><style>{style}</style>'
        f"</head><body>{body}{data}</body></html>"
    )


def draw_late(text: str) -> str:
    """Give a page whose body is put there by its script, a moment after it has loaded."""
    start = text.index("<body>") + 6
    stop = text.index("</body>")
    script = (
        "<script>addEventListener('load',function(){setTimeout(function(){var t=document.getElementById('later');"
        "document.body.appendChild(t.content.cloneNode(true));t.remove()},60)})</script>"
    )
    return f'{text[:start]}<template id="later">{text[start:stop]}</template>{script}{text[stop:]}'


def film(post: PostFact, cdn: str, mark: str, holder: str = 'id="player" class="player"') -> str:
    """Give a film's player: poster, title, author, and the controls."""
    return (
        f'<div {holder}><video hidden></video><img class="poster" alt="" src="{picture_url(cdn, post, 0)}"><div class="top"><b>'
        f"{escape(post.caption)}</b><span>{escape(post.author.name)}</span></div><i class=play></i>"
        f'<div class="bar"><i></i><span>{mark}</span></div></div>'
    )


def sound(post: PostFact, cdn: str, mark: str, holder: str) -> str:
    """Give a sound's player: cover, title, author, and the wave."""
    heights = ((n * 37 + len(post.caption) * 11) % 29 + 6 for n in range(72))
    wave = "".join(f'<i style="height:{height}px"></i>' for height in heights)
    return (
        f'<div {holder}><img class="cover" alt="" src="{picture_url(cdn, post, 0)}"><div class="words"><b>'
        f'{escape(post.caption)}</b><span>{escape(post.author.name)}</span><div class="wave">{wave}</div></div>'
        f'<em class="mark">{mark}</em></div>'
    )


def picture(post: PostFact, cdn: str, mark: str, holder: str, link: str) -> str:
    """Give pictures with a line below them."""
    images = "".join(
        f'<img class="whole" alt="{escape(slide.alt or "")}" src="{picture_url(cdn, post, n)}">'
        for n, slide in enumerate(post.slides)
    )
    return (
        f'<div {holder}>{images}<div class="foot"><a href="{link}">{escape(post.caption)}</a>'
        f"<span>{escape(post.author.name)} · {mark}</span></div></div>"
    )


def within(name: str, body: str) -> str:
    """Give a body as an application draws it: in an element of that id."""
    return f'<div id="{name}" style="height: 100%">{body}</div>'


def script(name: str, data: Any) -> str:
    """Give data as pages carry it for their scripts."""
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script id="{name}" type="application/json">{text}</script>'


# -------------------------------------------------------------------------------------------------------------- answers


def oembed(post: PostFact, cdn: str, provider: str, **more: Any) -> dict[str, Any]:
    """Give what every oEmbed answer says."""
    said = {"version": "1.0", "type": "video", "provider_name": provider, "title": post.caption}
    said |= {"author_name": post.author.name, "thumbnail_url": picture_url(cdn, post, 0)}
    return {**said, "html": f'<iframe src="{post.url}"></iframe>', **more}


def _answer(stage: Stage, request: Request, world: World) -> Reply | None:
    if wall := answer_block_page(request):
        return wall
    if request.host == stage.cdn:
        return answer_media(request, world, stage.posts)
    asked = unquote(request.target)
    post = next(
        (each for each in stage.posts if tail_of(each) in asked or stage.alias.get(each.key, "\0") in asked), None
    )
    state = world.state(post)
    address = f"{request.host}{request.path}"
    for start, say in stage.services.items():
        if address == start or (start.endswith("/") and address.startswith(start)):
            if state == "gone":
                return stage.denial
            return _answer_service(stage.told.get(state, say)(post) if post else None, state)
    if post is None:
        return stage.dead
    if request.host in stage.hosts:
        return _answer_frame(stage, post, state, request)
    return None


def tail_of(post: PostFact) -> str:
    return post.key.rpartition("/")[2].rpartition("=")[2]


def _answer_service(said: Any, state: str) -> Reply:
    statuses = {"private": 403, "unsure": 500}
    if state in statuses:
        return json_text('{"error":"no"}' if state != "unsure" else "<h1>Error</h1>", statuses[state])
    if isinstance(said, str):
        return html(said)
    return json_text(json.dumps(said), headers=(("Access-Control-Allow-Origin", "*"),))


def _answer_frame(stage: Stage, post: PostFact, state: str, request: Request) -> Reply:
    known = stage.own(post, state) or answer_fault(state, request)
    if known:
        return known
    if state == "strange":
        return html("<!DOCTYPE html><title>Hello</title><main><h1>Welcome</h1><p>Pick something.</p></main>")
    if state == "wrong_post":
        post, state = find_another(stage.posts, post), "live"
    is_elsewhere = request.path != stage.only.get(post.key, request.path)
    if is_elsewhere or state not in ("live", *(set(stage.states) - set(STATES))):
        return stage.dead
    text = stage.draw(post)
    return html(draw_late(text) if stage.late else text)


def find_another(posts: tuple[PostFact, ...], post: PostFact) -> PostFact:
    """Give another post of the platform; where there is none, one that is made up for the occasion."""
    made_up = replace(post, name=f"{post.name}-2", key=post.key[:-1] + ("3" if post.key[-1] != "3" else "4"))
    made_up = replace(made_up, author=p.KYSTVAKTA, caption="Eleven metres at the outer buoy", slides=post.slides[:1])
    return next((each for each in posts if each is not post), made_up)


def post_of(
    platform: str, name: str, key: str, url: str, at: str, author: Person, title: str, *slides: Slide, **more: Any
) -> PostFact:
    """Make a post; a film unless said otherwise."""
    return PostFact(platform, name, key, url, more.pop("kind", "video"), author, at, title, slides, **more)


def seconds(post: PostFact) -> int:
    """When it was posted, in seconds since 1970."""
    return milliseconds(post.posted_at) // 1000


def site_of(stage: Stage, *, embed: Callable[[PostFact], str] | None = None) -> Site:
    """Make a stage's site."""
    hosts = dict.fromkeys((*stage.hosts, *(s.partition("/")[0] for s in stage.services), stage.cdn))
    states = {**STATES, **stage.states}
    states["refused"] = replace(states["refused"], tells=stage.refused)

    def answer(request: Request, world: World) -> Reply | None:
        return _answer(stage, request, world)

    return Site(tuple(hosts), answer, stage.posts, states, publishes=stage.publishes, embed=embed)


def film_slide(recipe: str, width: int = 1280, height: int = 720) -> Slide:
    """Make a film of that size, without sound or words."""
    return Slide(recipe, video=True, width=width, height=height)
