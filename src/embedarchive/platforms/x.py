"""X, formerly Twitter: status ids, the widget quote and what CMSs made of it. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from selectolax.lexbor import LexborNode

from embedarchive.core.dates import to_iso
from embedarchive.core.model import Answer, Description, Media, Page, Post, Sign, Verdict
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import (
    add_choices,
    as_count,
    as_list,
    as_size,
    as_text,
    dig,
    merge_readings,
    parse_html,
    read_json,
    text_of,
)
from embedarchive.platforms.kit.ids import date_ms, match_path, query, write_digits
from embedarchive.platforms.kit.outcomes import MAX_HTML, classify_answer, verdict
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

# ----------------------------------------------------------------------------------------------------------- identity

_PATH = re.compile(
    r"(?i)^/(?:(?:i/)?(?:web/)?|@?\w{1,20}/|i/events/)(?:status(?:es)?|article)/(\d{1,19})(?!\d)"
    r"|^/i/(?:videos/|topics/)?(?:tweet/)?(\d{5,19})(?!\d)|^/1(?:\.1)?/statuses/(?:show|oembed)/(\d{5,19})\.json"
    r"|^/thread/(\d{5,19})(?:\.html)?$"
)
_BANG = re.compile(r"(?i)^/?(?:#|%23)(?:!|%21)(?=/)")
_BY_QUERY = re.compile(r"^/(?:embed/|tweet-result$|1(?:\.1)?/statuses/(?:show|oembed)\.json$)")
_HANDLE = re.compile(r"^/@?(\w{1,20})/status(?:es)?/\d", re.I)
_FIRST_SNOWFLAKE = 29_700_000_000
_EPOCH_MS = 1_288_834_974_657


def identify(url: SplitResult) -> str | None:
    """The status id of a permalink, of an embed frame, or of the old widget's address."""
    if _BY_QUERY.match(url.path):
        found = query(url, "id", "tweetId") or ""
        if re.fullmatch(r"[0-9]{1,19}", found):
            return found
        return None
    if url.fragment.startswith("!/"):
        url = url._replace(path=url.fragment[1:])
    return match_path(_PATH, url._replace(path=_BANG.sub("", url.path)))


def date(status_id: str) -> str | None:
    """When it was posted: ids since November 2010 are snowflakes."""
    number = int(status_id)
    if number > _FIRST_SNOWFLAKE:
        return date_ms((number >> 22) + _EPOCH_MS)
    return None


def canonical(status_id: str) -> str:
    """The address that needs no handle."""
    return f"https://x.com/i/status/{status_id}"


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    m = _HANDLE.match(url.path)
    if m and m[1].lower() not in {"i", "web", "statuses"}:
        return m[1]
    return None


def is_frame(url: SplitResult) -> bool:
    """`platform.twitter.com/embed/Tweet.html?id=…`."""
    return url.path.startswith("/embed/")


# ------------------------------------------------------------------------------------------------------------ finding

SELECTORS = (
    Selector(
        "blockquote",
        "blockquote.twitter-tweet, blockquote.twitter-video",
        url=("a:last@href", "@cite"),
        id=("@data-tweet-id",),
    ),
    Selector(
        "custom-element",
        ".tweet[data-attrs], .twitter-embed[data-attrs], [data-component-name=twitter2todom]",
        url=("@data-attrs{url}", "a@href", "[href]@href"),
    ),
    Selector("custom-element", ".bbpBox", url=("a:last@href",)),
    Selector("custom-element", ".tweet.static", url=("a@href", "[href]@href")),
    Selector("custom-element", "embetty-tweet", id=("@status",)),
    Selector("amp", "amp-twitter", id=("@data-tweetid", "@tweetid"), url=("@data-tweetid", "@data-src")),
)

EXAMPLES = (
    Example(
        "https://twitter.com/jack/status/1349129669258448897?s=20",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
        handle="jack",
        bare=("1349129669258448897",),
    ),
    Example("https://x.com/i/web/status/20", "20", "https://x.com/i/status/20"),
    Example("https://x.com/embed/?tweetId=20", "20", "https://x.com/i/status/20", frame=True),
    Example(
        "https://x.com/m/status/1349129669258448897",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
        handle="m",
    ),
    Example(
        "https://x.com/web/status/1349129669258448897",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
    Example(
        "https://x.com/i/events/status/1349129669258448897",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
    Example("https://x.com/embed/?id=20", "20", "https://x.com/i/status/20", frame=True),
    Example(
        "https://x.com/#!/status/1349129669258448897",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
    Example("https://x.com/status/1", "1", "https://x.com/i/status/1"),
    Example("https://x.com/i/status/134912966", "134912966", "https://x.com/i/status/134912966", bare=("134912966",)),
    Example(
        "http://twitter.com/%23!/kestrel/status/45532711472992299",
        "45532711472992299",
        "https://x.com/i/status/45532711472992299",
        "2011-03-09T17:13:39",
    ),
    Example(
        "https://x.com/kestrel/article/1349129669258448897",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
    Example(
        "https://x.com/i/topics/tweet/1349129669258448897",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
    Example(
        "https://cdn.syndication.twimg.com/tweet-result?id=1349129669258448897&token=a",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
    Example(
        "https://api.twitter.com/1.1/statuses/show/1349129669258448897.json",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
)

MARKUP = (
    MarkupExample(
        '<div class="twitter-embed"></div><p><a href="https://x.com/i/status/1349129669258448897?ref_src=twsrc">View</a></p>',
        ("1349129669258448897",),
        "emptied",
    ),
    MarkupExample(
        '<script>twttr.widgets.createTweet("1349129669258448897", el)</script>', ("1349129669258448897",), "call"
    ),
    MarkupExample("<script>twttr.widgets.createTweetEmbed('20107', el)</script>", ("20107",), "call"),
    MarkupExample(
        '<blockquote class="twitter-tweet" data-lang="de"><p lang="de" dir="ltr">Guten Tag</p>&mdash; Mara Lind (@maralind)'
        ' <a href="https://twitter.com/maralind/status/1349129669258448897">12. Januar 2021</a></blockquote>',
        ("1349129669258448897",),
        "blockquote",
        author_name="Mara Lind",
        author_handle="maralind",
        text="Guten Tag",
    ),
    MarkupExample(
        '<p>It is back.</p><p>&mdash; Mara Lind (@maralind) <a href="https://twitter.com/maralind/status/1349129669258448897">'
        "January 12, 2021</a></p>",
        ("1349129669258448897",),
        "bare-byline",
        author_name="Mara Lind",
        author_handle="maralind",
        text="It is back.",
        posted_at="2021-01-12",
    ),
    MarkupExample(
        "<p>It is back. pic.twitter.com/a1b2</p><p>— Mara Lind (@maralind) 12. Januar 2021</p>",
        (None,),
        "bare-byline",
        author_name="Mara Lind",
        author_handle="maralind",
        text="It is back. pic.twitter.com/a1b2",
        posted_at="2021-01-12",
    ),
    MarkupExample(
        '<div id="bbpBox_1349129669258448897" class="bbpBox"><p class="bbpTweet">It is back.<span class="timestamp"><a href="http://twitter.com/m'
        '/statuses/1349129669258448897">a minute ago</a> via web</span><span class="metadata"><span class="author"><a href="http://twitter.com/m">'
        "Mara</a></span></span></p></div>"
        '<div class="bbpBox"><p>Hi</p><a href="http://twitter.com/m/statuses/1349129669258448897">View</a></div>',
        ("1349129669258448897",) * 2,
        "custom-element",
    ),
    MarkupExample(
        '<blockquote class="twitter-tweet"><a href="https://x.com/i/status/1349129669258448897">View</a></blockquote>'
        '<blockquote class="twitter-tweet" cite="https://x.com/i/status/1349129669258448897"></blockquote>'
        '<blockquote class="twitter-tweet" data-tweet-id="1349129669258448897"></blockquote>'
        '<blockquote class="twitter-video"><a href="https://x.com/i/status/1349129669258448897">View</a></blockquote>'
        '<blockquote class="twitter-video" cite="https://x.com/i/status/1349129669258448897"></blockquote>'
        '<blockquote class="twitter-video" data-tweet-id="1349129669258448897"></blockquote>',
        ("1349129669258448897",) * 6,
        "blockquote",
    ),
    MarkupExample(
        '<div data-attrs="{&quot;url&quot;:&quot;https://x.com/i/status/1349129669258448897&quot;}" class="tweet"></div>'
        '<div data-attrs="" class="tweet"><a href="https://x.com/i/status/1349129669258448897">View</a></div>'
        '<div data-attrs="{&quot;url&quot;:&quot;https://x.com/i/status/1349129669258448897&quot;}" class="twitter-embed"></div>'
        '<div data-attrs="" class="twitter-embed"><a href="https://x.com/i/status/1349129669258448897">View</a></div>'
        '<div data-component-name="twitter2todom" data-attrs="{&quot;url&quot;:&quot;https://x.com/i/status/1349129669258448897&quot;}"></div>'
        '<div data-component-name="twitter2todom"><a href="https://x.com/i/status/1349129669258448897">View</a></div>'
        '<div class="tweet static"><a href="https://x.com/i/status/1349129669258448897">View</a></div>'
        '<embetty-tweet status="1349129669258448897"></embetty-tweet>'
        '<div data-tweetid="1349129669258448897"></div>'
        '<div data-tweetidstr="1349129669258448897"></div>'
        '<div data-twitterid="1349129669258448897"></div>'
        '<div data-tweet="1349129669258448897"></div>'
        '<div data-twitter-embed="1349129669258448897"></div>'
        '<div data-tweet-embed="1349129669258448897"></div>'
        '<div data-xid="1349129669258448897"></div>'
        '<div class="x-embed" data-id="1349129669258448897"></div>'
        '<div data-provider="twitter" data-id="1349129669258448897"></div>'
        '<div data-provider="tweet" data-id="1349129669258448897"></div>'
        '<div data-provider="xembed" data-id="1349129669258448897"></div>'
        '<div data-provider="xpost" data-id="1349129669258448897"></div>',
        ("1349129669258448897",) * 20,
        "custom-element",
    ),
    MarkupExample(
        '<amp-twitter data-tweetid="https://x.com/i/status/1349129669258448897"></amp-twitter>'
        '<amp-twitter data-src="https://x.com/i/status/1349129669258448897"></amp-twitter>'
        '<amp-twitter data-tweetid="1349129669258448897"></amp-twitter>'
        '<amp-twitter tweetid="1349129669258448897"></amp-twitter>',
        ("1349129669258448897",) * 4,
        "amp",
    ),
)

# ---------------------------------------------------------------------------------------------------------- capturing

FRAME = Frame("https://platform.twitter.com/embed/Tweet.html?id={id}&dnt=true&theme=light", card="article", width=550)
PROBES = (
    Probe("result", "https://cdn.syndication.twimg.com/tweet-result?id={id}&lang=en&token={token}", when="always"),
    Probe("oembed", "https://publish.x.com/oembed?url={quoted_url}"),
)
_HOME = "https://x.com/"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def make_token(status_id: str) -> str:
    """The token that the JSON address wants: `((id/1e15)*Math.PI).toString(36)` without zeros and point."""
    return re.sub(r"0+|\.", "", to_base36(int(status_id) / 1e15 * math.pi))


def to_base36(value: float) -> str:
    """JavaScript's toString(36) of a small positive number, digit for digit (V8's DoubleToRadixCString)."""
    whole = math.floor(value)
    rest, delta = value - whole, max(0.5 * (math.nextafter(value, math.inf) - value), math.ulp(0.0))
    digits: list[int] = []
    while rest >= delta:
        rest, delta = rest * 36, delta * 36
        digits.append(int(rest))
        rest -= digits[-1]
        if (rest > 0.5 or (rest == 0.5 and digits[-1] % 2)) and rest + delta > 1:
            while digits and digits[-1] == 35:  # a carry eats the digits that overflow
                digits.pop()
            if digits:
                digits[-1] += 1
            else:
                whole += 1
            break
    head = write_digits(whole, _DIGITS) or "0"
    if not digits:
        return head
    return head + "." + "".join(_DIGITS[d] for d in digits)


def classify(page: Page, post: Post) -> Verdict:
    """The frame is drawn by script from JSON that says what is the matter: the JSON is judged."""
    early = classify_answer(page)
    if early:
        return early
    answer = page.answer("result")
    if answer is None or answer.status is None:
        why = answer.error if answer else None
        return verdict("error", why or "no_answer", "JSON answered", "tweet-result", why)
    if answer.status == 404:
        return _classify_absence(page)
    if answer.status in (401, 429):
        return verdict("blocked", "rate", "JSON status", "tweet-result", answer.status)
    if answer.status != 200:
        return verdict("error", f"http_{answer.status}", "JSON status", "tweet-result", answer.status)
    return _classify_result(_read_result(page), post)


def _classify_absence(page: Page) -> Verdict:
    """Two services of the platform must deny the post before it counts as gone."""
    first = Sign("JSON status", "tweet-result", "404")
    oembed = page.answer("oembed")
    # Any server can say 404, and many say it in JSON; the platform's own error names what was asked of it.
    if oembed and oembed.status == 404 and as_text(dig(read_json(oembed.body), "request")):
        return Verdict("gone", "deleted", (first, Sign("oembed", "404 with request", "/oembed")))
    return Verdict("unavailable", "unconfirmed", (first,))


def _classify_result(result: dict[str, Any], post: Post) -> Verdict:
    kind = result.get("__typename")
    if kind == "TweetTombstone":
        # Deleted, age-restricted and withheld posts all leave one; only its wording, in one language, tells which.
        inner = result.get("tombstone")
        blurred = dig(inner, "__typename") == "BlurredMediaTombstone"
        note = dig(inner, "text", "text") or "no text"
        return verdict("unavailable", "age" if blurred else "tombstone", "a tweet", "__typename", f"{kind}: {note}")
    if kind == "TweetUnavailable":
        why = re.sub(r"\W", "", str(result.get("reason") or "")).lower()
        return verdict("unavailable", why or "unavailable", "a tweet", "reason", result.get("reason"))
    if kind != "Tweet":
        return verdict("error", "bad_token" if not result else "unrecognized", "a tweet", "__typename", kind)
    if result.get("id_str") != post.native_id:
        return verdict("error", "wrong_post", "id is the post's", "id_str", result.get("id_str"))
    if not isinstance(result.get("user"), dict):
        return verdict("unavailable", "suspended", "a tweet has its user", "user", "missing")
    return verdict("available", None, "id is the post's", "id_str", post.native_id)


def _read_result(page: Page) -> dict[str, Any]:
    """The tweet object; that of the guest GraphQL is brought into the same shape."""
    answer = page.answer("result")
    data = read_json(answer.body) if answer else None
    result = dig(data, "data", "tweetResult", "result")
    if not isinstance(result, dict):
        if isinstance(data, dict):
            return data
        return {}
    result = result["tweet"] if isinstance(result.get("tweet"), dict) else result  # TweetWithVisibilityResults
    user = dig(result, "core", "user_results", "result")
    flat = {**result, **(dig(result, "legacy") or {}), "__typename": result.get("__typename", "Tweet")}
    if isinstance(user, dict):
        names = {**(user.get("legacy") or {}), **(user.get("core") or {})}
        face = dig(user, "avatar", "image_url") or names.get("profile_image_url_https")
        flat["user"] = {**names, "is_blue_verified": user.get("is_blue_verified"), "profile_image_url_https": face}
    flat["text"] = dig(result, "note_tweet", "note_tweet_results", "result", "text") or flat.get("full_text")
    flat["card"] = dig(result, "card", "legacy") or flat.get("card")
    flat["mediaDetails"] = dig(flat, "extended_entities", "media")
    flat["quoted_tweet"] = {"id_str": flat.get("quoted_status_id_str")}
    return flat


def describe(page: Page, post: Post) -> Description:
    """Read what the tweet said; nothing of anything that is not this tweet."""
    known = ("id", {"posted_at": date(post.native_id)})
    if classify(page, post).outcome != "available":
        return merge_readings(known)
    return merge_readings(known, ("tweet-result", _read_tweet(_read_result(page))))


_HEARD = (
    r"https://(?:(?:x|twitter)\.com/i/api|api\.(?:x|twitter)\.com)/graphql/[\w-]+/TweetResultByRestId\?"
    r".*?(?:%22|\")tweetId(?:%22|\")(?:%3A|:)(?:%22|\")(\d+)\D"
)
"""What x.com's own page asks for its post: a crawler that runs scripts records it, and no markup of the post."""


def read_status_page(answer: Answer, post: Post) -> dict[str, Any]:
    """Read a post's page as a browser drew it and somebody saved it: the one post whose time leads to this address."""
    if answer.status != 200:
        return {}
    for node in parse_html(answer.body[:MAX_HTML]).css('article[data-testid="tweet"]'):
        timed = (own for own in node.css('a[href*="/status/"]') if own.css_first("time"))
        link = next((own.attributes.get("href") or "" for own in timed), "")
        is_own = not _is_within(node.css_first("time"), node)
        if is_own and re.search(rf"/status/{post.native_id}(?:\D|$)", link):
            return _read_drawn(node, link)
    return {}


def _read_drawn(node: LexborNode, link: str) -> dict[str, Any]:
    """What one drawn post says; what it quotes is a link within it, and another's."""
    own = {name: [each for each in node.css(f'[data-testid="{name}"]') if not _is_within(each, node)]
           for name in ("User-Name", "tweetText", "tweetPhoto")}  # fmt: skip
    handle = urlsplit(link).path.split("/")[1]
    names = [each for user in own["User-Name"][:1] for each in user.css("span") if each.text(strip=True)]
    pictures = [each.css_first('img[src*="twimg.com/media/"]') for each in own["tweetPhoto"]]
    urls = [each.attributes.get("src") or "" for each in pictures if each]
    return {
        "kind": "photo" if urls else None,
        "author_name": text_of(names[0]) if names else None,
        "author_handle": handle,
        "author_url": _HOME + handle,
        "text": text_of(own["tweetText"][0]) if own["tweetText"] else None,
        "media": tuple(Media("media", place, url) for place, url in enumerate(urls, 1)),
    }


def _is_within(node: LexborNode | None, post: LexborNode) -> bool:
    """Whether an element of a drawn post is part of what it quotes."""
    while node is not None and node != post:
        if node.attributes.get("role") == "link" and node.tag == "div":
            return True
        node = node.parent
    return False


_KINDS = (("poster", "video"), ("media", "photo"))
"""What a tweet with a file of that role is, the first that applies; one without any is a text."""


def _read_tweet(tweet: dict[str, Any]) -> dict[str, Any]:
    user, media = tweet.get("user"), tuple(_read_media(tweet))
    roles = {m.role for m in media}
    name = as_text(dig(user, "screen_name"))
    text, rich = add_choices(*_read_text(tweet), _read_choices(tweet.get("card")))
    answered = as_text(dig(tweet, "quoted_tweet", "id_str")) or as_text(tweet.get("in_reply_to_status_id_str"))
    return {
        "kind": next((kind for role, kind in _KINDS if role in roles), "text"),
        "author_name": as_text(dig(user, "name")),
        "author_handle": name,
        "author_url": name and _HOME + name,
        "author_verified": bool(dig(user, "is_blue_verified") or dig(user, "verified")),
        "author_followers": as_count(dig(user, "followers_count")),
        "text": text,
        "text_html": rich,
        "lang": as_text(tweet.get("lang")),
        "posted_at": _iso(tweet.get("created_at")),
        "likes": as_count(tweet.get("favorite_count")),
        "comments": as_count(tweet.get("conversation_count", tweet.get("reply_count"))),
        "shares": as_count(tweet.get("retweet_count")),
        "views": read_count(as_text(dig(tweet, "views", "count"))),
        "location": as_text(dig(tweet, "place", "full_name")),
        "sensitive": _read_warnings(tweet),
        "quoted_url": answered and canonical(answered),
        "media": media,
    }


def _read_warnings(tweet: dict[str, Any]) -> bool | None:
    """Whether author or service warn of the post or of one of its files; None where neither is told."""
    flag = tweet.get("possibly_sensitive")
    files = as_list(tweet.get("mediaDetails"))
    if any(dig(each, "sensitive_media_warning") or dig(each, "ext_sensitive_media_warning") for each in files):
        return True
    if isinstance(flag, bool):
        return flag
    return None


_POLL = re.compile(r"poll\dchoice_")
_PREVIEWS = frozenset(
    ("summary", "summary_large_image", "summary_photo_image", "player", "app", "website", "promo_website")
)
"""Cards that show what a link leads to: no content of the post's own."""


def _name_card(card: Any) -> str:
    """What kind of card it is, without the number of whoever made the kind: `745291183405076480:broadcast`."""
    return (as_text(dig(card, "name")) or "").rpartition(":")[2]


def _read_card(card: Any) -> dict[str, Any]:
    """The values bound to a card, by name; they come as an object, or as a list of keys and values."""
    bound = dig(card, "binding_values")
    if isinstance(bound, dict):
        return bound
    return {str(dig(each, "key")): dig(each, "value") for each in as_list(bound)}


def _read_choices(card: Any) -> list[str]:
    """What a poll lets its readers choose from, in order."""
    if _POLL.match(_name_card(card)):
        bound = _read_card(card)
    else:
        bound = {}
    named = (as_text(dig(bound.get(f"choice{n}_label"), "string_value")) for n in range(1, 5))
    return [choice for choice in named if choice]


def _read_card_media(card: Any, position: int) -> Iterator[Media]:
    """The picture above a poll; and of a card that this version cannot read, that it is missing."""
    name, bound = _name_card(card), _read_card(card)
    if _POLL.match(name):
        picture = dig(bound.get("image_original") or bound.get("image_large"), "image_value")
        url = as_text(dig(picture, "url"))
        if url:
            yield Media("media", position, url, as_size(dig(picture, "width")), as_size(dig(picture, "height")))
    elif name and name not in _PREVIEWS:
        yield Media("media", position, "", missing=f"unknown_attachment:{name}")


def _read_text(tweet: dict[str, Any]) -> tuple[str, str]:
    """The text without the mentions a reply begins with and the links to its own media; plain, and as HTML."""
    text = as_text(tweet.get("text")) or ""
    # Only the start of the range is usable: its end counts UTF-16 units in one API and code points in the other.
    start = as_count(dig(tweet, "display_text_range", 0)) or 0
    if start < len(text):
        text = text[start:]
    for media in as_list(dig(tweet, "entities", "media")):
        text = text.removesuffix(as_text(dig(media, "url")) or "").rstrip()
    links = {dig(e, "url"): e for e in as_list(dig(tweet, "entities", "urls"))}
    parts = re.split(r"(https?://t\.co/\w+|(?<!\w)[@#]\w+)", html.unescape(text))
    both = [_read_part(part, links.get(part)) for part in parts]
    return "".join(plain for plain, _ in both).strip(), "".join(rich for _, rich in both).strip()


def _read_part(part: str, link: Any) -> tuple[str, str]:
    """One stretch of text: a shortened link spelled out, a mention or tag linked, or just text."""
    target, shown = as_text(dig(link, "expanded_url")), as_text(dig(link, "display_url"))
    plain = target or part
    if part[:1] in ("@", "#"):
        target = _HOME + (f"hashtag/{part[1:]}" if part[0] == "#" else part[1:])
    safe = html.escape(shown or part, quote=False).replace("\n", "<br>")
    if target and target.startswith(("https://", "http://")):
        return plain, f'<a href="{html.escape(target)}">{safe}</a>'
    return plain, safe


def _read_media(tweet: dict[str, Any]) -> Iterator[Media]:
    for position, each in enumerate(as_list(tweet.get("mediaDetails")), 1):
        picture, alt = as_text(dig(each, "media_url_https")), as_text(dig(each, "ext_alt_text"))
        size = as_size(dig(each, "original_info", "width")), as_size(dig(each, "original_info", "height"))
        if dig(each, "type") == "photo":
            if picture:
                yield Media("media", position, _original(picture), *size, alt=alt)
            continue
        variants = [v for v in as_list(dig(each, "video_info", "variants")) if dig(v, "content_type") == "video/mp4"]
        best = max(variants, key=lambda v: as_count(dig(v, "bitrate")) or 0, default=None)
        length = as_count(dig(each, "video_info", "duration_millis"))
        url = as_text(dig(best, "url"))
        seconds = length / 1000 if length else None
        yield Media("media", position, url or "", *size, alt, seconds, None if url else "not_served")
        if picture:
            yield Media("poster", position, picture, *size, alt=alt)
    yield from _read_card_media(tweet.get("card"), len(as_list(tweet.get("mediaDetails"))) + 1)
    face = as_text(dig(tweet, "user", "profile_image_url_https"))
    if face:
        yield Media("avatar", 0, re.sub(r"_normal(?=\.\w+$)", "_400x400", face))


def _original(picture: str) -> str:
    """A photo's address as uploaded: the bare one gives at most 1200 pixels (source: gallery-dl)."""
    stem, dot, kind = picture.rpartition(".")
    if dot and kind in ("jpg", "png", "webp"):
        return f"{stem}?format={kind}&name=orig"
    return picture


def _iso(created: object) -> str | None:
    """ISO time of `2006-03-21T20:50:14.000Z`, or of the GraphQL's `Tue Mar 21 20:50:14 +0000 2006`."""
    text = as_text(created) or ""
    try:
        if "+" in text:
            made = datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")
        else:
            made = datetime.fromisoformat(text)
        return to_iso(made)
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`blockquote.twitter-tweet`; the last status link in it is the post, earlier ones may be quoted posts",
        "verified",
    ),
    Assumption(
        "`platform.twitter.com/embed/Tweet.html?id=` shows the post without login",
        "reported",
        check="open one",
        live=LiveCheck("visit", "known", outcome="available"),
    ),
    Assumption(
        "`cdn.syndication.twimg.com/tweet-result?id=&token=` gives it as JSON, token computed from the id",
        "verified",
        source="saved answers, and the formula of the token",
        check="ask for one",
        live=LiveCheck("result", "known", has=("id_str",)),
    ),
    Assumption(
        "404 there: no such post; an empty tombstone: withheld, not deleted; a tombstone with a text:"
        " deleted by its author",
        "reported",
        check="ask for a deleted one",
        live=LiveCheck("result", status=(404,)),
    ),
    Assumption(
        "Creation time is `(id >> 22) + 1288834974657` ms",
        "verified",
    ),
    Assumption(
        "`platform.x.com` stands in embed codes in the place of `platform.twitter.com` since June 2026",
        "reported",
        source="others, 2026",
    ),
    Assumption(
        "Polls are `card` objects in tweet-result",
        "verified",
        source="saved answer",
    ),
)

# -------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="x",
    title="X",
    hosts=(
        "x.com",
        "twitter.com",
        "cdn.syndication.twimg.com",
    ),
    mirrors=(
        *("fxtwitter.com", "vxtwitter.com", "fixupx.com", "fixvx.com", "twittpr.com", "girlcockx.com", "cunnyx.com"),
        *("stupidpenisx.com", "hitlerx.com", "fxt.kuro.lol", "xcancel.com", "nitter.*", "lightbrd.com", "twiiit.com"),
        *("nuku.trabun.org", "tweethunter.io", "twstalker.com", "sotwe.com", "unrollnow.com", "threadreaderapp.com"),
        *("fixtweet.com", "pxtwitter.com", "yiffx.com", "twitter.fxembed.com"),
    ),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_frame=is_frame,
    read_number=lambda number: (number,) if number.isdigit() and len(number) <= 19 and date(number) else (),
    id_pattern=r"\d{9,19}",
    id_names=("tweetid", "tweetidstr", "twitterid", "xid", "tweet", "twitterembed", "tweetembed"),
    services=("twitter", "tweet", "xembed", "xpost"),
    calls=(r"createTweet(?:Embed)?\(\s*[\"'](\d{5,20})[\"']",),
    link_parameters=("ref_src=twsrc",),
    selectors=SELECTORS,
    signed=r"[\u2014\u2013] ?(.{1,80}?) ?\(@(\w{1,15})\) (\S.{5,40})",
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://x.com/maralind",
        "https://x.com/intent/tweet?in_reply_to=1349129669258448897",
        "https://x.com/embed/",
    ),
    answering_hosts=("cdn.syndication.twimg.com",),
    id_addresses=("https://x.com/{}",),
    visit=Visitable(
        FRAME,
        classify,
        describe,
        PROBES,
        fields=lambda post: {"token": make_token(post.native_id)},
        rules=2,
        denial="reported",
        silent=(200, "<p>-</p>"),
        read_page=read_status_page,
        heard=(("result", _HEARD),),
    ),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://twitter.com/{handle}/status/{id}",
        "https://cdn.syndication.twimg.com/tweet-result?id={id}",
        "https://platform.twitter.com/embed/Tweet.html?id={id}",
        "https://x.com/{handle}/status/{id}",
        "https://mobile.twitter.com/{handle}/status/{id}",
        "https://publish.twitter.com/oembed?url=https://twitter.com/{handle}/status/{id}",
        "https://twitter.com/i/web/status/{id}",
    ),
    known_url="https://x.com/jack/status/20",
    made_up_url="https://x.com/i/status/1000000000000000001",
    states=("live", "gone", "deleted_note", "withheld", "suspended", "api_rate"),
)
