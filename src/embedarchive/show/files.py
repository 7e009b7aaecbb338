"""The files of a capture -> pictures, slides and players, or what there is instead and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from embedarchive.library.records import CaptureRecord, MissingFile, PostRecord, StoredFile
from embedarchive.show.tags import EMPTY, Html, join, tag
from embedarchive.show.words import say_date, say_lacking, say_lent, say_missing, say_reason, say_size, say_why

Source = Callable[[StoredFile], str | None]
"""Where a page finds the bytes of an artifact: a URL, or None where it must do without."""


def find_slides(capture: CaptureRecord, source: Source, lacking: Sequence[MissingFile] = ()) -> Iterator[Html]:
    """Each picture and player of the post, in order; a still stands where its video could not be kept.

    Among others, a file that is `lacking` has its place too, and says why it is not there.
    """
    posters = {k.position: k for k in capture.kept("poster")}
    shown = capture.kept("media")
    films = [k for k in shown if k.content_type.startswith("video/")]
    if len(films) == 1:
        words = capture.kept("subtitles")
    else:
        words = ()
    alone = {p: k for p, k in posters.items() if p not in {k.position for k in shown}}
    alt = None
    if capture.description:
        alt = capture.description.alt_text
    slides = {
        k.position: render_media(k, source, posters.get(k.position), k.alt or alt, words)
        for k in (*alone.values(), *shown)
    }
    if shown:
        gaps = {n.position: tag("p", f"This {n.what} {say_why(n)}.", class_="post-gap") for n in lacking}
        slides = gaps | slides
    yield from (slide for _, slide in sorted(slides.items()))


def render_slides(slides: tuple[Html, ...]) -> Html:
    """Slides side by side, moved by scrolling, so that no script is needed."""
    if len(slides) == 1:
        return tag("ul", tag("li", slides[0]), class_="slides")
    total = len(slides)
    items = [
        tag(
            "li", slide, tag("span", f"{n}/{total}", class_="slide-n", aria_hidden="true"), aria_label=f"{n} of {total}"
        )
        for n, slide in enumerate(slides, 1)
    ]
    strip = tag("ul", items, class_="slides", tabindex=0, role="list", aria_label=f"{total} slides, side by side")
    return join(strip, tag("p", f"{total} slides; scroll sideways to see each.", class_="slides-hint"))


def render_blur(media: Html, name: str) -> Html:
    """Media that are out of focus until a reader asks for them, without a script. `name` is its own on the page."""
    words = tag(
        "span",
        "Marked as sensitive by the platform or its author. ",
        tag("b", "Show it", class_="blur-show"),
        tag("b", "Hide it again", class_="blur-hide"),
    )
    box = tag("input", type="checkbox", class_="blur-box", id=f"blur-{name}")
    # The box comes before what it blurs: where a browser does not know the rule, nothing is shown rather than all.
    return tag(
        "div",
        box,
        tag("label", words, for_=f"blur-{name}", class_="blur-ask"),
        tag("div", media, class_="blurred"),
        class_="blur",
    )


def render_media(
    kept: StoredFile,
    source: Source,
    poster: StoredFile | None = None,
    alt: str | None = None,
    words: Sequence[StoredFile] = (),
) -> Html:
    """A picture, or a playable video (with its subtitles, `words`) or sound; else what there is instead and why."""
    url = source(kept)
    if kept.content_type.startswith("video/"):
        if url:
            still = source(poster) if poster else None
            tracks = [
                tag("track", kind="subtitles", src=at, srclang=each.alt, label=each.alt)
                for each in words
                if (at := source(each))
            ]
            return tag(
                "video",
                tracks,
                src=url,
                poster=still,
                controls=True,
                preload="metadata",
                playsinline=True,
                aria_label=alt,
            )
        if poster and poster is not kept and (still := source(poster)):
            return join(tag("img", src=still, alt=alt or "Still of a video"), _gap(kept))
        return _gap(kept)
    if kept.content_type.startswith("audio/"):
        return _render_sound(kept, url, source(poster) if poster else None, alt)
    if url is None or not kept.content_type.startswith("image/"):
        return _gap(kept)
    text = alt or f"Picture {kept.position or ''} of the post; it came without a description".replace("  ", " ")
    return tag("img", src=url, alt=text, width=kept.width, height=kept.height, decoding="async")


def _render_sound(kept: StoredFile, url: str | None, cover: str | None, alt: str | None) -> Html:
    """A player, under its cover if there is one."""
    if cover:
        picture = tag("img", src=cover, alt=alt or "Cover of the recording")
    else:
        picture = EMPTY
    if url:
        player = tag("audio", src=url, controls=True, preload="metadata", aria_label="The recording")
    else:
        player = _gap(kept)
    return join(picture, player)


_KINDS = {"video": "video", "audio": "sound"}


def _gap(kept: StoredFile) -> Html:
    """What stands in the place of a file that is not shown: why, and what it is."""
    what = _KINDS.get(kept.content_type.partition("/")[0], "file")
    if not kept.held:
        happened = "was withdrawn from the archive"
        if kept.damaged:
            happened = "was damaged when this copy was made"
        why = f"This {what} {happened}."
    elif kept.truncated:
        why = f"Only a part of this {what} could be kept ({say_reason(kept.truncated)})."
    else:
        size = f"{say_size(kept.size)}, {kept.content_type}"
        why = f"The {what} ({size}) is kept in the archive and not shown on this page."
    return tag("p", why, class_="post-gap")


def render_screenshot(capture: CaptureRecord, source: Source, *, as_hero: bool = False) -> Html:
    shot = next(iter(capture.kept("screenshot")), None)
    url = source(shot) if shot else None
    if shot is None or url is None:
        if as_hero:
            return tag("p", "No screenshot can be shown.", class_="post-gap")
        return EMPTY
    when = say_date(capture.started_at)
    size = {"width": shot.width, "height": shot.height}
    who = "a browser showed it"
    if capture.sighting:
        who = f"{capture.sighting.seen_by} showed it"
    picture = tag("figure", tag("img", src=url, alt=f"The post as {who} on {when}", loading="lazy", **size))
    if capture.sensitive:
        picture = render_blur(picture, "shot")
    if as_hero:
        return tag("div", picture, class_="post-shot")
    if capture.sighting:
        summary = f"As {capture.sighting.seen_by} saw it on {when}"
    else:
        summary = f"As a reader saw it on {when}"
    return tag("details", tag("summary", summary), picture, class_="post-shot")


def render_lent(capture: CaptureRecord) -> Html:
    """Which files are from another visit than the rest, and of when."""
    media = capture.kept("media")
    what = "slide" if len(media) > 1 else "file"
    lines = [f"{say_lent(each.lent_at, each.position, what)}." for each in media if each.lent_at]
    if lines:
        return tag("p", " ".join(lines), class_="slides-hint")
    return EMPTY


def render_missing(record: PostRecord) -> Html:
    """What of the post is not held and why, and whether and when it is tried again."""
    lines = (*say_lacking(record), *find_notes(record))
    if not lines:
        return EMPTY
    items = tag("ul", [tag("li", tag("bdi", line)) for line in lines])
    return tag("div", tag("strong", "What could not be kept"), items, class_="post-missing")


def find_notes(record: PostRecord) -> tuple[str, ...]:
    """What else its best capture could not keep: pictures that are no part of the post, and of a post of which nothing is
    concluded yet, all."""
    if record.best is None:
        return ()
    concluded = record.kept == "whole" or bool(record.lacking)
    missing = (line for line in record.best.missing if not (concluded and line.startswith("media ")))
    cut = (
        f"{k.role} {k.position or ''}: only a part ({say_reason(k.truncated)})"
        for k in record.best.artifacts
        if k.truncated and not (concluded and k.role == "media")
    )
    return (*dict.fromkeys(map(say_missing, missing)), *cut)
