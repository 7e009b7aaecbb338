"""An address pasted inside anything is understood; what names another post, or none, is not taken for one. What a publisher
says of a post is read from the post's own markup, and from nothing else."""

# ruff: noqa: E501 (addresses and markup are given as people paste and write them)

from __future__ import annotations

import pytest

from embedarchive.core.errors import UsageError
from embedarchive.core.urls import find_urls
from embedarchive.detect import find_embeds, identify_anything, identify_post
from embedarchive.detect.shown import find_shown

IG, X, YT, FB = "instagram:BwiVvR9lD0m", "x:1349129669258448897", "youtube:jP6fEHm-lA0", "facebook:928812574504508"
POST = "https://www.instagram.com/p/BwiVvR9lD0m/"
STATUS = "https://twitter.com/maralind/status/1349129669258448897"
QUOTED = "https%3A%2F%2Fwww.instagram.com%2Fp%2FBwiVvR9lD0m%2F"

PASTED = {
    # in a text
    f"She wrote it here: {STATUS}.": [X],
    f"({POST})": [IG],
    f"<{POST}>": [IG],
    f"[{POST}]": [IG],
    f"«{POST}»": [IG],
    f"„{POST}“": [IG],
    f"[the post]({POST})": [IG],
    f"[{STATUS}]({STATUS})": [X],
    f"![picture]({POST} 'A kestrel')": [IG],
    f"[1]: {POST}": [IG],
    f"{POST}, {STATUS}": [IG, X],
    f"* {POST}\n* {STATUS}\n": [IG, X],
    "see instagram.com/p/BwiVvR9lD0m/, then": [IG],
    "hxxps://www.instagram.com/p/BwiVvR9lD0m/": [IG],
    "  instagram.com/p/BwiVvR9lD0m  ": [IG],
    f'"{POST}"': [IG],
    f"URL:{POST}": [IG],
    f"{POST}\t2024-03-01\tA note": [IG],
    # behind redirectors
    f"https://l.instagram.com/?u={QUOTED}&e=AT0": [IG],
    f"https://l.facebook.com/l.php?u={QUOTED}&h=AT0": [IG],
    f"https://lm.facebook.com/l.php?u={QUOTED}": [IG],
    f"https://out.reddit.com/t3_1ab2cd?url={QUOTED}&token=AQ": [IG],
    f"https://href.li/?{POST}": [IG],
    f"https://www.google.com/url?sa=t&url={QUOTED}&usg=x": [IG],
    f"https://t.co/x?amp=1&u={QUOTED}": [IG],
    f"https://vk.com/away.php?to={QUOTED}": [IG],
    f"https://steamcommunity.com/linkfilter/?url={POST}": [IG],
    f"https://www.youtube.com/redirect?event=x&q={QUOTED}": [IG],
    f"https://slack-redir.net/link?url={QUOTED}": [IG],
    f"https://eur01.safelinks.protection.outlook.com/?url={QUOTED}&data=05": [IG],
    f"https://urldefense.com/v3/__{POST}__;!!abc": [IG],
    f"https://news.example/out?to={QUOTED.replace('%', '%25')}": [IG],
    "https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3DjP6fEHm-lA0%26feature%3Dshare": [YT],
    "https://www.instagram.com/accounts/login/?next=%2Fp%2FBwiVvR9lD0m%2F": [IG],
    "https://www.instagram.com/accounts/login/?next=https%3A%2F%2Fwww.instagram.com%2Fp%2FBwiVvR9lD0m%2F%3Figsh%3Dx": [IG],
    "https://x.com/i/flow/login?redirect_after_login=%2Fmaralind%2Fstatus%2F1349129669258448897": [X],
    "https://www.facebook.com/login/?next=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508": [FB],
    # what a button shares
    f"https://publish.twitter.com/?query={STATUS}&widget=Tweet": [X],
    "https://publish.twitter.com/?query=twitter.com%2Fmaralind%2Fstatus%2F1349129669258448897": [X],
    f"https://x.com/intent/post?text=Look&url={QUOTED}": [IG],
    f"https://www.facebook.com/sharer/sharer.php?u={QUOTED}": [IG],
    # archives
    f"https://web.archive.org/web/20240301120000/{POST}": [IG],
    f"https://web.archive.org/web/2024*/{POST}": [IG],
    f"https://web.archive.org/save/{POST}": [IG],
    f"https://web.archive.org/web/{POST}": [IG],
    "https://web.archive.org/web/2024/instagram.com/p/BwiVvR9lD0m/": [IG],
    f"https://archive.ph/newest/{POST}": [IG],
    f"https://archive.ph/2024.03.01-120000/{POST}": [IG],
    f"https://archive.today/?run=1&url={QUOTED}": [IG],
    f"https://archive.is/o/AbCdE/{POST}": [IG],
    f"https://ghostarchive.org/archive/{POST}": [IG],
    f"https://12ft.io/{POST}": [IG],
    "https://cdn.ampproject.org/c/s/www.instagram.com/p/BwiVvR9lD0m/": [IG],
    f"https://webcache.googleusercontent.com/search?q=cache:AbC:{POST}": [IG],
    # mirrors, fixers and syndication
    "https://ddinstagram.com/p/BwiVvR9lD0m/": [IG],
    "https://nitter.poast.org/maralind/status/1349129669258448897#m": [X],
    "https://vxtiktok.com/@mara.lind/video/7336306383119191339": ["tiktok:7336306383119191339"],
    "https://www.rxddit.com/r/birds/comments/1ab2cd/a_kestrel/": ["reddit:1ab2cd"],
    "https://fxbsky.app/profile/mara.example/post/3lcxjuygrwk2p": ["bluesky:mara.example/3lcxjuygrwk2p"],
    "https://invidious.example/watch?v=jP6fEHm-lA0": [YT],
    "https://cdn.syndication.twimg.com/tweet-result?id=1349129669258448897&token=a": [X],
    f"https://publish.twitter.com/oembed?url={STATUS}": [X],
    "https://embed.bsky.app/oembed?url=at%3A%2F%2Fdid%3Aplc%3Aabcdefghijklmnop%2Fapp.bsky.feed.post%2F3lcxjuygrwk2p": [
        "bluesky:did:plc:abcdefghijklmnop/3lcxjuygrwk2p"
    ],
    "at://did:plc:abcdefghijklmnop/app.bsky.feed.post/3lcxjuygrwk2p": ["bluesky:did:plc:abcdefghijklmnop/3lcxjuygrwk2p"],
    "spotify:track:5xPxMLvzGXqfOD5hZ0h3or": ["spotify:track/5xPxMLvzGXqfOD5hZ0h3or"],
}  # fmt: skip


@pytest.mark.parametrize("text", PASTED)
def test_an_address_is_understood_wherever_it_stands(text: str) -> None:
    assert [post.key for post in identify_anything(text).posts] == PASTED[text]


@pytest.mark.parametrize(
    "text",
    [
        "https://twitter.com/maralind/status/1349129669258…",
        "https://twitter.com/maralind/status/1349129669258...",
        "https://x.com/maralind/status/18%E2%80%A6",
        "https://x.com/maralind/status/13491296692584488971349",
        "https://youtu.be/jP6fEHm-…",
    ],
)
def test_an_address_that_was_cut_names_no_other_post(text: str) -> None:
    assert identify_anything(text).posts == ()


def test_what_is_cut_behind_the_id_is_no_loss() -> None:
    assert [p.key for p in identify_anything(f"{POST}?utm_source=ig_web_co…").posts] == [IG]


def test_a_button_that_shares_a_post_embeds_none() -> None:
    for address in (
        f"https://www.facebook.com/sharer/sharer.php?u={QUOTED}",
        f"https://x.com/intent/post?url={QUOTED}",
    ):
        assert identify_post(address) is None


def test_words_are_no_address() -> None:
    assert find_urls("It cost 3.50 and/or more. e.g. this; u/mara said so @rook.field") == []
    assert identify_anything("The kestrel of news.example is back").url is None
    assert (
        identify_anything("Read https://news.example/2024/kestrel?utm_source=x.").url
        == "https://news.example/2024/kestrel"
    )


# --------------------------------------------------------------------------------------- what an address does not tell


def test_a_page_of_rumble_is_no_player() -> None:
    """Both ids have one shape, and mean different films: a page stays its address until it is read."""
    page = identify_post("https://rumble.com/v2zz9qb-a-kestrel-over-the-heath.html")
    assert page
    assert not page.resolved
    assert page.url == "https://rumble.com/v2zz9qb-a-kestrel-over-the-heath.html"
    player = identify_post("https://rumble.com/embed/v2zz9qb/")
    assert player
    assert player.resolved
    assert player.key != page.key


def test_a_page_tells_which_player_it_shows() -> None:
    """The address stays unresolved where the page says nothing, or names several players."""
    said = '<script type="application/ld+json">[{"@type":"VideoObject","embedUrl":"https:\\/\\/rumble.com\\/embed\\/v2abcd\\/"}]</script>'
    linked = '<link rel="alternate" type="application/json+oembed" href="https://rumble.com/api/Media/oembed.json?url=https%3A%2F%2Frumble.com%2Fembed%2Fv2abcd%2F">'
    for page in (said, linked, said + linked):
        post = find_shown(page.encode(), "rumble")
        assert post is not None
        assert post.key == "rumble:v2abcd"
    assert find_shown((said + said.replace("v2abcd", "v9zzzz")).encode(), "rumble") is None
    assert find_shown(b"<title>Sign in</title>", "rumble") is None
    assert find_shown(said.encode(), "youtube") is None


@pytest.mark.parametrize(
    "address",
    [
        "https://heath.example/notice/AcoUaA7EH1igiYKmFX",
        "https://heath.example/@kestrel/AcoUaA7EH1igiYKmFX",
        "https://heath.example/objects/ac523779-93d3-4315-ab8e-25b166574011",
        "https://heath.example/notes/9qppkxzyd1ee3i9x",
    ],
)
def test_a_shape_that_many_sites_have_is_a_post_at_most(address: str) -> None:
    """Pasted it may be one, or an article; in an article it is an embed by its markup alone."""
    meaning = identify_anything(address)
    assert [p.platform for p in meaning.posts] in (["pleroma"], ["misskey"])
    assert meaning.url == address
    page = f'<p>{address}</p><iframe src="{address}"></iframe><div data-embed-url="{address}"></div><p><a href="{address}">x</a></p>'
    assert find_embeds(page, mentions=True).embeds == ()


def test_one_post_has_one_key() -> None:
    for one, other in (
        ("https://imgur.com/a/TcBmPxQ", "https://imgur.com/gallery/TcBmPxQ"),
        ("https://vk.com/clip-1_2", "https://vk.com/video-1_2"),
        ("https://www.reddit.com/gallery/1ab2cd", "https://www.reddit.com/r/birds/comments/1ab2cd/x/"),
    ):
        first, second = identify_post(one), identify_post(other)
        assert first
        assert second
        assert first.key == second.key


def test_limits_are_counted_on_what_a_reader_sees() -> None:
    slug = "%E1%80%80" * 90
    assert (post := identify_post(f"https://m.facebook.com/heath/posts/{slug}/1018663113060711/"))
    assert post.key == "facebook:1018663113060711"
    assert (czech := identify_post(f"https://www.facebook.com/{'%C5%BE' * 60}/posts/1018663113060711"))
    assert czech.key == post.key


# ------------------------------------------------------------------------------------------------- what others understand

SAME = {
    "Instagram": "instagram", "Twitter": "x", "TikTok": "tiktok", "Youtube": "youtube", "Dailymotion": "dailymotion",
    "Vimeo": "vimeo", "Streamable": "streamable", "TwitchVod": "twitch", "TwitchClips": "twitch", "Reddit": "reddit",
    "Soundcloud": "soundcloud", "Bluesky": "bluesky", "Pinterest": "pinterest", "TelegramEmbed": "telegram",
    "LinkedIn": "linkedin", "Tumblr": "tumblr", "VK": "vk", "Flickr": "flickr", "Facebook": "facebook", "Imgur": "imgur",
    "FacebookReel": "facebook", "VimeoReview": "vimeo", "PeerTube": "peertube", "RumbleEmbed": "rumble",
}  # fmt: skip
"""Extractors of yt-dlp of which every address is a post's."""
NOT_OURS = (
    ".onion/",
    "i.imgur.com",
    "/api/v1/videos/",
    "lequipe.fr",
    "bsky.dev",
    "vid.plus",
    "zwearz.com",
    "/events/",
    "peertube:",
    "?playlist=",
    "wayback-fakeurl",
    "newspiritualguide",
    "redirect.invidious.io/Yh0",
)
"""Bare files, sites of others, pages that hold more than one film."""


def test_what_yt_dlp_extracts_is_understood() -> None:
    """The addresses that yt-dlp is tested with: an oracle that follows the platforms for years."""
    extractor = pytest.importorskip("yt_dlp.extractor", reason="yt-dlp, the oracle, is not installed")
    cases = [(SAME[c.ie_key()], test["url"]) for c in extractor.gen_extractor_classes() if c.ie_key() in SAME
             for test in c.get_testcases(include_onlymatching=True)]  # fmt: skip
    missed = [(platform, url) for platform, url in cases
              if not any(word in url for word in NOT_OURS)
              and platform not in [p.platform for p in identify_anything(url).posts]]  # fmt: skip
    assert len(cases) > 200
    assert missed == []


def test_capture_takes_what_is_pasted() -> None:
    from embedarchive.api.commands import identify_all

    assert [p.key for p in identify_all([f"[x]({POST}) and {STATUS}", f"https://web.archive.org/web/2024/{POST}"])] == [
        IG,
        X,
        IG,
    ]
    with pytest.raises(UsageError):
        list(identify_all(["https://news.example/story"]))


# ---------------------------------------------------------------------------------------------------------------- claims

CLAIMS = {
    "words of the data before those of the element": (
        '<div class="tweet" data-attrs="{&quot;url&quot;:&quot;https://twitter.com/m/status/1530809220744073000&quot;,&quot;full_text&quot;:'
        '&quot;The words. &lt;span class=\\&quot;link\\&quot;&gt;@Other&lt;/span&gt;&quot;,&quot;username&quot;:&quot;m&quot;,'
        '&quot;date&quot;:&quot;Sun May 29 07:12:13 +0000 2022&quot;}"><a href="https://twitter.com/m/status/1530809220744073000">Other words</a>'
        '<p class="tweet-date">May 29th 2022</p></div>',
        {"text": "The words. @Other", "author_handle": "m", "posted_at": "2022-05-29T07:12:13.000Z"},
    ),
    "words that stand in no paragraph": (
        '<div class="tweet static"><a href="https://twitter.com/blader/status/1635925043736907777"><div class="tweet-header"><span '
        'class="tweet-author-name">Siqi Chen</span><span class="tweet-author-handle">@blader</span></div><div class="tweet-text">It is '
        'work.</div></a><div class="tweet-footer"><span class="tweet-date">8:44 AM ∙ Mar 15, 2023</span><span class="like-count">99</span>'
        "</div></div>",
        {"text": "It is work.", "author_name": "Siqi Chen", "author_handle": "blader", "posted_at": "2023-03-15"},
    ),
    "words before the byline of the same line": (
        '<blockquote class="twitter-tweet">Guten Tag — Mara Lind (@maralind) <a href="https://twitter.com/maralind/status/'
        '1349129669258448897">January 12, 2021</a></blockquote>',
        {"text": "Guten Tag", "author_name": "Mara Lind", "posted_at": "2021-01-12"},
    ),
    "a frame that was not closed takes nothing": (
        '<aside><iframe src="https://www.youtube.com/embed/jP6fEHm-lA0"></aside><aside><p>Get our newsletter</p><a href="/x">x</a></aside>',
        {"text": None, "author_name": None},
    ),
    "a quote that was not closed ends with its byline": (
        '<blockquote class="twitter-tweet"><p>Guten Tag</p>— Mara Lind (@maralind) <a href="https://twitter.com/maralind/status/'
        '1349129669258448897">x</a><p>— Mara Lind (@maralind)</p><p>The couple has been together since May.</p>',
        {"text": "Guten Tag"},
    ),
    "an address is no text": (
        '<blockquote class="twitter-tweet"><p><a href="https://t.co/x">https://t.co/x</a></p>— Mara (@mara) <a href="https://twitter.com'
        '/mara/status/1349129669258448897">January 12, 2021</a></blockquote>',
        {"text": None, "author_handle": "mara"},
    ),
    "a call to view the post is neither author nor text": (
        '<blockquote class="imgur-embed-pub" data-id="UDZqhJo"><a href="//imgur.com/UDZqhJo">View post on imgur.com</a></blockquote>',
        {"text": None, "author_name": None},
    ),
    "a user of Reddit is a handle": (
        '<blockquote class="reddit-embed-bq"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/a_kestrel/">A kestrel</a><br> by '
        '<a href="https://www.reddit.com/user/maralind/">u/maralind</a></blockquote>',
        {"author_handle": "maralind", "author_name": None},
    ),
    "a box that waits for consent says nothing of the post": (
        '<div class="embed" data-embed-url="https://x.com/mara/status/1349129669258448897"><p>We need your consent. <a href="/p">More</a></p></div>',
        {"text": None, "author_name": None, "author_handle": "mara"},
    ),
    "a sound and an author are no words": (
        '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@mara.lind/video/7336306383119191339"><section><a title="@mara.lind" '
        'href="https://www.tiktok.com/@mara.lind">@mara.lind</a> The kestrel <a href="https://www.tiktok.com/tag/kestrel">#kestrel</a> <a '
        'href="https://www.tiktok.com/music/x-1">♬ original sound - Mara</a></section></blockquote>',
        {"text": "The kestrel #kestrel", "author_handle": "mara.lind", "author_name": None},
    ),
    "where it is to be seen is no text": (
        '<blockquote class="mastodon-embed" data-embed-url="https://mastodon.social/@mara/109579438603578399/embed"><a href="https://mastodon.'
        'social/@mara/109579438603578399"><div>Post by @mara@mastodon.social</div><div>View on Mastodon</div></a></blockquote>',
        {"text": None, "author_handle": "mara"},
    ),
    "what stands for a picture is no text": (
        '<blockquote class="bluesky-embed" data-bluesky-uri="at://did:plc:abcdefghijklmnop/app.bsky.feed.post/3lcxjuygrwk2p"><p>It is back.<br>'
        '<a href="https://bsky.app/profile/did:plc:abcdefghijklmnop/post/3lcxjuygrwk2p">[image or embed]</a></p>— Mara Lind (<a href="https://'
        'bsky.app/profile/did:plc:abcdefghijklmnop">@mara.example</a>) <a href="https://bsky.app/profile/did:plc:abcdefghijklmnop/post/'
        '3lcxjuygrwk2p">December 10, 2024 at 9:12 PM</a></blockquote>',
        {"text": "It is back.", "author_name": "Mara Lind", "posted_at": "2024-12-10"},
    ),
    "a quote without any link still has its words": (
        '<blockquote class="twitter-tweet"><p lang="en">The kestrel is back.</p></blockquote>',
        {"text": "The kestrel is back.", "lang": "en"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CLAIMS)
def test_a_claim_is_what_the_publisher_says_of_the_post(case: str) -> None:
    markup, wanted = CLAIMS[case]
    embed = find_embeds(f"<article><p>Before.</p>{markup}").embeds[0]
    assert {name: getattr(embed.claim, name) for name in wanted} == wanted
