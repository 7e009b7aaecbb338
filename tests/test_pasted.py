"""An address pasted inside anything is understood; what names another post, or none, is not taken for one. What a publisher
says of a post is read from the post's own markup, and from nothing else."""

# ruff: noqa: E501 (addresses and markup are given as people paste and write them)

from __future__ import annotations

import re

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
    # a post's own picture
    "https://i.ytimg.com/vi/jP6fEHm-lA0/maxresdefault.jpg": [YT],
    "https://img.youtube.com/vi/jP6fEHm-lA0/0.jpg": [YT],
    "https://i3.ytimg.com/vi_webp/jP6fEHm-lA0/hqdefault.webp?x=1": [YT],
    f"{POST}media/?size=l": [IG],
    # mirrors, fixers and syndication
    "https://imginn.org/p/BwiVvR9lD0m/": [IG],
    "https://proxigram.example/p/BwiVvR9lD0m": [IG],
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


# ------------------------------------------------------------------------------------------------ old, current, and none

FORMS = """
https://www.instagram.com/reels/C1a2B3c4D5e/ instagram:C1a2B3c4D5e
https://www.instagram.com/mara.lind/reel/C1a2B3c4D5e/ instagram:C1a2B3c4D5e
https://instagram.com/tv/C1a2B3c4D5e?igshid=x instagram:C1a2B3c4D5e
https://www.facebook.com/photo/?fbid=928812574504508&set=a.1 facebook:928812574504508
https://www.facebook.com/rookfield/photos/a.123456/928812574504508/?type=3 facebook:928812574504508
https://www.facebook.com/groups/birds/permalink/928812574504508/ facebook:928812574504508
https://m.facebook.com/story.php?story_fbid=928812574504508&id=123 facebook:928812574504508
https://www.facebook.com/rookfield/videos/vb.123/928812574504508/?theater facebook:928812574504508
https://www.facebook.com/groups/birds/posts/928812574504508/?comment_id=1 facebook:928812574504508
https://www.facebook.com/watch?v=928812574504508 facebook:928812574504508
https://www.facebook.com/video.php?v=928812574504508 facebook:928812574504508
https://www.facebook.com/reel/928812574504508 facebook:928812574504508
https://www.facebook.com/100064/posts/pfbid02abcDEFghiJKLmnop/ facebook:pfbid02abcDEFghiJKLmnop
https://www.facebook.com/share/r/1AbCdEfGh/ facebook:https://www.facebook.com/share/r/1AbCdEfGh/
https://www.facebook.com/events/928812574504508/ -
https://www.facebook.com/media/set/?set=a.928812574504508&type=3 -
https://www.facebook.com/hashtag/kestrel -
https://www.facebook.com/profile.php?id=100064 -
https://mobile.twitter.com/mara/statuses/1349129669258448897?s=19 x:1349129669258448897
https://twitter.com/mara/status/1349129669258448897/photo/1 x:1349129669258448897
https://x.com/mara/status/1349129669258448897/analytics x:1349129669258448897
https://twitter.com/i/web/status/1349129669258448897 x:1349129669258448897
https://twitter.com/#!/mara/status/1349129669258448897 x:1349129669258448897
https://x.com/i/spaces/1vOGwqejwoWxB -
https://x.com/i/broadcasts/1vOGwqejwoWxB -
https://x.com/i/lists/1349129669258448897 -
https://x.com/i/events/1349129669258448897 -
https://twitter.com/intent/tweet?in_reply_to=1349129669258448897 -
https://x.com/i/communities/1349129669258448897 -
https://x.com/search?q=1349129669258448897 -
https://x.com/i/trending/1349129669258448897 -
https://pbs.twimg.com/media/EkAbCdEf.jpg -
https://www.tiktok.com/@mara.lind/photo/7336306383119191339 tiktok:7336306383119191339
https://m.tiktok.com/v/7336306383119191339.html tiktok:7336306383119191339
https://www.tiktok.com/embed/v3/7336306383119191339 tiktok:7336306383119191339
https://www.tiktok.com/@mara.lind/live -
https://www.tiktok.com/music/x-7336306383119191339 -
https://www.tiktok.com/tag/kestrel -
https://www.tiktok.com/share/video/7336306383119191339 tiktok:7336306383119191339
https://www.tiktok.com/@mara/video/7336306383119191339?is_from_webapp=1&sender_device=pc tiktok:7336306383119191339
https://www.tiktok.com/foryou?item_id=7336306383119191339#/@x/video/7336306383119191339 tiktok:7336306383119191339
https://www.tiktok.com/discover/kestrel -
https://www.tiktok.com/@mara/collection/x-7336306383119191339 -
https://www.tiktok.com/@mara/playlist/x-7336306383119191339 -
https://www.youtube.com/watch?feature=youtu.be&v=jP6fEHm-lA0&t=1 youtube:jP6fEHm-lA0
https://youtube.com/shorts/jP6fEHm-lA0?feature=share youtube:jP6fEHm-lA0
https://music.youtube.com/watch?v=jP6fEHm-lA0 youtube:jP6fEHm-lA0
https://www.youtube.com/live/jP6fEHm-lA0?si=x youtube:jP6fEHm-lA0
https://www.youtube.com/v/jP6fEHm-lA0?version=3 youtube:jP6fEHm-lA0
https://www.youtube.com/attribution_link?a=x&u=/watch%3Fv%3DjP6fEHm-lA0 youtube:jP6fEHm-lA0
https://www.youtube.com/user/mara#p/u/1/jP6fEHm-lA0 youtube:jP6fEHm-lA0
https://www.youtube.com/watch_popup?v=jP6fEHm-lA0 youtube:jP6fEHm-lA0
https://www.youtube.com/channel/UCabcdefghijk -
https://www.youtube.com/@kestrels1234 -
https://www.youtube.com/playlist?list=PLjP6fEHm-lA0 -
https://www.youtube.com/c/kestrelvideo -
https://www.youtube.com/post/UgkxjP6fEHmlA0 -
https://www.youtube.com/feed/trending -
https://www.youtube.com/results?search_query=x -
https://www.youtube.com/embed/live_stream?channel=UC -
https://www.youtube.com/hashtag/kestrelbird -
https://www.youtube.com/clip/UgkxAbCdEfGhIjKl -
https://youtu.be/kestrels -
https://www.reddit.com/r/birds/comments/1ab2cd reddit:1ab2cd
https://reddit.com/1ab2cd -
https://www.reddit.com/r/birds/wiki/index -
https://www.reddit.com/r/birds/comments/ -
https://www.reddit.com/r/birds/comments/1ab2cd/comment/kxyz12/ reddit:1ab2cd/kxyz12
https://np.reddit.com/r/birds/comments/1ab2cd/x/ reddit:1ab2cd
https://www.reddit.com/user/mara/comments/ -
https://v.redd.it/1ab2cd3ef4gh5 reddit:https://v.redd.it/1ab2cd3ef4gh5
https://www.reddit.com/r/birds/s/AbCdEfGhIj reddit:https://www.reddit.com/r/birds/s/AbCdEfGhIj
https://www.reddit.com/gallery/1ab2cd reddit:1ab2cd
https://www.reddit.com/poll/1ab2cd reddit:1ab2cd
https://mastodon.social/deck/@mara/109579438603578399 mastodon:mastodon.social/109579438603578399
https://mastodon.social/web/@mara/109579438603578399 mastodon:mastodon.social/109579438603578399
https://mastodon.social/@mara@other.example/109579438603578399 mastodon:mastodon.social/109579438603578399
https://mastodon.social/@mara/tagged/kestrel -
https://mastodon.social/tags/kestrel -
https://mastodon.social/users/mara/statuses/109579438603578399/activity mastodon:mastodon.social/109579438603578399
https://rumble.com/shorts/v5abcd rumble:https://rumble.com/shorts/v5abcd
https://rumble.com/c/Kestrel -
https://rumble.com/user/vkestrel -
https://rumble.com/videos -
https://rumble.com/videos/trending -
https://rumble.com/live -
https://rumble.com/editor-picks -
https://rumble.com/vkestrels -
https://imgur.com/user/mara -
https://imgur.com/rules -
https://imgur.com/apps -
https://imgur.com/search?q=x -
https://imgur.com/t/funny -
https://imgur.com/new/time -
https://imgur.com/hot/viral -
https://imgur.com/tos -
https://imgur.com/topic/Aww/UDZqhJo imgur:a/UDZqhJo
https://imgur.com/UDZqhJo imgur:UDZqhJo
https://imgur.com/a/UDZqhJo#0 imgur:a/UDZqhJo
https://m.imgur.com/gallery/UDZqhJo imgur:a/UDZqhJo
https://imgur.com/r/pics/UDZqhJo imgur:UDZqhJo
https://imgur.com/gallery/hot -
https://imgur.com/t/memes/hot -
https://streamable.com/login -
https://streamable.com/documentation -
https://streamable.com/careers -
https://streamable.com/moo streamable:moo
https://streamable.com/s/moo12x/abcdef streamable:moo12x
https://streamable.com/enterprise -
https://streamable.com/contact -
https://streamable.com/video-editor -
https://soundcloud.com/mara/kestrel-song soundcloud:mara/kestrel-song
https://soundcloud.com/mara/sets/heath soundcloud:mara/sets/heath
https://soundcloud.com/mara/toptracks -
https://soundcloud.com/pages/contact -
https://soundcloud.com/pro/next -
https://soundcloud.com/charts/top -
https://m.soundcloud.com/mara/kestrel-song soundcloud:mara/kestrel-song
https://soundcloud.com/tags/ambient -
https://soundcloud.com/terms-of-use -
https://help.soundcloud.com/hc/en -
https://blog.soundcloud.com/2020/kestrel -
https://api.soundcloud.com/users/12345 -
https://community.soundcloud.com/a/b -
https://developers.soundcloud.com/docs/api -
https://vimeo.com/channels/staffpicks/879269983 vimeo:879269983
https://vimeo.com/879269983/ab12cd34ef vimeo:879269983
https://vimeo.com/event/12345678 -
https://vimeo.com/user12345678 -
https://vimeo.com/categories/animation -
https://vimeo.com/showcase/12345678 -
https://vimeo.com/album/12345678 -
https://vimeo.com/blog/post/x -
https://vimeo.com/manage/videos/879269983 vimeo:879269983
https://www.dailymotion.com/playlist/x5nmbq -
https://www.dailymotion.com/video/x67iqc9_kestrel_animals dailymotion:x67iqc9
https://www.dailymotion.com/embed/video/x67iqc9?autoplay=1 dailymotion:x67iqc9
https://geo.dailymotion.com/player.html?video=x67iqc9 dailymotion:x67iqc9
https://geo.dailymotion.com/player/xb2l3.html?video=x67iqc9 dailymotion:x67iqc9
https://www.dailymotion.com/kestrels -
https://www.dailymotion.com/topic/x1abc -
https://www.dailymotion.com/hub/x9q_Galatasaray#video=x67iqc9 dailymotion:x67iqc9
https://t.me/chan/12 telegram:chan/12
https://t.me/s/chan -
https://t.me/joinchat/AAAA -
https://t.me/c/1234567/12 -
https://t.me/chan/12?single telegram:chan/12
https://t.me/addstickers/12 -
https://t.me/boost/12 -
https://www.linkedin.com/posts/mara_kestrel-activity-7123456789012345678-AbCd linkedin:urn:li:activity:7123456789012345678
https://www.linkedin.com/feed/update/urn:li:activity:7123456789012345678/?commentUrn=x linkedin:urn:li:activity:7123456789012345678
https://www.linkedin.com/pulse/kestrel-mara -
https://www.linkedin.com/feed/?highlightedUpdateUrns=urn%3Ali%3Aactivity%3A7123456789012345678 linkedin:urn:li:activity:7123456789012345678
https://www.linkedin.com/in/mara -
https://www.linkedin.com/company/x/posts/ -
https://www.linkedin.com/video/live/urn:li:ugcPost:7123456789012345678/ linkedin:urn:li:ugcPost:7123456789012345678
https://www.pinterest.de/pin/kestrel--441282463481903715/ pinterest:441282463481903715
https://www.pinterest.com/mara/birds/ -
https://www.pinterest.com/pin/create/button/?url=x -
https://pin.it/AbCdEf1 pinterest:https://pin.it/AbCdEf1
https://giphy.com/clips/kestrel-3o7TKsQ8gqVrXhq5Ha giphy:3o7TKsQ8gqVrXhq5Ha
https://media.giphy.com/media/3o7TKsQ8gqVrXhq5Ha/giphy.gif -
https://giphy.com/search/kestrel -
https://giphy.com/explore/kestrel -
https://giphy.com/gifs -
https://giphy.com/stickers/trending -
https://open.spotify.com/intl-pt-BR/track/5xPxMLvzGXqfOD5hZ0h3or spotify:track/5xPxMLvzGXqfOD5hZ0h3or
https://open.spotify.com/user/mara -
https://open.spotify.com/user/mara/playlist/5xPxMLvzGXqfOD5hZ0h3or spotify:playlist/5xPxMLvzGXqfOD5hZ0h3or
https://open.spotify.com/genre/section0JQ5DAqbMKFEC4WFtoNRpw -
https://clips.twitch.tv/HappyOtterOnTheHeath twitch:HappyOtterOnTheHeath
https://www.twitch.tv/mara/v/123456789 twitch:v123456789
https://www.twitch.tv/mara -
https://www.twitch.tv/directory/game/x -
https://m.twitch.tv/clip/HappyOtterOnTheHeath twitch:HappyOtterOnTheHeath
https://www.twitch.tv/mara/clips -
https://clips.twitch.tv/create -
https://mara.tumblr.com/image/767123456789012345 tumblr:767123456789012345
https://www.tumblr.com/dashboard/blog/mara/767123456789012345 tumblr:767123456789012345
https://www.tumblr.com/mara/767123456789012345/kestrel?source=share tumblr:767123456789012345
https://www.tumblr.com/tagged/kestrel -
https://mara.tumblr.com/archive/2020/1 -
https://bsky.app/profile/mara.example -
https://bsky.app/profile/mara.example/feed/abc -
https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p/liked-by bluesky:mara.example/3lcxjuygrwk2p
https://main.bsky.dev/profile/mara.example/post/3lcxjuygrwk2p -
https://www.threads.com/@mara.lind/post/DDYEM_foiI1/media threads:DDYEM_foiI1
https://www.threads.net/@mara.lind -
https://www.threads.net/t/DDYEM_foiI1 threads:DDYEM_foiI1
https://www.threads.net/search?q=x -
https://vk.com/clips-12345?z=clip-12345_678 vk:video-12345_678
https://vk.com/feed?w=wall-12345_678 vk:wall-12345_678
https://m.vk.com/wall-12345_678?reply=9 vk:wall-12345_678
https://vk.com/video/playlist/-1_2 -
https://vk.com/album-12345_678 -
https://vk.com/topic-12345_678 -
https://www.snapchat.com/add/mara -
https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY snapchat:spotlight/W7_EDlXWTBiXAEEniNoMPwAAY
https://t.snapchat.com/AbCdEfGh snapchat:https://t.snapchat.com/AbCdEfGh
https://www.flickr.com/photos/12345%40N00/51234567890/ flickr:51234567890
https://www.flickr.com/photos/mara/albums/72157719 -
https://www.flickr.com/photos/mara/sets/72157719/ -
https://www.flickr.com/groups/birds/ -
https://truthsocial.com/@mara -
https://truthsocial.com/group/1/posts/113628000000000000 truthsocial:113628000000000000
https://fxbsky.app/profile/mara.example/post/3lcxjuygrwk2p bluesky:mara.example/3lcxjuygrwk2p
https://www.kkinstagram.com/reel/C1a2B3c4D5e/ instagram:C1a2B3c4D5e
https://d.ddinstagram.com/reel/C1a2B3c4D5e/ instagram:C1a2B3c4D5e
https://nitter.privacydev.net/mara/status/1349129669258448897#m x:1349129669258448897
https://libreddit.kavin.rocks/r/birds/comments/1ab2cd/x reddit:1ab2cd
https://piped.video/watch?v=jP6fEHm-lA0 youtube:jP6fEHm-lA0
https://yewtu.be/jP6fEHm-lA0 youtube:jP6fEHm-lA0
https://www.tnktok.com/@mara/video/7336306383119191339 tiktok:7336306383119191339
https://fixupx.com/mara/status/1349129669258448897/en x:1349129669258448897
https://vxthreads.net/@mara/post/DDYEM_foiI1 threads:DDYEM_foiI1
"""
"""An address, and the post that it names (`-` for a page of the site that is none)."""


def test_old_and_current_forms_name_their_posts_and_pages_of_the_site_none() -> None:
    wrong = {}
    for line in FORMS.split("\n")[1:-1]:
        address, _, key = line.rpartition(" ")
        named = [post.key for post in identify_anything(address).posts]
        if named != ([] if key == "-" else [key]):
            wrong[address] = named
    assert wrong == {}


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


POSTS_OF_GALLERY_DL = frozenset(
    ("post", "tweet", "status", "submission", "pin", "photo", "reel", "album", "gallery", "note")
)


def test_what_gallery_dl_extracts_is_the_same_post() -> None:
    """Another oracle: where it takes an address for a post's, it reads the same id out of it."""
    extractor = pytest.importorskip("gallery_dl.extractor", reason="gallery-dl, the oracle, is not installed")
    other, agreed = {}, 0
    for line in FORMS.split("\n")[1:-1]:
        address, _, key = line.rpartition(" ")
        found = extractor.find(address)
        if found is None or found.subcategory not in POSTS_OF_GALLERY_DL or key == "-":
            continue
        read = "/".join(group for group in found.groups if group)
        agreed += 1
        if re.split("[/:_]", key)[-1] not in (read, *re.split("[/_-]", read)) and f"{found.groups[-1]}/" not in key:
            other[address] = read
    assert agreed > 15
    assert other == {}


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
    "the title of a thread is what its link says": (
        '<blockquote class="reddit-card"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/a_kestrel/">A kestrel</a> from <a href="http://www.'
        'reddit.com/r/birds">birds</a></blockquote>',
        {"text": "A kestrel", "author_name": None},
    ),
    "a comment in a thread has no title": (
        '<blockquote class="reddit-embed-bq"><a href="https://www.reddit.com/r/birds/comments/1ab2cd/comment/kxyz12/">Comment</a><br> by<a href="https'
        '://www.reddit.com/user/mara/">u/mara</a> from discussion<a href="https://www.reddit.com/r/birds/comments/1ab2cd/a_kestrel/"></a><br> in<a '
        'href="https://www.reddit.com/r/birds/">birds</a></blockquote>',
        {"text": None, "author_handle": "mara"},
    ),
    "a card that only says whose post it is has no words": (
        '<blockquote class="text-post-media" data-text-post-permalink="https://www.threads.net/@mara.lind/post/DDYEM_foiI1"><a href="https://www.'
        'threads.net/@mara.lind/post/DDYEM_foiI1"><div><div>Post by @mara.lind</div><div>View on</div><div>Threads</div></div></a></blockquote>',
        {"text": None, "author_handle": "mara.lind"},
    ),
    "a date behind a weekday": (
        '<div class="fb-post" data-href="https://www.facebook.com/rookfield/posts/928812574504508"><blockquote cite="x"><p>It is back.</p>Posted by <a '
        'href="https://facebook.com/rookfield">Rook Field</a> on&nbsp;<a href="https://www.facebook.com/rookfield/posts/928812574504508">Friday, '
        'January 1, 2016</a></blockquote></div>',
        {"text": "It is back.", "author_name": "Rook Field", "posted_at": "2016-01-01"},
    ),
    "a date that is no link": (
        '<div class="fb-video" data-href="https://www.facebook.com/rookfield/videos/928812574504508"><blockquote><p>It is back.</p>Gepostet von <a '
        'href="https://facebook.com/rookfield">Rook Field</a> am Montag, 4. Januar 2016</blockquote></div>',
        {"text": "It is back.", "posted_at": "2016-01-04"},
    ),
    "a date of the words themselves is not the post's": (
        '<blockquote class="twitter-tweet"><p>The concert is on 4 January 2016</p>— Mara (@mara) <a href="https://twitter.com/mara/status/'
        '1349129669258448897">View</a></blockquote>',
        {"text": "The concert is on 4 January 2016", "posted_at": None},
    ),
    "a post that was drawn anew": (
        '<div class="ltag__twitter-tweet__main" data-url="https://twitter.com/maralind/status/1349129669258448897"><div class="ltag__twitter-tweet'
        '__full-name">Mara Lind</div><div class="ltag__twitter-tweet__username">@maralind</div><div class="ltag__twitter-tweet__body">It is back.'
        '</div><div class="ltag__twitter-tweet__date">22:13 PM - 12 Jan 2021</div></div>',
        {"text": "It is back.", "author_name": "Mara Lind", "author_handle": "maralind", "posted_at": "2021-01-12"},
    ),
    "a service's name is no author's": (
        '<script>window.S={"b":[{"type":"embed","name":"Snapchat","contentLink":"https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY"}]}</script>',
        {"author_name": None, "text": None},
    ),
    "the title of a post's page without its words": (
        '<script>window.S={"m":{"title":"Jeremy Gayed on Twitter","iframeSrc":"https://cdn.embedly.com/widgets/media.html?url=https%3A%2F%2Ftwitter.com%2Fm'
        '%2Fstatus%2F1349129669258448897"}}</script>',
        {"author_name": "Jeremy Gayed", "text": None},
    ),
    "the data of another attribute": (
        '<div class="quill-tweet" data-url="https://twitter.com/paulg/status/1349129669258448897" data-tweet="{&quot;data&quot;:{&quot;text&quot;:&quot;It is '
        'back.&quot;,&quot;id&quot;:&quot;1349129669258448897&quot;,&quot;created_at&quot;:&quot;2021-01-12T22:13:41.000Z&quot;}}"></div>',
        {"text": "It is back.", "author_handle": "paulg", "posted_at": "2021-01-12T22:13:41.000Z"},
    ),
    "the title of a post's page": (
        '<div class="instagram" data-attrs="{&quot;instagram_id&quot;:&quot;C1a2B3c4D5e&quot;,&quot;title&quot;:&quot;Mara Lind on Instagram: \\&quot;It is'
        ' back.\\&quot;&quot;,&quot;author_name&quot;:&quot;@mara.lind&quot;}" data-component-name="InstagramToDOM"></div>',
        {"text": "It is back.", "author_name": "Mara Lind", "author_handle": "mara.lind"},
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
