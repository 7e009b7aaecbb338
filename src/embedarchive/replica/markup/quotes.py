"""The platform's own embed codes through the years, and what sanitisers leave of them. Pure."""

from __future__ import annotations

import datetime as dt
from html import escape

from embedarchive.replica.facts import PostFact

LOADER = '<script async src="https://www.instagram.com/embed.js"></script>'
_BOX = (
    "background:#FFF; border:0; border-radius:3px; box-shadow:0 0 1px 0 rgba(0,0,0,0.5),0 1px 10px 0 rgba(0,0,0,0.15); "
    "margin: 1px; max-width:540px; min-width:326px; padding:0; width:99.375%;"
)
_GREY = "background-color: #F4F4F4; border-radius: 4px; flex-grow: 0; height: 14px; margin-bottom: 6px;"


def permalink(post: PostFact) -> str:
    """Give the address as the platform's own embed code writes it."""
    return f"{post.url}?utm_source=ig_embed&amp;utm_campaign=loading"


def byline(post: PostFact, word: str = "post", verb: str = "shared") -> str:
    """Give the line of the fallback that names the author."""
    return f"A {word} {verb} by {escape(post.author.name)} (@{post.author.handle})"


def v14(post: PostFact, *, captioned: bool = True, css: str = "instagram-media", attributes: str = "") -> str:
    """The official code since 2020: no caption, no date."""
    cap = ""
    if captioned:
        cap = " data-instgrm-captioned"
    link = permalink(post)
    return f"""<blockquote class="{css}"{cap} data-instgrm-permalink="{link}" data-instgrm-version="14"{attributes} \
style=" {_BOX}"><div style="padding:16px;"> <a href="{link}" style=" background:#FFFFFF; line-height:0; padding:0 0; \
text-align:center; text-decoration:none; width:100%;" target="_blank"> <div style=" display: flex; \
flex-direction: row; align-items: center;"> <div style="{_GREY} width: 40px;"></div> <div style="{_GREY} \
width: 100px;"></div></div>\
<div style="padding: 19% 0;"></div> <div style="padding-top: 8px;"> <div style=" color:#3897f0; font-family:Arial,\
sans-serif; font-size:14px; font-style:normal; font-weight:550; line-height:18px;">View this post on Instagram</div>\
</div></a><p style=" color:#c9c8cd; font-family:Arial,sans-serif; font-size:14px; line-height:17px; margin-bottom:0; \
margin-top:8px; overflow:hidden; padding:8px 0 7px; text-align:center; text-overflow:ellipsis; white-space:nowrap;">\
<a href="{link}" style=" color:#c9c8cd; font-family:Arial,sans-serif; font-size:14px; text-decoration:none;" \
target="_blank">{byline(post)}</a></p></div></blockquote>"""


def _shown_time(post: PostFact) -> str:
    # The platform wrote Pacific time, and in other languages lost am and pm: only the attribute can be trusted.
    local = dt.datetime.fromisoformat(post.posted_at.replace("Z", "+00:00")) - dt.timedelta(hours=7)
    return f"{local:%b} {local.day}, {local.year} at {local.hour % 12 or 12}:{local:%M}{local:%p} PDT".replace(
        "AM", "am"
    )


def _time(post: PostFact) -> str:
    stamp = post.posted_at.replace("Z", "+00:00")
    return f'<time style=" font-family:Arial,sans-serif; font-size:14px;" datetime="{stamp}">{_shown_time(post)}</time>'


def _caption_link(post: PostFact) -> str:
    return f'<a href="{post.url}" style=" color:#000; text-decoration:none;" target="_blank">{escape(post.caption)}</a>'


def v12(post: PostFact, *, version: int = 12, with_time: bool = True) -> str:
    """The code of 2018 to 2020: caption, byline and date."""
    if with_time:
        when = _time(post)
    else:
        when = _shown_time(post)
    return f"""<blockquote class="instagram-media" data-instgrm-captioned data-instgrm-permalink="{post.url}\
?utm_source=ig_embed" data-instgrm-version="{version}" style=" {_BOX}"><div style="padding:8px;"> <p style=" \
margin:8px 0 0 0; padding:0 4px;"> {_caption_link(post)}</p> <p style=" color:#c9c8cd;"> A post \
shared by <a href="https://www.instagram.com/{post.author.handle}/?utm_source=ig_embed" target="_blank"> \
{escape(post.author.name)}</a> (@{post.author.handle}) on {when}</p></div></blockquote>"""


def v8(post: PostFact) -> str:
    """The code of 2018."""
    return v12(post, version=8)


def v7(post: PostFact) -> str:
    """The code of 2016: no permalink attribute, the caption is the link."""
    return f"""<blockquote class="instagram-media" data-instgrm-captioned data-instgrm-version="7" style=" {_BOX}">\
<div style="padding:8px;"> <p style=" margin:8px 0 0 0; padding:0 4px;"> {_caption_link(post)}</p> <p style=" \
color:#c9c8cd; font-family:Arial,sans-serif; font-size:14px;">Ein Beitrag geteilt von {escape(post.author.name)} \
(@{post.author.handle}) am {_time(post).replace(" at ", " um ").replace("am PDT", " PDT")}</p></div></blockquote>"""


def v4(post: PostFact) -> str:
    """The code of 2014: the oldest still found."""
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    return f"""<blockquote class="instagram-media" data-instgrm-captioned data-instgrm-version="4" style=" {_BOX}">\
<div style="padding:8px;"><div style=" background:#F8F8F8; padding:50% 0; text-align:center;"> <div style=" \
background:url(data:image/png;base64,{dot}); display:block; height:44px; width:44px;"></div></div> <p style=" \
margin:8px 0 0 0;"> <a href="https://instagram.com/p/{post.key}/" target="_top">{escape(post.caption)}</a></p> \
<p style=" color:#c9c8cd;">{byline(post, "photo", "posted")} on {_time(post)}</p></div></blockquote>
<script async defer src="//platform.instagram.com/en_US/embeds.js"></script>"""


def empty_quote(post: PostFact) -> str:
    """Nothing but the attribute."""
    return (
        f'<blockquote class="instagram-media" data-instgrm-captioned data-instgrm-permalink="{permalink(post)}" '
        'data-instgrm-version="14"></blockquote>'
    )


def class_stripped(post: PostFact) -> str:
    """A sanitiser took the class."""
    return v14(post).replace(' class="instagram-media"', "", 1)


def data_stripped(post: PostFact) -> str:
    """A sanitiser took every data attribute; newsletters look like this."""
    return (
        f'<blockquote class="instagram-media"><p><a href="{post.url}">A post shared by @{post.author.handle}</a></p>'
        "</blockquote>"
    )


def extra_classes(post: PostFact) -> str:
    """A CMS added classes and nonsense sizes."""
    return v14(post, css="instagram-media sbi-embed cms-element", attributes=' width="1px" height=""')


def rendered(post: PostFact) -> str:
    """Saved after the loader ran: the quote is gone, its frame is there."""
    query = "?cr=1&amp;v=14&amp;wp=540&amp;rd=https%3A%2F%2Fnews.example#%7B%22ci%22%3A0%7D"
    src = f"https://www.instagram.com/p/{post.key}/embed/captioned/{query}"
    return f"""<iframe class="instagram-media instagram-media-rendered" id="instagram-embed-0" src="{src}" \
allowtransparency="true" allowfullscreen="true" frameborder="0" height="871" scrolling="no" \
data-instgrm-payload-id="instagram-media-payload-0" style="background: white; max-width: 540px; \
width: calc(100% - 2px); border-radius: 3px; border: 1px solid rgb(219, 219, 219); display: block; \
margin: 0px 0px 12px; min-width: 326px; padding: 0px;"></iframe>"""


def iframe(post: PostFact, path: str = "embed/captioned/", start: str = "https://www.instagram.com") -> str:
    """A frame written by hand."""
    return (
        f'<iframe src="{start}/p/{post.key}/{path}" width="400" height="480" frameborder="0" scrolling="no"></iframe>'
    )


def bare_page_iframe(post: PostFact) -> str:
    """A frame of the post's own page, which refuses framing: blank to readers."""
    return iframe(post, "")


def profile_iframe(post: PostFact) -> str:
    """The embed of a profile: of no post."""
    return f'<iframe src="https://www.instagram.com/{post.author.handle}/embed/" width="400" height="480"></iframe>'


def amp(post: PostFact) -> str:
    """The element of AMP pages."""
    return (
        f'<amp-instagram data-shortcode="{post.key}" data-captioned data-block-on-consent width="400" height="400" '
        'layout="responsive"></amp-instagram>'
    )


def bare_byline(post: PostFact) -> str:
    """Copied as text: a byline that names no post."""
    return f"<p>View this post on Instagram</p><p>{byline(post)}</p>"
