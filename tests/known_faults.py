"""Where today's rules fail what every platform must keep: what each fails in, one a line.

Each line is a strict expected failure: one whose platform has learned it must go.
"""

from __future__ import annotations

import pytest

KNOWN = {
    ("bandcamp", "bc-pine wrong_post"),
    ("bandcamp", "another post"),
    ("bluesky", "prefilter"),
    ("dailymotion", "prefilter"),
    ("dailymotion", "another post"),
    ("facebook", "prefilter"),
    ("facebook", "another post"),
    ("flickr", "another post"),
    ("flickr", "prefilter"),
    ("giphy", "prefilter"),
    ("giphy", "another post"),
    ("imgur", "prefilter"),
    ("instagram", "prefilter"),
    ("linkedin", "prefilter"),
    ("linkedin", "another post"),
    ("pinterest", "another post, drawn"),
    ("pinterest", "prefilter"),
    ("reddit", "prefilter"),
    ("rumble", "another post"),
    ("snapchat", "prefilter"),
    ("soundcloud", "another post"),
    ("soundcloud", "prefilter"),
    ("spotify", "prefilter"),
    ("streamable", "another post"),
    ("telegram", "prefilter"),
    ("threads", "prefilter"),
    ("tumblr", "prefilter"),
    ("twitch", "another post"),
    ("twitch", "another platform's post, drawn"),
    ("twitch", "tw-bridge wrong_post"),
    ("vimeo", "prefilter"),
    ("vine", "prefilter"),
    ("vine", "another post"),
    ("vk", "another post"),
    ("vk", "prefilter"),
    ("x", "prefilter"),
    ("youtube", "prefilter"),
}


def mark_known(*case: str) -> object:
    """A parameter set that is expected to fail where it is a known fault."""
    failing = pytest.mark.xfail(strict=True, reason="a known fault") if case in KNOWN else ()
    return pytest.param(*case, marks=failing)
