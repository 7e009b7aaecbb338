"""The page at /p/X/embed/: a post into the markup and JSON that Instagram serves to a browser. Pure but for signing."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any
from urllib.parse import quote

from embedarchive.replica.facts import Person, PostFact, number_from
from embedarchive.replica.sites.instagram import media
from embedarchive.replica.sites.instagram.posts import POSTS

STATIC = "https://static.cdninstagram.com/rsrc.php"
_TYPES = {"photo": "GraphImage", "reel": "GraphVideo", "video": "GraphVideo", "carousel": "GraphSidecar"}
_SPRITE = "img sp_qYtR2jXevE_"


def render_embed(post: PostFact, rid: str, *, captioned: bool, caption: str, slow_css: bool = False) -> str:
    """Give the page of a live post. `rid` is the request's id; `caption` may be an edited one."""
    card = _Card(post, rid)
    body = (
        f'<div class="_aa4c"><div>{card.opening()}<div>{card.header()}{card.content()}{card.hover_card()}'
        f"{card.feedback()}{card.caption(caption) if captioned else ''}{card.footer()}</div></div></div></div>"
    )
    init = {
        "isRichEmbed": post.kind != "photo",
        "isSidecar": post.kind == "carousel",
        "isGuideEmbed": False,
        "isProfileEmbed": False,
        "contextJSON": None if post.kind == "photo" else json.dumps(_context(post, caption)),
    }
    return render_page(post.key, body, init, captioned=captioned, slow_css=slow_css)


_BROKEN = {
    "de": "Der Link zu diesem Foto oder Video ist möglicherweise fehlerhaft, oder der Beitrag wurde entfernt.",
    "ja": "写真・動画のリンクに問題があるか、投稿が削除された可能性があります。",
    "fr": "Le lien vers cette photo ou vidéo est peut-être rompu, ou la publication a été supprimée.",
    "en": "The link to this photo or video may be broken, or the post may have been removed.",
}
_VISIT = {"de": "Instagram besuchen", "ja": "Instagramへ移動", "fr": "Visiter Instagram", "en": "Visit Instagram"}


def render_broken(code: str, rid: str, lang: str, *, captioned: bool, old_class: bool = False) -> str:
    """Give the one page that stands for deleted, private, age-gated and never-was, in the reader's language."""
    lang = lang if lang in _BROKEN else "en"
    link = f"https://www.instagram.com/p/{code}/?utm_source=ig_embed&amp;utm_campaign=invalid&amp;ig_rid={rid}"
    anchor = f'data-has-android-intent="1" data-log-event="clickthru" href="{link}" target="_blank"'
    logo = (
        f'<div class="ebmLogo"><a class="EmbedLogo embedNonTextLink" {anchor}><i class="Sprite elSprite '
        f'embedHideText {_SPRITE}"><u>Instagram</u></i></a></div>'
    )
    body = (
        f'<div class="_aa4c"><div class="{"EmbedIsBroken" if old_class else "EmbedBrokenMedia"}">{logo}{logo}'
        f'<div class="ebmMessage">{_BROKEN[lang]}</div><a class="EmbedVisitInstagram" href="{link}" '
        f'target="_blank"><span>{_VISIT[lang]}</span></a></div></div>'
    )
    init = dict.fromkeys(("isRichEmbed", "isSidecar", "isGuideEmbed", "isProfileEmbed"), False)
    return render_page(code, body, {**init, "contextJSON": None}, captioned=captioned, lang=lang)


def render_page(
    code: str,
    body: str,
    init: dict[str, Any],
    *,
    captioned: bool,
    lang: str = "en",
    slow_css: bool = False,
    broken: bool = False,
) -> str:
    """Wrap a card as the platform does: no closing </html>, a refresh for browsers without script, about 80 KB."""
    path = f"/p/{code}/embed/{'captioned/' if captioned else ''}"
    nonce = f"{number_from(code, 16**8):08x}"
    sheet = f"{STATIC}/v5/yg/l/0,cross/{'slow-' if slow_css else ''}embed.css"
    locale = {"de": "de_DE", "ja": "ja_JP", "fr": "fr_FR"}.get(lang, "en_US")
    # Slashes escaped as PHP does: the one JSON writer whose output the readers of this page know.
    call = json.dumps(["PolarisEmbedSimple", "init", [], [init]], separators=(",", ":")).replace("/", "\\/")
    page_uri = f"https://www.instagram.com{path}".replace("/", "\\/")
    return f"""<!DOCTYPE html>
<html lang="{lang}" id="facebook" class="no_js">
<head><meta charset="utf-8" /><meta name="referrer" content="default" id="meta_referrer" />\
<noscript><meta http-equiv="refresh" content="0; URL={path}?_fb_noscript=1" /></noscript>\
<title id="pageTitle">Instagram</title><meta name="bingbot" content="noarchive" />\
<meta name="viewport" content="width=device-width, initial-scale=1" />\
<link rel="icon" href="{STATIC}/yr/r/icon.svg" />\
<link type="text/css" rel="stylesheet" href="{sheet}" crossorigin="anonymous" />\
<link type="text/css" rel="stylesheet" href="{STATIC}/v5/yR/l/0,cross/weight.css" crossorigin="anonymous" />\
<script src="{STATIC}/v4/yv/r/frame.js" crossorigin="anonymous"></script></head>
<body class="x1 Locale_{locale}" dir="ltr">{body}
<script nonce="{nonce}">requireLazy(["HasteSupportData"],function(m){{m.handle({_weight()})}});\
requireLazy(["ServerJS"],function(ServerJS){{var s=(new ServerJS());s.handle({{"require":[{call},\
["NavigationMetrics","setPage",[],[{{"page":"XPolarisEmbedPostController","page_type":"normal",\
"page_uri":"{page_uri}"}}]],\
["DeferredCookie","addToQueue",[],["_js_datr","{nonce}",63072000000,"\\/"]]]}})}});

</script>"""


class _Card:
    """The parts of one live card, top to bottom."""

    def __init__(self, post: PostFact, rid: str) -> None:
        self._post = post
        self._tail = f"utm_source=ig_embed&amp;ig_rid={rid}"
        self._rid = rid
        self._permalink = f"{post.url}?{self._tail}"

    def _link(self, css: str, inside: str, person: Person | None = None, event: str = "click") -> str:
        if person:
            href = f"https://www.instagram.com/{person.handle}/?{self._tail}"
        else:
            href = self._permalink
        return f'<a class="{css}" href="{href}" data-log-event="{event}" target="_blank">{inside}</a>'

    def opening(self) -> str:
        post = self._post
        return (
            f'<div class="Embed" data-ios-link="media?id={post.media_id}&amp;{self._tail}" '
            f'data-permalink="{self._permalink}" data-log-event="bodyClick" data-media-type="{_TYPES[post.kind]}" '
            f'data-media-id="{post.media_id}" data-owner-id="{post.author.id}" data-request-id="{self._rid}">'
        )

    def header(self) -> str:
        author = self._post.author
        followers = f'<span class="FollowerCountText">{_short(author.followers)} followers</span>'
        second = self._post.audio and f"<span>{escape(audio_line(*self._post.audio))}</span>"
        return (
            f'<div class="Header">{self._avatars()}<div class="HeaderText">{self._names()}'
            f'<div class="HeaderSecondaryContent">{second or followers}</div></div><div class="HeaderCta">'
            + self._link("ViewProfileButton", "View profile", author, "profileButtonClick")
            + "</div></div>"
        )

    def _avatars(self) -> str:
        author, other = self._post.author, self._post.collaborator
        if not other:
            return f'<div class="AvatarContainer">{self._link("Avatar", _avatar(author), author)}</div>'
        # The platform itself gives both avatars the owner's name as alternative text.
        first = _avatar(other, alt=author.handle)
        return (
            f'<div class="CollabAvatarContainer">{self._link("CollabAvatar", first, other)}'
            f"{self._link('CollabAvatar SecondCollabAvatar', _avatar(author), author)}</div>"
        )

    def _names(self) -> str:
        author, other = self._post.author, self._post.collaborator
        name = f'<span class="UsernameText">{author.handle}</span>'
        if not other:
            return self._link("Username", name + (_VERIFIED if author.verified else ""), author)
        second = f'<span class="UsernameText CollabUsernameText">{other.handle}</span>'
        return (
            f'<div class="CollabUsernameRow">{self._link("CollabUsername", name, author)}'
            f'<span class="CollabSeparator">and</span>{self._link("Username", second, other)}</div>'
        )

    def content(self) -> str:
        post, slide = self._post, self._post.slides[0]
        # Photos bring their own height; rich ones get a box, never taller than 4:5.
        ratio = min(slide.height / slide.width, 1.25) * 100
        style = ""
        if post.kind != "photo":
            style = f"padding-bottom: {ratio:g}%;"
        image = (
            f'<img class="EmbeddedMediaImage" alt="Instagram post shared by &#064;{post.author.handle}" '
            f'src="{escape(media.image_url(post, 0))}" srcset="{_srcset(post)}" />'
        )
        if post.copyright_blocked:
            image += (
                f'<div class="WatchOnInstagramContainer"><i class="Sprite PlayButtonSprite {_SPRITE}"><u>Play</u></i>'
                '<span class="WatchOnInstagram">Watch on Instagram</span></div>'
            )
        inner = self._link("EmbeddedMedia", image, event="mediaClick")
        return f'<div class="Content EmbedFrame" style="{style}">{inner}</div>'

    def hover_card(self) -> str:
        author = self._post.author
        photos = "".join(
            f'<img src="{escape(media.image_url(p, 0, media.sizes(p.slides[0])[-1][0]))}" alt="" />'
            for p in _others(self._post)
        )
        status = f"{author.posts:,} posts · {_short(author.followers)} followers"
        inside = (
            f'<div class="HoverCardProfile">{_avatar(author)}<div class="HoverCardUser"><div class="HoverCardUserName">'
            f'<span class="Username">{author.handle}</span>{_VERIFIED if author.verified else ""}</div><div '
            f'class="HoverCardStatus"><span>{status}</span></div></div></div>'
            f'<div class="HoverCardPhotos">{photos}</div>'
        )
        cta = self._link("PrimaryCTA", "View more on Instagram", event="primaryCTAClick")
        return f'<div class="HoverCard">{self._link("HoverCardRoot", inside, author)}{cta}</div>'

    def feedback(self) -> str:
        likes = '<i class="LikeSprite img"></i><i class="LikeSpriteHover img"></i><span class="hidden">Like</span>'
        icons = self._link("Likes", likes, event="likeClick") + "".join(
            self._link(word + more, f'<i class="hideText img"><u>{word}</u></i>', event=f"{word.lower()}Click")
            for word, more in (("Comment", "s"), ("Share", ""), ("Save", ""))
        )
        proof = self._link("", f"{self._post.likes:,} likes", event="likeCountClick").replace(' class=""', "")
        return f'<div class="Feedback">{icons}</div><div class="SocialProof">{proof}</div>'

    def caption(self, text: str) -> str:
        more = self._link("CaptionCommentsExpand", f"View all {self._post.comments:,} comments")
        name = self._link("CaptionUsername", self._post.author.handle, self._post.author, "captionProfileClick")
        return (
            f'<div class="Caption">{name}<br /><br />{caption_html(text, self._tail)}'
            f'<div class="CaptionComments">{more}</div></div>'
        )

    def footer(self) -> str:
        glyph = f'<i class="Sprite hideText {_SPRITE}"><u>Instagram</u></i>'
        return (
            f'<div class="Footer">{self._link("CommentInput", "Add a comment...")}'
            f"{self._link('Glyph', glyph, event='logoClick')}</div>"
        )


_VERIFIED = f'<i class="Sprite VerifiedSprite {_SPRITE}"><u>Verified</u></i>'


def caption_html(text: str, tail: str) -> str:
    """Turn a caption into markup: tags and mentions linked, line breaks as <br />."""

    def link(match: re.Match[str]) -> str:
        word = match[0][1:]
        if match[0][0] == "#":
            path = f"explore/tags/{quote(word)}"
        else:
            path = word
        shown = match[0].replace("@", "&#064;")
        return f'<a href="https://www.instagram.com/{path}/?{tail}" target="_blank">{shown}</a>'

    linked = re.sub(r"#\w+|(?<![\w.])@[A-Za-z0-9_.]+", link, escape(text, quote=False))
    return linked.replace("\n", "<br />")


def _avatar(person: Person, alt: str = "") -> str:
    return f'<img src="{escape(media.avatar_url(person))}" alt="{alt or person.handle}" />'


def _srcset(post: PostFact) -> str:
    return ",".join(
        f"{escape(media.image_url(post, 0, stp))} {width}w" for stp, width, _ in media.sizes(post.slides[0])
    )


def _others(post: PostFact) -> list[PostFact]:
    mine = [p for p in POSTS if p.author == post.author and p.key != post.key]
    return (mine or [p for p in POSTS if p.key != post.key])[:2]


def audio_line(artist: str, title: str) -> str:
    """Give the line that names a sound."""
    if title == "Original audio":
        return title
    return f"{artist} · {title}"


def _short(number: int) -> str:
    for size, letter in ((10**6, "M"), (10**3, "K")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + letter
    return str(number)


def _context(post: PostFact, caption: str) -> dict[str, Any]:
    kind, author = _TYPES[post.kind], post.author
    owner = {
        "id": author.id,
        "username": author.handle,
        "is_verified": author.verified,
        "profile_pic_url": media.avatar_url(author),
        "edge_followed_by": {"count": author.followers},
    }
    shape: dict[str, Any] = {
        "__typename": kind,
        **_node(post, 0),
        "id": post.media_id,
        "shortcode": post.key,
        "is_video": kind == "GraphVideo",
        "edge_media_to_caption": {"edges": [{"node": {"text": caption}}]},
        "edge_media_to_comment": {"count": post.comments},
        "edge_liked_by": {"count": post.likes},
        "owner": owner,
    }
    if kind == "GraphVideo":
        shape |= _video(post)
    if kind == "GraphSidecar":
        shape.pop("video_url", None)
        small = {"id": author.id, "username": author.handle}
        nodes = [{**_node(post, i), "owner": small} for i in range(len(post.slides))]
        shape["edge_sidecar_to_children"] = {"edges": [{"node": node} for node in nodes]}
    context = {"type": kind, "shortcode": post.key, "copyright_blocked": post.copyright_blocked}
    return {"context": context, "gql_data": {"shortcode_media": shape}}


def _node(post: PostFact, index: int) -> dict[str, Any]:
    slide, code = post.slides[index], media.child_code(post, index)
    resources = [
        {"src": media.image_url(post, index, stp), "config_width": width, "config_height": height}
        for stp, width, height in media.sizes(slide)
    ]
    child = PostFact("instagram", "", code, "", "", post.author, "", "")
    node = {
        "id": child.media_id,
        "shortcode": code,
        "is_video": slide.video,
        "display_url": media.image_url(post, index),
        "display_resources": resources,
        "dimensions": {"height": slide.height, "width": slide.width},
        "accessibility_caption": slide.alt,
    }
    if slide.video and not post.copyright_blocked:
        node["video_url"] = media.video_url(post, index)
    return node


def _video(post: PostFact) -> dict[str, Any]:
    artist, title = post.audio or (post.author.handle, "Original audio")
    clips = {
        "product_type": "clips",
        "clips_music_attribution_info": {
            "artist_name": artist,
            "song_name": title,
            "uses_original_audio": title == "Original audio",
            "should_mute_audio": post.copyright_blocked,
        },
    }
    resources = _node(post, 0)["display_resources"]
    return {
        "thumbnail_src": media.image_url(post, 0),
        "thumbnail_resources": resources,
        "video_duration": 2.0,
        "video_view_count": 0,
        **(clips if post.kind == "reel" else {"product_type": "feed"}),
    }


def _weight() -> str:
    """Give the inert settings that make the page as heavy as the real one (about 80 KB)."""
    switches = {str(n): {"result": n % 3 == 0, "hash": None} for n in range(1000, 2900)}
    return json.dumps({"gkxData": switches}, separators=(",", ":"))
