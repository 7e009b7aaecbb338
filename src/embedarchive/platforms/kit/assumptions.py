"""What the code takes for granted of live platforms, and the cheapest way to ask each: one table. Pure.

Every line is one of docs/reality.md, in its words. It is asked of a post that is there, or of one that never was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from embedarchive.core.model import Outcome, Page, Post, Verdict
from embedarchive.platforms.kit.fields import dig, read_json
from embedarchive.platforms.kit.outcomes import classify_answer, parse_page
from embedarchive.platforms.kit.specification import Visitable, fill_url

KNOWN: Final = 0
MADE_UP: Final = 1


@dataclass(frozen=True, slots=True)
class Assumption:
    """One assumption and what shows that it holds. `of` is which post of `POSTS` is asked about.

    `ask` is what is asked for: `frame`, or the name of a probe, by one GET; or `visit`, by a browser, which should end
    in `outcome`. The answer must have one of `status`, a match of `css`, the text `holds`, something at the path `has`
    of its JSON and nothing at the path `lacks`, as far as they are given.
    """

    platform: str
    of: Literal[0, 1]
    ask: str
    says: str
    status: tuple[int, ...] = (200,)
    css: str = ""
    holds: str = ""
    has: tuple[str | int, ...] = ()
    lacks: tuple[str | int, ...] = ()
    outcome: Outcome | None = None


POSTS: dict[str, tuple[str, str]] = {
    "instagram": ("https://www.instagram.com/p/fA9uwTtkSN/", "https://www.instagram.com/p/B0000000000/"),
    "x": ("https://x.com/jack/status/20", "https://x.com/i/status/1000000000000000001"),
    "tiktok": (
        "https://www.tiktok.com/@scout2015/video/6718335390845095173",
        "https://www.tiktok.com/@tiktok/video/7000000000000000001",
    ),
    "facebook": ("", "https://www.facebook.com/facebook/posts/100000000000001"),
    "threads": ("", "https://www.threads.com/@threads/post/C0000000000"),
    "youtube": ("https://www.youtube.com/watch?v=jNQXAC9IVRw", "https://www.youtube.com/watch?v=-_-_-_-_-_A"),
    "bluesky": ("", "https://bsky.app/profile/did:plc:z72i7hdynmk6r22z27h6tvur/post/3aaaaaaaaaa2a"),
    "mastodon": ("", "https://mastodon.social/@Mastodon/100000000000000001"),
    "truthsocial": ("", "https://truthsocial.com/@truthsocial/posts/100000000000000001"),
    "reddit": ("", "https://www.reddit.com/r/reddit/comments/zzzzzzzz/"),
    "telegram": ("", "https://t.me/telegram/999999999"),
    "pinterest": ("", "https://www.pinterest.com/pin/999999999999999999/"),
    "linkedin": ("", "https://www.linkedin.com/feed/update/urn:li:activity:7000000000000000001/"),
    "tumblr": ("", "https://www.tumblr.com/staff/999999999999999999"),
    "vimeo": ("https://vimeo.com/76979871", "https://vimeo.com/999999999999"),
    "twitch": ("", "https://clips.twitch.tv/NoSuchClipWasEverMade"),
    "dailymotion": ("", "https://www.dailymotion.com/video/x000000000"),
    "rumble": ("", "https://rumble.com/embed/vzzzzzzz/"),
    "snapchat": ("", "https://www.snapchat.com/spotlight/W7_000000000000000000000000"),
    "spotify": ("", "https://open.spotify.com/track/0000000000000000000000"),
    "bandcamp": ("", "https://bandcamp.com/EmbeddedPlayer/album=9999999999/"),
    "vk": ("", "https://vk.com/video-1_999999999"),
}
"""For each platform a post that its own documentation has shown for years (where it shows one), and one that never was.
An archive's own posts are better: they are asked about first."""

_NONE = (404, 410)
ASSUMPTIONS = (
    Assumption("instagram", KNOWN, "frame", "The live page holds `.Embed[data-media-id]`, and the media id is the "
               "shortcode read as base 64", css=".Embed[data-media-id]"),
    Assumption("instagram", MADE_UP, "frame", "A deleted post answers 200 with `.EmbedBrokenMedia` (`EmbedIsBroken` in "
               "older code)", css=".EmbedBrokenMedia, .EmbedIsBroken"),
    Assumption("instagram", MADE_UP, "oembed", "oEmbed (`/api/v1/oembed/?url=`) answers 404 for a deleted post without "
               "cookies", status=(404,)),
    Assumption("x", KNOWN, "result", "`cdn.syndication.twimg.com/tweet-result?id=&token=` gives it as JSON, token computed "
               "from the id", has=("id_str",)),
    Assumption("x", KNOWN, "visit", "`platform.twitter.com/embed/Tweet.html?id=` shows the post without login",
               outcome="available"),
    Assumption("x", MADE_UP, "result", "404 there: no such post; an empty tombstone: withheld, not deleted; a tombstone "
               "with a text: deleted by its author", status=(404,)),
    Assumption("tiktok", KNOWN, "frame", "`/embed/v2/ID` holds the post in `script#__FRONTITY_CONNECT_STATE__`, under "
               '`source.data["/embed/v2/ID"].videoData`', css="script#__FRONTITY_CONNECT_STATE__", holds="videoData"),
    Assumption("tiktok", KNOWN, "visit", "The card is an element whose `data-e2e` holds `EmbedPlayerContainer` (else the "
               "whole frame is photographed)", outcome="available"),
    Assumption("tiktok", MADE_UP, "frame", "An id that was never given out answers 400", status=(400,)),
    Assumption("facebook", MADE_UP, "frame", "A refusal is `._1q3v` in `.uiBoxWhite`, in every language, and the same for "
               "deleted, private, gated and refused posts", css=".uiBoxWhite ._1q3v"),
    Assumption("facebook", MADE_UP, "page", "Only a 404 of the post's own page, after a refused frame, counts as gone",
               status=_NONE),
    Assumption("threads", MADE_UP, "frame", "`/t/CODE/embed` is rendered by the server, with `.Embed` or `.EmbedError`",
               css=".EmbedError"),
    Assumption("threads", MADE_UP, "page", "Only a 404 of the post's own page, after the error card, counts as gone",
               status=_NONE),
    Assumption("youtube", KNOWN, "frame", "`/embed/ID` holds `embedded_player_response`, with `previewPlayabilityStatus` "
               "and a preview (title, channel, thumbnails, length)", holds="previewPlayabilityStatus"),
    Assumption("youtube", MADE_UP, "oembed", "oEmbed: 404 deleted, 403 private, 401 embedding off (or private, then the "
               "player says `LOGIN_REQUIRED`)", status=(404,)),
    Assumption("youtube", MADE_UP, "visit", "A player that refuses shows `.ytp-error`", outcome="gone"),
    Assumption("bluesky", MADE_UP, "posts", "A missing post is 400 `NotFound` or `#notFoundPost`; `getPosts` leaves it out",
               has=("posts",), lacks=("posts", 0)),
    Assumption("mastodon", MADE_UP, "status", 'A deleted status is 404 in frame and API (`{"error":…}`), a closed '
               "account's 410", status=(404,), has=("error",)),
    Assumption("truthsocial", MADE_UP, "status", "A deleted post is 404 in both", status=(404,)),
    Assumption("reddit", MADE_UP, "frame", "A post's frame has `#canonical-url-updater[value]` and "
               "`shreddit-screenview-data[data]` with the kind, file and time; a missing one has `/undefined`",
               css="#canonical-url-updater[value*='/undefined']"),
    Assumption("reddit", MADE_UP, "oembed", "oEmbed is 404 JSON for a missing post", status=(404,)),
    Assumption("telegram", MADE_UP, "frame", "`t.me/CHANNEL/N?embed=1&mode=tme` holds `.tgme_widget_message[data-post]`, or "
               "`.tgme_widget_message_error` with 200", css=".tgme_widget_message_error"),
    Assumption("pinterest", MADE_UP, "pin", "`widgets.pinterest.com/v3/pidgets/pins/info/?pin_ids=` gives the pin without "
               "a token, in `data[0]`; a missing one as empty `data`", lacks=("data", 0)),
    Assumption("linkedin", MADE_UP, "frame", "A deleted update is 404 in the frame and at `/feed/update/URN/`; without a "
               "login the page may lead to `/authwall`, which says nothing", status=(404,)),
    Assumption("tumblr", MADE_UP, "frame", "A deleted post is 404 in both", status=(404,)),
    Assumption("vimeo", KNOWN, "frame", "Vimeo's player is started with a `playerConfig` holding `video`, "
               "`request.files.progressive`, and `view: 4` for a password", holds="playerConfig"),
    Assumption("twitch", KNOWN, "visit", "Twitch: the players want `parent`; by itself in a tab one is content with "
               "`localhost`", outcome="available"),
    Assumption("dailymotion", KNOWN, "video", "Dailymotion: `geo.dailymotion.com/player.html?video=` plays; "
               "`api.dailymotion.com/video/ID?fields=` answers without a token", has=("title",)),
    Assumption("rumble", MADE_UP, "video", "Rumble: `embedJS/u3/?request=video&ver=2&v=` gives title, author and files; "
               "`false` for a missing film", holds="false"),
    Assumption("snapchat", MADE_UP, "page", "Snapchat: a missing story is 404 in both", status=(404,)),
    Assumption("spotify", MADE_UP, "frame", "Spotify's frame carries `__NEXT_DATA__` with `state.data.entity`; a missing "
               "one answers 200 with `status: 404` inside", css="script#__NEXT_DATA__", holds="404"),
    Assumption("bandcamp", MADE_UP, "details", 'Bandcamp: there, an unknown number is 404 or `"error": true`, and its '
               "player is 404", status=(200, 404), has=("error",)),
    Assumption("vk", MADE_UP, "page", "VK: a lost film's page is 404 too, and a lost wall post's on `m.vk.com`",
               status=_NONE),
)  # fmt: skip


def find_address(assumption: Assumption, post: Post, visit: Visitable) -> tuple[str, bool]:
    """The address to ask, and whether as a browser that goes there. Raises KeyError for a probe that there is not."""
    if assumption.ask == "frame":
        return fill_url(visit.frame.url, post, visit), True
    probe = {probe.name: probe for probe in visit.probes}[assumption.ask]
    return fill_url(probe.url, post, visit), probe.navigate


def judge_answer(assumption: Assumption, page: Page) -> tuple[bool | None, str]:
    """Whether the assumption holds by this answer, and what was seen; None when we were kept out or heard nothing."""
    early = classify_answer(page)
    kept_out = early is not None and (early.outcome == "blocked" or page.status is None or page.status >= 500)
    if early and (kept_out or page.status == 403) and page.status not in assumption.status:
        return None, f"{early.outcome}: {early.reason}"
    if page.status not in assumption.status:
        return False, f"status {page.status}"
    if assumption.css and not parse_page(page).css_first(assumption.css):
        return False, f"no {assumption.css}"
    if assumption.holds and assumption.holds not in page.body:
        return False, f"no “{assumption.holds}”"
    data = read_json(page.body) if assumption.has or assumption.lacks else None
    if assumption.has and dig(data, *assumption.has) is None:
        return False, f"JSON without {_say_path(assumption.has)}"
    if assumption.lacks and (data is None or dig(data, *assumption.lacks) is not None):
        return False, f"JSON with {_say_path(assumption.lacks)}" if data is not None else "no JSON"
    return True, f"status {page.status}"


def judge_visit(assumption: Assumption, found: Verdict) -> tuple[bool | None, str]:
    """Whether the assumption holds by what a visit found; None when it was kept out or failed."""
    seen = f"{found.outcome}: {found.reason}" if found.reason else found.outcome
    unheard = found.outcome == "blocked" or (found.outcome == "error" and found.reason not in ("unrecognized", "blank"))
    return (None if unheard else found.outcome == assumption.outcome), seen


def _say_path(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
