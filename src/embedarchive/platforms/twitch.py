"""Twitch: clips, videos and collections; a channel's live player is no post. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Answer, Page, Post
from embedarchive.platforms.kit.fields import parse_html, read_meta
from embedarchive.platforms.kit.framed import FRAMED_STATES, Framed, Said, as_url, file_or_stream, make_visit, poster_of
from embedarchive.platforms.kit.ids import match_path, query
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, Gap, LiveCheck, MarkupExample, Platform

_SLUG = r"([A-Za-z0-9]{5,}[\w-]{0,100})"
_CLIP = re.compile(rf"^/\w{{1,40}}/clip/{_SLUG}|^/clip/{_SLUG}")
_VIDEO = re.compile(r"^/(?:\w{1,40}/)?(?:videos|v|video)/v?(\d{5,15})(?!\d)")
_OLD = re.compile(rf"^/\w{{1,40}}/(?=[^/]*[A-Z]){_SLUG}/?$")
_BARE = re.compile(rf"^/(?=[^/]*[A-Z]){_SLUG}/?$")


def identify(url: SplitResult) -> str | None:
    """A clip's slug, or `v` and the number of a video."""
    host = url.hostname or ""
    if host.startswith("clips."):
        if url.path.startswith("/embed"):
            return query(url, "clip")
        return match_path(_BARE, url) or match_path(_OLD, url)
    if host.startswith(("player.", "embed.")):
        video = query(url, "video")
        if video and video.lstrip("v").isdigit():
            return f"v{video.lstrip('v')}"
        return None
    asked = query(url, "vodID") or ""
    video = match_path(_VIDEO, url) or (asked if asked.isdigit() else None)
    if video:
        return f"v{video}"
    return match_path(_CLIP, url)


def canonical(native_id: str) -> str:
    """The public page."""
    if re.fullmatch(r"v\d+", native_id):
        return f"https://www.twitch.tv/videos/{native_id[1:]}"
    return f"https://clips.twitch.tv/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    host = url.hostname or ""
    return host.startswith(("player.", "embed.")) or (host.startswith("clips.") and url.path.startswith("/embed"))


EXAMPLES = (
    Example(
        "https://clips.twitch.tv/embed?clip=IcyOriginalTriangle-5GQ9hBdA&parent=news.example",
        "IcyOriginalTriangle-5GQ9hBdA",
        "https://clips.twitch.tv/IcyOriginalTriangle-5GQ9hBdA",
        frame=True,
    ),
    Example(
        "https://www.twitch.tv/maralind/clip/IcyOriginalTriangle-5GQ9hBdA",
        "IcyOriginalTriangle-5GQ9hBdA",
        "https://clips.twitch.tv/IcyOriginalTriangle-5GQ9hBdA",
    ),
    Example(
        "https://player.twitch.tv/?video=v123456789&parent=news.example",
        "v123456789",
        "https://www.twitch.tv/videos/123456789",
        frame=True,
    ),
    Example(
        "https://clips.twitch.tv/kestrel/HappyOtterOnTheHeath",
        "HappyOtterOnTheHeath",
        "https://clips.twitch.tv/HappyOtterOnTheHeath",
    ),
    Example("https://twitch.tv/mara/video/v123456789", "v123456789", "https://www.twitch.tv/videos/123456789"),
    Example("https://twitch.tv/clip/v123456789", "v123456789", "https://www.twitch.tv/videos/123456789"),
    Example(
        "https://twitch.tv/m/clip/MaralindMaralind", "MaralindMaralind", "https://clips.twitch.tv/MaralindMaralind"
    ),
    Example("https://twitch.tv/m/videos/12345678", "v12345678", "https://www.twitch.tv/videos/12345678"),
)

MARKUP = (
    MarkupExample(
        '<script>new Twitch.Embed("t", {width: 1, video: "123456789"})</script>'
        '<script>new Twitch.Player("t",{"video":"v123456788"})</script>',
        ("v123456789", "v123456788"),
        "call",
    ),
    MarkupExample(
        '<div class="twitch_player" videoID="123456789" parent="news.example"></div>', ("v123456789",), "custom-element"
    ),
    MarkupExample(
        '<iframe src="https://clips.twitch.tv/embed?clip=IcyOriginalTriangle-5GQ9hBdA&parent=news.example"></iframe>',
        ("IcyOriginalTriangle-5GQ9hBdA",),
        "iframe",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """The player draws its film only for a clip that is there; all it says is in what it loads."""
    film = tree.css_first("[data-a-target='video-player'] video[src], .video-player video[src]")
    address = None
    if film:
        address = as_url(film.attributes.get("src"))
    if film:
        return {"media": (file_or_stream(address),)}
    return {}


def read_page(answer: Answer, post: Post) -> Said:
    """Read the public page's metadata; the page of a clip that is gone has the site's own, without a film."""
    if answer.status == 200:
        meta = read_meta(parse_html(answer.body))
    else:
        meta = {}
    if not meta.get("og:video") and not meta.get("og:video:url") and not meta.get("og:video:secure_url"):
        return {}
    return {
        "title": meta.get("og:title"),
        "text": meta.get("og:description"),
        "media": (file_or_stream(None), *poster_of(as_url(meta.get("og:image")))),
    }


def frame_address(post: Post) -> dict[str, str]:
    """Clips and videos have players of their own; both want to be told who embeds them."""
    is_video = re.fullmatch(r"v\d+", post.native_id)
    if is_video:
        player = f"player.twitch.tv/?video={post.native_id}"
    else:
        player = f"clips.twitch.tv/embed?clip={post.native_id}"
    return {"player": f"https://{player}&parent=localhost&autoplay=false&muted=true"}


FRAMED = Framed(
    frame=Frame(
        "{player}",
        card="[data-a-target='video-player'], .video-player",
        dead=("[data-a-target='player-overlay-content-gate']", ".content-overlay-gate"),
        width=640,
        height=378,
    ),
    says=read_frame,
    asks={"page": "{url}"},
    readers={"page": read_page},
    navigates=("page",),
    fields=frame_address,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "The players want `parent`; by itself in a tab one is content with `localhost`",
        "guess",
        check="open one",
        live=LiveCheck("visit", "known", outcome="available"),
    ),
    Assumption(
        "The film is `video[src]`, its absence `[data-a-target=player-overlay-content-gate]`; nobody "
        "confirms a deletion without a POST (its oEmbed answers 410 to all), so a lost clip stays "
        "`unconfirmed`",
        "guess",
        source="the second part reported",
        check="open a deleted clip",
    ),
)
GAPS = (
    Gap(
        "no_second_sign",
        "Nobody confirms a deletion without a POST (its oEmbed answers 410 to all)",
        "a lost clip stays `unconfirmed`",
    ),
    Gap(
        "not_told",
        "Neither frame nor page names who made it",
        "its author is unknown",
        ("author_name", "author_handle"),
    ),
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="twitch",
    title="Twitch",
    hosts=("twitch.tv",),
    identify=identify,
    canonical=canonical,
    id_pattern=r"v?\d{8,12}",
    from_id=lambda bare: f"v{bare.lstrip('v')}",
    mirrors=("fxtwitch.seria.moe", "fxtwitch.tv"),
    is_frame=is_frame,
    calls=(r"new\s+Twitch\.(?:Embed|Player)\([^{}]{0,200}\{[^{}]{0,300}?\bvideo[\"']?\s*:\s*[\"']v?(\d{8,12})[\"']",),
    from_call=lambda groups: f"v{groups[0]}",
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://www.twitch.tv/maralind",
        "https://player.twitch.tv/?channel=maralind",
        "https://embed.twitch.tv/clip/maralind",
    ),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://clips.twitch.tv/NoSuchClipWasEverMade",
    states=FRAMED_STATES,
)
