"""How content systems carry an embed code: blocks, consent gates, encodings, page state. Pure."""

from __future__ import annotations

import base64
import json
from html import escape
from urllib.parse import quote

from embedarchive.replica.facts import PostFact
from embedarchive.replica.markup.quotes import LOADER, v14


def block(inside: str) -> str:
    return (
        '<figure class="wp-block-embed is-type-rich is-provider-instagram wp-block-embed-instagram">'
        f'<div class="wp-block-embed__wrapper">\n{inside}\n</div></figure>'
    )


def wp_quote(post: PostFact) -> str:
    """The block editor's figure around a quote."""
    return block(v14(post))


def wp_bare_url(post: PostFact) -> str:
    """The block editor's figure around a bare address: oEmbed failed when it was published."""
    return block(post.url)


def bare_url(post: PostFact) -> str:
    """An address alone in its paragraph: the older way oEmbed fails."""
    return f"<p>{post.url}</p>"


def consent_escaped(post: PostFact) -> str:
    """A consent gate that keeps the code as escaped text in an attribute; its addresses are escaped twice."""
    code = escape(v14(post))
    return f"""<div class="alice-consent-gate-container" data-provider="instagram"><script type="text/template" \
data-role="embed-template" data-content="{code}"></script><div class="consent-note">Externer Inhalt von Instagram. \
<button>Inhalt laden</button></div></div>"""


def percent_encoded(post: PostFact) -> str:
    """The code percent-encoded in an attribute, loaded on click."""
    return (
        f'<div class="load-later" data-content="{quote(v14(post), safe="")}" data-url="{quote(post.url, safe="")}">'
        "<button>Show the post</button></div>"
    )


def json_attribute(post: PostFact) -> str:
    """A CMS element with its settings as JSON."""
    config = escape(json.dumps({"type": "Instagram", "url": post.url}))
    return (
        f'<div class="js-socialembed instagram" data-feed="{post.url}" data-config="{config}"><noscript>'
        f'<a href="{post.url}">Instagram</a></noscript></div>'
    )


def oembed_api(post: PostFact) -> str:
    """A CMS element that names the oEmbed endpoint; the post is in its query."""
    return (
        '<div class="ext-content" data-extcontent_type="instagram" data-extcontent_url="'
        f'https://graph.facebook.com/v8.0/instagram_oembed?url={post.url}&amp;omitscript=true"></div>'
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def base64_template(post: PostFact) -> str:
    """A content blocker that hides base64 in a template script (its second major version)."""
    return f"""<div class="BorlabsCookie _brlbs-cb-instagram"><div class="_brlbs-content-blocker"> <p>Klicken Sie auf \
den Button, um den Inhalt von Instagram zu laden.</p></div><div class="borlabs-hide" \
data-borlabs-cookie-type="content-blocker" data-borlabs-cookie-id="instagram">\
<script type="text/template">{_base64(v14(post))}</script></div></div>"""


def base64_attribute(post: PostFact) -> str:
    """The same blocker's third major version: base64 in an attribute."""
    return f"""<div class="brlbs-cmpnt-container brlbs-cmpnt-content-blocker" \
data-borlabs-cookie-content-blocker-id="instagram" data-borlabs-cookie-content="{_base64(v14(post))}">\
<div class="brlbs-cmpnt-cb-instagram"><p>Sie sehen gerade einen Platzhalterinhalt von Instagram.</p></div></div>"""


def parked_iframe(post: PostFact, attribute: str = "data-src") -> str:
    """A frame whose address waits in another attribute until somebody consents."""
    return (
        f'<iframe src="about:blank" class="optanon-category-C0004" {attribute}="https://www.instagram.com/p/{post.key}'
        '/embed/captioned/" width="400" height="560"></iframe>'
    )


def parked_script(post: PostFact) -> str:
    """The quote is whole; only its loader waits."""
    return (
        f'{v14(post)}<script type="text/plain" data-category="social" data-src="//www.instagram.com/embed.js"></script>'
    )


def newsletter(post: PostFact) -> str:
    """A newsletter platform's element with everything it knew as JSON."""
    known = {
        "instagram_id": post.key,
        "title": f'{post.author.name} on Instagram: "{post.caption}"',
        "author_name": f"@{post.author.handle}",
        "thumbnail_url": "https://cdn.letters.example/public/images/__ss-rehost__IG-meta.jpg",
        "like_count": post.likes,
        "comment_count": post.comments,
        "profile_pic_url": None,
        "belowTheFold": False,
    }
    attributes = escape(json.dumps(known, ensure_ascii=False))
    return (
        f'<div class="instagram-embed-wrap" data-attrs="{attributes}" data-component-name="InstagramToDOM">'
        f'<a class="instagram-embed-image" href="https://instagram.com/p/{post.key}"></a></div>'
    )


def blog_figure(post: PostFact) -> str:
    """A blog host's figure around the quote, its address percent-encoded."""
    return (
        f'<figure class="tmblr-embed tmblr-full" data-provider="instagram" data-orig-width="540" '
        f'data-orig-height="871" data-url="{quote(post.url, safe="")}">{v14(post)}</figure>'
    )


def oembed_figure(post: PostFact) -> str:
    """An editor's figure with the address in an attribute."""
    return f'<figure embedded-service="oembed" data-src="{post.url}"></figure>'


def oembed_attribute(post: PostFact) -> str:
    """An editor's element with the address in an attribute."""
    return f'<div data-oembed-url="{post.url}"></div>'


def embedly(post: PostFact) -> str:
    """An embedding service's frame: the post is in its query."""
    source = quote(f"https://www.instagram.com/p/{post.key}/embed/", safe="")
    return (
        f'<iframe class="embedly-embed" src="https://cdn.embedly.com/widgets/media.html?src={source}'
        f'&amp;url={quote(post.url, safe="")}&amp;type=text%2Fhtml&amp;schema=instagram" '
        'width="500" height="752"></iframe>'
    )


def own_embed_page(post: PostFact) -> str:
    """A publisher's own frame page: the post is in its query."""
    address = quote(post.url.rstrip("/"), safe="")
    return f'<iframe src="/embed?url={address}&amp;id=block_1-0" width="540" height="800"></iframe>'


def forum(post: PostFact) -> str:
    """A forum's frame: the id stands in the fragment."""
    return (
        '<iframe data-s9e-mediaembed="instagram" allowfullscreen="" '
        f'src="https://media.forum.example/e/instagram.min.html#{post.key}" style="width:540px;height:540px"></iframe>'
    )


def _state(name: str, data: object) -> str:
    # As serialisers write it: no literal < inside a script.
    text = json.dumps(data).replace("<", "\\u003c").replace(">", "\\u003e")
    return f'<script id="{name}" type="application/json">{text}</script>'


def arc_state(post: PostFact) -> str:
    """A CMS's content elements in the page's state: the quote is a JSON string."""
    element = {
        "type": "oembed_response",
        "subtype": "instagram",
        "raw_oembed": {
            "html": v14(post),
            "url": post.url,
            "author_name": post.author.handle,
            "provider_name": "Instagram",
        },
    }
    story = {"content_elements": [{"type": "text", "content": "Before."}, element]}
    return _state("__NEXT_DATA__", {"props": {"pageProps": {"globalContent": story}}})


def next_state(post: PostFact) -> str:
    """A page's state with the code of an embed."""
    item = {"type": "embed", "url": post.url, "provider": "instagram", "embedCode": v14(post)}
    return _state("__NEXT_DATA__", {"props": {"pageProps": {"article": {"content": [item]}}}})


def nuxt_state(post: PostFact) -> str:
    """A page's state as one flat list in which numbers are places in the list."""
    flat = [["Reactive", 1], {"embeds": 2}, [3], {"__typename": 4, "provider": 5, "url": 6}]
    return _state("__NUXT_DATA__", [*flat, "Embed", "Instagram", f"{post.url}?utm_source=ig_web_copy_link"])


def instant_article(post: PostFact) -> str:
    """A feed format's figure: the quote inside an iframe element."""
    return f'<figure class="op-interactive"><iframe>{v14(post)}{LOADER}</iframe></figure>'


def ghost_card(post: PostFact) -> str:
    """A publishing tool's figure around the quote."""
    return f'<figure class="kg-card kg-embed-card">{v14(post)}{LOADER}</figure>'


def block_json(post: PostFact) -> str:
    """A site builder's block: the code inside JSON inside an attribute."""
    block = escape(json.dumps({"html": v14(post)}))
    return f'<div class="sqs-block embed-block sqs-block-embed" data-block-json="{block}"></div>'


def srcdoc(post: PostFact) -> str:
    """The code inside a frame's own document."""
    return f'<iframe srcdoc="{escape(v14(post) + LOADER)}" width="560" height="900"></iframe>'


def emptied(post: PostFact) -> str:
    """A placeholder whose embed is gone; the tagged link beside it is all that is left."""
    return (
        '<div class="embed-media instagram"></div>'
        f'<p><a href="{post.url}?utm_source=ig_embed">View this post on Instagram</a></p>'
    )
