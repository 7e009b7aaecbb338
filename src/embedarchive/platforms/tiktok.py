"""TikTok: numeric video and photo ids, the quote with its caption, the player. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import date_ms, match_path

_PATH = re.compile(r"^/(?:@[\w.\-]{0,40}/(?:video|photo)|embed(?:/v[23])?|player/v1|v|video)/(\d{6,25})(?!\d)")
_HANDLE = re.compile(r"^/@([\w.\-]{1,40})/(?:video|photo)/")


def identify(url: SplitResult) -> str | None:
    """The id of a video or photo post."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that works without the author's handle."""
    return f"https://www.tiktok.com/@_/video/{native_id}"


def date(native_id: str) -> str | None:
    """The id's upper 32 bits are the upload's second, 10 to 20 s before the post."""
    return date_ms((int(native_id) >> 32) * 1000)


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    found = match_path(_HANDLE, url)
    return None if found == "_" else found


def is_short(url: SplitResult) -> bool:
    """`vm.`, `vt.` and `/t/` links redirect to the post."""
    host = url.hostname or ""
    return (host.startswith(("vm.", "vt.")) and len(url.path) > 4) or bool(re.match(r"^/t/\w{5,}", url.path))


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    return url.path.startswith(("/embed", "/player/"))


MARKS = (
    Mark(
        "blockquote",
        "blockquote.tiktok-embed, blockquote[data-video-id]",
        url=("@cite", "a:last@href"),
        id=("@data-video-id",),
    ),
    Mark("amp", "amp-tiktok", url=("@data-src",), id=("@data-src",)),
)

EXAMPLES = (
    Example(
        "https://www.tiktok.com/@mara.lind/video/7336306383119191339?lang=de",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
        "2024-02-16T20:55:37",
    ),
    Example(
        "https://www.tiktok.com/embed/v2/7336306383119191339",
        "7336306383119191339",
        "https://www.tiktok.com/@_/video/7336306383119191339",
    ),
)

MARKUP = (
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
)

PLATFORM = Platform(
    name="tiktok",
    title="TikTok",
    hosts=("tiktok.com",),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"\d{17,20}",
    id_names=("tiktokid", "tiktokvideoid"),
    traces=(r"tiktok\.com/[^\s\"'<>]{0,60}?(?:video|photo|embed|player|v)/", r"v[mt]\.tiktok\.com/", r"tiktok\.com/t/"),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.tiktok.com/@mara.lind", "https://www.tiktok.com/embed/@mara.lind"),
    not_embeds=(
        '<blockquote class="tiktok-embed" data-unique-id="mara.lind" data-embed-type="creator" cite="https://www.tiktok.com/@mara.lind"><a href="https://www.tiktok.com/@mara.lind">@mara.lind</a></blockquote>',
    ),
)
