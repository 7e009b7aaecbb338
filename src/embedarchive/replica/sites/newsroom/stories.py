"""The newsroom's stories: text files with `[[form post]]` where an embed stands, into `Story` values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from embedarchive.replica.facts import ArticleFact, PostFact
from embedarchive.replica.markup import FORMS
from embedarchive.replica.sites import (
    bluesky,
    find_sites,
    instagram,
    mastodon,
    reddit,
    spotify,
    telegram,
    tiktok,
    x,
    youtube,
)

_PLACE = re.compile(r"\[\[(\S+) (\S+)\]\]")
_MARKUP: dict[str, Callable[[PostFact], str]] = {
    **{name.partition("-")[2]: form for name, form in FORMS.items()},
    "x": x.quote_html,
    "tiktok": tiktok.quote_html,
    "amp-x": x.amp_html,
    "bluesky": bluesky.quote_html,
    "mastodon": mastodon.quote_html,
    "reddit": reddit.quote_html,
    "spotify": spotify.frame_html,
    "telegram": telegram.script_html,
    "youtube": youtube.frame_html,
    "id": lambda post: post.key,
}
_PLATFORMS = (instagram, x, tiktok, bluesky, mastodon, reddit, spotify, telegram, youtube)
_OTHERS = tuple((site.posts[0], site.embed) for site in find_sites(without="newsroom") if site.posts and site.embed)
_POSTS = {post.name: post for site in _PLATFORMS for post in site.POSTS} | {post.name: post for post, _ in _OTHERS}
_MARKUP |= {post.platform: embed for post, embed in _OTHERS}
_ELSEWHERE = "\n\n".join(f"[[{post.platform} {post.name}]]" for post, _ in _OTHERS)
"""What `[[elsewhere]]` stands for: the first post of each platform that tells its embed code."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publication. `words` are what its pages say around the stories."""

    key: str
    host: str
    name: str
    motto: str
    lang: str
    direction: str
    sections: tuple[str, ...]
    words: dict[str, str]


NO_HERO = "sea:harbour:hero"
"""The picture that stands where a story has none of its own."""


@dataclass(frozen=True, slots=True)
class Story:
    """One article. `body` is HTML; `posts` are embedded in that order."""

    outlet: Outlet
    path: str
    date: str
    section: str
    title: str
    lead: str
    author: str
    body: str
    posts: tuple[PostFact, ...]
    unresolved: int = 0
    layout: str = "page"
    hero: str = ""
    credit: str = ""

    @property
    def url(self) -> str:
        return f"https://{self.outlet.host}{self.path}"

    @property
    def fact(self) -> ArticleFact:
        """What a test may expect of it."""
        name, lang = self.outlet.name, self.outlet.lang
        return ArticleFact(self.url, self.title, name, lang, self.date, self.posts, self.unresolved)


OUTLETS = (
    Outlet(
        "lantern",
        "www.thelanternpost.example",
        "The Lantern Post",
        "Light on the coast since 1883",
        "en",
        "ltr",
        ("World", "Culture", "Sport", "Weather", "Letters"),
        {
            "by": "By",
            "related": "More from the Post",
            "share": "Share on Instagram",
            "follow": "Follow us on Instagram",
        },
    ),
    Outlet(
        "kueste",
        "www.kuestenblatt.example",
        "Küstenblatt",
        "Die Zeitung zwischen Deich und Dom",
        "de",
        "ltr",
        ("Lokales", "Kultur", "Reise", "Musik", "Wetter"),
        {
            "by": "Von",
            "related": "Mehr zum Thema",
            "share": "Auf Instagram teilen",
            "follow": "Folgen Sie uns auf Instagram",
        },
    ),
    Outlet(
        "manara",
        "www.almanara-daily.example",
        "المنارة",
        "يومية مستقلة",
        "ar",
        "rtl",
        ("ثقافة", "سفر", "رأي"),
        {"by": "بقلم", "related": "اقرأ أيضاً", "share": "شارك على إنستغرام", "follow": "تابعونا على إنستغرام"},
    ),
    Outlet(
        "letters",
        "letters.thelanternpost.example",
        "The Lantern Letters",
        "On Sundays, by Ada Quill",
        "en",
        "ltr",
        ("Letters",),
        {"by": "By", "related": "Earlier letters", "share": "Share", "follow": "Subscribe"},
    ),
)
_OUTLET = {outlet.key: outlet for outlet in OUTLETS}


@cache
def all_stories() -> tuple[Story, ...]:
    """Read every story, in order of the files' names."""
    folder = files("embedarchive.replica").joinpath("assets/stories")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".txt"))
    return tuple(_read_story(folder.joinpath(name).read_text("utf-8")) for name in names)


def _read_story(text: str) -> Story:
    head, _, body = text.replace("[[elsewhere]]", _ELSEWHERE).partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    recipe, _, credit = fields.pop("hero", "").partition(" | ")
    outlet = _OUTLET[fields.pop("outlet")]
    posts = tuple(_POSTS[name] for form, name in _PLACE.findall(body) if form != "id")
    unresolved = int(fields.pop("unresolved", 0))
    return Story(
        outlet=outlet,
        body=_render_body(body),
        posts=posts,
        unresolved=unresolved,
        hero=recipe,
        credit=_fill(credit),
        **fields,
    )


def _render_body(text: str) -> str:
    blocks = (block.strip() for block in text.strip().split("\n\n"))
    return "\n".join(_fill(b if re.match(r"\[\[|<(?!b>|i>)", b) else f"<p>{b}</p>") for b in blocks)


def _fill(text: str) -> str:
    return _PLACE.sub(lambda match: _MARKUP[match[1]](_POSTS[match[2]]), text)
