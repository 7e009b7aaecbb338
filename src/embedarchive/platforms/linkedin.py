"""LinkedIn: update urns, in frames; ids that are clocks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Answer, Media, Page, Post
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import as_kind, as_list, as_text, as_time, dig, parse_html, read_json_ld, text_of
from embedarchive.platforms.kit.framed import Framed, Said, attribute, make_visit, read_attribute, rich_text_of
from embedarchive.platforms.kit.ids import date_ms, query
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, LiveCheck, MarkupExample, Platform

_PATH = re.compile(
    r"^/(?:embed/)?(?:(?:feed|pulse)?/?update|video/(?:live|event))/(urn:li:(?:share|ugcPost|activity):\d{10,25})(?!\d)",
    re.I,
)
_BY_QUERY = re.compile(r"urn:li:(?:share|ugcPost|activity):\d{10,25}(?!\d)")
_SLUG = re.compile(r"^/posts/[^/]{1,4000}?-(share|ugcPost|activity)-(\d{10,25})(?!\d)", re.I)


def identify(url: SplitResult) -> str | None:
    """The urn of an update."""
    path = unquote(url.path)
    m = _PATH.match(path)
    if m:
        return m[1]
    if path.rstrip("/") == "/feed":
        named = _BY_QUERY.search(query(url, "highlightedUpdateUrn", "highlightedUpdateUrns", "updateEntityUrn") or "")
        if named:
            return named[0]
        return None
    slug = _SLUG.match(path)
    if slug:
        return f"urn:li:{slug[1]}:{slug[2]}"
    return None


def canonical(native_id: str) -> str:
    """The update's page."""
    return f"https://www.linkedin.com/feed/update/{native_id}/"


def date(native_id: str) -> str | None:
    """The id's upper bits are milliseconds."""
    return date_ms(int(native_id.rpartition(":")[2]) >> 22)


def handle(url: SplitResult) -> str | None:
    """The author's name in the address, where it carries one."""
    m = re.match(r"^/posts/([\w%-]{1,100}?)_", url.path)
    if m:
        return m[1]
    return None


def is_short(url: SplitResult) -> bool:
    """`lnkd.in/CODE` redirects."""
    return (url.hostname or "").endswith("lnkd.in") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`/embed/feed/update/…`."""
    return url.path.startswith("/embed/")


EXAMPLES = (
    Example(
        "https://www.linkedin.com/embed/feed/update/urn%3Ali%3Ashare%3A7000000000000000000",
        "urn:li:share:7000000000000000000",
        "https://www.linkedin.com/feed/update/urn:li:share:7000000000000000000/",
        "2022-11-20T07:40:53",
        frame=True,
    ),
    Example(
        "https://www.linkedin.com/posts/maralind_birds-activity-7000000000000000000-AbCd",
        "urn:li:activity:7000000000000000000",
        "https://www.linkedin.com/feed/update/urn:li:activity:7000000000000000000/",
        "2022-11-20T07:40:53",
        handle="maralind",
        bare=("urn:li:activity:7000000000000000000",),
    ),
    Example(
        "https://www.linkedin.com/posts/a-share-7000000000",
        "urn:li:share:7000000000",
        "https://www.linkedin.com/feed/update/urn:li:share:7000000000/",
        bare=("urn:li:share:7000000000",),
    ),
    Example(
        "https://www.linkedin.com/update/urn:li:share:7000000000",
        "urn:li:share:7000000000",
        "https://www.linkedin.com/feed/update/urn:li:share:7000000000/",
    ),
    Example(
        "https://www.linkedin.com/posts/a-ugcPost-7000000000000000000",
        "urn:li:ugcPost:7000000000000000000",
        "https://www.linkedin.com/feed/update/urn:li:ugcPost:7000000000000000000/",
        "2022-11-20T07:40:53",
    ),
    Example(
        "https://www.linkedin.com/update/urn:li:ugcPost:7000000000000000000",
        "urn:li:ugcPost:7000000000000000000",
        "https://www.linkedin.com/feed/update/urn:li:ugcPost:7000000000000000000/",
        "2022-11-20T07:40:53",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://www.linkedin.com/embed/feed/update/urn:li:ugcPost:7000000000000000000" height="800"></iframe>',
        ("urn:li:ugcPost:7000000000000000000",),
        "iframe",
    ),
    MarkupExample(
        '<div data-linkedinurn="urn:li:share:7000000000000000000"></div>'
        '<div data-linkedinid="urn:li:share:7000000000000000000"></div>'
        '<div data-provider="linkedin" data-id="urn:li:share:7000000000000000000"></div>',
        ("urn:li:share:7000000000000000000",) * 3,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_HOME = "https://www.linkedin.com/"
_CARD = "[data-activity-urn], [data-attributed-urn]"
_TEXT = "[data-test-id='main-feed-activity-card__commentary'], .attributed-text-segment-list__content"
_AUTHOR = "a[data-tracking-control-name$='actor-name'], [data-test-id='main-feed-activity-card__entity-lockup'] a"


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the update's card. One update has several urns: only another of the same kind is another update."""
    card = tree.css_first(_CARD)
    if card is None:
        return {}
    urns = [card.attributes.get(name) or "" for name in ("data-activity-urn", "data-attributed-urn")]
    kind = post.native_id.rpartition(":")[0]
    named = post.native_id if post.native_id in urns else next((u for u in urns if u.rpartition(":")[0] == kind), None)
    author, media = card.css_first(_AUTHOR), tuple(_read_media(tree))
    count = attribute(tree, "[data-num-reactions]", "data-num-reactions")
    said = attribute(tree, "[data-num-comments]", "data-num-comments")
    return {
        "id": named,
        "kind": as_kind(media),
        "author_name": text_of(author),
        "author_url": author and ((author.attributes.get("href") or "").partition("?")[0] or None),
        **rich_text_of(card.css_first(_TEXT), _HOME),
        "likes": read_count(count or text_of(tree.css_first("[data-test-id='social-actions__reaction-count']"))),
        "comments": read_count(said or text_of(tree.css_first("[data-test-id='social-actions__comments']"))),
        "media": media,
    }


def _read_media(tree: LexborHTMLParser) -> Iterator[Media]:
    films = as_list(read_attribute(tree, "video[data-sources]", "data-sources"))
    files = [s for s in films if as_text(dig(s, "src"))]
    if tree.css_first("video[data-sources]"):
        best: dict[str, str] = max(files, key=lambda s: read_count(str(dig(s, "data-bitrate"))) or 0, default={})
        poster = attribute(tree, "video[data-poster-url]", "data-poster-url")
        yield Media("media", 1, best.get("src", ""), missing=None if best else "not_served")
        if poster:
            yield Media("poster", 1, poster)
        return
    pictures = tree.css("[data-test-id='feed-images-content'] img, .feed-images-content img")
    for position, picture in enumerate(pictures, 1):
        url = picture.attributes.get("src") or picture.attributes.get("data-delayed-url")
        if url:
            yield Media("media", position, url, alt=picture.attributes.get("alt") or None)


def read_page(answer: Answer, post: Post) -> Said:
    """Read the update's own page: its 404 denies it, its linked data tells of it, a wall says nothing."""
    stayed = urlsplit(answer.final_url).path.startswith(("/feed/update/", "/posts/"))
    if answer.status in (404, 410):
        if stayed:
            return None
        return {}
    if answer.status == 200 and stayed:
        items = read_json_ld(parse_html(answer.body))
    else:
        items = []
    item = next((i for i in items if i.get("@type") in ("SocialMediaPosting", "DiscussionForumPosting")), None)
    named = f"{dig(item, '@id')} {dig(item, 'url')}"
    if item is None or post.native_id.rpartition(":")[2] not in re.findall(r"\d{15,}", named):
        return {}
    return {
        "id": post.native_id,
        "author_name": as_text(dig(item, "author", "name")),
        "author_url": as_text(dig(item, "author", "url")),
        "text": as_text(item.get("articleBody")),
        "posted_at": as_time(item.get("datePublished")),
    }


FRAMED = Framed(
    frame=Frame(
        "https://www.linkedin.com/embed/feed/update/{id}",
        card=_CARD,
        pending=("img[data-delayed-url]:not([src])",),
        width=504,
    ),
    kind="",
    says=read_frame,
    signatures={"frame": r'name="pageKey"', "page": r'name="pageKey"'},
    asks={"page": "https://www.linkedin.com/feed/update/{id}/"},
    readers={"page": read_page},
    navigates=("page",),
    walls=(999,),
    date=date,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`/embed/feed/update/URN` is the frame",
        "reported",
    ),
    Assumption(
        "Its card is `[data-activity-urn]` or `[data-attributed-urn]`, its text `[data-test-id=main-"
        "feed-activity-card__commentary]`",
        "guess",
        source="reported of public pages, guess of the frame",
        check="look at one",
    ),
    Assumption(
        "Films are in `video[data-sources]`, numbers in `data-num-reactions` and `data-num-comments`",
        "reported",
        source="of public pages",
        check="look at one",
    ),
    Assumption(
        "A deleted update is 404 in the frame and at `/feed/update/URN/`; without a login the page "
        "may lead to `/authwall`, which says nothing",
        "guess",
        check="open a made-up urn",
        live=LiveCheck("frame", status=(404,)),
    ),
    Assumption(
        "999 means that the asker is refused",
        "reported",
        check="`curl` a page",
    ),
    Assumption(
        "Creation time is `id >> 22` ms",
        "reported",
        check="compare one",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="linkedin",
    title="LinkedIn",
    hosts=("linkedin.com", "lnkd.in"),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"urn:li:(?:share|ugcPost|activity):\d{10,25}",
    id_names=("linkedinurn", "linkedinid"),
    examples=EXAMPLES,
    short_links=(
        "https://lnkd.in/eAbCdEf",
        "https://lnkd.in/posts/u_",
    ),
    markup=MARKUP,
    not_posts=(
        "https://www.linkedin.com/in/maralind",
        "https://www.linkedin.com/shareArticle?url=https%3A%2F%2Fnews.example",
    ),
    visit=make_visit(FRAMED, rules=3),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://www.linkedin.com/embed/feed/update/{id}",
        "https://www.linkedin.com/feed/update/{id}/",
    ),
    made_up_url="https://www.linkedin.com/feed/update/urn:li:activity:7000000000000000001/",
    states=("live", "gone", "unsure", "refused", "authwall", "denied", "strange", "wrong_post"),
)
