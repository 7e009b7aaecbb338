"""Markup as Python's own parser can bear it. Pure."""

from __future__ import annotations


def blunt(html: str) -> str:
    """The same markup, as long, in which `<![` begins the comment that it is in HTML.

    Python's html.parser, and beautifulsoup4 with it, takes it for SGML and raises AssertionError on most that may follow.
    """
    return html.replace("<![", "<! ")
