"""All that a platform can say about itself, as values. Pure.

A platform is one frozen `Platform` in one file of `platforms/`; adding one touches nothing else. The value has three
parts: identity (URL to id and back, id to date), finding (how its embeds look in HTML), capturing (which frame to
visit, when it is ready, what its answers mean). `examples` are run by the generic tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, quote, urlsplit

from embedarchive.core.model import Answer, Description, Outcome, Page, Post, Verdict

# -------------------------------------------------------------------------------------------------------------- finding


@dataclass(frozen=True, slots=True)
class Selector:
    """One shape of markup that carries this platform's posts.

    `css` is a comma list of simple compounds (`tag`, `.class`, `[attr]`, `[attr=value]` and joins of these), so that an
    element finds its selectors by a look into a table. `url` and `id` say, in order, where the post's address or bare id may
    stand: `@attr` of the element, `css@attr` of an inner one (`css:last@attr` takes the last that names a post),
    `@attr{key}` of JSON in an attribute, `text` of the element; `wall{@owner}_{@post}` is filled from the element's
    attributes, and nothing where one of them is missing. A `bare` one may name no post: its byline is enough.
    """

    form: str
    css: str
    url: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    bare: bool = False


# ------------------------------------------------------------------------------------------------------------ capturing


@dataclass(frozen=True, slots=True)
class Move:
    """One thing to do on the page, as data. `do` is `click`, `scroll`, `remove` or `wait`; `css` is on what.

    `until` is a CSS selector that must match afterwards, `times` how often at most, `ms` how long to wait for `until`.
    `when` is a text that one of the document's inline scripts must hold, else the move is left out.
    """

    do: Literal["click", "scroll", "remove", "wait"]
    css: str = ""
    until: str = ""
    times: int = 1
    ms: int = 3000
    when: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """The page a reader's browser would load for the embed, and how to know that it is all there.

    `url` is a template, see `fill_url`. `card` selects the element that is the post (the screenshot is exactly it). The
    page is settled when `card` or one of `dead` is there; it is ready when, after that, no `pending` matches any more,
    every image in the card is decoded, fonts are loaded and the card's box is still. `referrer` is the address that the
    visit says it comes from, where a frame answers only to a page that embeds it.
    """

    url: str
    card: str
    dead: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    width: int = 540
    height: int = 1000
    referrer: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A second, independent look at a post: one more GET through the same door, asked for only when `when` says so.

    `url` is a template, see `fill_url`. `when` is `always`, `doubt` (there was an answer and it was not the post) or
    `available`. `navigate` sends the headers of a browser navigation, else those of an API call.
    """

    name: str
    url: str
    when: Literal["always", "doubt", "available"] = "doubt"
    navigate: bool = False


Trust = Literal["verified", "reported", "guess"]
"""`verified`: read in a saved real page, answer or source code. `reported`: stated by others who run against the live
platform. `guess`: general knowledge only. What is true in parts has the trust of its weakest."""


@dataclass(frozen=True, slots=True)
class Visitable:
    """The capture part: where to go, what the answer means, what the post says. Rules are pure functions of a `Page`.

    `fields` adds the platform's own names to the templates (a token computed from the id …). `rules` is raised whenever
    `describe` improves; the ledger then describes old captures anew, without any network. `reads` names answers that the
    rules read through a table of readers (those that they ask for by `page.answer` are seen in their source).

    `denial` is how the platform's answer that a post is gone is known. Where it is a `guess`, a post counts as gone only
    when two answers of two days agree. `also` gives the other native ids by which the platform's own answer names the very
    post: they are the same post from then on. `silent` is a frame that says nothing of the post, as status and markup (`{id}`
    is its id): with it in the frame's place the answers alone are judged, where others recorded no more (`kit/recorded.py`).
    `read_page` reads the post's own page as others recorded it, where the rules visit none (`kit/public_page.py`): the fields
    of a description, empty where it does not name the post beyond doubt; `read_unrun` does so of a recorded frame whose
    scripts never ran. `heard` are answers that the platform's own page asks
    for and that we never do: the name of the probe that answers alike, and a pattern whose group is the post's id.
    """

    frame: Frame
    classify: Callable[[Page, Post], Verdict]
    describe: Callable[[Page, Post], Description]
    probes: tuple[Probe, ...] = ()
    fields: Callable[[Post], Mapping[str, str]] = lambda post: {}
    rules: int = 1
    reads: tuple[str, ...] = ()
    denial: Trust = "guess"
    also: Callable[[Page, Post], tuple[str, ...]] = lambda page, post: ()
    silent: tuple[int, str] = (404, "<p>not recorded</p>")
    read_page: Callable[[Answer, Post], Mapping[str, Any]] | None = None
    read_unrun: Callable[[Answer, Post], Mapping[str, Any]] | None = None
    heard: tuple[tuple[str, str], ...] = ()


def fill_url(template: str, post: Post, visit: Visitable) -> str:
    """Fill a template of `Frame` or `Probe`: {id} {url} {quoted_url}, {host} and {name} of a host/name id, `fields`."""
    host, _, name = post.native_id.rpartition("/")
    fields = {"id": post.native_id, "url": post.url, "quoted_url": quote(post.url, safe=""), "host": host, "name": name}
    return template.format(**fields, **visit.fields(post))


# ------------------------------------------------------------------------------------------------------------- examples


@dataclass(frozen=True, slots=True)
class Example:
    """An address, and all that must be made of it: what is left out must not be there.

    `posted_at` (to the second) is the time that the id carries; `permalink` the address that the post keeps, where that
    is not the canonical one; `handle` the author's, as the address names it; `frame` says that the address exists only to
    be embedded. `bare` are ids and numbers that mean the post without any address.
    """

    url: str
    native_id: str
    canonical: str
    posted_at: str | None = None
    permalink: str = ""
    handle: str | None = None
    frame: bool = False
    bare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkupExample:
    """Markup as articles carry it, and what must be found in it: ids in order, and what is claimed of each.

    A claim that is not given may be anything; an empty one must not be made.
    """

    html: str
    ids: tuple[str | None, ...]
    form: str
    author_name: str | None = None
    author_handle: str | None = None
    text: str | None = None
    posted_at: str | None = None


# ------------------------------------------------------------------------------------------------- what is known of it


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """How the live platform is asked whether an assumption holds, and the answer that shows that it does.

    `ask` is what is asked for: `frame`, or the name of a probe, by one GET; or `visit`, by a browser, which should end
    in `outcome`. `about` says which post: one that is there, or one that never was. The answer must have one of `status`,
    a match of `css`, the text `holds`, something at the path `has` of its JSON and nothing at the path `lacks`, as far as
    they are given.
    """

    ask: str
    about: Literal["known", "made_up"] = "made_up"
    status: tuple[int, ...] = (200,)
    css: str = ""
    holds: str = ""
    has: tuple[str | int, ...] = ()
    lacks: tuple[str | int, ...] = ()
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing the platform's file takes for granted of the live platform, and how far it can be trusted.

    `source` is where it was read, or which part of it deserves which trust; `check` is the cheapest way for a person to
    look, `live` the way for `doctor --live`.
    """

    says: str
    trust: Trust
    source: str = ""
    check: str = ""
    live: LiveCheck | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that cannot be had from the platform, and what follows from it.

    `no_second_sign`: nothing beside the frame denies a lost post. `no_file`: a film or a sound that nobody is given.
    `not_told`: something that neither frame nor probes say.
    """

    kind: Literal["no_second_sign", "no_file", "not_told"]
    says: str
    so: str
    fields: tuple[str, ...] = ()
    """The fields of a description that stay empty because of it."""


# ------------------------------------------------------------------------------------------------------------- platform


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform. `hosts` are registrable names, matched against the parsed host or a parent of it, never as text.

    `identify` gets a split, cleaned URL on one of `hosts` and gives the native id, or None for a page that is no post. A
    platform of any host (`*`, asked last) says in `path_pattern`, a regular expression, what the path begins with of every
    address that `identify` knows. `canonical` turns a native id into the address readers know, `permalink` cleans a post's own
    address where the id alone leads nowhere; `date` turns a native id into an ISO time, or None; `handle` reads the author
    from a post's address. `is_short` tells redirecting links; `is_frame` tells addresses that exist only to be embedded:
    wherever they stand, the post is shown. `distinctive` says whether an address on any host can, by its shape alone, be
    nothing else; where it is False, an address embeds a post only as a frame's or in a selector's place.

    `id_pattern` is what a bare id must match in full, `from_id` makes the native id of it (of its groups joined by `/`,
    where it has groups), `id_names` are names that promise one (`tweetid` for `data-tweet-id`, `tweetId` …), `read_number`
    gives the ids a bare number can mean. `id_addresses` are templates of addresses (`https://vimeo.com/{}`) that what stands
    in an id's place can be the end of. `services` are further names under which markup knows the platform. `calls` are
    script calls that draw a post, `from_call` makes the native id of their groups. `bylines` are localised words before
    the author's name in the fallback; where it is `titled`, the fallback's link to the post bears its title.
    `link_parameters` are pieces of the query that a link copied out of its embed code carries; `wordless` matches a
    fallback that holds no words of the post. `signed` matches the line that ends the fallback, with name, handle and date as
    its groups, if nothing else can be such a line: it is found where the quote around it was stripped.

    All of these are looked for in a document's bytes as they stand here, before it is parsed (`detect/keywords.py`): nothing
    has to be told twice.

    `mirrors` are hosts of others that show the platform's posts at the same paths, `nitter.*` any host of that first name.
    `thumbnails` are regular expressions of the addresses of a post's own picture, with its id as their group: with a link to
    the post beside it, such a picture is a player that waits for a click. `about` gives, for the id of a comment, that of
    the post it belongs to.

    `short_links` are examples of addresses that redirect to a post: which, nobody knows before they are followed.
    `answering_hosts` are hosts that are asked about its posts and carry none (`cdn.syndication.twimg.com`).

    `states` names what its replica must be able to play: the ways in which the platform is known to answer for a post.
    `archived` are templates of the addresses under which web archives hold its posts, the likeliest first (see
    `archived_forms`). `known_url` is a post that the platform's own documentation has shown for years, `made_up_url` one
    that never was: what `doctor --live` asks about, where an archive has no post of its own.
    """

    name: str
    title: str
    hosts: tuple[str, ...]
    identify: Callable[[SplitResult], str | None]
    canonical: Callable[[str], str]
    date: Callable[[str], str | None] = lambda native_id: None
    permalink: Callable[[SplitResult], str | None] = lambda url: None
    handle: Callable[[SplitResult], str | None] = lambda url: None
    path_pattern: str = ""
    is_short: Callable[[SplitResult], bool] = lambda url: False
    is_frame: Callable[[SplitResult], bool] = lambda url: False
    distinctive: bool = True
    id_pattern: str = ""
    id_names: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    from_id: Callable[[str], str] = lambda bare: bare
    id_addresses: tuple[str, ...] = ()
    read_number: Callable[[str], tuple[str, ...]] = lambda number: ()
    calls: tuple[str, ...] = ()
    from_call: Callable[[tuple[str, ...]], str] = lambda groups: groups[0]
    selectors: tuple[Selector, ...] = ()
    bylines: tuple[str, ...] = ()
    link_parameters: tuple[str, ...] = ()
    wordless: str = ""
    titled: bool = False
    signed: str = ""
    visit: Visitable | None = None
    answering_hosts: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    thumbnails: tuple[str, ...] = ()
    about: Callable[[str], str | None] = lambda native_id: None
    examples: tuple[Example, ...] = ()
    short_links: tuple[str, ...] = ()
    markup: tuple[MarkupExample, ...] = ()
    not_embeds: tuple[str, ...] = ()
    not_posts: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    gaps: tuple[Gap, ...] = ()
    states: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()
    known_url: str = ""
    made_up_url: str = ""

    def account_forms(self, handle: str) -> tuple[str, ...]:
        """How the addresses of an account's posts begin, as far as they name it: what a web archive is asked for where only
        the account is known."""
        named = (each for each in self.archived if "{handle}" in each and "{host}" not in each and "?" not in each)
        begins = (each[: each.index("{id}")] for each in named if "{id}" in each)
        return tuple(dict.fromkeys(each.format(handle=handle) for each in begins if "{handle}" in each))

    def archived_forms(self, post: Post, handle: str | None = None) -> tuple[str, ...]:
        """The addresses at which a web archive may hold a post, the likeliest first.

        They are `archived`, filled as frames are and with {handle}, the author's, which the post's own address may tell as
        well (what needs it is left out where nobody knows it); else the frame; and the addresses that readers know.
        """
        told = handle or self.handle(urlsplit(post.url))
        host, _, name = post.native_id.rpartition("/")
        fields = {"id": post.native_id, "url": post.url, "host": host, "name": name, "handle": told}
        frame = (self.visit.frame.url,) if self.visit and not self.archived else ()
        chosen = (each for each in (*self.archived, *frame) if told or "{handle}" not in each)
        visit = self.visit
        filled = [fill_url(each, post, visit) if each in frame and visit else each.format(**fields) for each in chosen]
        return tuple(dict.fromkeys((*filled, post.url, self.canonical(post.native_id))))

    @property
    def federated(self) -> bool:
        """Whether it has many instances, each of which answers for its own posts (ids are then `host/id`)."""
        return "*" in self.hosts
