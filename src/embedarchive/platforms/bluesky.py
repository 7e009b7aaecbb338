"""Bluesky: repository and record key, the quote with full text, the frame. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult

from embedarchive.core.model import Answer, Description, Media, Page, Post, Sign, Verdict
from embedarchive.platforms.kit.fields import (
    as_count,
    as_kind,
    as_list,
    as_size,
    as_text,
    as_time,
    dig,
    merge_readings,
    parse_html,
    read_json,
)
from embedarchive.platforms.kit.ids import date_ms, decode_tid, match_path
from embedarchive.platforms.kit.outcomes import classify_answer, classify_strange, judge_refused_frame, verdict
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    LiveCheck,
    MarkupExample,
    Platform,
    Probe,
    Selector,
    Visitable,
)

_PATH = re.compile(
    r"^/(?:profile|embed)/((?:did:[a-z]+:[\w.:%-]{5,100}|[\w.-]{3,253}))/(?:post|app\.bsky\.feed\.post)/(\w{5,20})(?!\w)"
)


def identify(url: SplitResult) -> str | None:
    """`did/key`, or `handle/key` where the address names the author so."""
    m = _PATH.match(url.path.replace("%3A", ":").replace("%3a", ":"))
    if m:
        return f"{m[1]}/{m[2]}"
    return None


def canonical(native_id: str) -> str:
    """The page of the post."""
    author, _, key = native_id.rpartition("/")
    return f"https://bsky.app/profile/{author}/post/{key}"


def date(native_id: str) -> str | None:
    """The record key is a clock in microseconds."""
    us = decode_tid(native_id.rpartition("/")[2])
    if us:
        return date_ms(us // 1000)
    return None


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    found = match_path(_PATH, url)
    if not found or found.startswith("did:"):
        return None
    return found


def is_frame(url: SplitResult) -> bool:
    """`embed.bsky.app/embed/…`."""
    return url.path.startswith("/embed/")


SELECTORS = (
    Selector(
        "blockquote",
        "blockquote.bluesky-embed, [data-bluesky-uri]",
        id=("@data-bluesky-uri",),
        url=("@cite", "a:last@href"),
    ),
    Selector(
        "custom-element",
        ".bluesky-wrap[data-attrs], [data-component-name=blueskycreateblueskyembed]",
        id=("@data-attrs{uri}",),
    ),
    Selector("custom-element", "bluesky-post", url=("@src", "@href"), id=("@src", "@uri")),
)

EXAMPLES = (
    Example(
        "https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p",
        "mara.example/3lcxjuygrwk2p",
        "https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p",
        "2024-12-10T15:16:08",
        handle="mara.example",
    ),
    Example(
        "https://embed.bsky.app/embed/did:plc:abcdefghijklmnop/app.bsky.feed.post/3lcxjuygrwk2p?id=1",
        "did:plc:abcdefghijklmnop/3lcxjuygrwk2p",
        "https://bsky.app/profile/did:plc:abcdefghijklmnop/post/3lcxjuygrwk2p",
        "2024-12-10T15:16:08",
        frame=True,
    ),
    Example(
        "https://bsky.app/profile/did:maralind:maral/post/maralind",
        "did:maralind:maral/maralind",
        "https://bsky.app/profile/did:maralind:maral/post/maralind",
    ),
    Example(
        "https://bsky.app/profile/3lc/post/3lcxjuygrw",
        "3lc/3lcxjuygrw",
        "https://bsky.app/profile/3lc/post/3lcxjuygrw",
        handle="3lc",
        bare=("at://3lc/app.bsky.feed.post/3lcxjuygrw",),
    ),
)

MARKUP = (
    MarkupExample(
        '<div class="bluesky-embed"></div><p><a href="https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p?ref_src=embed">View</a></p>',
        ("mara.example/3lcxjuygrwk2p",),
        "emptied",
    ),
    MarkupExample(
        '<blockquote class="bluesky-embed" data-bluesky-uri="at://did:plc:abcdefghijklmnop/app.bsky.feed.post/3lcxjuygrwk2p"'
        ' data-bluesky-cid="bafy"><p lang="en">The kestrel is back.</p>&mdash; Mara Lind ('
        '<a href="https://bsky.app/profile/did:plc:abcdefghijklmnop">@mara.example</a>) '
        '<a href="https://bsky.app/profile/did:plc:abcdefghijklmnop/post/3lcxjuygrwk2p">Dec 10, 2024</a></blockquote>',
        ("did:plc:abcdefghijklmnop/3lcxjuygrwk2p",),
        "blockquote",
        author_name="Mara Lind",
        author_handle="mara.example",
        text="The kestrel is back.",
        posted_at="2024-12-10",
    ),
    MarkupExample(
        '<blockquote class="bluesky-embed" cite="https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p"></blockquote>'
        '<blockquote class="bluesky-embed"><a href="https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p">View</a></blockquote>'
        '<blockquote class="bluesky-embed" data-bluesky-uri="at://3lc/app.bsky.feed.post/3lcxjuygrw"></blockquote>'
        '<div data-bluesky-uri="" cite="https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p"></div>'
        '<div data-bluesky-uri=""><a href="https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p">View</a></div>'
        '<div data-bluesky-uri="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>',
        (
            "mara.example/3lcxjuygrwk2p",
            "mara.example/3lcxjuygrwk2p",
            "3lc/3lcxjuygrw",
            "mara.example/3lcxjuygrwk2p",
            "mara.example/3lcxjuygrwk2p",
            "3lc/3lcxjuygrw",
        ),
        "blockquote",
    ),
    MarkupExample(
        '<div class="bluesky-wrap outer" data-attrs="{&quot;uri&quot;:&quot;at://3lc/app.bsky.feed.post/3lcxjuygrw&quot;,'
        "&quot;authorName&quot;:&quot;Mara Lind&quot;,&quot;authorHandle&quot;:&quot;mara.example&quot;,&quot;text&quot;:"
        "&quot;It is back.&quot;,&quot;createdAt&quot;:&quot;2024-12-10T15:16:08.123Z&quot;}"
        '" data-component-name="BlueskyCreateBlueskyEmbed"></div>',
        ("3lc/3lcxjuygrw",),
        "custom-element",
        author_name="Mara Lind",
        author_handle="mara.example",
        text="It is back.",
        posted_at="2024-12-10T15:16:08.123Z",
    ),
    MarkupExample(
        '<div data-component-name="blueskycreateblueskyembed" data-attrs="{&quot;uri&quot;:&quot;at://3lc/app.bsky.feed.post/3lcxjuygrw&quot;}"></div>',
        ("3lc/3lcxjuygrw",),
        "custom-element",
    ),
    MarkupExample(
        '<bluesky-post src="https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p"></bluesky-post>'
        '<bluesky-post href="https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p"></bluesky-post>'
        '<bluesky-post src="at://3lc/app.bsky.feed.post/3lcxjuygrw"></bluesky-post>'
        '<bluesky-post uri="at://3lc/app.bsky.feed.post/3lcxjuygrw"></bluesky-post>'
        '<div data-blueskyuri="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>'
        '<div data-blueskyposturi="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>'
        '<div data-blueskyembeduri="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>'
        '<div data-uri="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>'
        '<div data-aturi="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>'
        '<div data-provider="bluesky" data-id="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>'
        '<div class="bsky-embed" data-id="at://3lc/app.bsky.feed.post/3lcxjuygrw"></div>',
        (
            "mara.example/3lcxjuygrwk2p",
            "mara.example/3lcxjuygrwk2p",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
            "3lc/3lcxjuygrw",
        ),
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

FRAME = Frame(
    "{frame}",
    card='#app > :has(time), [data-testid^="postThreadItem-by-"]',
    dead=("#app > :not(:has(time))",),
    width=600,
)
_API = "https://public.api.bsky.app/xrpc/"
_URI = "at://{host}/app.bsky.feed.post/{name}"
PROBES = (
    Probe("thread", f"{_API}app.bsky.feed.getPostThread?uri={_URI}&depth=0&parentHeight=0", when="always"),
    Probe("posts", f"{_API}app.bsky.feed.getPosts?uris={_URI}"),
    Probe("profile", f"{_API}app.bsky.actor.getProfile?actor={{host}}"),
)
_HOME = "https://bsky.app/"


def _fields(post: Post) -> Mapping[str, str]:
    """The frame takes no handle in the author's place (it answers 400): then the post's own page is visited."""
    author, _, key = post.native_id.rpartition("/")
    frame = f"https://embed.bsky.app/embed/{author}/app.bsky.feed.post/{key}"
    return {"frame": frame if author.startswith("did:") else canonical(post.native_id)}


def classify(page: Page, post: Post) -> Verdict:
    """The frame is drawn by script from the public API's answer: that answer is judged, and what was drawn of it."""
    early = classify_answer(page)
    if early:
        return early
    answer = page.answer("thread")
    if answer is None or answer.status is None:
        why = answer.error if answer else None
        return verdict("error", why or "no_answer", "API answered", "getPostThread", why)
    if answer.status == 429:
        return verdict("blocked", "rate", "API status", "getPostThread", 429)
    data = read_json(answer.body)
    if (answer.status == 400 and dig(data, "error") == "NotFound") or _is_a(dig(data, "thread"), "notFoundPost"):
        return _classify_absence(page)
    if answer.status == 200:
        return _classify_thread(page, post, dig(data, "thread"))
    return verdict("error", f"http_{answer.status}", "API status", "getPostThread", answer.status)


def _classify_thread(page: Page, post: Post, thread: Any) -> Verdict:
    if _is_a(thread, "blockedPost"):
        return verdict("unavailable", "private", "a post", "thread.$type", dig(thread, "$type"))
    seen = as_text(dig(thread, "post", "uri")) or "none"
    names = {dig(thread, "post", "author", name) for name in ("did", "handle")}
    author, _, key = post.native_id.rpartition("/")
    if author not in names or not seen.endswith(f"/app.bsky.feed.post/{key}"):
        return verdict("error", "wrong_post", "address is the post's", "post.uri", seen)
    labels = as_list(dig(thread, "post", "author", "labels"))
    if any(dig(label, "val") == "!no-unauthenticated" for label in labels):
        asked = Sign("shown to everybody", "author.labels", "!no-unauthenticated")
        return judge_refused_frame(
            _read_post(page.answer("thread")), asked, Sign("address is the post's", "post.uri", seen)
        )
    drawn = parse_html(page.dom)
    if not drawn.css_first(FRAME.card):
        return classify_strange(page, drawn)
    return verdict("available", None, "address is the post's", "post.uri", seen)


def _classify_absence(page: Page) -> Verdict:
    """A closed account's posts are not found either: two services must deny the post while its account is there."""
    first = Sign("API knows the post", "getPostThread", "NotFound")
    account = page.answer("profile")
    error = None
    if account and account.status == 400:
        error = as_text(dig(read_json(account.body), "error"))
    closed = {"AccountDeactivated": "deactivated", "AccountTakedown": "suspended"}.get(error or "")
    if closed:
        return Verdict("unavailable", closed, (first, Sign("account is open", "getProfile", error or "")))
    posts = page.answer("posts")
    if posts and posts.status == 200 and dig(read_json(posts.body), "posts") == []:
        return Verdict("gone", "deleted", (first, Sign("another service knows the post", "getPosts", "posts: []")))
    return Verdict("unavailable", "unconfirmed", (first,))


def _is_a(value: Any, name: str) -> bool:
    return str(dig(value, "$type") or "").endswith(f"#{name}")


def describe(page: Page, post: Post) -> Description:
    """Read what the post said from the API's answer, the one that the frame is drawn from."""
    known = ("id", {"posted_at": date(post.native_id)})
    if classify(page, post).outcome != "available":
        return merge_readings(known)
    return merge_readings(known, ("getPostThread", _read_post(page.answer("thread"))))


def read_other_name(page: Page, post: Post) -> tuple[str, ...]:
    """The post under its author's handle where it is kept under the DID, and the other way round."""
    if classify(page, post).outcome != "available":
        return ()
    answer = page.answer("thread")
    author = None
    if answer:
        author = dig(read_json(answer.body), "thread", "post", "author")
    own, _, key = post.native_id.rpartition("/")
    names = (as_text(dig(author, "did")), as_text(dig(author, "handle")))
    return tuple(f"{name}/{key}" for name in names if name and name not in (own, _NO_HANDLE))


_NO_HANDLE = "handle.invalid"
"""What the API says for an author whose handle does not lead back to the account."""


def _read_post(answer: Answer | None) -> dict[str, Any]:
    view = None
    if answer:
        view = dig(read_json(answer.body), "thread", "post")
    author, record, embed = dig(view, "author"), dig(view, "record"), dig(view, "embed")
    name = as_text(dig(author, "handle"))
    media = tuple(_read_media(view))
    link = dig(embed, "external") or dig(embed, "media", "external")
    kind = as_kind(media)
    text, rich = _read_text(as_text(dig(record, "text")) or "", as_list(dig(record, "facets")))
    return {
        "kind": "link" if link and kind == "text" else kind,
        "author_name": as_text(dig(author, "displayName")) or name,
        "author_handle": name,
        "author_url": name and f"{_HOME}profile/{name}",
        "author_verified": dig(author, "verification", "verifiedStatus") == "valid",
        "text": text,
        "text_html": rich,
        "title": as_text(dig(link, "title")),
        "lang": as_text(dig(record, "langs", 0)),
        "sensitive": _read_labels(view),
        "posted_at": as_time(dig(record, "createdAt")),
        "likes": as_count(dig(view, "likeCount")),
        "comments": as_count(dig(view, "replyCount")),
        "shares": as_count(dig(view, "repostCount")),
        "quoted_url": _read_quoted(embed),
        "media": media,
    }


_SENSITIVE = frozenset(("porn", "sexual", "nudity", "graphic-media", "gore", "sexual-figurative"))


def _read_labels(view: Any) -> bool | None:
    """Whether author or service labelled the post as not for every eye; None where the answer says nothing of labels."""
    labels = dig(view, "labels")
    if not isinstance(labels, list):
        return None
    return any(dig(label, "val") in _SENSITIVE for label in labels)


def _read_text(text: str, facets: list[Any]) -> tuple[str, str]:
    """The text plain and as HTML; facets name links by their places in the text's UTF-8."""
    raw, rich, end = text.encode(), "", 0
    for facet in sorted(facets, key=lambda f: as_count(dig(f, "index", "byteStart")) or 0):
        start, stop = as_count(dig(facet, "index", "byteStart")), as_count(dig(facet, "index", "byteEnd"))
        target = _read_target(dig(facet, "features", 0))
        if start is None or stop is None or not end <= start < stop <= len(raw) or not target:
            continue
        rich += f'{_escape(raw[end:start])}<a href="{html.escape(target)}">{_escape(raw[start:stop])}</a>'
        end = stop
    return text, rich + _escape(raw[end:])


def _escape(raw: bytes) -> str:
    return html.escape(raw.decode(errors="replace"), quote=False).replace("\n", "<br>")


def _read_target(feature: Any) -> str | None:
    if _is_a(feature, "mention") and as_text(dig(feature, "did")):
        return f"{_HOME}profile/{feature['did']}"
    if _is_a(feature, "tag") and as_text(dig(feature, "tag")):
        return f"{_HOME}hashtag/{feature['tag']}"
    link = as_text(dig(feature, "uri"))
    if link and link.startswith(("https://", "http://")):
        return link
    return None


def _read_quoted(embed: Any) -> str | None:
    """The address of the post that this one quotes (with media, the record is wrapped once more)."""
    uri = as_text(dig(embed, "record", "uri")) or as_text(dig(embed, "record", "record", "uri")) or ""
    m = re.fullmatch(r"at://([^/]+)/app\.bsky\.feed\.post/(\w+)", uri)
    if m:
        return canonical(f"{m[1]}/{m[2]}")
    return None


_READ = frozenset(
    f"app.bsky.embed.{name}" for name in ("images", "gallery", "video", "external", "record", "recordWithMedia")
)
"""Attachments that are read. Another is named as missing: it is not nothing."""


def _read_media(view: Any) -> Iterator[Media]:
    embed = dig(view, "embed", "media") or dig(view, "embed")
    pictures = as_list(dig(embed, "images")) or as_list(dig(embed, "items"))
    kind = as_text(dig(embed, "$type")) or ""
    if kind and kind.partition("#")[0] not in _READ:
        yield Media("media", 1, "", missing=f"unknown_attachment:{kind.partition('#')[0]}")
    for position, image in enumerate(pictures, 1):
        size = as_size(dig(image, "aspectRatio", "width")), as_size(dig(image, "aspectRatio", "height"))
        url = as_text(dig(image, "fullsize"))
        if url:
            yield Media("media", position, url, *size, as_text(dig(image, "alt")))
    if as_text(dig(embed, "playlist")):
        yield from _read_video(view, embed)
    face = as_text(dig(view, "author", "avatar"))
    if face:
        yield Media("avatar", 0, face)


def _read_video(view: Any, embed: Any) -> Iterator[Media]:
    """The frame plays a stream; the file as uploaded is a blob of the author's repository (source: yt-dlp)."""
    size = as_size(dig(embed, "aspectRatio", "width")), as_size(dig(embed, "aspectRatio", "height"))
    alt, did, cid = as_text(dig(embed, "alt")), as_text(dig(view, "author", "did")), as_text(dig(embed, "cid"))
    url = ""
    if did and cid:
        url = f"https://bsky.social/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}"
    yield Media("media", 1, url, *size, alt, missing=None if url else "stream_only")
    poster = as_text(dig(embed, "thumbnail"))
    if poster:
        yield Media("poster", 1, poster, *size, alt)


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`embed.bsky.app/embed/DID/app.bsky.feed.post/KEY` draws `getPostThread` of the public API "
        "into `#app`; only a post has a `time`",
        "verified",
        source="its source code",
    ),
    Assumption(
        "With a handle in the DID's place it answers 400, the post's own page shows the post (`[data-"
        "testid^=postThreadItem-by-]`)",
        "guess",
        source="the first part reported",
        check="open both",
    ),
    Assumption(
        "A missing post is 400 `NotFound` or `#notFoundPost`; `getPosts` leaves it out",
        "guess",
        source="the first part reported",
        check="ask for a made-up key",
        live=LiveCheck("posts", has=("posts",), lacks=("posts", 0)),
    ),
    Assumption(
        "A closed account's `getProfile` says `AccountDeactivated` or `AccountTakedown`",
        "guess",
        check="ask for one",
    ),
    Assumption(
        "`!no-unauthenticated` among the author's labels: the frame shows no post",
        "verified",
        source="its source code",
    ),
    Assumption(
        "The video file is a blob that `bsky.social` finds (`com.atproto.sync.getBlob`)",
        "reported",
        check="capture one, of another server too",
    ),
    Assumption(
        "A gallery is `app.bsky.embed.gallery`, up to 20 pictures in `items[]` with `fullsize`, "
        "`thumbnail`, `alt`, `aspectRatio`",
        "verified",
        source="official lexicon and a saved answer, June 2026",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="bluesky",
    title="Bluesky",
    hosts=("bsky.app",),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"at://(did:[a-z]+:[\w.:%-]{5,100}|[\w.-]{3,253})/app\.bsky\.feed\.post/(\w{5,20})",
    id_names=("blueskyuri", "blueskyposturi", "blueskyembeduri", "uri", "aturi"),
    services=("bsky",),
    id_addresses=("https://bsky.app/{}", "https://embed.bsky.app/embed/{}"),
    mirrors=(
        "fxbsky.app",
        "vxbsky.app",
        "bskyx.app",
        "bskye.app",
        "bskx.app",
        "xbsky.app",
        "cbsky.app",
        "psky.app",
        "bsyy.app",
    ),
    link_parameters=("ref_src=embed",),
    selectors=SELECTORS,
    visit=Visitable(
        FRAME,
        classify,
        describe,
        PROBES,
        _fields,
        rules=3,
        denial="verified",
        also=read_other_name,
        silent=(200, '<div id="app"><div><time>-</time></div></div>'),
    ),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://bsky.app/profile/mara.example",),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://bsky.app/profile/{host}/post/{name}",
        "https://embed.bsky.app/embed/{host}/app.bsky.feed.post/{name}",
    ),
    made_up_url="https://bsky.app/profile/did:plc:z72i7hdynmk6r22z27h6tvur/post/3aaaaaaaaaa2a",
    states=(
        "live",
        "gone",
        "deactivated",
        "suspended",
        "blocked",
        "login_only",
        "api_rate",
        "api_down",
        "not_drawn",
        "unsure",
    ),
)
