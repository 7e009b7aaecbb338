"""How articles carry a post: one function for each shape of markup seen in the wild. Pure.

Names follow the shape, not a publisher. `FORMS` are embeds; `NOT_EMBEDS` only look like them.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from embedarchive.replica.facts import PostFact
from embedarchive.replica.markup.carriers import (
    arc_state,
    bare_url,
    base64_attribute,
    base64_template,
    block,
    block_json,
    blog_figure,
    consent_escaped,
    embedly,
    emptied,
    forum,
    ghost_card,
    instant_article,
    json_attribute,
    newsletter,
    next_state,
    nuxt_state,
    oembed_api,
    oembed_attribute,
    oembed_figure,
    own_embed_page,
    parked_iframe,
    parked_script,
    percent_encoded,
    srcdoc,
    wp_bare_url,
    wp_quote,
)
from embedarchive.replica.markup.quotes import (
    amp,
    bare_page_iframe,
    class_stripped,
    data_stripped,
    empty_quote,
    extra_classes,
    iframe,
    profile_iframe,
    rendered,
    v4,
    v7,
    v8,
    v12,
    v14,
)

FORMS: dict[str, Callable[[PostFact], str]] = {
    "01-v14": v14,
    "02-v12": v12,
    "03-v8": v8,
    "04-v7": v7,
    "05-v4": v4,
    "06-empty-quote": empty_quote,
    "07-time-stripped": lambda post: v12(post, with_time=False),
    "08-class-stripped": class_stripped,
    "09-data-stripped": data_stripped,
    "10-extra-classes": extra_classes,
    "11-rendered": rendered,
    "12-iframe": iframe,
    "12b-iframe-short-host": lambda post: iframe(post, "embed", "http://instagr.am"),
    "12c-iframe-with-user": lambda post: iframe(post, "embed/", f"//www.instagram.com/{post.author.handle}"),
    "13-bare-page-iframe": bare_page_iframe,
    "14-profile-iframe": profile_iframe,
    "15-amp": amp,
    "16a-wp-quote": wp_quote,
    "16b-wp-iframe": lambda post: block(iframe(post)),
    "16c-wp-bare-url": wp_bare_url,
    "17-bare-url": bare_url,
    "18-consent-escaped": consent_escaped,
    "19-percent-encoded": percent_encoded,
    "20-json-attribute": json_attribute,
    "21-oembed-api": oembed_api,
    "22-base64-template": base64_template,
    "23-base64-attribute": base64_attribute,
    "24-parked-iframe": parked_iframe,
    "24b-parked-cookiebot": lambda post: parked_iframe(post, "data-cookieblock-src"),
    "24c-parked-complianz": lambda post: parked_iframe(post, "data-src-cmplz"),
    "25-parked-script": parked_script,
    "26-newsletter": newsletter,
    "27-blog-figure": blog_figure,
    "28-oembed-figure": oembed_figure,
    "28b-oembed-attribute": oembed_attribute,
    "29-embedly": embedly,
    "30-own-embed-page": own_embed_page,
    "31-forum": forum,
    "32-arc-state": arc_state,
    "33-next-state": next_state,
    "34-nuxt-state": nuxt_state,
    "35-instant-article": instant_article,
    "36-ghost-card": ghost_card,
    "36b-block-json": block_json,
    "36c-srcdoc": srcdoc,
    "37-emptied": emptied,
}
"""Every shape that carries an Instagram post, in the order of our notes."""


def _feed_tile(post: PostFact) -> str:
    return (
        f'<div id="sbi_images"><div class="sbi_item sbi_type_image" id="sbi_{post.media_id}"><a class="sbi_photo" '
        f'href="{post.url}" target="_blank"><img src="/img/tile.svg" alt=""></a></div></div>'
    )


NOT_EMBEDS: dict[str, Callable[[PostFact], str]] = {
    "01-feed-widget": _feed_tile,
    "02-sidebar-images": lambda p: (
        f'<div class="wpcom-instagram-images"><a href="{p.url}"><img alt="" src="/t.svg"></a></div>'
    ),
    "03-automated-images": lambda p: f'<div class="ifttt-instagram-images"><a href="{p.url}"><img alt=""></a></div>',
    "04-pics-widget": lambda p: f'<ul class="instagram-pics"><li><a href="{p.url}"><img alt=""></a></li></ul>',
    "05-media-link": lambda p: f'<div class="zoom-instagram-widget"><img src="{p.url}media/?size=t" alt=""></div>',
    "06-photo-credit": lambda p: (
        f'<figure><img src="/x.svg" alt=""><figcaption>Photo: <a href="{p.url}">@{p.author.handle}</a>'
        "</figcaption></figure>"
    ),
    "07-same-as": lambda p: (
        '<script type="application/ld+json">'
        + json.dumps({"@type": "Person", "sameAs": [f"{p.url}?utm_source=ig_embed"]})
        + "</script>"
    ),
    "08-share-button": lambda p: f'<a class="share-instagram" href="{p.url}" title="Share">Partager sur Instagram</a>',
    "09-gallery-link": lambda p: (
        f'<div class="sqs-gallery"><a class="image-slide-anchor" href="{p.url}"><img alt=""></a></div>'
    ),
    "10-prose-link": lambda p: f'<p>She wrote about it <a href="{p.url}">on Instagram</a> last week.</p>',
}
"""What only mentions a post: feeds, credits, links, data about people."""
