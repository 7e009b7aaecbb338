"""Every saved real page and answer -> what is made of it: the verdict, and every field that is told of the post.

usage: python bench/saved.py          (needs ../shared; sends nothing anywhere)

Each file stands where a visit would have met it: in the frame's place, or as the answer of one probe behind a frame that
is refused. Under its own post it must give the verdict and the author that a person read in it. Then it stands in the frame's
place, and in that of every probe, under every other post of its platform; and under one of each other, a page in the
frame's place and an answer in that of every probe. There it may never be a post, nor the end of one, and nothing of it may
be told.
"""

from __future__ import annotations

import dataclasses
import gzip
import html
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedarchive.conformance.nothing_seen import list_probes
from embedarchive.core.model import Answer, Description, Media, Page, Post, Verdict
from embedarchive.detect import find_embeds, identify_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.recorded import NOT_RECORDED, PAGE, read_public
from embedarchive.platforms.kit.specification import fill_url

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
FOLDERS = ("fixtures", "cases/capture")

SEEN, REFUSED = ("available", None), ("available", None, "refused")
UNSURE, TOO_LITTLE = ("unavailable", "unconfirmed"), ("unavailable", "embed_refused", "refused")
EVERY = "every probe"
NOWHERE = "nowhere"
"""The place of a file that no visit of ours would ask for: it is only a stranger to every post."""


@dataclass(frozen=True)
class Saved:
    """One saved file: where a visit meets it, whose page it is, and what a person read in it.

    `native_id` is of the post that the file is of, else of one that it is met under. `author` is the name or the handle.
    """

    file: str
    platform: str
    place: str
    native_id: str
    verdict: tuple[str | None, ...]
    author: str | None = None


def _of(platform: str, place: str, *rows: tuple[str, str, tuple[str | None, ...], str | None]) -> Iterator[Saved]:
    yield from (Saved(file, platform, place, native_id, verdict, author) for file, native_id, verdict, author in rows)


THREAD, FILM = "DcA1b2C3d4E", "jNQXAC9IVRw"
DID = "did:plc:z72i7hdynmk6r22z27h6tvur"
# fmt: off
FILES = (
    *_of("instagram", "frame",
        ("fixtures/instagram/instagram-single.html", "C79gQqLpkul", SEEN, "nasajpl"),
        ("fixtures/instagram/instagram-carousel.html", "DaQ5CPTki4E", SEEN, "nasajpl"),
        ("fixtures/instagram/instagram-reel.html", "Da5ynsiuAZ_", SEEN, "nasajpl"),
        ("fixtures/instagram/instagram-copyright-blocked.html",
         "DbN6SsKum-9", ("available", "copyright_blocked"), "fixture_user_10"),
        ("fixtures/instagram/instagram-gone.html", "DaQ5CPTkiAE", UNSURE, None),
        ("fixtures/instagram/irenify-post_rimosso.html", "PrOvArImOsS", UNSURE, None),
        ("fixtures/instagram/instagram-embed-shell.html", "DZghoo7PAzi", UNSURE, None),
        ("fixtures/instagram/instagram-decoy.html", "C79gQqLpkul", ("blocked", "shell"), None),
    ),
    *_of("instagram", "page",
        ("fixtures/instagram/instagram-fullpage-public.html", "DZghoo7PAzi", REFUSED, "fixture8.example"),
        ("fixtures/instagram/instagram-fullpage-agegated.html", "DZFDtEhoNPy", ("unavailable", "age"), None),
    ),
    *_of("instagram", NOWHERE,
        ("fixtures/instagram/instagram-feed-carousel.json", "", SEEN, None),
        ("fixtures/instagram/instagram-user-feed.json", "", SEEN, None),
        ("fixtures/instagram/instagram-user-feed-datsun.json", "", SEEN, None),
    ),
    *_of("facebook", "frame",
        ("fixtures/facebook/facebook-plugin-multiphoto.html", "1111111111111111", SEEN, "NPR"),
        ("fixtures/facebook/facebook-plugin-photo-nocaption.html", "3333333333333333", SEEN, "National Geographic"),
        ("fixtures/facebook/facebook-plugin-post.html", "1111111111111111", SEEN, "WYFF News 4"),
        ("fixtures/facebook/facebook-plugin-style-dims.html", "1111111111111111", SEEN, "NPR"),
        ("fixtures/facebook/facebook-plugin-unlinked-byline.html", "7777777777777777", SEEN, "Humans of New York"),
    ),
    *_of("facebook", "page",
        ("fixtures/facebook/facebook-age-gated.html", "122206800968682891", ("unavailable", "age"), None),
        ("fixtures/facebook/facebook-page-caption-only.html",
         "1304655294363177", REFUSED, "NASA - National Aeronautics and Space Administration"),
        ("fixtures/facebook/facebook-post-page.html", "122206800968682898", REFUSED, "InfoWars"),
        ("fixtures/facebook/metashare-fb-owns.html", "122245445522262918", REFUSED, "Cyberpunk Dwarf"),
        ("fixtures/facebook/metashare-th-disowns.html", "122206800968682891", UNSURE, None),
    ),
    *_of("threads", "frame",
        ("cases/capture/threads-reply-frame.html", "DcA1b2C3d4E", SEEN, "ada.quill"),
        ("cases/capture/threads-reply-to-another-user-frame.html", "DcA1b2C3d4E", SEEN, "ada.quill"),
        ("cases/capture/threads-unavailable-frame.html", "DcA1b2C3d4E", UNSURE, None),
    ),
    *_of("threads", "page",
        ("cases/capture/threads-unavailable-page.html", "DcA1b2C3d4E", UNSURE, None),
    ),
    *_of("tiktok", "page",
        ("fixtures/tiktok/tiktok-video.html", "7660566211100511518", REFUSED, "mysticaquariumct"),
        ("fixtures/tiktok/tiktok-slideshow.html", "7663591047909379341", REFUSED, "Duolingo"),
        ("fixtures/tiktok/tiktok-deleted.html", "7660566211100511518", ("gone", "deleted"), None),
        ("fixtures/tiktok/tiktok-homepage.html", "7660566211100511518", UNSURE, None),
    ),
    *_of("tiktok", "oembed",
        ("fixtures/oembed/www.tiktok.com.oembed.901352644d63ef08f7546c3394cf07bb.json",
         "6806030056956251397", UNSURE, None),
    ),
    *_of("youtube", "frame",
        ("cases/capture/youtube-153-frame.html", "jNQXAC9IVRw", ("blocked", "no_referrer"), None),
    ),
    *_of("youtube", "oembed",
        ("fixtures/oembed/www.youtube.com.oembed.4e2dd395e94cc4f7fd39a8081b0cdc17.json",
         "eiHXASgRTcA", REFUSED, "smshdchrb"),
        ("fixtures/oembed/www.youtube.com.oembed.5983a98476444a059f7de5f74a874179.json",
         "eiHXASgRTcA", REFUSED, "smshdchrb"),
        ("fixtures/oembed/www.youtube.com.oembed.8ce1ccae073d71579a2aacd9427c391b.json",
         "eiHXASgRTcA", REFUSED, "smshdchrb"),
        ("fixtures/oembed/www.youtube.com.oembed.44a61a3c2dd08c4b95475fbaf4d23362.json", "eiHXASgRTcA", UNSURE, None),
    ),
    *_of("bluesky", "thread",
        ("fixtures/bluesky/bluesky-post.json", "did:plc:z72i7hdynmk6r22z27h6tvur/3l6oveex3ii2l", SEEN, "bsky.app"),
        ("fixtures/bluesky/fxembed-thread-multi-image.json", "did:plc:test111/rkeypics", SEEN, "Pics"),
        ("fixtures/bluesky/fxembed-thread-quote-notfound.json", "did:plc:test111/rkeyquotehost", SEEN, "Author"),
        ("fixtures/bluesky/fxembed-thread-single.json", "did:plc:test111/rkeymain", SEEN, "Author"),
        ("cases/capture/bluesky-gallery-thread.json", "did:plc:abcdefghijklmnopqrstuvwx/3mtestgallery", SEEN, "Quay"),
    ),
    *_of("bluesky", "profile",
        ("fixtures/bluesky/bluesky-profile.json",
         "did:plc:z72i7hdynmk6r22z27h6tvur/3l6oveex3ii2l", ("error", "no_answer"), None),
    ),
    *_of("bluesky", NOWHERE,
        ("fixtures/bluesky/bluesky-media-cases.json", "", SEEN, None),
    ),
    *_of("mastodon", "status",
        ("fixtures/mastodon/masto-status-gifv.json",
         "mastodon.social/116995940720458991", REFUSED, "jimbob@aus.social"),
        ("fixtures/mastodon/masto-status-images.json",
         "mastodon.social/116995943988954963", REFUSED, "Portes_Thomas@mastox.eu"),
        ("fixtures/mastodon/masto-status-text.json",
         "mastodon.social/116995945527124840", REFUSED, "mainichi_rss_etc_mainichiflash@rss-mstdn.studiofreesia.com"),
        ("fixtures/mastodon/masto-status-video.json",
         "mastodon.social/116995942822091302", REFUSED, "somos_FOX@sportsbots.xyz"),
        ("fixtures/mastodon/masto-status-reblog.json", "mastodon.social/116987635278582716", TOO_LITTLE, "stux⚡️"),
    ),
    *_of("x", "result",
        ("fixtures/twitter/fxembed-20.json", "20", SEEN, "jack"),
        ("fixtures/twitter/fxembed-991500.json", "991500", ("unavailable", "suspended"), None),
        ("fixtures/twitter/twitter-gif.json", "1479837621337657345", SEEN, "Astropartigirl"),
        ("fixtures/twitter/twitter-guest-blurred-tombstone.json", "1349129669258448897", ("unavailable", "age"), None),
        ("fixtures/twitter/twitter-guest-quote.json", "1823076043017630114", SEEN, "elonmusk"),
        ("fixtures/twitter/twitter-guest-reply.json", "1816211874012098692", SEEN, "elonmusk"),
        ("fixtures/twitter/twitter-guest-tweet.json", "20", SEEN, "jack"),
        ("fixtures/twitter/twitter-guest-visibility.json", "1884695849596576004", SEEN, "rileyreidx3"),
        ("fixtures/twitter/twitter-multiphoto.json", "1376712834269159425", SEEN, "BTS_twt"),
        ("fixtures/twitter/twitter-photo.json", "440322224407314432", SEEN, "TheEllenShow"),
        ("fixtures/twitter/twitter-quote.json", "1823076043017630114", SEEN, "elonmusk"),
        ("fixtures/twitter/twitter-reply.json", "1816211874012098692", SEEN, "elonmusk"),
        ("fixtures/twitter/twitter-text.json", "20", SEEN, "jack"),
        ("fixtures/twitter/twitter-tombstone.json", "1349129669258448897", ("unavailable", "tombstone"), None),
        ("fixtures/twitter/twitter-video.json", "1491475671058681863", SEEN, "NASA"),
    ),
    *_of("x", "oembed",
        ("fixtures/oembed/publish.twitter.com.oembed.74c74dd25f98b025ab78f1dae7fb29fe.json",
         "436461658601713664", ("error", "no_answer"), None),
        ("fixtures/oembed/publish.x.com.oembed.c2316e80cd18b909adfc30da81153a4d.json",
         "436461658601713664", ("error", "no_answer"), None),
    ),
    *_of("pinterest", "pin",
        ("fixtures/pinterest/pinterest-pin-image.json", "66287425756772418", REFUSED, "Robin Fixture"),
        ("fixtures/pinterest/pinterest-pin-video.json", "4855512095802122", REFUSED, "Robin Fixture"),
    ),
    *_of("pinterest", "oembed",
        ("fixtures/oembed/www.pinterest.com.oembed.json.646222621b58c69c710ef544c8fd86f8.json",
         "106890191127977979", REFUSED, "Leslie Carruthers"),
    ),
    *_of("imgur", "post",
        ("fixtures/imgur/imgur-api-album.json", "a/iX265HX", ("unavailable", "embed_refused"), None),
        ("fixtures/imgur/imgur-api-animated.json", "Aa2IZ5m", ("unavailable", "embed_refused"), None),
        ("fixtures/imgur/imgur-api-still.json", "QAcLnaf", ("unavailable", "embed_refused"), None),
    ),
    *_of("imgur", "oembed",
        ("fixtures/oembed/api.imgur.com.oembed.1e64d4cc03ed733388d94704ffdbf4bd.json", "X6rkCc5", TOO_LITTLE, None),
    ),
    *_of("imgur", NOWHERE,
        ("fixtures/imgur/imgur-album.json", "", SEEN, None),
        ("fixtures/imgur/imgur-gifv.json", "", SEEN, None),
    ),
    *_of("twitch", NOWHERE,
        ("fixtures/twitch/twitch-clip-maturegame.json", "", SEEN, None),
        ("fixtures/twitch/twitch-clip-missing.json", "", SEEN, None),
        ("fixtures/twitch/twitch-clip-nocurator.json", "", SEEN, None),
        ("fixtures/twitch/twitch-clip.json", "", SEEN, None),
    ),
    *_of("dailymotion", NOWHERE,
        ("fixtures/dailymotion/dailymotion-video.json", "", SEEN, None),
    ),
    *_of("dailymotion", "oembed",
        ("fixtures/oembed/www.dailymotion.com.services-oembed.00317ddeb724678c2e865f13b34517a7.json",
         "xy0wd", REFUSED, "jeanbamin"),
    ),
    *_of("vimeo", "oembed",
        ("fixtures/oembed/vimeo.com.api-oembed.json.a647af9efa5b50781a131ff0fe77e579.json",
         "235352744", TOO_LITTLE, None),
        ("fixtures/oembed/vimeo.com.api-oembed.json.ebd0c8c106510b739eb83060c23f7892.json",
         "235352744", REFUSED, "Vimeo"),
    ),
    *_of("soundcloud", "oembed",
        ("fixtures/oembed/soundcloud.com.oembed.5de734c4e9599059e35a8b0f012ed0ad.json",
         "tracks/191904624", REFUSED, "IDIDTHAT.co"),
        ("fixtures/oembed/soundcloud.com.oembed.a0c7770afe60e35821ee2d7c8e963044.json",
         "zedsdead/lost-you", REFUSED, "Zeds Dead"),
        ("fixtures/oembed/soundcloud.com.oembed.eb2a146ee30ee20c3a1a170f0910037e.json",
         "bruceneilmusic/kestrel", UNSURE, None),
    ),
    *_of("spotify", "oembed",
        ("fixtures/oembed/open.spotify.com.oembed.36324a8bcb5cb80a0e2b6b48195706cb.json",
         "album/7s66wU1XJ2NsUuWM2NKiUV", TOO_LITTLE, None),
        ("fixtures/oembed/open.spotify.com.oembed.ef6aab8b5691cc9b9da2dc988f19e9e2.json",
         "album/7s66wU1XJ2NsUuWM2NKiUV", TOO_LITTLE, None),
        ("fixtures/oembed/embed.spotify.com.oembed.ef6aab8b5691cc9b9da2dc988f19e9e2.json",
         "album/7s66wU1XJ2NsUuWM2NKiUV", TOO_LITTLE, None),
    ),
    *_of("flickr", "oembed",
        ("fixtures/oembed/www.flickr.com.services-oembed.a0ab60d32d7c7bc81f9e6905cad14c4e.json",
         "16055522574", REFUSED, "desescribir"),
        ("fixtures/oembed/www.flickr.com.services-oembed.a182b0b8be297b364189e7d5fd242767.json",
         "16055522574", UNSURE, None),
    ),
    *_of("reddit", "oembed",
        ("fixtures/oembed/www.reddit.com.oembed.3ede068a9562cbb20cda739887ac4147.json",
         "7pfpeq", REFUSED, "dennisrieves"),
        ("fixtures/oembed/www.reddit.com.oembed.89faebb97139ce53a083a645bddfc9ee.json",
         "7pfpeq", REFUSED, "dennisrieves"),
        ("fixtures/oembed/www.reddit.com.oembed.ce357a92629d244f4d53ac3643420128.json",
         "7pfpeq", REFUSED, "dennisrieves"),
    ),
    *_of("tumblr", "oembed",
        ("fixtures/oembed/www.tumblr.com.oembed-1.0.1069794d66a738c0f11667124fb2b5e0.json",
         "165326273724", TOO_LITTLE, "He-who-photographs-rather-OK"),
    ),
    *_of("x", NOWHERE,
        ("cases/capture/intermediary-404.html", "", SEEN, None),
        ("cases/capture/intermediary-404.json", "", SEEN, None),
        ("cases/capture/captive-portal.html", "", SEEN, None),
    ),
)
# fmt: on
"""Every saved file, by platform and place."""

UNPLAYABLE = {"previewPlayabilityStatus": {"status": "UNPLAYABLE"}}
FRAMES = {
    "instagram": '<div class="EmbedIsBroken"></div>',
    "facebook": '<html id="facebook"><body><div class="pam uiBoxWhite"><p class="_1q3v">?</p></div></body></html>',
    "threads": '<div class="EmbedError"></div>',
    "bluesky": '<div id="app"><div><p>x</p><time></time></div></div>',
    "x": "<div id=app></div>",
    "youtube": f'<script>x({{"embedded_player_response":{json.dumps(json.dumps(UNPLAYABLE))}}})</script>',
}
"""The frame before which an answer stands; of all others, one that is refused by its status."""
STATUS = {"tiktok": 400, **dict.fromkeys(FRAMES, 200)}


def make_post(platform: str, native_id: str) -> Post:
    return Post(platform, native_id, BY_NAME[platform].canonical(native_id))


def put(body: str, post: Post, place: str) -> Page:
    """What a visit to a post brings back that meets a saved file at that place (or at that of every probe), and a refusal
    in the frame's if it is not there."""
    visit = BY_NAME[post.platform].visit
    assert visit
    url = fill_url(visit.frame.url, post, visit)
    if place == "frame":
        return Page(url, url, 200, body, body)
    frame, status = FRAMES.get(post.platform, "<!DOCTYPE html><title>404</title><h1>Not found</h1>"), 404
    asked = list_probes(BY_NAME[post.platform], post)
    met = asked if place == EVERY else {place: asked.get(place, post.url)}
    answers = tuple(Answer(name, at, 200, at, body) for name, at in met.items())
    return Page(url, url, STATUS.get(post.platform, status), frame, frame, answers=answers)


def judge(page: Page, post: Post) -> tuple[Verdict, dict[str, Any]]:
    """The verdict, and every field that is told of the post but for what its id tells."""
    visit = BY_NAME[post.platform].visit
    assert visit
    said = visit.describe(page, post)
    filled = {f.name: getattr(said, f.name) for f in dataclasses.fields(Description) if f.name != "sources"}
    told = {
        name: value for name, value in filled.items() if value not in (None, "", ()) and said.sources.get(name) != "id"
    }
    return visit.classify(page, post), told


def read(saved: Saved) -> str:
    return (SHARED / saved.file).read_text("utf-8")


def list_files() -> list[str]:
    """Every saved page and answer that is there."""
    kinds = (".html", ".json")
    found = (file for folder in FOLDERS for file in sorted((SHARED / folder).rglob("*")) if file.suffix in kinds)
    return [str(file.relative_to(SHARED)) for file in found]


def find_wrong(saved: Saved) -> tuple[dict[str, Any], list[str]]:
    """What is told of a file's own post, and what is wrong with that."""
    if saved.place == NOWHERE:
        return {}, []
    page, post = put(read(saved), make_post(saved.platform, saved.native_id), saved.place), None
    post = make_post(saved.platform, saved.native_id)
    found, told = judge(page, post)
    seen = (found.outcome, found.reason, found.embedding)
    wrong = [] if seen[: len(saved.verdict)] == saved.verdict else [f"{saved.file}: {seen}, not {saved.verdict}"]
    if saved.author not in (told.get("author_name"), told.get("author_handle")) and (
        saved.author or told.get("author_name")
    ):
        wrong.append(f"{saved.file}: author {told.get('author_name')}, not {saved.author}")
    names = [name for name in ("author_name", "title") if name in told and not holds(read(saved), str(told[name]))]
    return told, wrong + [f"{saved.file}: {name} {told[name]!r} does not stand in it" for name in names]


def holds(text: str, words: str) -> bool:
    """Whether words stand in a saved file as such, or escaped as JSON escapes them."""
    escaped = json.dumps(words)[1:-1]
    shapes = (words, escaped, escaped.replace("/", "\\/"), json.dumps(escaped)[1:-1], html.escape(words))
    plain = " ".join(html.unescape(text).split())
    return any(each in text for each in shapes) or " ".join(words.split())[:40] in plain


def list_strangers(saved: Saved, body: str) -> Iterator[tuple[Post, str]]:
    """Every post and place under which a file must be nothing: all others of its platform that it does not name, and one
    of each other platform."""
    for platform in PLATFORMS:
        if platform.visit is None or not platform.examples:
            continue
        posts = [
            post
            for each in platform.examples[:1]
            if (post := identify_post(each.url)) and post.platform == platform.name
        ]
        places: tuple[str, ...] = ("frame",) if saved.file.endswith(".html") else (EVERY,)
        if platform.name == saved.platform:
            if saved.verdict[0] == "gone":
                continue  # a denial names no post: it is of whichever was asked about
            others = {each.native_id for each in FILES if each.platform == platform.name and each.native_id}
            posts += [make_post(platform.name, native_id) for native_id in sorted(others - {saved.native_id})]
            places = ("frame", EVERY)
        for post in posts:
            if post.native_id.rpartition("/")[2] not in body:
                yield from ((post, place) for place in places)


def find_strange(saved: Saved) -> tuple[int, list[str]]:
    """How many posts a file was met under that it is not of, and what was made of it there that must not be."""
    met, wrong, body = 0, [], read(saved)
    for post, place in list_strangers(saved, body):
        met += 1
        found, told = judge(put(body, post, place), post)
        if found.outcome in ("available", "gone"):
            wrong.append(f"{saved.file} as {place} of {post.key}: {found.outcome} {found.signs}")
        if told.keys() - {"kind"}:
            wrong.append(f"{saved.file} as {place} of {post.key} tells {told}")
    return met, wrong


def list_pages() -> Iterator[tuple[str, str]]:
    """Every page that others saved, of platforms and of newsrooms, with its name."""
    for file in list_files():
        if file.endswith(".html"):
            yield file, (SHARED / file).read_text("utf-8")
    for path in sorted((SHARED / "corpus" / "pages").glob("*.html.gz")):
        yield path.name, gzip.decompress(path.read_bytes()).decode("utf-8", "replace")


def find_false_pages() -> tuple[int, list[str]]:
    """How often a page was met as the public page of a post that it only names, or does not, and what was told of that post.

    The posts are those that the page embeds, and one of each platform.
    """
    met, wrong = 0, []
    examples = [identify_post(each.examples[0].url) for each in PLATFORMS if each.examples]
    for name, body in list_pages():
        embedded = [embed.post for embed in find_embeds(body, url="https://news.example/a").embeds]
        for post in {each.key: each for each in (*examples, *embedded) if each and each.resolved}.values():
            visit = BY_NAME[post.platform].visit
            if visit is None:
                continue
            met += 1
            answer = Answer(PAGE, post.url, 200, post.url, body)
            page = Page(post.url, post.url, None, answers=(answer,), error=NOT_RECORDED)
            if read_public(page, post, visit):
                wrong.append(f"{name} as the public page of {post.key}: available")
    return met, wrong


def say(name: str, value: Any, *, in_full: bool) -> str:
    """A field on one line of a table; of what is somebody's own words only how long it is, unless `in_full`."""
    if isinstance(value, tuple):
        return f"{name}: " + ", ".join(each if isinstance(each, str) else say_file(each) for each in value)
    text = " ".join(str(value).split()).replace("|", "\\|")
    if name in ("text", "title", "alt_text") and not in_full:
        return f"{name}: {len(text)} characters"
    return f"{name}: {text if len(text) <= 60 else text[:59] + '…'}"


def say_file(media: Media) -> str:
    return f"{media.role} {media.position}{f' ({media.missing})' if media.missing else ''}"


def main() -> int:
    if not SHARED.is_dir():
        print("../shared is not here: the saved pages are third-party material and not part of the project.")
        return 0
    rows, wrong, strangers = [], [], 0
    for saved in FILES:
        told, mistakes = find_wrong(saved)
        met, taken_in = find_strange(saved)
        strangers += met
        wrong += mistakes + taken_in
        rows.append((saved, told))
    unlisted = sorted(set(list_files()) - {saved.file for saved in FILES})
    wrong += [f"{file}: not listed" for file in unlisted]
    pages, false_pages = find_false_pages()
    wrong += false_pages
    figures = {
        "as_a_public_page": pages,
        "files": len({saved.file for saved in FILES}), "of_their_own_post": len(FILES), "under_a_strange_post": strangers,
        "false_available": sum(": available " in w for w in wrong), "false_gone": sum(": gone " in w for w in wrong),
        "fields_of_somebody_else": sum(" tells " in w for w in wrong), "wrong": len(wrong),
    }  # fmt: skip
    (ROOT / "bench" / "results" / "saved.md").write_text(report(rows, wrong, figures, in_full=False), "utf-8")
    print(report(rows, wrong, figures, in_full=True))
    print(json.dumps(figures))
    return 1 if wrong else 0


def report(
    rows: list[tuple[Saved, dict[str, Any]]], wrong: list[str], figures: dict[str, int], *, in_full: bool
) -> str:
    """The table of verdicts and fields; the saved words themselves, which are others', only where it is printed."""
    lines = []
    for saved, told in rows:
        shown = {name: value for name, value in told.items() if name not in ("text_html", "author_url")}
        fields = "; ".join(say(name, value, in_full=in_full) for name, value in shown.items())
        verdict = "" if saved.place == NOWHERE else " ".join(map(str, filter(None, saved.verdict)))
        lines.append(f"| {saved.file} | {saved.platform} {saved.place} | {saved.native_id} | {verdict} | {fields} |")
    return "\n".join([
        "# Saved pages and answers", "",
        "Every saved real page and answer, where a visit would meet it, and what is made of it.", "",
        "| file | place | post | verdict | fields |", "|---|---|---|---|---|", *lines, "",
        "## What is not as expected", "", *(f"- {w}" for w in wrong or ["nothing"]), "",
        "```json", json.dumps(figures), "```", "",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
