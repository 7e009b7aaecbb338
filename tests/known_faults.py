"""Where today's rules fail what every platform must keep: what each fails in, one a line.

Each line is a strict expected failure: one whose platform has learned it must go.
"""

from __future__ import annotations

import pytest

KNOWN = {
    ("bandcamp", "bc-pine wrong_post"),
    ("bandcamp", "JSON 404"),
    ("bandcamp", "another post"),
    ("bluesky", "prefilter"),
    ("dailymotion", "prefilter"),
    ("dailymotion", "JSON 404"),
    ("dailymotion", "another post"),
    ("facebook", "prefilter"),
    ("facebook", "another post"),
    ("flickr", "JSON 404"),
    ("flickr", "another post"),
    ("flickr", "prefilter"),
    ("giphy", "prefilter"),
    ("giphy", "JSON 404"),
    ("giphy", "another post"),
    ("imgur", "prefilter"),
    ("imgur", "JSON 404"),
    ("instagram", "prefilter"),
    ("linkedin", "prefilter"),
    ("linkedin", "HTML 404"),
    ("linkedin", "JSON 404"),
    ("linkedin", "challenge"),
    ("linkedin", "another post"),
    ("pinterest", "JSON 404"),
    ("pinterest", "another post, drawn"),
    ("pinterest", "prefilter"),
    ("reddit", "prefilter"),
    ("reddit", "JSON 404"),
    ("rumble", "JSON 404"),
    ("rumble", "another post"),
    ("snapchat", "prefilter"),
    ("snapchat", "HTML 404"),
    ("snapchat", "JSON 404"),
    ("snapchat", "challenge"),
    ("soundcloud", "JSON 404"),
    ("soundcloud", "another post"),
    ("soundcloud", "prefilter"),
    ("spotify", "JSON 404"),
    ("streamable", "JSON 404"),
    ("streamable", "another post"),
    ("telegram", "prefilter"),
    ("threads", "HTML 404"),
    ("threads", "JSON 404"),
    ("threads", "challenge"),
    ("threads", "prefilter"),
    ("tumblr", "prefilter"),
    ("tumblr", "JSON 404"),
    ("twitch", "another post"),
    ("twitch", "another platform's post, drawn"),
    ("twitch", "tw-bridge wrong_post"),
    ("vimeo", "prefilter"),
    ("vimeo", "JSON 404"),
    ("vine", "JSON 404"),
    ("vine", "prefilter"),
    ("vine", "another post"),
    ("vk", "HTML 404"),
    ("vk", "JSON 404"),
    ("vk", "challenge"),
    ("vk", "another post"),
    ("x", "prefilter"),
    ("x", "JSON 404"),
    ("youtube", "prefilter"),
}


def mark_known(*case: str) -> object:
    """A parameter set that is expected to fail where it is a known fault."""
    failing = pytest.mark.xfail(strict=True, reason="a known fault") if case in KNOWN else ()
    return pytest.param(*case, marks=failing)
