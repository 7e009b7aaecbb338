"""TikTok: numeric video and photo ids, the quote with its caption, the player. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

from embedarchive.core.model import Description, Media, Page, Post, Sign, Verdict
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
    read_oembed,
)
from embedarchive.platforms.kit.ids import date_ms, match_path, query
from embedarchive.platforms.kit.outcomes import (
    classify_answer,
    classify_strange,
    judge_refused_frame,
    parse_page,
    verdict,
)
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
    r"^/(?:@[\w.\-]{0,200}/(?:video|photo)|(?:i18n/)?share/(?:video|item)|embed(?:/v[23])?|player/v1|v|video)/(\d{6,25})(?!\d)"
)
_HANDLE = re.compile(r"^/@([\w.\-]{1,200})/(?:video|photo)/")


def identify(url: SplitResult) -> str | None:
    """The id of a video or photo post."""
    asked = query(url, "item_id", "share_item_id") or ""
    return match_path(_PATH, url) or (asked if re.fullmatch(r"[0-9]{17,20}", asked) else None)


def canonical(native_id: str) -> str:
    """The address that works without the author's handle."""
    return f"https://www.tiktok.com/@_/video/{native_id}"


def date(native_id: str) -> str | None:
    """The id's upper 32 bits are the upload's second, 10 to 20 s before the post."""
    return date_ms((int(native_id) >> 32) * 1000)


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    found = match_path(_HANDLE, url)
    if found == "_":
        return None
    return found


def is_short(url: SplitResult) -> bool:
    """`vm.`, `vt.` and `/t/` links redirect to the post."""
    host = url.hostname or ""
    return (host.startswith(("vm.", "vt.")) and len(url.path) > 4) or bool(re.match(r"^/t/\w{5,}", url.path))


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    return url.path.startswith(("/embed", "/player/"))


SELECTORS = (
    Selector(
        "blockquote",
        "blockquote.tiktok-embed, blockquote[data-video-id]",
        url=("@cite", "a:last@href"),
        id=("@data-video-id",),
    ),
    Selector("amp", "amp-tiktok", url=("@data-src",), id=("@data-src",)),
)

EXAMPLES = (
    Example(
        "https://www.tiktokv.com/share/video/7336306383119191339/",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
    ),
    Example(
        "https://www.tiktok.com/@MS4wLjABAAAAAb1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_/video/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
        handle="MS4wLjABAAAAAb1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_Ab1_",
    ),
    Example(
        "https://www.tiktok.com/@mara.lind/video/7336306383119191339?lang=de",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
        handle="mara.lind",
    ),
    Example(
        "https://www.tiktok.com/embed/v2/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
        frame=True,
    ),
    Example(
        "https://tiktok.com/player/v1/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
        frame=True,
    ),
    Example(
        "https://tiktok.com/@maralind/photo/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
        handle="maralind",
    ),
    Example(
        "https://tiktok.com/v/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
    ),
    Example(
        "https://tiktok.com/video/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
    ),
    Example(
        "https://tiktok.com/@7/video/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
        handle="7",
    ),
    Example(
        "https://www.tiktok.com/@_/video/73363063831191913",
        "73363063831191913",
        "https://www.tiktok.com/@_/video/73363063831191913",
        bare=("73363063831191913",),
    ),
)

MARKUP = (
    MarkupExample(
        '<div class="tiktok-embed"></div><p><a href="https://www.tiktok.com/@_/video/7336306383119191339?refer=embed">View</a></p>',
        ("7336306383119191339",),
        "emptied",
    ),
    MarkupExample(
        '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@mara.lind/video/7336306383119191339"'
        ' data-video-id="7336306383119191339"><section><a target="_blank" title="@mara.lind"'
        ' href="https://www.tiktok.com/@mara.lind">@mara.lind</a> <p>Ein Reh im Garten <a title="reh" href="#">#reh</a></p>'
        '<a target="_blank" title="♬ original sound" href="#">♬ original sound</a></section></blockquote>',
        ("7336306383119191339",),
        "blockquote",
        author_handle="mara.lind",
        text="Ein Reh im Garten #reh",
    ),
    MarkupExample(
        '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@_/video/7336306383119191339"></blockquote>'
        '<blockquote class="tiktok-embed"><a href="https://www.tiktok.com/@_/video/7336306383119191339">View</a></blockquote>'
        '<blockquote class="tiktok-embed" data-video-id="7336306383119191339"></blockquote>'
        '<blockquote data-video-id="" cite="https://www.tiktok.com/@_/video/7336306383119191339"></blockquote>'
        '<blockquote data-video-id=""><a href="https://www.tiktok.com/@_/video/7336306383119191339">View</a></blockquote>'
        '<blockquote data-video-id="7336306383119191339"></blockquote>',
        ("7336306383119191339",) * 6,
        "blockquote",
    ),
    MarkupExample(
        '<amp-tiktok data-src="https://www.tiktok.com/@_/video/7336306383119191339"></amp-tiktok>'
        '<amp-tiktok data-src="7336306383119191339"></amp-tiktok>',
        ("7336306383119191339",) * 2,
        "amp",
    ),
    MarkupExample(
        '<div data-tiktokid="7336306383119191339"></div>'
        '<div data-tiktokvideoid="7336306383119191339"></div>'
        '<div data-provider="tiktok" data-id="7336306383119191339"></div>',
        ("7336306383119191339",) * 3,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

FRAME = Frame(
    "https://www.tiktok.com/embed/v2/{id}", card='[data-e2e*="EmbedPlayerContainer"]', dead=(".error",), width=605
)
PROBES = (
    Probe("page", "https://www.tiktok.com/@_/video/{id}", navigate=True),
    Probe("oembed", "https://www.tiktok.com/oembed?url={quoted_url}", when="available"),
)
_HOME = "https://www.tiktok.com/"
_HIDDEN = {10216: "private", 10222: "private"}
"""What the page's own code says of a post that is there, but not for everybody (source: yt-dlp)."""


def classify(page: Page, post: Post) -> Verdict:
    """The frame's state holds the post or nothing; why it holds nothing, only the post's own page says."""
    early = classify_answer(page)
    if early:
        return early
    video = _read_frame(page, post)
    seen = as_text(dig(video, "itemInfos", "id"))
    if seen:
        known = "id is the post's", "itemInfos.id", seen
        if seen == post.native_id:
            return verdict("available", None, *known)
        return verdict("error", "wrong_post", *known)
    tree = parse_page(page)
    if "_wafchallengeid" in page.body:
        return verdict("blocked", "challenge", "no challenge", "script", "_wafchallengeid")
    if page.status in (400, 404, 410) or tree.css_first("#__FRONTITY_CONNECT_STATE__"):
        return _classify_absence(page, post)
    return classify_strange(page, tree)


def _classify_absence(page: Page, post: Post) -> Verdict:
    frame = Sign("state holds the post", "embed", f"no item, status {page.status}")
    detail = _read_detail(page)
    code, said = dig(detail, "statusCode"), as_text(dig(detail, "statusMsg")) or ""
    sign = Sign("page's own code", "video-detail.statusCode", f"{code} {said}")
    if code == 10204:
        # A video for friends only has the code of a deleted one, and this word of the API's, which is never translated.
        shared = "status_friend_see" in said
        if shared:
            return Verdict("unavailable", "private", (frame, sign))
        return Verdict("gone", "deleted", (frame, sign))
    if code in _HIDDEN:
        return Verdict("unavailable", _HIDDEN[code], (frame, sign))
    if code == 0 and dig(detail, "itemInfo", "itemStruct", "id") == post.native_id:
        return judge_refused_frame(_read_item(dig(detail, "itemInfo", "itemStruct")), frame, sign)
    return Verdict("unavailable", "unconfirmed", (frame, sign))


def _read_frame(page: Page, post: Post) -> Any:
    """The post's part of the frame's state."""
    node = parse_page(page).css_first("script#__FRONTITY_CONNECT_STATE__")
    data = None
    if node:
        data = dig(read_json(node.text()), "source", "data")
    return dig(data, f"/embed/v2/{post.native_id}", "videoData")


def _read_detail(page: Page) -> Any:
    """What the post's own page, or the one for phones, says of it; None for a page that was bounced elsewhere."""
    full = page.answer("page")
    node = None
    if full:
        node = parse_html(full.body).css_first("script#__UNIVERSAL_DATA_FOR_REHYDRATION__")
    scope = None
    if node:
        scope = dig(read_json(node.text()), "__DEFAULT_SCOPE__")
    return dig(scope, "webapp.video-detail") or dig(scope, "webapp.reflow.video.detail")


def describe(page: Page, post: Post) -> Description:
    """Read what the post said from the frame's state; of a refused frame, from the post's own page."""
    known = ("id", {"posted_at": date(post.native_id)})
    found = classify(page, post)
    if found.embedding == "refused":
        return merge_readings(known, ("page", _read_item(dig(_read_detail(page), "itemInfo", "itemStruct"))))
    if found.outcome != "available":
        return merge_readings(known)
    state = ("embed state", _read_video(_read_frame(page, post)))
    return merge_readings(known, state, ("oembed", read_oembed(page.answer("oembed"))))


def _read_video(video: Any) -> dict[str, Any]:
    """Read the frame's shape of a post."""
    item, author, music = dig(video, "itemInfos"), dig(video, "authorInfos"), dig(video, "musicInfos")
    media = tuple(_read_frame_media(video))
    return {
        **_read_author(author, as_text(dig(author, "nickName"))),
        "kind": as_kind(media),
        "author_followers": as_count(dig(video, "authorStats", "followerCount")),
        "text": as_text(dig(item, "text")),
        "posted_at": as_time(dig(item, "createTime")),
        "likes": as_count(dig(item, "diggCount")),
        "comments": as_count(dig(item, "commentCount")),
        "shares": as_count(dig(item, "shareCount")),
        "views": as_count(dig(item, "playCount")),
        "audio": _name_audio(dig(music, "authorName"), dig(music, "musicName")),
        "media": media,
    }


def _read_item(item: Any) -> dict[str, Any]:
    """Read the full page's shape of a post."""
    stats, music, media = dig(item, "stats"), dig(item, "music"), tuple(_read_item_media(item))
    lang = as_text(dig(item, "textLanguage"))
    return {
        **_read_author(dig(item, "author"), as_text(dig(item, "author", "nickname"))),
        "kind": as_kind(media),
        "text": as_text(dig(item, "desc")),
        "lang": lang if lang != "un" else None,
        "sensitive": bool(warned) if isinstance(warned := dig(item, "warnInfo"), list) else None,
        "likes": as_count(dig(stats, "diggCount")),
        "comments": as_count(dig(stats, "commentCount")),
        "shares": as_count(dig(stats, "shareCount")),
        "views": as_count(dig(stats, "playCount")),
        "audio": _name_audio(dig(music, "authorName"), dig(music, "title")),
        "media": media,
    }


def _read_author(author: Any, name: str | None) -> dict[str, Any]:
    nick = as_text(dig(author, "uniqueId"))
    verified = dig(author, "verified")
    return {
        "author_name": name,
        "author_handle": nick,
        "author_url": nick and f"{_HOME}@{nick}",
        "author_verified": verified if isinstance(verified, bool) else None,
    }


def _name_audio(artist: Any, title: Any) -> str | None:
    return " · ".join(filter(None, (as_text(artist), as_text(title)))) or None


def _read_frame_media(video: Any) -> Iterator[Media]:
    pictures = as_list(dig(video, "imagePostInfo", "displayImages"))
    for position, picture in enumerate(pictures, 1):
        size = as_size(dig(picture, "width")), as_size(dig(picture, "height"))
        yield Media("media", position, as_text(dig(picture, "urlList", 0)) or "", *size)
    item = dig(video, "itemInfos")
    if not pictures:
        meta = dig(item, "video", "videoMeta")
        size, length = (as_size(dig(meta, "width")), as_size(dig(meta, "height"))), as_count(dig(meta, "duration"))
        url = as_text(dig(item, "video", "urls", 0))
        yield Media("media", 1, url or "", *size, None, length or None, None if url else "not_served")
        cover = as_text(dig(item, "coversOrigin", 0)) or as_text(dig(item, "covers", 0))
        if cover:
            yield Media("poster", 1, cover, *size)
    face = as_text(dig(video, "authorInfos", "covers", 0))
    if face:
        yield Media("avatar", 0, face)


def _read_item_media(item: Any) -> Iterator[Media]:
    pictures, video = as_list(dig(item, "imagePost", "images")), dig(item, "video")
    for position, picture in enumerate(pictures, 1):
        size = as_size(dig(picture, "imageWidth")), as_size(dig(picture, "imageHeight"))
        yield Media("media", position, as_text(dig(picture, "imageURL", "urlList", 0)) or "", *size)
    url, cover = as_text(dig(video, "playAddr")), as_text(dig(video, "originCover")) or as_text(dig(video, "cover"))
    if url and not pictures:
        size = as_size(dig(video, "width")), as_size(dig(video, "height"))
        yield Media("media", 1, url, *size, None, as_count(dig(video, "duration")) or None)
        if cover:
            yield Media("poster", 1, cover)
        for position, each in enumerate(as_list(dig(video, "subtitleInfos")), 1):
            words = as_text(dig(each, "Url"))
            if words and dig(each, "Format") == "webvtt":
                yield Media("subtitles", position, words, alt=as_text(dig(each, "LanguageCodeName")))
    face = as_text(dig(item, "author", "avatarLarger"))
    if face:
        yield Media("avatar", 0, face)


# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`/embed/v2/ID` holds the post in `script#__FRONTITY_CONNECT_STATE__`, under "
        '`source.data["/embed/v2/ID"].videoData`',
        "reported",
        source="many projects, no saved page",
        check="open one, look for `itemInfos`",
        live=LiveCheck("frame", "known", css="script#__FRONTITY_CONNECT_STATE__", holds="videoData"),
    ),
    Assumption(
        "Photo posts carry `imagePostInfo.displayImages` there",
        "reported",
        check="open the frame of a photo post",
    ),
    Assumption(
        "The card is an element whose `data-e2e` holds `EmbedPlayerContainer` (else the whole frame is photographed)",
        "guess",
        check="look at one",
        live=LiveCheck("visit", "known", outcome="available"),
    ),
    Assumption(
        "An id that was never given out answers 400",
        "reported",
        check="open the frame of a made-up id",
        live=LiveCheck("frame", status=(400,)),
    ),
    Assumption(
        "The post's own page says why: 10204 deleted, 10216 and 10222 private, 10204 with "
        "`status_friend_see` friends only",
        "reported",
        source="10204 verified, the others reported",
        check="open a deleted and a private one",
    ),
    Assumption(
        "A page without `webapp.video-detail` was bounced to the home page and says nothing",
        "verified",
    ),
    Assumption(
        "A page with `_wafchallengeid` is a challenge",
        "reported",
        check="fetch a page without a browser",
    ),
    Assumption(
        "The addresses in `video.urls` give the file without a cookie",
        "guess",
        source="what does not come is said to be missing",
        check="capture one",
    ),
    Assumption(
        "oEmbed answers without a token",
        "verified",
    ),
    Assumption(
        "The page for phones holds `webapp.reflow.video.detail` with the same status numbers",
        "verified",
        source="saved page",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="tiktok",
    title="TikTok",
    hosts=("tiktok.com", "tiktokv.com"),
    mirrors=(
        "vxtiktok.com",
        "tnktok.com",
        "tfxktok.com",
        "kktiktok.com",
        "tiktokez.com",
        "tiktxk.com",
        "fxtiktok.com",
        "proxitok.*",
    ),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"\d{17,20}",
    id_names=("tiktokid", "tiktokvideoid"),
    link_parameters=("refer=embed",),
    selectors=SELECTORS,
    visit=Visitable(FRAME, classify, describe, PROBES, rules=2, denial="reported"),
    examples=EXAMPLES,
    short_links=(
        "https://vm.tiktok.com/ZMabc123/",
        "https://vt.tiktok.com/ZSabc123/",
        "https://www.tiktok.com/t/ZTabc123/",
        "https://tiktok.com/t/maral",
    ),
    markup=MARKUP,
    not_posts=("https://www.tiktok.com/@mara.lind", "https://www.tiktok.com/embed/@mara.lind"),
    not_embeds=(
        '<blockquote class="tiktok-embed" data-unique-id="mara.lind" data-embed-type="creator" cite="https://www.tiktok.com/@mara.lind"><a href="https://www.tiktok.com/@mara.lind">@mara.lind</a></blockquote>',
    ),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://www.tiktok.com/@{handle}/video/{id}",
        "https://www.tiktok.com/embed/v2/{id}",
        "https://www.tiktok.com/embed/{id}",
        "https://m.tiktok.com/v/{id}.html",
    ),
    known_url="https://www.tiktok.com/@scout2015/video/6718335390845095173",
    made_up_url="https://www.tiktok.com/@tiktok/video/7000000000000000001",
    states=("live", "gone", "gone_quietly", "private", "friends", "embed_refused", "bounced", "waf", "truncated"),
)
