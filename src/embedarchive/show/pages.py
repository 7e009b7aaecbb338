"""What the pages of the reading room and of exported sites are made of: templates, their helpers, style and script."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import PackageLoader

from embedarchive.core.shell import say_command, say_heal
from embedarchive.core.texts import shorten
from embedarchive.platforms import BY_NAME
from embedarchive.show import words
from embedarchive.show.badges import render_date, render_mark, render_moment, render_origin, render_status
from embedarchive.show.files import render_blur
from embedarchive.show.proof import PROOF
from embedarchive.show.style import POST, TOKENS
from embedarchive.show.tags import Html, link_original, link_outward, link_target
from embedarchive.show.terminal import next_steps


def load_templates() -> PackageLoader:
    """The templates of pages that both have, as `embedarchive/NAME.html`. Each has its own `embedarchive/layout.html`."""
    return PackageLoader("embedarchive.show")


@cache
def load_asset(name: str) -> bytes:
    """A style sheet or script; the style sheet begins with the look that the cards share."""
    body = files("embedarchive.show").joinpath("static", name).read_bytes()
    if name.endswith(".css"):
        return (TOKENS + POST + PROOF).encode() + body
    return body


def title_of_platform(name: str | None) -> str:
    if name in BY_NAME:
        return BY_NAME[name].title
    return name or "unknown platform"


def blur(markup: str, name: str) -> Html:
    """What a template made of pictures, out of focus until a reader asks for them."""
    return render_blur(Html(markup), name)


HELPERS = {
    "states": words.STATES_BROWSED,
    "ways": words.WAY_WORDS,
    "is_younger": words.is_younger,
    "YOUNGER": words.YOUNGER,
    "find_events": words.find_events,
    "find_crowded_days": words.find_crowded_days,
    "date": render_date,
    "moment": render_moment,
    "mark": render_mark,
    "status": render_status,
    "origin": render_origin,
    "is_span": words.is_span,
    "say_sighting": words.say_sighting,
    "say_date": words.say_date,
    "say_time": words.say_time,
    "say_count": words.say_count,
    "say_number": words.say_number,
    "say_size": words.say_size,
    "say_similarity": words.say_similarity,
    "say_reason": words.say_reason,
    "say_run": words.say_run,
    "say_source": words.say_source,
    "say_place": words.say_place,
    "say_in_place": words.say_in_place,
    "say_moment": words.say_moment,
    "say_interval": words.say_interval,
    "say_heal": say_heal,
    "change": words.CHANGE_WORDS.get,
    "say_missing": words.say_missing,
    "say_value": words.say_value,
    "say_status": words.say_post_status,
    "say_kept": words.say_kept,
    "say_partly": words.say_partly,
    "say_word": words.say_word,
    "say_field": words.say_field,
    "shorten": shorten,
    "meaning": words.STATUS_MEANINGS.get,
    "word": words.STATUS_WORDS.get,
    "look": words.LOOK_WORDS.get,
    "next_steps": next_steps,
    "say_command": say_command,
    "link_target": link_target,
    "link_outward": link_outward,
    "link_original": link_original,
    "diff": words.find_difference,
    "blur": blur,
    "title_of_platform": title_of_platform,
}
"""Functions that every template may call, by the name it calls them."""
