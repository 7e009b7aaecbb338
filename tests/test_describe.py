"""What a saved page says, field by field, against hand-written cards and real saved ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedarchive.core.model import Answer, Description, Page, Post
from embedarchive.platforms import instagram
from embedarchive.platforms.kit.fields import (
    find_key,
    merge_readings,
    parse_html,
    read_json,
    read_json_after,
    read_json_ld,
    read_meta,
    read_rich_text,
    read_srcset,
)

SAVED = Path(__file__).parents[2] / "shared" / "fixtures" / "instagram"
CODE = instagram.shortcode_of(3_500_000_000_000_000_000)
PK = str(instagram.media_id(CODE))


def saved(name: str) -> str:
    if not SAVED.is_dir():
        pytest.skip("../shared is not here")
    return (SAVED / name).read_text()


def page_of(body: str, code: str = CODE, *answers: Answer) -> tuple[Page, Post]:
    url = f"https://www.instagram.com/p/{code}/embed/captioned/"
    return Page(url, url, 200, body=body, answers=answers), Post("instagram", code, instagram.canonical(code))


def describe(body: str, code: str = CODE, *answers: Answer) -> Description:
    return instagram.describe(*page_of(body, code, *answers))


def card(caption: str = "Hello", *, media: str = "", header: str = "", kind: str = "GraphImage", pk: str = PK) -> str:
    """A card in the shape that the frame has, with an invented account."""
    head = header or '<a class="Username" href="/rook.field/"><span class="UsernameText">rook.field</span></a>'
    return f"""<div class="Embed" data-media-id="{pk}" data-media-type="{kind}"
      data-permalink="https://www.instagram.com/p/{CODE}/"><div class="Header"><div class="HeaderText">{head}
      <div class="HeaderSecondaryContent"><span class="FollowerCountText">1.4M followers</span></div></div></div>
      <div class="Content">{media}</div><div class="SocialProof"><a>4,737 likes</a></div>
      <div class="Caption"><a class="CaptionUsername" href="/rook.field/?u=1">rook.field</a><br><br>{caption}
      <div class="CaptionComments"><a class="CaptionCommentsExpand">View all 30 comments</a></div></div>
      <div class="Footer"></div></div>"""


# --------------------------------------------------------------------------------------------------- Instagram, by hand


def test_a_photo_is_read_from_its_markup_alone() -> None:
    said = describe(card('One<br>two <a href="/explore/tags/sea/?utm_source=ig">#sea</a>'))
    assert (said.kind, said.author_handle, said.author_followers) == ("photo", "rook.field", 1_400_000)
    assert (said.likes, said.comments, said.author_verified) == (4737, 30, False)
    assert said.text == "One\ntwo #sea"
    assert said.text_html == 'One<br>two <a href="https://www.instagram.com/explore/tags/sea/">#sea</a>'
    assert said.posted_at == instagram.date(CODE)
    assert said.sources["posted_at"] == "id"
    assert said.sources["text"] == "markup"


def test_the_widest_picture_that_is_no_crop_is_taken_unescaped() -> None:
    srcset = "https://cdn.example/a?stp=c0.1.9.9a_s1080x1080&amp;x=1 1080w,https://cdn.example/b?stp=e35&amp;x=2 900w"
    image = (
        f'<img class="EmbeddedMediaImage" src="https://cdn.example/c?stp=s640x640" srcset="{srcset}" alt="Two boats">'
    )
    picture = describe(card(media=image)).media[0]
    assert (picture.url, picture.width, picture.alt) == ("https://cdn.example/b?stp=e35&x=2", 900, "Two boats")


def test_links_that_run_script_are_text_only() -> None:
    said = describe(
        card('<a href="javascript:alert(1)">x</a> <script>alert(2)</script>&lt;b&gt;<b onclick="y">bold</b>')
    )
    assert said.text == "x <b>bold"
    assert said.text_html == "x &lt;b&gt;bold"


@pytest.mark.parametrize("name", ["shortcode_media", "xdt_shortcode_media"])
@pytest.mark.parametrize("shape", ["context", "additional", "shared"])
def test_every_age_of_the_media_object_is_read(name: str, shape: str) -> None:
    media = {"__typename": "XDTGraphVideo", "is_video": True, "video_url": "https://cdn.example/v.mp4"}
    media |= {"product_type": "clips", "video_duration": 3, "display_url": "https://cdn.example/p.jpg"}
    media |= {"owner": {"username": "rook.field", "is_verified": True}, "dimensions": {"width": 9, "height": 16}}
    wrapped = {"gql_data": {name: media}} if shape == "context" else {"graphql": {name: media}}
    text = json.dumps(wrapped)
    script = {
        "context": f'{{"contextJSON":{json.dumps(text)}}}',
        "additional": f"window.__additionalDataLoaded('extra',{text});",
        "shared": f"window._sharedData = {text};",
    }[shape]
    said = describe(card(kind="GraphVideo") + f"<script>{script}</script>")
    assert (said.kind, said.author_verified, said.sources["media"]) == ("reel", True, "contextJSON")
    assert [(m.role, m.position, m.url, m.width) for m in said.media] == [
        ("media", 1, "https://cdn.example/v.mp4", 9),
        ("poster", 1, "https://cdn.example/p.jpg", 9),
    ]


@pytest.mark.parametrize(
    "bad", ['"{"', '"[]"', '"null"', "null", '"{\\"gql_data\\":{\\"shortcode_media\\":7}}"', '"\\ud800"']
)
def test_a_broken_media_object_leaves_the_markup(bad: str) -> None:
    said = describe(card("Still here") + f'<script>{{"contextJSON":{bad}}}</script>')
    assert said.text == "Still here"


def test_wrong_types_in_the_media_object_are_not_believed() -> None:
    media = {"owner": 7, "edge_liked_by": {"count": "many"}, "edge_media_to_comment": {"count": -1}, "is_video": "no"}
    media |= {
        "video_view_count": 2**70,
        "dimensions": [],
        "display_resources": 5,
        "edge_sidecar_to_children": {"edges": 3},
    }
    text = json.dumps(json.dumps({"shortcode_media": media, "context": []}))
    said = describe(card() + f'<script>{{"contextJSON":{text}}}</script>')
    assert (said.likes, said.comments, said.views, said.author_handle) == (4737, 30, None, "rook.field")


def test_nothing_of_another_post_is_described() -> None:
    said = describe(card("Not yours", pk="123"))
    assert (said.text, said.author_handle, said.media) == (None, None, ())
    assert said.posted_at


# ------------------------------------------------------------------------------------------------ Instagram, real pages


def test_real_photo() -> None:
    said = describe(saved("instagram-single.html"), "C79gQqLpkul")
    assert (said.kind, said.author_handle, said.author_verified) == ("photo", "nasajpl", True)
    assert (said.author_followers, said.likes, said.comments) == (1_400_000, 4737, 30)
    assert said.text
    assert said.text.startswith("That’s us. That’s home.\n\nIt’s #WorldOceansDay, so tell us")
    assert said.text.endswith("Earths rotation and atmospheric dynamics.")
    assert [(m.role, m.width) for m in said.media] == [("media", 799), ("avatar", None)]
    assert "&amp;" not in said.media[0].url
    assert said.posted_at == "2024-06-08T16:13:17.936Z"


def test_real_carousel() -> None:
    said = describe(saved("instagram-carousel.html"), "DaQ5CPTki4E")
    assert (said.kind, said.author_handle, said.collaborators) == ("carousel", "nasajpl", ("nasasolarsystem",))
    assert (said.author_verified, said.author_followers, said.likes, said.comments) == (True, 1_449_115, 7130, 27)
    slides = [m for m in said.media if m.role == "media"]
    assert [m.position for m in slides] == list(range(1, 11))
    assert [m.position for m in said.media if m.role == "poster"] == [3, 5, 7, 9]
    assert [m.position for m in slides if ".mp4" in m.url] == [3, 5, 7, 9]
    assert not any("stp=c" in m.url for m in said.media)
    assert said.alt_text == "Photograph of the Milky Way over Strawberry, Utah with overlaid text."


def test_real_reel() -> None:
    said = describe(saved("instagram-reel.html"), "Da5ynsiuAZ_")
    assert (said.kind, said.collaborators, said.audio) == ("reel", ("nasa",), "nasajpl · Original audio")
    video, poster, avatar = said.media
    assert (video.role, video.duration_s, video.width, video.height) == ("media", 75.492, 898, 1594)
    assert (poster.role, avatar.role, said.views) == ("poster", "avatar", None)


def test_real_reel_without_rights() -> None:
    said = describe(saved("instagram-copyright-blocked.html"), "DbN6SsKum-9")
    assert (said.text, said.audio) == ("Tomas o trem 🚂", "Thomas & Friends, Mattel · Thomas Theme (Reprise)")
    assert [(m.role, m.missing) for m in said.media] == [
        ("media", "copyright_blocked"),
        ("poster", None),
        ("avatar", None),
    ]


def test_real_refused_embed_is_described_from_the_full_page() -> None:
    full = Answer("page", "u", 200, "u", saved("instagram-fullpage-public.html"))
    said = describe(saved("instagram-embed-shell.html"), "DZghoo7PAzi", full)
    assert (said.author_name, said.author_handle) == ("Drew’s Datsun", "fixture8.example")
    assert said.text
    assert said.text.startswith("You had to PAY")
    assert set(said.sources.values()) == {"id", "og"}


# ------------------------------------------------------------------------------------------------------- shared readers


def test_the_first_reading_that_has_a_field_wins() -> None:
    said = merge_readings(("a", {"text": None, "likes": 0}), ("b", {"text": "x", "likes": 9, "audio": ""}))
    assert (said.text, said.likes, said.audio) == ("x", 0, None)
    assert said.sources == {"text": "b", "likes": "a"}


def test_srcset_urls_may_hold_commas() -> None:
    assert read_srcset("https://a.example/x,y.jpg 640w, b.jpg 2x,c.jpg") == (
        ("https://a.example/x,y.jpg", 640),
        ("b.jpg", 0),
        ("c.jpg", 0),
    )


def test_meta_keeps_the_first_of_a_name() -> None:
    html = '<meta property="og:title" content="A &amp; B"><meta property="og:title" content="C">'
    html += "<link rel=canonical href=/x>"
    assert read_meta(parse_html(html)) == {"og:title": "A & B", "canonical": "/x"}


def test_json_ld_unfolds_graphs_and_passes_over_broken_ones() -> None:
    html = """<script type="application/ld+json">{"@graph":[{"@type":"A"},3]}</script>
      <script type="application/ld+json">{oops</script><script type="application/ld+json">[{"@type":"B"}]</script>"""
    assert [item["@type"] for item in read_json_ld(parse_html(html))] == ["A", "B"]


def test_deep_json_is_not_found_rather_than_fatal() -> None:
    assert read_json("[" * 100_000) is None
    assert read_json_after("x = " + "[" * 100_000, "x = ") is None
    assert read_json("9" * 10_000) is None


def test_find_key_takes_the_shallowest() -> None:
    assert find_key({"a": [{"m": {"n": 1}}], "b": {"m": {"n": 2}}}, ["m"]) == {"n": 2}
    assert find_key([[[1]]], ["m"]) is None


def test_rich_text_survives_deep_nesting() -> None:
    tree = parse_html("<div>" + "<b>" * 400 + "x" + "</b>" * 400 + "</div>")
    assert tree.body
    assert read_rich_text(tree.body, "https://a.example/")[0] == "x"


@given(st.text())
def test_reading_rich_text_never_lets_markup_through(text: str) -> None:
    tree = parse_html(f"<p>{text}</p>")
    assert tree.body
    rich = read_rich_text(tree.body, "https://a.example/")[1]
    again = parse_html(rich)
    assert again.body
    assert {n.tag for n in again.body.css("*")} <= {"body", "a", "br"}
